//! Schedules: what runs again and again, once each time.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::crash::CrashPoint;
use switchboard_testkit::{Builder, World};

use crate::echo::{PATIENCE, Stage, TICK, TICK_EVERY};
use crate::script::Fate;

/// When it ticked, in seconds after the beginning.
async fn ticks(world: &World) -> Vec<u64> {
    let facts = world.facts(TICK).await;
    facts
        .into_iter()
        .map(|fact| {
            let at: Timestamp = serde_json::from_value(fact.data).unwrap();
            at.since(world.began()).as_secs()
        })
        .collect()
}

/// A stage with all schedules, a tick among them.
fn ticking(at_start: bool) -> Stage {
    Stage::ticking(at_start).arrange(Builder::schedules)
}

fn minutes(n: u32) -> Duration {
    TICK_EVERY * n
}

#[tokio::test]
async fn a_schedule_runs_at_start_or_one_period_later_and_then_once_a_period() {
    for (at_start, expected) in [(true, [0, 60, 120, 180].as_slice()), (false, &[60, 120, 180])] {
        let (mut world, _) = ticking(at_start).begin().await;
        world.run_for(minutes(3)).await;
        assert_eq!(ticks(&world).await, expected);
        world.finish(&[]).await;
    }
}

#[tokio::test]
async fn a_restart_neither_doubles_nor_forgets_a_run() {
    let (mut world, _) = ticking(false).begin().await;
    for _ in 0..5 {
        world.run_for(Duration::from_secs(40)).await;
        world.restart().await;
    }
    world.settle().await;
    assert_eq!(ticks(&world).await, [60, 120, 180]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn what_begins_with_the_server_runs_at_every_start_and_keeps_its_rhythm() {
    let (mut world, _) = ticking(true).begin().await;
    world.run_for(Duration::from_secs(90)).await;
    world.restart().await;
    world.restart().await;
    world.run_for(Duration::from_secs(45)).await;
    assert_eq!(ticks(&world).await, [0, 60, 90, 120]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn what_fell_due_while_the_server_was_down_runs_once_when_it_is_back() {
    let (mut world, _) = ticking(true).begin().await;
    world.settle().await;
    world.stop();
    world.run_for(minutes(90)).await;
    world.start().await;
    world.run_for(minutes(1)).await;
    assert_eq!(ticks(&world).await, [0, 90 * 60, 91 * 60]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_run_that_fails_or_dies_does_not_end_the_schedule() {
    let (mut world, script) = ticking(true).begin().await;
    script.next(TICK, [Fate::FailsForGood, Fate::Panics, Fate::Well]);
    script.next(TICK, vec![Fate::Fails; PATIENCE.attempts as usize]);
    world.run_for(minutes(4)).await;
    let ticked = ticks(&world).await;
    // The first run is given up, the second succeeds in its second attempt, the third is given up after all attempts.
    assert_eq!(ticked.len(), 2, "{ticked:?}");
    assert_eq!(script.attempts(TICK).len(), 1 + 2 + PATIENCE.attempts as usize + 1);

    world.crash_at(CrashPoint::Decided, 1);
    world.run_for(minutes(3)).await;
    assert_eq!(world.deaths(), 1);
    assert_eq!(ticks(&world).await.len(), 5);
    world.expect_dead_letters(&[TICK, TICK]);
    world.finish(&[]).await;
}
