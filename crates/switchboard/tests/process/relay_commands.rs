//! `switchboard relay lint` and `switchboard relay simulate`: what an upstream's maintainers ask before they merge.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use switchboard_clock::SimulatedClock;
use switchboard_simulator::{AppSpec, InstallationSpec, PullSpec, Simulator};

use crate::support::server::{Ended, run};

const ALLOWLIST: &str = "\
L1: [ vendor/new ]
L2: [ { vendor/scarce: { labels: [hardware] } }, { vendor/nightly: { events: [nightly] } } ]
L3: { gpu: { vendor/backend: } }
L4: [ { vendor/stable: { branches: [release/*] } } ]
";

/// A folder with an allowlist and the payload of a pull request's event, as GitHub would send it.
fn folder(allowlist: &str, body: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("allowlist.yml"), allowlist).unwrap();
    let github = Simulator::new(Arc::new(SimulatedClock::default()), 3);
    let app = github.app(AppSpec::new("any").events(&["pull_request", "push"])).unwrap();
    let org = github.organization("org");
    app.install(&org, InstallationSpec::all());
    let spec = PullSpec::new("Add a kernel").labels(&["ciflow/crcr/gpu"]).body(body);
    org.repository("up").open_pull(spec);
    let opened = github.take_due().into_iter().find(|delivery| delivery.body.starts_with(b"{\"action\":\"opened\""));
    let opened = opened.unwrap_or_else(|| unreachable!("somebody hears of it"));
    std::fs::write(folder.path().join("opened.json"), &opened.body).unwrap();
    folder
}

async fn simulate(folder: &Path, more: &[&str]) -> Ended {
    let arguments = ["relay", "simulate", "--allowlist", "allowlist.yml", "--event", "opened.json"];
    run(folder, &[], &[&arguments[..], more].concat()).await
}

#[tokio::test]
async fn each_entry_is_told_with_the_reason_why_it_gets_an_event_or_not() {
    let folder = folder(ALLOWLIST, "short");
    let told = simulate(folder.path(), &[]).await;
    assert_eq!((told.code, told.err.as_str()), (Some(0), ""), "{}", told.out);
    let lines: Vec<&str> = told.out.lines().collect();
    assert!(lines[0].starts_with("org/up#1 opened, into main, with ciflow/crcr/gpu"), "{}", told.out);
    assert!(lines[1].starts_with("2 of 5 entries would get it, untouched, in "), "{}", told.out);
    for expected in [
        "send      vendor/new      L1      line 1  sent",
        "labels    vendor/scarce   L2      line 2  the pull request carries none of its labels: hardware",
        "events    vendor/nightly  L2      line 2  its events do not include pull_request",
        "send      vendor/backend  L3 gpu  line 3  sent; its results become check runs",
        "branches  vendor/stable   L4      line 4  the base is none of its branches: release/*",
    ] {
        assert!(lines.iter().any(|line| line.starts_with(expected)), "{expected}\n{}", told.out);
    }
}

#[tokio::test]
async fn settings_count_and_a_long_payload_is_told_shortened() {
    let folder = folder(ALLOWLIST, &"long ".repeat(20_000));
    std::fs::write(folder.path().join("switchboard.toml"), "[relay]\nmax_targets = 1\n").unwrap();
    let told = simulate(folder.path(), &["--json"]).await;
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["body"]["level"], 2, "{told}");
    let verdicts: Vec<&str> =
        told["entries"].as_array().unwrap().iter().map(|entry| entry["verdict"].as_str().unwrap()).collect();
    assert_eq!(verdicts, ["send", "labels", "events", "too_many", "branches"]);

    std::fs::write(folder.path().join("switchboard.toml"), "[relay]\nupstream = \"other/up\"\n").unwrap();
    let told = simulate(folder.path(), &[]).await;
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("the event is of org/up, and other/up is the upstream"), "{}", told.err);
}

#[tokio::test]
async fn relay_4_an_allowlist_is_refused_with_lines_and_hints() {
    let folder = folder("L1: [ a/b/c ]\nL2:\n  - in ner/x\n  - @x\n", "");
    for command in [&["relay", "lint", "allowlist.yml"][..], &["lint", "allowlist.yml"]] {
        let told = run(folder.path(), &[], command).await;
        assert_eq!(told.code, Some(1), "{}", told.out);
        assert!(told.out.starts_with("allowlist.yml:4:5: error: "), "{}", told.out);
        assert!(told.out.contains("quote it or drop the @"), "{}", told.out);
    }
    std::fs::write(folder.path().join("allowlist.yml"), "L1: [ a/b/c ]\nL2: [ \"in ner/x\", a/b, A/B ]\n").unwrap();
    let told = run(folder.path(), &[], &["relay", "lint", "allowlist.yml", "--json"]).await;
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let lines: Vec<u64> =
        told["diagnostics"].as_array().unwrap().iter().map(|remark| remark["line"].as_u64().unwrap()).collect();
    assert_eq!((&told["valid"], lines), (&false.into(), vec![1, 2, 2]), "{told}");
    let told = simulate(folder.path(), &[]).await;
    assert_eq!(told.code, Some(1));
    assert!(told.err.contains("allowlist.yml:1:7: error: "), "{}", told.err);

    std::fs::write(folder.path().join("allowlist.yml"), ALLOWLIST).unwrap();
    let told = run(folder.path(), &[], &["lint", "allowlist.yml"]).await;
    assert_eq!((told.code, told.out.as_str()), (Some(0), ""));
}
