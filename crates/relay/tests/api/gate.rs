//! The gate for merge bots: `open` only ever by the word of every L4 entry.

use serde_json::{Value, json};
use switchboard_panel::Auth;
use switchboard_relay::config::{Config, GatePolicy};
use switchboard_relay::records::{keys, views};
use switchboard_simulator::{Downstream, Pull};

use crate::site::Site;
use crate::support::*;

const L4: &str = "L4: [four/d]";

/// A pull request that was dispatched to `four/d`, which runs as scripted.
async fn dispatched(script: Downstream) -> (Town, Pull) {
    let mut town = Town::with(config(), L4).await;
    town.downstream("four/d", script);
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    (town, pull)
}

async fn gate(town: &Town, pull: &Pull) -> (String, String) {
    let answer = Site::open(town).get(&format!("gate/{}?sha={}", pull.number(), pull.head_sha())).await;
    let word = |value: &Value| value.as_str().unwrap().to_owned();
    (word(&answer["state"]), word(&answer["reasons"][0]["reason"]))
}

fn is(state: &str, reason: &str) -> (String, String) {
    (state.to_owned(), reason.to_owned())
}

#[tokio::test]
async fn relay_30_the_gate_says_what_its_check_run_says() {
    for (script, end) in [
        (Downstream::run("CI").result("build").succeeds_after(5 * MINUTE), ("open", "passed", "success")),
        (Downstream::run("CI").result("build").fails_after(5 * MINUTE), ("closed", "failed", "failure")),
    ] {
        let (mut town, pull) = dispatched(script).await;
        assert_eq!(gate(&town, &pull).await, is("pending", "running"));
        assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("in_progress"));
        town.minutes(30).await;
        let (state, reason, check) = end;
        assert_eq!(gate(&town, &pull).await, is(state, reason));
        assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some(check));
        let told = Site::open(&town).get(&format!("prs/{}", pull.number())).await;
        assert_eq!(told["gate"]["state"], state);
        town.end_as_written().await;
    }
}

#[tokio::test]
async fn a_head_that_the_relay_has_not_heard_of_is_never_open() {
    let (mut town, pull) = dispatched(Downstream::run("CI").result("build").succeeds_after(MINUTE)).await;
    town.minutes(30).await;
    let (site, path) = (Site::open(&town), format!("gate/{}", pull.number()));
    let old = pull.head_sha();
    assert_eq!(site.get(&format!("{path}?sha={old}")).await["state"], "open");
    let other = "0123456789012345678901234567890123456789";
    let answer = site.get(&format!("{path}?sha={other}")).await;
    assert_eq!(
        (answer["state"].as_str(), answer["reasons"][0]["reason"].as_str()),
        (Some("pending"), Some("other_head"))
    );
    assert_eq!(answer["reasons"][0]["repository"], Value::Null);
    // A gate that was open for a head says nothing about the next one.
    pull.push("More");
    town.minutes(1).await;
    assert_eq!(site.get(&format!("{path}?sha={old}")).await["state"], "pending");
    assert_eq!(gate(&town, &pull).await.0, "pending");
    for unsaid in [path.clone(), format!("{path}?sha="), format!("{path}?sha=main")] {
        assert_eq!(site.ask(&unsaid).await.status, 422, "{unsaid}");
    }
    let nobodys = site.get(&format!("gate/999?sha={other}")).await;
    assert_eq!(
        (nobodys["state"].as_str(), nobodys["reasons"][0]["reason"].as_str()),
        (Some("none"), Some("not_relayed"))
    );
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn without_l4_there_is_a_gate_only_where_it_is_always_kept() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    assert_eq!(gate(&town, &pull).await, is("none", "no_gate"));
    let path = format!("gate/{}?sha={}", pull.number(), pull.head_sha());
    for (policy, state) in [(GatePolicy::Always, "open"), (GatePolicy::Never, "none")] {
        let site = Site::with(&town, Config { gate: policy, ..config() }, Auth::open());
        assert_eq!(site.get(&path).await["state"], state, "{policy:?}");
    }
    town.end_as_written().await;
}

#[tokio::test]
async fn whatever_fails_while_answering_is_503_and_never_open() {
    let (mut town, pull) = dispatched(Downstream::run("CI").result("build").succeeds_after(MINUTE)).await;
    town.minutes(30).await;
    let (site, path) = (Site::open(&town), format!("gate/{}?sha={}", pull.number(), pull.head_sha()));
    let before = town.world.store_reads();
    assert_eq!(site.get(&path).await["state"], "open");
    let reads = town.world.store_reads() - before;
    assert!((3..=8).contains(&reads), "{reads}");
    for nth in 1..=u32::try_from(reads).unwrap() {
        town.world.fail_read(nth);
        let answer = site.ask(&path).await;
        assert_eq!(answer.refusal(), (503, "store_unavailable".to_owned()), "read {nth}");
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().unwrap() > 0);
    }
    // A record that does not read back is not a missing one.
    let key = keys::pull(&name(UP), pull.number());
    town.write(&views::PULL, &key, json!({ "odd": true })).await;
    assert_eq!(site.ask(&path).await.refusal(), (503, "store_unavailable".to_owned()));
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn without_a_list_nobody_knows_whom_the_gate_waits_for() {
    let (mut town, pull) = dispatched(Downstream::run("CI").result("build").succeeds_after(MINUTE)).await;
    town.minutes(30).await;
    let record = json!({ "checked_at": town.world.now(), "text": "" });
    town.write(&views::ALLOWLIST, &keys::upstream(&name(UP)), record).await;
    let path = format!("gate/{}?sha={}", pull.number(), pull.head_sha());
    assert_eq!(Site::open(&town).ask(&path).await.refusal(), (503, "allowlist_unavailable".to_owned()));
    town.end_as_written().await;
}
