//! The crash sweep: the relay's main story, told again and again with the server dying at another moment each time. However often and
//! wherever it dies, every run is there once, every check run shows what it should, and every number is what it would have been.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod story;

use story::tell;
use switchboard_engine::crash::CrashPoint;

/// How many passages apart the deaths are, unless the environment says otherwise: with 1 the story is told hundreds of times.
const EVERY: usize = 7;

fn every() -> usize {
    std::env::var("RELAY_CRASH_EVERY").ok().and_then(|every| every.parse().ok()).unwrap_or(EVERY)
}

/// Tells the story with a death at one passage of `point` after the other, until the server passes it no more.
async fn sweep(point: CrashPoint, fewest: u32) {
    let (undisturbed, deaths) = tell(None).await;
    assert_eq!(deaths, 0);
    // Each point begins elsewhere, so that together they meet more moments.
    let first = 1 + point as u32 % u32::try_from(every()).unwrap();
    for nth in (first..).step_by(every()) {
        let (ending, deaths) = tell(Some((point, nth))).await;
        for (part, expected) in &undisturbed {
            assert_eq!(expected, &ending[part], "died at {point:?}, passage {nth}: {part}");
        }
        if deaths == 0 {
            assert!(nth > fewest, "the story passes {point:?} only {} times", nth - 1);
            return;
        }
    }
}

// A report that is lost before it is stored is lost: its sender does not repeat it. GitHub's own deliveries are asked for again, which
// is the engine's story.

#[tokio::test]
async fn dying_before_an_answer_changes_nothing() {
    sweep(CrashPoint::AfterAccept, 10).await;
}

#[tokio::test]
async fn dying_with_work_just_begun_changes_nothing() {
    sweep(CrashPoint::Claimed, 30).await;
}

#[tokio::test]
async fn dying_with_a_decision_not_yet_settled_changes_nothing() {
    sweep(CrashPoint::Decided, 20).await;
}

#[tokio::test]
async fn dying_after_a_request_whose_answer_is_not_yet_settled_changes_nothing() {
    sweep(CrashPoint::Carried, 10).await;
}

#[tokio::test]
async fn dying_right_after_a_settlement_changes_nothing() {
    sweep(CrashPoint::Settled, 30).await;
}
