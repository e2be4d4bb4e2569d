//! Leases: who holds one, keeps it; who loses it, settles nothing.

use std::time::Duration;

use switchboard_engine::crash::CrashPoint;
use switchboard_testkit::Expected;

use crate::echo::{COMMENT_ROUTE, HEAR, REST, SAY, Stage};
use crate::script::{Fate, ROBBERY};

const HOUR: Duration = Duration::from_secs(3600);

#[tokio::test]
async fn an_attempt_that_takes_long_keeps_its_lease() {
    let (mut world, script) = Stage::new().begin().await;
    script.next(HEAR, [Fate::Takes(Duration::from_secs(600))]);
    world.repository("acme/app").open_issue("Hello", "");
    world.settle().await;
    assert_eq!(world.now().since(world.began()), Duration::from_secs(600));
    assert_eq!(script.attempts(HEAR).len(), 1);
    let outcomes: Vec<_> = {
        let job = world.works(HEAR).await.remove(0);
        world.attempts(job.id).await.into_iter().map(|attempt| attempt.outcome).collect()
    };
    assert_eq!(outcomes, ["done"]);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn after_a_death_the_next_attempt_looks_before_it_writes() {
    for (point, unanswered) in [(CrashPoint::Claimed, [false, true].as_slice()), (CrashPoint::Carried, &[false, true])]
    {
        let (mut world, script) = Stage::new().begin().await;
        world.repository("acme/app").open_issue("Hello", "");
        // The job is claimed first, then the intent.
        world.crash_at(point, if point == CrashPoint::Claimed { 2 } else { 1 });
        world.run_until_idle(HOUR).await;
        assert_eq!(world.deaths(), 1);

        let said = world.works(SAY).await.remove(0);
        let outcomes: Vec<_> = world.attempts(said.id).await.into_iter().map(|attempt| attempt.outcome).collect();
        // The lost lease ends with a line of its own, and so does what the engine made of it.
        assert_eq!(outcomes, ["lost", "held", "done"], "{point:?}");
        assert_eq!(said.attempts, 1, "the server's death is not the work's fault");
        let seen: Vec<_> = script.attempts(SAY).into_iter().map(|attempt| attempt.unanswered).collect();
        // Whoever dies before the carrier begins has not attempted anything.
        assert_eq!(seen, unanswered[unanswered.len() - seen.len()..], "{point:?}");
        world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
    }
}

#[tokio::test]
async fn an_attempt_whose_lease_was_taken_over_settles_nothing() {
    let (mut world, script) = Stage::new().begin().await;
    script.next(HEAR, [Fate::IsRobbed(world.store_handle())]);
    world.repository("acme/app").open_issue("Hello", "");
    world.settle().await;
    assert_eq!(world.fact_kinds("acme/app#1").await, [""; 0], "neither who was robbed nor the robber has settled");

    // The robber never settles either, so his lease ends too.
    world.run_until_idle(HOUR).await;
    assert_eq!(script.attempts(HEAR).len(), 2);
    assert!(world.now().since(world.began()) >= ROBBERY * 3);
    assert_eq!(world.fact_kinds("acme/app#1").await, ["echo.heard", "echo.said", "echo.rested"]);
    assert_eq!(world.works(REST).await.len(), 1);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn work_that_kills_its_server_every_time_is_given_up_in_the_end() {
    // As often as the engine puts up with it, and once more than that would take.
    const PATIENCE: u32 = 20;
    let (mut world, script) = Stage::new().begin().await;
    world.repository("acme/app").open_issue("Hello", "");
    for _ in 0..=PATIENCE {
        world.crash_at(CrashPoint::Decided, 1);
    }
    world.run_until_idle(HOUR).await;
    assert_eq!((world.deaths(), script.attempts(HEAR).len()), (PATIENCE, PATIENCE as usize));
    let letter = world.dead_letters().await.remove(0);
    assert_eq!(letter.failure.unwrap().code, "lease_lost");
    world.expect_dead_letters(&[HEAR]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn deaths_beside_other_failures_do_not_use_up_the_attempts() {
    let (mut world, script) = Stage::new().begin().await;
    script.next(HEAR, [Fate::Well, Fate::Fails, Fate::Well, Fate::Fails]);
    world.repository("acme/app").open_issue("Hello", "");
    // Deaths and failures in turn.
    for _ in 0..2 {
        world.crash_at(CrashPoint::Decided, 1);
        world.crash_at(CrashPoint::Claimed, 2);
    }
    world.run_until_idle(HOUR).await;
    assert_eq!(world.deaths(), 4);
    assert_eq!(world.works(HEAR).await.remove(0).attempts, 3, "two failures and a success");
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}
