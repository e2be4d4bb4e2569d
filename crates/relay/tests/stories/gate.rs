//! Cases 22, 29, 30 and 33: nightlies, re-runs, the merge gate, and levels that change.

use serde_json::json;
use switchboard_relay::conclusion::Conclusion;
use switchboard_relay::config::{Config, Criteria, GatePolicy};
use switchboard_relay::records::{CellState, HealthRecord, Kind, RowRecord};
use switchboard_simulator::{Downstream, Pull, PullSpec};

use crate::support::reports::Said;
use crate::support::*;

const L4: &str = "L4: [four/d]";
const GATE: &str = "crcr/gate";

fn labelled() -> PullSpec {
    PullSpec::new("Add a kernel").labels(&[LABEL])
}

fn gate(town: &Town, pull: &Pull) -> String {
    town.check(pull, GATE).unwrap_or_default()
}

async fn nightly_rows(town: &Town) -> Vec<RowRecord> {
    town.rows(Kind::Nightly).await
}

#[tokio::test]
async fn relay_22_a_nightly_at_a_commit_of_main_has_a_tab_and_no_check_run() {
    let mut town = Town::with(config(), "L2: [{ two/b: { refs: [] } }]\nL4: [{ four/d: { events: [nightly] } }]").await;
    let sha = town.up.push("main", "Fix", &[("a.txt", "a")]);
    town.up.push("main", "Newer", &[("a.txt", "b")]);
    town.minutes(1).await;
    for (repo, script) in [("two/b", "Nightly"), ("four/d", "Periodic")] {
        let repository = town.world.repository(repo);
        let night = Downstream::run(script).result("test").succeeds_after(MINUTE);
        repository.start_nightly(night, &sha).unwrap();
    }
    town.minutes(10).await;
    assert!(town.answers().iter().all(|(status, _)| *status == 200), "{:?}", town.answers());
    let rows = nightly_rows(&town).await;
    assert_eq!(rows.len(), 1, "one row of the commit");
    assert_eq!((rows[0].head.as_str(), rows[0].cells.len()), (sha.as_str(), 2));
    assert!(rows[0].cells.values().all(|cell| cell.state == CellState::Passed), "{:?}", rows[0].cells);
    assert_eq!(town.calls("GET", &format!("/repos/org/up/compare/main...{sha}")), 1);
    assert!(town.up.check_runs().is_empty());
    for result in town.results().await {
        assert_eq!((result.queue_ms, result.execution_ms), (None, None));
    }

    let run = town.runs("two/b")[0];
    let early = Said::nightly(&sha, run, "success").workflow("status", "in_progress");
    assert_eq!(town.report("two/b", run, &early).await.refusal(), (400, "nightly"));
    let short = Said::nightly(&sha[..39], run, "success");
    assert_eq!(town.report("two/b", run, &short).await.refusal(), (400, "nightly"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_22_a_nightly_at_a_commit_of_nobodys_branch_is_not_shown() {
    let mut town = Town::with(config(), "L2: [{ two/b: { refs: [] } }]").await;
    let sha = town.up.push("feature", "Secret", &[("a.txt", "a")]);
    town.minutes(1).await;
    let repository = town.world.repository("two/b");
    repository.start_nightly(Downstream::run("Nightly").result("test").succeeds_after(MINUTE), &sha).unwrap();
    town.minutes(10).await;
    assert_eq!(town.answers(), [(200, json!({ "ok": true, "status": "completed" }))]);
    assert!(nightly_rows(&town).await.is_empty() && town.results().await.is_empty());
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_29_five_clicks_on_a_check_run_run_the_failed_jobs_again_once() {
    let mut town = Town::with(config(), L3).await;
    let script = Downstream::run("CI").result("build").fails_after(MINUTE).then_succeeds_after(MINUTE);
    town.downstream("three/c", script);
    let pull = town.up.open_pull(labelled());
    town.minutes(9).await;
    let check = |town: &Town| town.up.visible_checks(&pull.head_sha()).into_iter().find(|c| c.name.ends_with("build"));
    assert_eq!(check(&town).unwrap().conclusion.as_deref(), Some("failure"));
    for _ in 0..5 {
        town.up.rerequest_check(check(&town).unwrap().id);
        town.world.run_for(MINUTE / 60).await;
    }
    town.minutes(10).await;
    let run = town.runs("three/c")[0];
    let failed = format!("/repos/three/c/actions/runs/{run}/rerun-failed-jobs");
    assert_eq!(town.calls("POST", &failed), 1);
    assert_eq!(check(&town).unwrap().conclusion.as_deref(), Some("success"));
    assert_eq!(town.results().await.len(), 2, "the old delivery id, a new attempt");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_29_clicks_on_both_sides_of_any_clock_are_one_within_ten_minutes() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").fails_after(MINUTE));
    let pull = town.up.open_pull(labelled());
    town.minutes(5).await;
    let run = town.runs("three/c")[0];
    let failed = format!("/repos/three/c/actions/runs/{run}/rerun-failed-jobs");
    // The re-run does not get through, so nothing tells of a new attempt.
    town.world.github.fault("POST", &failed).always().answer(
        403,
        &[],
        json!({ "message": "This workflow is already running" }),
    );
    let check = town.up.visible_checks(&pull.head_sha()).into_iter().find(|c| c.name.ends_with("build")).unwrap();
    for _ in 0..10 {
        town.up.rerequest_check(check.id);
        town.minutes(1).await;
    }
    assert_eq!(town.calls("POST", &failed), 1);
    town.up.rerequest_check(check.id);
    town.minutes(1).await;
    assert_eq!(town.calls("POST", &failed), 2, "later it is another wish");
    assert!(town.dead().await.is_empty(), "already running is what was wanted");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_29_what_is_not_on_l3_is_not_run_again() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").fails_after(MINUTE));
    let pull = town.up.open_pull(labelled());
    town.minutes(5).await;
    let check = town.up.visible_checks(&pull.head_sha()).into_iter().find(|c| c.name.ends_with("build")).unwrap();
    town.up.file(".github/allowlist.yml", "L2: [three/c]");
    town.refresh().await;
    town.up.rerequest_check(check.id);
    town.up.rerequest_checks(&pull.head_sha());
    town.minutes(5).await;
    assert_eq!(town.calls("POST", "/repos/three/c/actions/**"), 0);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_29_re_run_all_runs_each_run_of_a_head_again_once() {
    let mut town = Town::with(config(), "L3: { cuda: { three/c: , five/e: } }").await;
    let legs = |name: &str, count: usize| Downstream::run(name).matrix("test", count).fails_after(MINUTE);
    town.downstream("three/c", legs("CI", 8));
    town.downstream("three/c", legs("Nightly build", 8));
    town.downstream("five/e", legs("CI", 4));
    let pull = town.up.open_pull(labelled());
    town.minutes(10).await;
    let results = town.checks(&pull.head_sha()).into_iter().filter(|(name, _)| name.matches('/').count() > 2);
    assert_eq!(results.count(), 20);
    town.up.rerequest_checks(&pull.head_sha());
    town.minutes(1).await;
    assert_eq!(town.calls("POST", "/repos/*/*/actions/runs/*/rerun"), 3);
    town.minutes(30).await;
    assert!(town.checks(&pull.head_sha()).iter().all(|(_, end)| end == "failure"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_result_that_passed_early_does_not_open_the_gate() {
    for (conclusion, expected) in [("success", "success"), ("failure", "failure"), ("cancelled", "failure")] {
        let mut town = Town::with(config(), L4).await;
        let script = Downstream::run("CI").result("lint").succeeds_after(MINUTE).result("build");
        town.downstream("four/d", script.starts_after(30 * MINUTE).concludes(conclusion, 10 * MINUTE));
        let pull = town.up.open_pull("Add a kernel");
        town.world.settle().await;
        assert_eq!(gate(&town, &pull), "in_progress", "sent and waiting");
        town.minutes(20).await;
        assert_eq!(town.check(&pull, "crcr/four/d/CI/lint").as_deref(), Some("success"));
        assert_eq!(gate(&town, &pull), "in_progress", "the run goes on");
        town.minutes(30).await;
        assert_eq!(gate(&town, &pull), expected, "{conclusion}");
        let row = town.rows(Kind::PullRequest).await.remove(0);
        let shown = row.gate.unwrap().progress.conclusion().unwrap();
        assert_eq!(shown == Conclusion::Success, expected == "success");
        town.end_as_written().await;
    }
}

#[tokio::test]
async fn relay_30_a_run_that_fails_without_a_failed_result_closes_the_gate() {
    let mut town = Town::with(config(), L4).await;
    let script = Downstream::run("CI").result("lint").succeeds_after(MINUTE).result("deploy").never_reports();
    town.downstream("four/d", script.fails_after(20 * MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(15).await;
    assert_eq!(gate(&town, &pull), "in_progress");
    town.minutes(30).await;
    assert_eq!(gate(&town, &pull), "failure");
    assert_eq!(town.check(&pull, "crcr/four/d").as_deref(), Some("failure"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_re_run_closes_an_open_gate_until_it_has_ended() {
    let mut town = Town::with(config(), L4).await;
    let script = Downstream::run("CI").result("build").succeeds_after(5 * MINUTE);
    let workflow = town.downstream("four/d", script);
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(20).await;
    assert_eq!(gate(&town, &pull), "success");
    workflow.rerun(town.runs("four/d")[0]);
    town.minutes(2).await;
    assert_eq!(gate(&town, &pull), "in_progress");
    town.minutes(20).await;
    assert_eq!(gate(&town, &pull), "success");
    assert_eq!(town.count_checks(GATE), 2, "a later re-run makes a new check");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_what_could_not_be_sent_closes_the_gate() {
    let mut town = Town::with(config(), L4).await;
    town.downstream("four/d", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    town.world.github.fault("POST", "/repos/four/d/dispatches").always().status(404);
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(5).await;
    assert_eq!(gate(&town, &pull), "failure");
    town.world.expect_dead_letters(&["dispatch"]);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_head_without_l4_entries_is_open_where_the_gate_is_always_written() {
    let mut town = Town::with(Config { gate: GatePolicy::Always, ..config() }, "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").fails_after(MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(20).await;
    assert_eq!(gate(&town, &pull), "success");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_33_a_suppressed_entry_gets_no_new_checks_and_finishes_those_it_has() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(30 * MINUTE));
    let first = town.up.open_pull(labelled());
    town.minutes(5).await;
    let due = HealthRecord {
        demotion: switchboard_relay::criteria::Demotion { due: true, ..Default::default() },
        ..HealthRecord::default()
    };
    town.health("three/c", &due).await;
    let second = town.up.open_pull(labelled());
    town.minutes(60).await;
    assert_eq!(town.check(&first, "crcr/three/c/CI/build").as_deref(), Some("success"), "an open one is finished");
    assert!(town.checks(&second.head_sha()).is_empty());
    assert_eq!(town.rows(Kind::PullRequest).await.len(), 2, "rows go on");
    assert!(town.results().await.iter().all(|result| !result.is_open()));
    town.health("three/c", &HealthRecord::default()).await;
    let third = town.up.open_pull(labelled());
    town.minutes(60).await;
    assert_eq!(town.check(&third, "crcr/three/c/CI/build").as_deref(), Some("success"), "cleared");
    town.end_as_written().await;
}

/// How often something was told of demotions.
async fn told(town: &Town, what: &str) -> usize {
    let kinds = town.world.fact_kinds(switchboard_engine::subject::repository(UP)).await;
    kinds.iter().filter(|kind| **kind == format!("relay.demotion.{what}")).count()
}

#[tokio::test]
async fn relay_33_two_bad_days_make_an_entry_due_and_two_good_ones_clear_it() {
    let criteria = Criteria { min_results: 1, pass_percent: 60, ..Criteria::default() };
    let allowlist_ttl = 60 * 24 * MINUTE;
    let mut town = Town::scheduled(Config { criteria, allowlist_ttl, target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").only_starts().never_ends());
    let open = town.up.open_pull(labelled());
    town.minutes(1).await;
    let (id, run) = (town.newest_of("three/c").await, town.runs("three/c")[0]);
    assert_eq!(town.report("three/c", run, &Said::ended(&id, run, "failure").job("other")).await.status, 200);
    // Evaluated at ten past midnight; one bad day is not enough.
    town.minutes(60 * 13).await;
    assert!(told(&town, "due").await == 0);
    town.minutes(60 * 24).await;
    assert_eq!(told(&town, "due").await, 1);
    assert_eq!(told(&town, "suppressed").await, 1);
    // No new checks; an open one is still finished, and rows go on.
    let new = town.up.open_pull(labelled());
    town.minutes(5).await;
    assert!(town.checks(&new.head_sha()).is_empty());
    assert_eq!(town.rows(Kind::PullRequest).await.len(), 2);
    assert_eq!(town.report("three/c", run, &Said::ended(&id, run, "success")).await.status, 200);
    town.minutes(5).await;
    assert_eq!(town.check(&open, "crcr/three/c/CI/build").as_deref(), Some("success"));
    // Two good days.
    let (id, run) = (town.newest_of("three/c").await, town.runs("three/c")[1]);
    for n in 0..5 {
        let said = Said::ended(&id, run, "success").job(&format!("test ({n})"));
        assert_eq!(town.report("three/c", run, &said).await.status, 200);
    }
    assert_eq!(town.report("three/c", run, &Said::ended(&id, run, "success")).await.status, 200);
    town.minutes(60 * 48).await;
    assert_eq!(told(&town, "cleared").await, 1);
    town.end_by_the_clock().await;
}

#[tokio::test]
async fn an_entry_that_drops_out_has_its_open_checks_set_neutral() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(30 * MINUTE));
    let pull = town.up.open_pull(labelled());
    town.minutes(5).await;
    town.up.file(".github/allowlist.yml", "L1: [three/c]");
    town.refresh().await;
    town.minutes(1).await;
    let ends: Vec<_> = town.checks(&pull.head_sha()).into_iter().map(|(_, end)| end).collect();
    assert_eq!(ends, ["neutral", "neutral"]);
    town.end_as_written().await;
}
