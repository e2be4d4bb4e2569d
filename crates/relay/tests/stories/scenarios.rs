//! Cases 23 to 28: when check runs stand on the upstream's pull request, and what they show.

use switchboard_relay::config::Config;
use switchboard_relay::records::Kind;
use switchboard_simulator::{Downstream, PullSpec};

use crate::support::reports::Said;
use crate::support::*;

const BUILD: &str = "crcr/three/c/CI/build";
const TARGET: &str = "crcr/three/c";

fn five_minutes() -> Downstream {
    Downstream::run("CI").result("build").succeeds_after(5 * MINUTE)
}

#[tokio::test]
async fn relay_24_a_label_before_the_run_gives_one_check_that_runs_and_ends() {
    scenario_1(&Cached::default()).await;
}

/// Case 24, with any cache.
pub async fn scenario_1(cached: &Cached) {
    let mut town = Town::cached(config(), L3, cached).await;
    town.downstream("three/c", five_minutes());
    let pull = town.up.open_pull("Add a kernel");
    pull.label(LABEL);
    town.minutes(2).await;
    cached.midway().await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("in_progress"));
    assert_eq!(town.check(&pull, TARGET).as_deref(), Some("in_progress"));
    town.minutes(10).await;
    let checks: Vec<_> = town.up.check_runs().into_iter().filter(|check| check.name == BUILD).collect();
    assert_eq!(checks.len(), 1);
    assert_eq!(checks[0].conclusion.as_deref(), Some("success"));
    let run = town.runs("three/c")[0];
    assert_eq!(checks[0].external_id, Some(format!("{run}:{}", pull.number())));
    assert_eq!(checks[0].details_url, Some(format!("https://github.com/three/c/actions/runs/{run}")));
    assert!(town.answers().iter().all(|(status, _)| *status == 200), "{:?}", town.answers());
    // The target is queued when sent, runs with its first report and ends with its run.
    town.end(&[dispatched(1, "three/c"), checks_created(2), checks_updated(3)]).await;
}

#[tokio::test]
async fn relay_18_reports_that_are_repeated_are_one_row_and_one_check() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").never_reports().succeeds_after(500 * MINUTE));
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(1).await;
    let (id, run) = (town.newest_of("three/c").await, town.runs("three/c")[0]);
    for said in [Said::started(&id, run), Said::ended(&id, run, "success")] {
        for second in 0..3 {
            let said = said.clone().workflow("started_at", format!("2026-01-05T12:00:0{second}Z"));
            assert_eq!(town.report("three/c", run, &said).await.status, 200);
            town.minutes(1).await;
        }
    }
    assert_eq!((town.results().await.len(), town.rows(Kind::PullRequest).await.len()), (1, 1));
    assert_eq!((town.count_checks(BUILD), town.check(&pull, BUILD).as_deref()), (1, Some("success")));
    town.end(&[dispatched(1, "three/c"), checks_created(1), checks_updated(1)]).await;
}

#[tokio::test]
async fn relay_25_a_label_while_twenty_legs_run_gives_each_a_check_that_ends_later() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", Downstream::run("CI").matrix("test", 20).succeeds_after(30 * MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(10).await;
    assert!(town.checks(&pull.head_sha()).is_empty());
    pull.label(LABEL);
    town.minutes(1).await;
    let checks = town.checks(&pull.head_sha());
    assert_eq!(checks.len(), 20);
    assert!(checks.iter().all(|(_, end)| end == "in_progress"), "{checks:?}");
    town.minutes(60).await;
    let checks = town.checks(&pull.head_sha());
    assert!(checks.iter().all(|(_, end)| end == "success"), "{checks:?}");
    town.end(&[dispatched(1, "three/c"), checks_created(20), checks_updated(20)]).await;
}

#[tokio::test]
async fn relay_26_a_label_after_the_end_gives_checks_that_have_ended() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    let script = Downstream::run("CI").result("build").succeeds_after(MINUTE).result("test").fails_after(MINUTE);
    town.downstream("three/c", script);
    let pull = town.up.open_pull("Add a kernel");
    // However old the results are: records decide, and no cache.
    town.minutes(60 * 24 * 20).await;
    assert!(town.checks(&pull.head_sha()).is_empty());
    pull.label(LABEL);
    town.minutes(1).await;
    let ended = |name: &str, end: &str| (format!("crcr/three/c/CI/{name}"), end.to_owned());
    assert_eq!(town.checks(&pull.head_sha()), [ended("build", "success"), ended("test", "failure")]);
    town.end(&[dispatched(1, "three/c"), checks_created(2)]).await;
}

#[tokio::test]
async fn relay_27_l4_has_checks_without_a_label_and_l2_has_none_with_one() {
    let mut town = Town::with(config(), "L2: [two/b]\nL4: [four/d]").await;
    for repo in ["two/b", "four/d"] {
        town.downstream(repo, five_minutes());
    }
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL, "ciflow/crcr/b"]));
    town.minutes(30).await;
    let ended = |name: &str| (name.to_owned(), "success".to_owned());
    let expected = [ended("crcr/four/d"), ended("crcr/four/d/CI/build"), ended("crcr/gate")];
    assert_eq!(town.checks(&pull.head_sha()), expected);
    assert_eq!(town.results().await.len(), 2, "both are on the HUD");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_27_the_number_of_a_forks_pull_request_is_known_everywhere() {
    let mut town = Town::with(config(), L3).await;
    let workflow = town.downstream("three/c", five_minutes());
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").by("alice").forked());
    pull.label(LABEL);
    town.minutes(30).await;
    let number = pull.number();
    assert_eq!(workflow.runs()[0].inputs["payload"]["pull_request"]["number"], number);
    assert_eq!(town.dispatches().await[0].number, Some(number));
    assert_eq!(town.rows(Kind::PullRequest).await[0].number, Some(number));
    let check = town.up.visible_checks(&pull.head_sha()).into_iter().find(|check| check.name == BUILD).unwrap();
    assert_eq!(check.conclusion.as_deref(), Some("success"));
    assert!(check.external_id.unwrap().ends_with(&format!(":{number}")));
    let facts = town.world.fact_kinds(format!("org/up#{number}").as_str()).await;
    assert!(facts.iter().any(|kind| kind == "relay.result.completed"), "{facts:?}");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_28_checks_that_answer_502_five_times_end_in_the_right_state() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", five_minutes());
    town.world.github.fault("POST", "/repos/org/up/check-runs").times(5).status(502);
    let pull = town.up.open_pull("Add a kernel");
    pull.label(LABEL);
    town.minutes(90).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("success"));
    assert_eq!(town.check(&pull, TARGET).as_deref(), Some("success"));
    assert_eq!(town.answers().iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 200]);
    assert_eq!((town.count_checks(BUILD), town.count_checks(TARGET)), (1, 1));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_28_a_check_whose_creation_got_no_answer_is_found_again() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", five_minutes());
    town.world.github.fault("POST", "/repos/org/up/check-runs").times(2).lose_answer();
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(90).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("success"));
    assert_eq!((town.count_checks(BUILD), town.count_checks(TARGET)), (1, 1));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_28_a_check_whose_creation_got_no_answer_is_withdrawn_with_its_label() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    town.downstream("three/c", five_minutes());
    town.world.github.fault("POST", "/repos/org/up/check-runs").lose_answer();
    town.world.github.fault("GET", "/repos/org/up/commits/*/check-runs").times(4).status(502);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.world.run_for(MINUTE / 4).await;
    pull.unlabel(LABEL);
    town.minutes(90).await;
    assert_eq!(town.check(&pull, BUILD).as_deref(), Some("neutral"));
    assert_eq!(town.count_checks(BUILD), 1);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_23_the_echo_asks_for_no_check_run() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("other").never_reports().succeeds_after(MINUTE));
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(1).await;
    let (id, run) = (town.dispatches().await[0].delivery_id.clone(), town.runs("three/c")[0]);
    let labels = serde_json::json!([{ "name": LABEL }]);
    let echo =
        serde_json::json!({ "pull_request": { "number": 99, "head": { "sha": "0".repeat(40) }, "labels": labels } });
    let answer = town.report("three/c", run, &Said::ended(&id, run, "success").with("payload", echo)).await;
    assert_eq!(answer.status, 200);
    town.minutes(1).await;
    assert!(town.checks(&pull.head_sha()).is_empty());
    let result = town.result().await;
    assert!(result.echo_differs);
    assert_eq!(town.dispatches().await[0].number, Some(pull.number()), "the stored values are used");
    town.end(&[dispatched(1, "three/c")]).await;
}

#[tokio::test]
async fn relay_23_a_removed_label_makes_checks_neutral_and_one_added_again_restores_them() {
    let mut town = Town::with(Config { target_checks: false, ..config() }, L3).await;
    let script =
        Downstream::run("CI").result("build").succeeds_after(MINUTE).result("test").succeeds_after(90 * MINUTE);
    town.downstream("three/c", script);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.minutes(5).await;
    let standing = |build: &str, test: &str| {
        [("crcr/three/c/CI/build".to_owned(), build.to_owned()), ("crcr/three/c/CI/test".to_owned(), test.to_owned())]
    };
    assert_eq!(town.checks(&pull.head_sha()), standing("success", "in_progress"));
    pull.unlabel(LABEL);
    town.minutes(1).await;
    assert_eq!(town.checks(&pull.head_sha()), standing("neutral", "neutral"));
    let titles: Vec<_> = town.up.visible_checks(&pull.head_sha()).into_iter().map(|check| check.title).collect();
    assert_eq!(titles, [Some("label removed".to_owned()), Some("label removed".to_owned())]);
    pull.label(LABEL);
    town.minutes(1).await;
    assert_eq!(town.checks(&pull.head_sha()), standing("success", "in_progress"));
    pull.unlabel(LABEL);
    town.minutes(120).await;
    assert_eq!(town.checks(&pull.head_sha()), standing("neutral", "neutral"), "an end brings nothing back");
    pull.label(LABEL);
    town.minutes(1).await;
    assert_eq!(town.checks(&pull.head_sha()), standing("success", "success"));
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_23_a_label_removed_while_the_checks_api_is_down_leaves_no_check_behind() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(MINUTE / 12));
    town.world.github.fault("POST", "/repos/org/up/check-runs").times(16).status(502);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.world.run_for(MINUTE / 2).await;
    pull.unlabel(LABEL);
    town.minutes(120).await;
    let open: Vec<_> = town.checks(&pull.head_sha()).into_iter().filter(|(_, end)| end != "neutral").collect();
    assert!(open.is_empty(), "{open:?}");
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_23_a_pull_request_closed_while_the_checks_api_is_down_has_no_check_that_runs_for_ever() {
    let mut town = Town::with(config(), L3).await;
    town.downstream("three/c", five_minutes());
    town.world.github.fault("POST", "/repos/org/up/check-runs").times(6).status(502);
    let pull = town.up.open_pull(PullSpec::new("Add a kernel").labels(&[LABEL]));
    town.world.run_for(MINUTE / 2).await;
    pull.close();
    town.minutes(120).await;
    let running: Vec<_> = town.checks(&pull.head_sha()).into_iter().filter(|(_, end)| end == "in_progress").collect();
    assert!(running.is_empty(), "{running:?}");
    town.end_as_written().await;
}
