//! Case 30, and what the merge gate and other check runs do where entries, pull requests and runs go away.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard_relay::config::{BUILDKITE_ISSUER, Config, Pipeline, Provider};
use switchboard_relay::records::{CellState, Kind};
use switchboard_simulator::{BuildkiteJob, Downstream, Pull, PullSpec, WebhookFault};

use crate::support::reports::{AUDIENCE, Said};
use crate::support::*;

const L4: &str = "L4: [four/d]";
const GATE: &str = "crcr/gate";

fn labelled() -> PullSpec {
    PullSpec::new("Add a kernel").labels(&[LABEL])
}

fn gate(town: &Town, pull: &Pull) -> String {
    town.check(pull, GATE).unwrap_or_default()
}

#[tokio::test]
async fn relay_30_a_gate_that_is_there_at_the_close_ends_and_an_open_one_stays() {
    let mut town = Town::with(config(), L4).await;
    town.downstream("four/d", Downstream::run("CI").result("build").succeeds_after(10 * MINUTE));
    let (early, late) = (town.up.open_pull(labelled()), town.up.open_pull(labelled()));
    town.minutes(5).await;
    early.close();
    town.minutes(25).await;
    assert_eq!((gate(&town, &early).as_str(), gate(&town, &late).as_str()), ("success", "success"));
    late.close();
    town.minutes(60 * 30).await;
    assert_eq!((gate(&town, &early).as_str(), gate(&town, &late).as_str()), ("success", "success"));
    let unreported =
        town.rows(Kind::PullRequest).await.into_iter().filter(|row| row.action.as_deref() == Some("closed"));
    let unreported: Vec<_> = unreported.collect();
    assert!(unreported.iter().all(|row| !row.is_bad()), "nobody reports on a close: {unreported:?}");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_gate_does_not_wait_for_what_is_on_l4_no_more() {
    let mut town = Town::with(config(), L4).await;
    town.downstream("four/d", Downstream::run("CI").result("build").never_reports().never_ends());
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(5).await;
    assert_eq!(gate(&town, &pull), "in_progress");
    town.up.file(".github/allowlist.yml", "L2: [four/d]");
    town.refresh().await;
    town.minutes(1).await;
    assert_eq!(gate(&town, &pull), "success");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_nothing_unknown_opens_the_gate() {
    let mut town = Town::with(config(), L4).await;
    town.downstream("four/d", Downstream::run("CI").result("build").succeeds_after(MINUTE));
    // GitHub says nothing of the run, in no way.
    town.world.github.webhook_fault("workflow_run", None, 10, switchboard_simulator::WebhookFault::Drop);
    town.world.github.fault("GET", "/repos/four/d/actions/runs/*").always().status(404);
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(60 * 24 * 5).await;
    assert_eq!(gate(&town, &pull), "in_progress");
    assert_eq!(town.check(&pull, "crcr/four/d/CI/build").as_deref(), Some("success"));
    // 2, 10, 30 and then every 60 minutes, until the timeout of six hours.
    assert_eq!(town.calls("GET", "/repos/four/d/actions/runs/*"), 8);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_skipped_or_silent_entry_is_not_waited_for() {
    let list = "L4: [{ four/d: { silent: true } }, { two/b: { labels: [x] } }, { five/e: { branches: [release] } }]";
    let mut town = Town::with(config(), list).await;
    for repo in ["four/d", "two/b", "five/e"] {
        town.downstream(repo, Downstream::run("CI").result("build").fails_after(MINUTE));
    }
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(30).await;
    assert_eq!(town.checks(&pull.head_sha()), [(GATE.to_owned(), "success".to_owned())]);
    assert_eq!(town.rows(Kind::PullRequest).await[0].cells[&name("four/d")].state, CellState::Failed, "rows go on");
    // Required once dispatched; and the newest event that skips it again lets it go.
    pull.label("x");
    town.minutes(1).await;
    assert_eq!(gate(&town, &pull), "in_progress");
    town.minutes(30).await;
    assert_eq!(gate(&town, &pull), "failure");
    pull.unlabel("x");
    pull.close();
    pull.reopen();
    town.minutes(1).await;
    assert_eq!(gate(&town, &pull), "success");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_run_that_cannot_be_asked_for_ends_when_it_has_been_silent() {
    let pipeline = Pipeline {
        organization_id: "org-uuid".to_owned(),
        pipeline_id: "pipe-uuid".to_owned(),
        repo: name("four/d"),
        required_claims: BTreeMap::new(),
    };
    let provider = Provider { issuer: BUILDKITE_ISSUER.to_owned(), pipelines: vec![pipeline] };
    let mut town = Town::with(Config { providers: vec![provider], ..config() }, L4).await;
    town.downstream("four/d", Downstream::run("CI").result("build").never_reports().succeeds_after(MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, build) = (town.newest_of("four/d").await, "0190046e-e199-453b-a302-a21a4d649d31");
    let job = BuildkiteJob::new("org-uuid", "pipe-uuid", "job");
    let url = "https://buildkite.com/acme/ci/builds/1";
    for said in [Said::started(&id, build), Said::ended(&id, build, "success")] {
        let token = town.world.github.buildkite_token(&job, AUDIENCE).mint();
        assert_eq!(town.say(&token, &said.workflow("url", url)).await.status, 200);
        town.minutes(5).await;
        assert_eq!(gate(&town, &pull), "in_progress");
    }
    town.minutes(6).await;
    assert_eq!(gate(&town, &pull), "success");
    let checks = town.up.visible_checks(&pull.head_sha());
    let check = checks.iter().find(|check| check.name == "crcr/four/d/CI/build").unwrap();
    assert_eq!(check.details_url.as_deref(), Some(url));
    assert_eq!(town.calls("GET", "/repos/four/d/actions/**"), 0);
    town.end_as_written().await;
}

#[tokio::test]
async fn an_entry_that_drops_out_leaves_no_open_check_on_an_older_head() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").only_starts().never_ends());
    let pull = town.up.open_pull(labelled());
    town.minutes(5).await;
    let old = pull.head_sha();
    pull.push("More");
    town.minutes(5).await;
    town.up.file(".github/allowlist.yml", "L1: [three/c]");
    town.refresh().await;
    town.minutes(1).await;
    for head in [old, pull.head_sha()] {
        let checks = town.checks(&head);
        assert!(checks.len() == 2 && checks.iter().all(|(_, end)| end == "neutral"), "{checks:?}");
    }
    town.end_as_written().await;
}

#[tokio::test]
async fn an_entry_that_drops_to_l2_finishes_its_open_checks_by_its_own_reports() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(30 * MINUTE));
    let pull = town.up.open_pull(labelled());
    town.minutes(5).await;
    town.up.file(".github/allowlist.yml", "L2: [three/c]");
    town.refresh().await;
    town.minutes(60).await;
    assert_eq!(town.check(&pull, "crcr/three/c/CI/build").as_deref(), Some("success"));
    let second = town.up.open_pull(labelled());
    town.minutes(60).await;
    assert!(town.checks(&second.head_sha()).is_empty());
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_a_run_that_ends_while_its_report_waits_to_be_decided_opens_the_gate_at_once() {
    let mut town = Town::with(config(), "L4: [four/d]").await;
    town.downstream("four/d", Downstream::run("CI").result("build").succeeds_after(Duration::ZERO));
    let pull = town.up.open_pull("Add a kernel");
    // Far less than the first look at a run whose end nobody tells of.
    town.minutes(1).await;
    assert_eq!(town.check(&pull, "crcr/gate").as_deref(), Some("success"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_30_another_pull_request_of_the_same_head_opens_no_gate() {
    let mut town = Town::with(config(), "L4: [four/d: { branches: [main] }]").await;
    town.downstream("four/d", Downstream::run("CI").result("build").fails_after(MINUTE));
    let first = town.up.open_pull(PullSpec::new("Add a kernel").branch("kernel"));
    town.minutes(10).await;
    assert_eq!(gate(&town, &first), "failure");
    // Where it goes to nobody is required; what the head has shown stays.
    let second = town.up.open_pull(PullSpec::new("The same elsewhere").branch("kernel").into_branch("other"));
    assert_eq!(first.head_sha(), second.head_sha());
    town.minutes(10).await;
    assert_eq!(gate(&town, &first), "failure");
    second.close();
    town.minutes(10).await;
    assert_eq!(gate(&town, &first), "failure");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_31_a_run_that_had_ended_when_its_time_was_up_holds_the_gate_no_longer() {
    let mut town = Town::with(config(), "L4: [four/d: { timeout_minutes: 1 }]").await;
    // It says that it has started, and nothing more; GitHub's own word is lost, too.
    let script = Downstream::run("CI").result("build").only_starts().succeeds_after(Duration::from_secs(30));
    town.downstream("four/d", script);
    town.world.github.webhook_fault("workflow_run", None, 10, WebhookFault::Drop);
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(5).await;
    assert_eq!(gate(&town, &pull), "success");
    assert!(town.newest_target("four/d").await.is_done());
    town.end_as_written().await;
}
