//! Attempts that fail: how patiently they are repeated, what waits with them, and when they are given up.

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use switchboard_engine::Patience;
use switchboard_store::DeliveryState;
use switchboard_testkit::{Expected, World};

use crate::echo::{COMMENT_ROUTE, HEAR, PATIENCE, SAY, Stage};
use crate::script::{Attempt, Fate, Script};

const HOUR: Duration = Duration::from_secs(3600);

fn comments(times: u64) -> Expected {
    Expected::times(times, "POST", COMMENT_ROUTE)
}

/// How long the attempts lie apart.
fn waits(attempts: &[Attempt]) -> Vec<Duration> {
    attempts.windows(2).map(|pair| pair[1].at.since(pair[0].at)).collect()
}

/// A world in which this befalls the first attempts at work of a kind, and one issue was opened.
async fn one_issue(kind: &str, fates: impl IntoIterator<Item = Fate>) -> (World, Script) {
    let (mut world, script) = Stage::new().begin().await;
    script.next(kind, fates);
    world.repository("acme/app").open_issue("Hello", "");
    (world, script)
}

#[tokio::test]
async fn waits_grow_with_every_attempt_are_jittered_and_end_at_the_ceiling() {
    let mut seen = Vec::new();
    for seed in 1..=5 {
        let (mut world, script) = Stage::new().arrange(|world| world.seed(seed)).begin().await;
        script.next(HEAR, vec![Fate::Fails; 3]);
        world.repository("acme/app").open_issue("Hello", "");
        world.run_until_idle(HOUR).await;
        let attempts = script.attempts(HEAR);
        let numbers: Vec<u32> = attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, [1, 2, 3, 4]);
        for (wait, full) in waits(&attempts).into_iter().zip([1, 3, 5].map(Duration::from_secs)) {
            assert!(wait >= full.mul_f64(PATIENCE.jitter) && wait <= full, "{wait:?} of {full:?}");
            seen.push(wait);
        }
        world.finish(&[comments(1)]).await;
    }
    let whole = [1, 3, 5].map(Duration::from_secs);
    assert!(seen.iter().any(|wait| !whole.contains(wait)), "no wait was shortened by chance: {seen:?}");
}

#[tokio::test]
async fn the_default_patience_lasts_about_a_quarter_of_an_hour() {
    let patience = Patience::default();
    let longest: Duration = (1..patience.attempts).map(|attempt| patience.wait(attempt)).sum();
    assert!((600..1200).contains(&longest.as_secs()), "{longest:?}");
}

#[tokio::test]
async fn out_of_attempts_is_a_dead_letter_and_its_automation_has_the_last_word() {
    let (mut world, script) = one_issue(HEAR, vec![Fate::Fails; 9]).await;
    world.run_until_idle(HOUR).await;

    assert_eq!(script.attempts(HEAR).len(), PATIENCE.attempts as usize);
    let dead = world.dead_letters().await;
    let failure = dead[0].failure.as_ref().unwrap();
    assert_eq!((dead.len(), failure.code.as_str(), dead[0].attempts), (1, "unlucky", PATIENCE.attempts));
    let outcomes: Vec<_> = world.attempts(dead[0].id).await.into_iter().map(|attempt| attempt.outcome).collect();
    assert_eq!(outcomes, ["retry", "retry", "retry", "dead"]);
    assert_eq!(world.fact_kinds("given up/echo.hear").await, ["echo.given_up"]);
    assert_eq!(world.delivery(&world.arrived()[0].guid).await.unwrap().state, DeliveryState::Dead);
    world.expect_dead_letters(&[HEAR]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn what_fails_for_good_is_tried_once() {
    let (mut world, script) = one_issue(SAY, [Fate::FailsForGood]).await;
    world.run_until_idle(HOUR).await;
    assert_eq!(script.attempts(SAY).len(), 1);
    assert_eq!(world.fact_kinds("given up/echo.say").await, ["echo.given_up"]);
    world.expect_dead_letters(&[SAY]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_and_nothing_else() {
    let (mut world, script) = one_issue(HEAR, [Fate::Panics]).await;
    script.next(SAY, [Fate::Panics]);
    world.run_until_idle(HOUR).await;
    let said = script.attempts(SAY);
    assert_eq!(script.attempts(HEAR).len(), 2);
    assert_eq!(said.iter().map(|attempt| attempt.unanswered).collect::<Vec<_>>(), [false, true]);
    let failed = world.works(SAY).await.remove(0);
    assert_eq!(world.attempts(failed.id).await[0].failure.as_ref().unwrap().code, "panicked");
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn being_told_to_wait_is_no_attempt() {
    let (mut world, script) = one_issue(HEAR, vec![Fate::Waits(Duration::from_secs(600)); 20]).await;
    world.run_until_idle(HOUR * 4).await;
    let attempts = script.attempts(HEAR);
    assert_eq!(waits(&attempts), [Duration::from_secs(600); 20]);
    assert!(attempts.iter().all(|attempt| attempt.number == 1));
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn a_limit_holds_the_writes_of_its_installation_and_of_no_other() {
    let (mut world, script) = Stage::new().begin().await;
    let (app, other) = (world.repository("acme/app"), world.repository("rival/tool"));
    world.github.fault("POST", "/repos/acme/*/issues/*/comments").secondary_limit(Some(37));
    app.open_issue("First", "");
    app.open_issue("Second", "");
    other.open_issue("Third", "");
    world.settle().await;

    assert_eq!((app.comments(1).len(), app.comments(2).len(), other.comments(1).len()), (0, 0, 1));
    let holds = world.store().holds().await.unwrap();
    assert_eq!(holds.iter().map(|hold| hold.installation.0).collect::<Vec<_>>(), [world.installation("acme").id().0]);
    assert_eq!(holds[0].until, world.now() + Duration::from_secs(37));
    world.run_for(Duration::from_millis(36_999)).await;
    assert_eq!(script.attempts(SAY).len(), 2, "one that was told to wait, and the rival's");

    world.run_for(Duration::from_millis(1)).await;
    assert_eq!((app.comments(1).len(), app.comments(2).len()), (1, 1));
    assert!(script.attempts(SAY).iter().all(|attempt| attempt.number == 1), "waiting was no attempt");
    assert_eq!(world.store().holds().await.unwrap(), []);
    world.finish(&[comments(3)]).await;
}

#[tokio::test]
async fn a_job_in_backoff_holds_its_lane_and_no_other() {
    let (mut world, script) = Stage::new().begin().await;
    let (app, tool) = (world.repository("acme/app"), world.repository("acme/tool"));
    script.next(HEAR, [Fate::Fails]);
    // Lanes are by number, so the first issues of both share one.
    app.open_issue("app 1", "");
    tool.open_issue("tool 1", "");
    app.open_issue("app 2", "");
    world.settle().await;
    assert_eq!((app.comments(1).len(), tool.comments(1).len(), app.comments(2).len()), (0, 0, 1));

    world.run_until_idle(HOUR).await;
    let lane: Vec<_> = script.attempts(HEAR).into_iter().filter(|attempt| attempt.lane == "issue/1").collect();
    assert_eq!(lane.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2, 1]);
    world.finish(&[comments(3)]).await;
}

#[tokio::test]
async fn a_settlement_is_offered_again_until_the_disk_takes_it() {
    let (mut world, script) = one_issue(HEAR, []).await;
    world.fail_settlements(5);
    world.run_until_idle(HOUR).await;
    assert_eq!(script.attempts(HEAR).len(), 1, "the work was done, only writing it down had to be repeated");
    assert_eq!(world.now().since(world.began()), Duration::from_secs(5));
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn after_a_disk_was_full_for_long_the_lost_work_is_done_over() {
    let (mut world, script) = one_issue(HEAR, []).await;
    // As often as a settlement is offered; then the attempt is let go, and its lease ends.
    world.fail_settlements(30);
    world.run_until_idle(HOUR).await;
    let heard = script.attempts(HEAR);
    assert_eq!(heard.iter().map(|attempt| attempt.unanswered).collect::<Vec<_>>(), [false, true]);
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn an_outage_of_github_is_outlived_and_a_lost_answer_is_looked_up() {
    let (mut world, script) = one_issue(SAY, []).await;
    let route = || world.github.fault("POST", COMMENT_ROUTE);
    route().status(502);
    route().hang();
    route().lose_answer();
    world.run_until_idle(HOUR).await;
    let said = script.attempts(SAY);
    assert_eq!(said.iter().map(|attempt| attempt.unanswered).collect::<Vec<_>>(), [false, true, true, true]);
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn work_of_an_automation_that_is_switched_off_waits_until_it_is_on_again() {
    let stage = Stage::new();
    let switch = stage.switch();
    let (mut world, script) = stage.begin().await;
    world.repository("acme/app").open_issue("Hello", "");
    world.deliver().await;

    switch.store(false, Relaxed);
    world.restart().await;
    world.run_for(HOUR).await;
    let waiting = world.unsettled().await.remove(0);
    assert_eq!((waiting.failure.unwrap().code.as_str(), waiting.attempts), ("automation_disabled", 0));

    switch.store(true, Relaxed);
    world.restart().await;
    world.run_until_idle(HOUR).await;
    assert_eq!(script.attempts(HEAR).len(), 1);
    world.finish(&[comments(1)]).await;
}
