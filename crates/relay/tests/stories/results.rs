//! Cases 16, 17, 21, 31 and 32: what becomes of a result by reports, timers and GitHub's own word.

use std::time::Duration;

use switchboard_relay::advance::{By, State};
use switchboard_relay::conclusion::Conclusion;
use switchboard_relay::config::Config;
use switchboard_relay::records::{CellState, Kind, RowRecord, keys, views};
use switchboard_simulator::{Downstream, PullSpec};

use crate::support::reports::Said;
use crate::support::*;

const BUILD: &str = "crcr/three/c/CI/build";

fn completed(conclusion: Conclusion, by: By) -> State {
    State::Completed { conclusion, by }
}

/// The one cell of the one row.
async fn cell(town: &Town) -> CellState {
    let rows: Vec<RowRecord> = town.rows(Kind::PullRequest).await;
    rows[0].cells.values().next().unwrap().state
}

/// What an entry's results counted as on the first day.
async fn counted(town: &Town, repo: &str, field: &str) -> i64 {
    let key = keys::day(&name(UP), Some(&name(repo)), Kind::PullRequest, town.world.began());
    town.world.counter(&views::COUNT_DAY, key).await.get(field).copied().unwrap_or_default()
}

#[tokio::test]
async fn relay_16_a_result_runs_and_ends_and_its_times_are_the_clocks() {
    times(&Cached::default()).await;
}

/// Case 16, with any cache.
pub async fn times(cached: &Cached) {
    let mut town = Town::cached(config(), "L2: [two/b]", cached).await;
    let script = Downstream::run("CI").waits(MINUTE / 2).result("build").succeeds_after(5 * MINUTE);
    town.downstream("two/b", script);
    town.up.open_pull("Add a kernel");
    town.minutes(0).await;
    assert_eq!(cell(&town).await, CellState::Queued);
    town.minutes(2).await;
    assert_eq!(cell(&town).await, CellState::Running);
    assert_eq!(town.result().await.state, State::Running);
    cached.midway().await;
    town.minutes(10).await;
    assert_eq!(cell(&town).await, CellState::Passed);
    let (result, target) = (town.result().await, town.newest_target("two/b").await);
    assert_eq!(result.state, completed(Conclusion::Success, By::Report));
    assert_eq!((result.queue_ms, result.execution_ms), (Some(30_000), Some(300_000)));
    let began = target.sent_at.unwrap();
    assert_eq!(result.completed_at.unwrap().since(began), Duration::from_secs(330));
    let e2e = counted(&town, "two/b", "e2e_2").await;
    assert_eq!((counted(&town, "two/b", "pass").await, counted(&town, "two/b", "runs").await, e2e), (1, 1, 1));
    assert_eq!(counted(&town, "two/b", "queue_ms").await, 30_000);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_17_an_end_without_a_start_is_taken_and_a_late_start_is_only_noted() {
    let mut town = Town::with(config(), "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").never_reports().succeeds_after(500 * MINUTE));
    town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.dispatches().await[0].delivery_id.clone(), town.runs("two/b")[0]);
    assert_eq!(town.report("two/b", run, &Said::ended(&id, run, "success")).await.status, 200);
    town.minutes(1).await;
    let done = town.result().await;
    assert_eq!(
        (done.state, done.execution_ms, done.queue_ms),
        (completed(Conclusion::Success, By::Report), None, None)
    );
    assert_eq!(town.report("two/b", run, &Said::started(&id, run)).await.body["status"], "in_progress");
    town.minutes(1).await;
    let late = town.result().await;
    assert_eq!((late.state, late.execution_ms, late.queue_ms), (done.state, None, None));
    assert_eq!(late.notes.len(), 1, "{:?}", late.notes);
    assert_eq!(cell(&town).await, CellState::Passed);
    // Another end changes nothing either, and is told.
    assert_eq!(town.report("two/b", run, &Said::ended(&id, run, "failure")).await.status, 200);
    town.minutes(1).await;
    assert_eq!(town.result().await.state, done.state);
    assert_eq!(counted(&town, "two/b", "fail").await, 0);
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_21_an_attempt_has_a_row_of_its_own_and_only_the_last_one_counts() {
    let mut town = Town::with(config(), L3).await;
    let mut script = Downstream::run("CI").result("build").fails_after(5 * MINUTE);
    for _ in 0..8 {
        script = script.then_fails_after(5 * MINUTE);
    }
    let workflow = town.downstream("three/c", script.then_succeeds_after(5 * MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(10).await;
    let run = town.runs("three/c")[0];
    assert_eq!(counted(&town, "three/c", "fail").await, 1);
    for attempt in 2..=10 {
        workflow.rerun(run);
        town.minutes(2).await;
        assert_eq!(town.check(&pull, BUILD).as_deref(), Some("in_progress"), "attempt {attempt}");
        assert_eq!(town.check(&pull, "crcr/three/c").as_deref(), Some("in_progress"), "attempt {attempt}");
        let failed = counted(&town, "three/c", "fail").await;
        assert_eq!(failed, 1, "what was counted counts until the new attempt has ended");
        town.minutes(10).await;
    }
    let mut results = town.results().await;
    results.sort_by_key(|result| result.attempt);
    assert_eq!(results.iter().map(|result| result.attempt).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    assert!(results[0].queue_ms.is_some() && results[1..].iter().all(|result| result.queue_ms.is_none()));
    assert_eq!((counted(&town, "three/c", "pass").await, counted(&town, "three/c", "fail").await), (1, 0));
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("success"));
    assert_eq!(town.check(&pull, "crcr/three/c").as_deref(), Some("success"));
    assert_eq!(cell(&town).await, CellState::Passed);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_21_a_late_end_of_an_older_attempt_never_shows() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").never_reports().succeeds_after(500 * MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(1).await;
    let (id, run) = (town.dispatches().await[0].delivery_id.clone(), town.runs("three/c")[0]);
    for (said, shown) in [
        (Said::started(&id, run).attempt(1), "in_progress"),
        (Said::started(&id, run).attempt(2), "in_progress"),
        (Said::ended(&id, run, "cancelled").attempt(1), "in_progress"),
        (Said::ended(&id, run, "success").attempt(2), "success"),
    ] {
        assert_eq!(town.report("three/c", run, &said).await.status, 200);
        town.minutes(1).await;
        assert_eq!(town.check(&pull, BUILD).as_deref(), Some(shown), "{said:?}");
    }
    assert_eq!((counted(&town, "three/c", "pass").await, counted(&town, "three/c", "other").await), (1, 0));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_31_a_result_without_an_end_times_out_once_and_a_late_end_revives_it() {
    let mut town = Town::with(Config { timeout_minutes: 60, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(90 * MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(59).await;
    assert_eq!(town.result().await.state, State::Running);
    town.minutes(3).await;
    assert_eq!(town.result().await.state, completed(Conclusion::TimedOut, By::Timer));
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("timed_out"));
    assert_eq!((cell(&town).await, counted(&town, "three/c", "timeout").await), (CellState::TimedOut, 1));
    town.minutes(60).await;
    let revived = town.result().await;
    assert_eq!(revived.state, completed(Conclusion::Success, By::Report));
    assert_eq!(revived.execution_ms, Some(90 * 60 * 1000), "both are reported");
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("success"));
    assert_eq!((counted(&town, "three/c", "timeout").await, counted(&town, "three/c", "pass").await), (0, 1));
    assert_eq!(town.count_checks(BUILD), 1);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_31_the_entrys_own_timeout_is_honoured() {
    let list = "L2: [{ two/b: { timeout_minutes: 1440 } }]";
    let mut town = Town::with(Config { timeout_minutes: 60, ..config() }, list).await;
    town.downstream("two/b", Downstream::run("CI").result("build").never_ends());
    town.up.open_pull("Add a kernel");
    town.minutes(1_439).await;
    assert_eq!(town.result().await.state, State::Running);
    town.minutes(3).await;
    assert_eq!(town.result().await.state, completed(Conclusion::TimedOut, By::Timer));
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_31_a_run_that_has_ended_when_time_is_over_gives_its_conclusion() {
    let mut town = Town::with(Config { timeout_minutes: 60, ..config() }, "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").result("build").only_starts().fails_after(10 * MINUTE));
    // The event that the run has ended gets lost.
    town.world.github.webhook_fault("workflow_run", None, 10, switchboard_simulator::WebhookFault::Drop);
    town.up.open_pull("Add a kernel");
    town.minutes(59).await;
    assert_eq!(town.result().await.state, State::Running);
    town.minutes(3).await;
    assert_eq!(town.result().await.state, completed(Conclusion::Failure, By::GitHub));
    town.end(&[dispatched(1, "two/b")]).await;
}

#[tokio::test]
async fn relay_31_what_never_reports_is_said_to_and_a_late_report_brings_it_back() {
    let list = "L3: { cuda: { three/c: { start_timeout_minutes: 60 } } }";
    let mut town = Town::with(config(), list).await;
    let script = Downstream::run("CI").waits(90 * MINUTE).result("build").succeeds_after(MINUTE);
    town.downstream("three/c", script);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(62).await;
    assert_eq!(cell(&town).await, CellState::NeverReported);
    assert_eq!(town.check(&pull, "crcr/three/c").as_deref(), Some("timed_out"));
    assert_eq!(counted(&town, "three/c", "never_reported").await, 1);
    town.minutes(60).await;
    assert_eq!(cell(&town).await, CellState::Passed);
    assert_eq!(town.check(&pull, "crcr/three/c").as_deref(), Some("success"));
    assert_eq!(counted(&town, "three/c", "never_reported").await, 0);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_32_a_lost_end_becomes_what_github_says_of_the_run() {
    let mut town = Town::with(config(), L3).await;
    let script = Downstream::run("CI").result("build").only_starts().fails_after(10 * MINUTE);
    town.downstream("three/c", script.result("lint").succeeds_after(MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(5).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("in_progress"));
    town.minutes(6).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("failure"));
    assert_eq!(town.check(&pull, "crcr/three/c/CI/lint").as_deref(), Some("success"), "what has ended stands");
    let results = town.results().await;
    let build = results.iter().find(|result| result.result == "build").unwrap();
    assert_eq!((build.state, build.execution_ms), (completed(Conclusion::Failure, By::GitHub), None));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_32_a_success_whose_job_failed_takes_the_jobs_conclusion() {
    let mut town = Town::with(config(), L3).await;
    let liar = Downstream::run("CI").result("build").job_concludes("failure").succeeds_after(MINUTE);
    town.downstream("three/c", liar);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(30).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("failure"));
    assert_eq!(town.result().await.state, completed(Conclusion::Failure, By::GitHub));
    assert!(town.newest_target("three/c").await.flagged);
    assert_eq!((counted(&town, "three/c", "pass").await, counted(&town, "three/c", "fail").await), (0, 1));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_32_the_job_may_be_named_by_the_second_report_alone() {
    let mut town = Town::with(config(), L3).await;
    let script = Downstream::run("CI").result("build").job_concludes("failure").never_reports().succeeds_after(MINUTE);
    town.downstream("three/c", script);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.world.run_for(MINUTE / 2).await;
    let (id, run) = (town.newest_of("three/c").await, town.runs("three/c")[0]);
    let job = town.world.github.find("three/c").unwrap().jobs(run)[0].id;
    for said in [Said::started(&id, run), Said::ended(&id, run, "success").workflow("check_run_id", job.0)] {
        assert_eq!(town.report("three/c", run, &said).await.status, 200);
        town.world.run_for(MINUTE / 10).await;
    }
    let ended = town.result().await;
    assert_eq!(ended.state, completed(Conclusion::Success, By::Report));
    town.minutes(30).await;
    let corrected = town.result().await;
    assert_eq!(corrected.state, completed(Conclusion::Failure, By::GitHub));
    assert_eq!(corrected.completed_at, ended.completed_at, "when GitHub was asked is not when it ended");
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("failure"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_32_the_end_of_a_later_attempt_says_nothing_of_what_had_ended_before() {
    let mut town = Town::with(Config { timeout_minutes: 30, ..config() }, L3).await;
    let script = Downstream::run("CI").result("build").never_reports().fails_after(60 * MINUTE);
    let workflow = town.downstream("three/c", script.then_succeeds_after(10 * MINUTE));
    town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(1).await;
    let (id, run) = (town.newest_of("three/c").await, town.runs("three/c")[0]);
    assert_eq!(town.report("three/c", run, &Said::started(&id, run)).await.status, 200);
    town.minutes(45).await;
    assert_eq!(town.result().await.state, completed(Conclusion::TimedOut, By::Timer));
    town.minutes(20).await;
    let first = town.result().await.state;
    assert_eq!(first, completed(Conclusion::Failure, By::GitHub));
    workflow.rerun(run);
    town.minutes(1).await;
    assert_eq!(town.report("three/c", run, &Said::started(&id, run).attempt(2)).await.status, 200);
    town.minutes(60).await;
    let mut results = town.results().await;
    results.sort_by_key(|result| result.attempt);
    let states: Vec<State> = results.iter().map(|result| result.state).collect();
    assert_eq!(states, [first, completed(Conclusion::Success, By::GitHub)]);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_31_a_run_that_cannot_be_read_times_out_after_three_more_tries_and_holds_nobody_up() {
    let mut town = Town::with(Config { timeout_minutes: 60, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").only_starts().never_ends());
    town.world.github.fault("GET", "/repos/three/c/actions/runs/*").always().status(502);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(61).await;
    assert_eq!(town.result().await.state, State::Running);
    pull.unlabel(LABEL);
    town.world.run_for(MINUTE / 6).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("neutral"), "the lane is free meanwhile");
    town.minutes(2).await;
    let result = town.result().await;
    assert_eq!(result.state, completed(Conclusion::TimedOut, By::Timer));
    assert_eq!(result.notes.len(), 1, "{:?}", result.notes);
    assert_eq!(town.calls("GET", "/repos/three/c/actions/runs/*"), 4);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_16_results_beyond_the_limit_are_rejected_and_told() {
    let mut town = Town::with(Config { max_results_per_target: 3, ..config() }, "L2: [two/b]").await;
    town.downstream("two/b", Downstream::run("CI").matrix("test", 5).succeeds_after(MINUTE));
    town.up.open_pull("Add a kernel");
    town.minutes(30).await;
    assert_eq!(town.results().await.len(), 3);
    let rejected = town.facts("relay.report.rejected").await;
    assert_eq!(rejected.len(), 4, "two starts and two ends");
    assert!(town.answers().iter().all(|(status, _)| *status == 200));
    town.end(&[dispatched(1, "two/b")]).await;
}
