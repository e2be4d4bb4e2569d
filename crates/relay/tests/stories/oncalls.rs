//! Who is on call for an entry hears of what its check runs end in (section 9.5), in one comment a pull request.

use switchboard_relay::config::Config;
use switchboard_simulator::{Downstream, Expected};

use crate::support::*;

const L4: &str = "L4: [four/d: '@ann, bob']";
const COMMENTS: &str = "/repos/org/up/issues/1/comments";

fn telling() -> Config {
    Config {
        oncall_comments: true,
        target_checks: false,
        gate: switchboard_relay::config::GatePolicy::Never,
        ..config()
    }
}

fn failing() -> Downstream {
    Downstream::run("CI").result("build").fails_after(MINUTE)
}

#[tokio::test]
async fn a_failed_check_run_is_told_once_and_the_next_head_updates_the_comment() {
    let mut town = Town::with(telling(), L4).await;
    town.downstream("four/d", failing());
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(10).await;
    let told = pull.comments();
    assert_eq!(told.len(), 1, "{told:?}");
    let text = &told[0].body;
    let run = town.runs("four/d")[0];
    assert!(text.starts_with("<!-- crcr-oncall:four/d -->\n@ann @bob "), "{text}");
    for part in
        ["`crcr/four/d/CI/build`", "**failure**", &pull.head_sha()[..12], &format!("/four/d/actions/runs/{run}")]
    {
        assert!(text.contains(part), "{part}: {text}");
    }

    pull.push("Mend it");
    town.minutes(10).await;
    let told = pull.comments();
    assert_eq!(told.len(), 1, "one comment a pull request and entry: {told:?}");
    assert!(told[0].body.contains(&pull.head_sha()[..12]), "{told:?}");
    assert_eq!(town.facts("relay.oncall.notified").await.len(), 2);
    town.end(&[
        // The pull request twice, and the push to its branch.
        dispatched(3, "four/d"),
        checks_created(2),
        checks_updated(2),
        Expected::once("POST", COMMENTS),
        Expected::once("PATCH", "/repos/org/up/issues/comments/*"),
    ])
    .await;
}

#[tokio::test]
async fn a_comment_whose_answer_is_lost_is_found_again_and_somebody_elses_is_left_alone() {
    let mut town = Town::with(telling(), L4).await;
    town.downstream("four/d", failing());
    let pull = town.up.open_pull("Add a kernel");
    town.up.comment(pull.number(), "mallory", "<!-- crcr-oncall:four/d -->\nmine");
    town.world.github.fault("POST", COMMENTS).lose_answer();
    town.minutes(30).await;
    let told = pull.comments();
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(told[0].body, "<!-- crcr-oncall:four/d -->\nmine");
    assert!(told[1].body.contains("@ann @bob"), "{told:?}");
    town.end_as_written().await;
}

#[tokio::test]
async fn nobody_is_told_of_what_passed_was_overtaken_or_concerns_nobody() {
    let list = "L2: [two/b: ann]\nL4: [four/d: ann, four/e, {four/f: {oncalls: ann, silent: true}}]";
    let mut town = Town::with(telling(), list).await;
    let slow = || Downstream::run("CI").result("build").succeeds_after(5 * MINUTE);
    town.downstream("four/d", slow());
    for repo in ["two/b", "four/e", "four/f"] {
        town.downstream(repo, failing());
    }
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(2).await;
    // Downstream's concurrency group cancels the run of the older head.
    pull.push("Another one");
    town.minutes(1).await;
    let delivery = town.dispatches().await[0].delivery_id.clone();
    let run = town.runs("four/d")[0];
    let said = crate::support::reports::Said::ended(&delivery, run, "cancelled");
    town.report("four/d", run, &said).await;
    town.minutes(30).await;
    assert_eq!(pull.comments().len(), 0, "{:?}", pull.comments());
    town.end_as_written().await;
}

#[tokio::test]
async fn without_the_setting_nobody_is_told() {
    let mut town = Town::with(Config { oncall_comments: false, ..telling() }, L4).await;
    town.downstream("four/d", failing());
    let pull = town.up.open_pull("Add a kernel");
    town.minutes(10).await;
    assert_eq!(pull.comments().len(), 0);
    town.end_as_written().await;
}
