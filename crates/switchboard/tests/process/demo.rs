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
    assert!(demo.out.matches('✓').count() >= 15 && !demo.out.contains('✗'), "{}", demo.out);
    for reason in ["inbound_not_authorized", "missing_target_config", "chain_depth_exceeded", "source_from_fork"] {
        assert!(demo.out.contains(reason), "{}", demo.out);
    }
    assert!(!demo.out.contains('\x1b'), "colours are for terminals");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
}
