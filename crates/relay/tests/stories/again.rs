//! Sends that nobody knows of, and what is sent once more: never more often than it must be.

use serde_json::json;
use switchboard_engine::crash::CrashPoint;
use switchboard_engine::operations::{REPLAY, REVIVE};
use switchboard_relay::config::Config;
use switchboard_relay::handlers::REDISPATCH;
use switchboard_relay::records::{CellState, Kind, TargetState, keys, views};
use switchboard_simulator::{Access, Downstream, InstallationSpec, PullSpec};

use crate::support::reports::Said;
use crate::support::*;

const SEND: &str = "/repos/two/b/dispatches";
const L4: &str = "L4: [two/b]";

fn silent() -> Downstream {
    Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE)
}

async fn town(list: &str) -> Town {
    let mut town = Town::with(config(), list).await;
    town.downstream("two/b", silent());
    town
}

async fn counted(town: &Town, field: &str) -> i64 {
    let key = keys::day(&name(UP), Some(&name("two/b")), Kind::PullRequest, town.world.began());
    town.world.counter(&views::COUNT_DAY, key).await.get(field).copied().unwrap_or_default()
}

#[tokio::test]
async fn a_second_answer_that_is_lost_counts_as_sent() {
    let mut town = town("L2: [two/b]").await;
    town.world.github.fault("POST", SEND).times(2).reset();
    town.up.open_pull("Add a kernel");
    town.minutes(30).await;
    let target = town.newest_target("two/b").await;
    assert_eq!((target.state, target.resent, target.attempts), (TargetState::Sent, true, 2));
    assert_eq!(town.calls("POST", SEND), 2);
    assert_eq!(town.facts("relay.target.resent").await.len(), 1);
    assert_eq!(counted(&town, "sent").await, 1);
    // The time for a first report runs from when it was first sent.
    assert_eq!(target.report_due().unwrap().since(target.planned_at).as_secs() / 60, 1440);
    town.end(&[]).await;
}

#[tokio::test]
async fn dying_over_a_second_send_does_not_send_a_third_time() {
    // The first send, the look for its run, and the second send.
    for nth in 1..=4 {
        let mut town = town("L2: [two/b]").await;
        town.world.github.fault("POST", SEND).reset();
        town.world.crash_at(CrashPoint::Carried, nth);
        town.up.open_pull("Add a kernel");
        town.minutes(60).await;
        assert_eq!(town.world.deaths(), u32::from(nth < 4), "{nth}");
        assert_eq!(town.newest_target("two/b").await.state, TargetState::Sent, "{nth}");
        assert_eq!((town.calls("POST", SEND), town.runs("two/b").len()), (2, 1), "{nth}");
        assert_eq!(town.facts("relay.target.resent").await.len(), 1, "{nth}");
        town.end_as_written().await;
    }
}

#[tokio::test]
async fn what_a_newer_head_has_replaced_is_not_sent_again() {
    let mut town = town("L2: [two/b]").await;
    town.world.github.fault("POST", SEND).reset();
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").forked());
    town.minutes(1).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Unconfirmed);
    pull.push("More");
    town.minutes(10).await;
    assert_eq!((town.calls("POST", SEND), town.runs("two/b").len()), (2, 1));
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Sent, "it waits for nobody");
    town.end_as_written().await;
}

#[tokio::test]
async fn where_runs_may_not_be_read_a_lost_send_is_repeated_all_the_same() {
    let mut town = town("L2: [two/b]").await;
    town.world.github.fault("POST", SEND).reset();
    let refused = json!({ "message": "Resource not accessible by integration" });
    town.world.github.fault("GET", "/repos/two/b/actions/runs").always().answer(403, &[], refused);
    town.up.open_pull("Add a kernel");
    town.minutes(30).await;
    assert_eq!((town.newest_target("two/b").await.state, town.runs("two/b").len()), (TargetState::Sent, 1));
    town.end_as_written().await;
}

#[tokio::test]
async fn what_is_refused_is_named_with_what_is_missing() {
    for (status, code, hint) in [(403, "forbidden", Some("contents")), (422, "payload_refused", None)] {
        let mut town = town("L2: [two/b]").await;
        let answer = json!({ "message": "Resource not accessible by integration" });
        town.world.github.fault("POST", SEND).always().answer(status, &[], answer);
        town.up.open_pull("Add a kernel");
        town.minutes(30).await;
        let error = town.newest_target("two/b").await.error.unwrap();
        assert_eq!(error.code, code);
        if let Some(hint) = hint {
            assert!(error.hint.clone().unwrap().to_ascii_lowercase().contains(hint), "{error:?}");
        }
        assert_eq!((counted(&town, "send_failed").await, town.dead().await), (1, vec![code.to_owned()]));
        town.world.expect_dead_letters(&["dispatch"]);
        town.end_as_written().await;
    }
}

#[tokio::test]
async fn a_dead_letter_is_sent_once_what_was_in_its_way_is_gone() {
    let mut town = Town::with(config(), "L2: [far/away]").await;
    let owner = town.world.github.organization("far");
    owner.repository("away").on_dispatch(silent());
    town.up.open_pull("Add a kernel");
    town.minutes(60 * 8).await;
    assert_eq!(town.newest_target("far/away").await.state, TargetState::Failed);
    let app = town.world.app.clone();
    app.install(&owner, InstallationSpec::all()).announce();
    town.world.settle().await;
    let letter = town.world.dead_letters().await.remove(0);
    town.world.operate(REVIVE, json!({ "work": letter.id, "actor": "olga" })).await;
    town.minutes(1).await;
    let target = town.newest_target("far/away").await;
    assert_eq!((target.state, target.error), (TargetState::Sent, None));
    assert!(town.world.records(&views::FAILED).await.is_empty());
    let gauge = town.world.counter(&views::GAUGE, keys::gauge(&name(UP), None)).await;
    assert_eq!(gauge.get("waiting"), Some(&1));
    town.end(&[dispatched(1, "far/away")]).await;
}

#[tokio::test]
async fn an_event_that_is_handled_again_plans_nothing_again() {
    let mut town = Town::with(config(), L4).await;
    town.downstream("two/b", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.up.open_pull("Add a kernel");
    town.up.push("main", "Fix", &[("a.txt", "a")]);
    town.minutes(30).await;
    let before = town.world.records(&views::TARGET).await;
    assert_eq!(before.len(), 2);
    for delivery in town.world.deliveries().await {
        if ["pull_request", "push"].contains(&delivery.key.event.as_str()) {
            town.world.operate(REPLAY, json!({ "delivery": delivery.id, "actor": "olga" })).await;
        }
    }
    town.minutes(30).await;
    assert_eq!(town.calls("POST", SEND), 2);
    let after = town.world.records(&views::TARGET).await;
    assert_eq!(after.len(), before.len());
    assert!(after.iter().zip(&before).all(|(after, before)| after.value == before.value), "{after:?}");
    town.end_as_written().await;
}

/// A pull request whose first run has failed, with its delivery id.
async fn failed(town: &mut Town) -> (switchboard_simulator::Pull, String) {
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.newest_of("two/b").await, town.runs("two/b")[0]);
    assert_eq!(town.report("two/b", run, &Said::ended(&id, run, "failure")).await.status, 200);
    town.minutes(30).await;
    (pull, id)
}

#[tokio::test]
async fn what_an_operator_sends_again_counts_by_its_newer_run() {
    let mut town = town(L4).await;
    let (pull, id) = failed(&mut town).await;
    assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("failure"));
    let order = json!({ "repo": "two/b", "deliveryId": id, "actor": "olga" });
    town.world.operate(REDISPATCH, order).await;
    town.minutes(1).await;
    let runs = town.runs("two/b");
    assert_eq!((runs.len(), town.newest_of("two/b").await), (2, id.clone()), "under the same delivery id");
    assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("in_progress"), "sent without a report");
    assert_eq!(town.rows(Kind::PullRequest).await[0].cells[&name("two/b")].state, CellState::Queued);
    // The older run proves nothing of the newer send.
    let late = Said::ended(&id, runs[0], "failure").job("late");
    assert_eq!(town.report("two/b", runs[0], &late).await.status, 200);
    town.minutes(1).await;
    assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("in_progress"));
    for job in ["build", "late"] {
        assert_eq!(town.report("two/b", runs[1], &Said::ended(&id, runs[1], "success").job(job)).await.status, 200);
    }
    town.minutes(30).await;
    assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("success"));
    assert_eq!(town.check(&pull, "crcr/two/b").as_deref(), Some("success"));
    assert_eq!(town.rows(Kind::PullRequest).await[0].cells[&name("two/b")].state, CellState::Passed);
    town.end_as_written().await;
}

#[tokio::test]
async fn what_was_sent_again_and_never_reported_is_said_to_by_its_own_time() {
    let mut town = town(L4).await;
    let (pull, id) = failed(&mut town).await;
    town.minutes(60 * 20).await;
    town.world.operate(REDISPATCH, json!({ "repo": "two/b", "deliveryId": id, "actor": "olga" })).await;
    town.minutes(60 * 23).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::Sent);
    town.minutes(60 * 2).await;
    assert_eq!(town.newest_target("two/b").await.state, TargetState::NeverReported);
    assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("failure"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_29_clicks_on_the_check_of_a_target_without_a_run_send_it_again_once() {
    let list = "L4: [{ two/b: { start_timeout_minutes: 60 } }]";
    let mut town = town(list).await;
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(70).await;
    let check = |town: &Town| town.up.visible_checks(&pull.head_sha()).into_iter().find(|c| c.name == "crcr/two/b");
    assert_eq!(check(&town).unwrap().conclusion.as_deref(), Some("timed_out"));
    for _ in 0..5 {
        town.up.rerequest_check(check(&town).unwrap().id);
        town.world.run_for(MINUTE / 60).await;
    }
    town.minutes(1).await;
    assert_eq!(town.calls("POST", SEND), 2);
    assert_eq!(check(&town).unwrap().status.to_string(), "queued");
    town.minutes(70).await;
    // Below L3 nothing of it is sent.
    town.up.file(".github/allowlist.yml", "L2: [two/b]");
    town.refresh().await;
    town.up.rerequest_check(check(&town).unwrap().id);
    town.minutes(1).await;
    assert_eq!(town.calls("POST", SEND), 2);
    assert_eq!(town.facts("relay.rerun.refused").await.len(), 1);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_2_the_first_valid_list_is_heard_at_once() {
    let mut town = Town::with(config(), "L1: 7").await;
    town.downstream("two/b", silent());
    town.up.open_pull("Add a kernel");
    town.minutes(60 * 24 * 3).await;
    assert!(town.dispatches().await.is_empty() && town.dead().await.is_empty(), "nothing is dropped, however long");
    let read = town.calls("GET", "/repos/org/up/contents/.github/allowlist.yml");
    town.up.push("main", "Mend the list", &[(".github/allowlist.yml", "L2: [two/b]")]);
    town.minutes(2).await;
    assert_eq!(town.dispatches().await.len(), 2);
    assert!(town.calls("GET", "/repos/org/up/contents/.github/allowlist.yml") <= read + 2);
    town.end(&[dispatched(2, "two/b")]).await;
}

#[tokio::test]
async fn a_check_that_github_does_not_take_is_told() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.world.installation("org").set_permissions(&[("contents", Access::Write), ("metadata", Access::Read)]);
    town.world.settle().await;
    let refused = json!({ "message": "Resource not accessible by integration" });
    town.world.github.fault("POST", "/repos/org/up/check-runs").always().answer(403, &[], refused);
    town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(30).await;
    let told = town.facts("relay.check.failed").await;
    assert!(!told.is_empty() && told[0]["hint"].to_string().to_ascii_lowercase().contains("checks"), "{told:?}");
    assert!(town.answers().iter().all(|(status, _)| *status == 200), "the callback's answer is never touched");
    let dead: Vec<&str> = town.dead().await.iter().map(|_| "check_run").collect();
    town.world.expect_dead_letters(&dead);
    town.end_as_written().await;
}
