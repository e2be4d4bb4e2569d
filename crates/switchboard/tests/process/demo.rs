//! `switchboard demo --exit`: the whole story, in real time.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::support::server::run;

/// The story takes a third of this on two idle cores.
const AT_MOST: Duration = Duration::from_secs(40);

#[tokio::test]
async fn the_story_keeps_its_promises_and_ends_with_success() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let began = Instant::now();
    let demo = run(folder.path(), &[], &["demo", "--exit", "--port", &port]).await;
    assert_eq!((demo.code, demo.err.as_str()), (Some(0), ""), "{}", demo.out);
    assert!(began.elapsed() < AT_MOST, "{:?}", began.elapsed());
    assert!(demo.out.contains(&format!("Port {port} is taken")), "{}", demo.out);
    assert!(demo.out.matches('✓').count() >= 25 && !demo.out.contains('✗'), "{}", demo.out);
    for promise in [
        "a pull request is passed on to repositories of all four levels",
        "the gate opens once the L4 repository is done",
        "L1 and L2 lead to no check on the pull request",
        "a label leads to the same check, whenever it comes",
        "a forged report is refused and changes nothing",
        "a run that never ends is timed out",
        "every check run was made once, and brought up to date after that",
    ] {
        assert!(demo.out.contains(&format!("✓ {promise}\n")), "{promise}: {}", demo.out);
    }
    // Each act as it is told, in its order.
    let mut rest = demo.out.as_str();
    for line in [
        "acme/engine: alice opens a pull request. Five repositories in its allowlist are to test it, on four levels.",
        "  success     crcr/backends/required/CI/build on acme/engine#1",
        "  success     crcr/gate on acme/engine#1",
        "The label for gpu may come before the run, while it runs, or after its end.",
        "  in_progress crcr/backends/gpu/CI/build on acme/engine#3",
        "  success     crcr/backends/gpu/CI/build on acme/engine#2",
        "  success     crcr/backends/gpu/CI/build on acme/engine#3",
        "Somebody reports that backends/gpu has failed, with a token that GitHub did not sign.",
        "  refused with 401, and nothing was written",
        "backends/npu never says how its run ended. Its entry allows one minute.",
        "  timed_out   crcr/backends/npu/CI/build on acme/engine#1",
    ] {
        let (_, after) = rest.split_once(&format!("{line}\n")).unwrap_or_else(|| panic!("{line}: {}", demo.out));
        rest = after;
    }
    for reason in ["inbound_not_authorized", "missing_target_config", "chain_depth_exceeded", "source_from_fork"] {
        assert!(demo.out.contains(reason), "{}", demo.out);
    }
    assert!(!demo.out.contains('\x1b'), "colours are for terminals");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}
