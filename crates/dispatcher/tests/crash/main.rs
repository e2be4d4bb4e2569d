//! The crash sweep: one rich story, told again and again with the server dying at another moment each time. However often
//! and wherever it dies, the world must end as if it had lived: nothing lost, nothing doubled.
#![expect(clippy::expect_used, reason = "what tests share fails by panicking, too")]

#[path = "../support/mod.rs"]
mod support;

mod story;

use story::{Ending, tell};
use switchboard_engine::crash::CrashPoint;

/// Tells the story with a death at the first, second, … passage of `point`, until the server passes it no more.
async fn sweep(point: CrashPoint, fewest: u32) {
    let (undisturbed, deaths) = tell(None).await;
    assert_eq!(deaths, 0);
    for nth in 1.. {
        let (ending, deaths) = tell(Some((point, nth))).await;
        compare(&undisturbed, &ending, &format!("died at {point:?}, passage {nth}"));
        if deaths == 0 {
            assert!(nth > fewest, "the story passes {point:?} only {} times", nth - 1);
            return;
        }
    }
}

fn compare(undisturbed: &Ending, ending: &Ending, what: &str) {
    for (part, expected, found) in undisturbed.parts(ending) {
        assert_eq!(expected, found, "{what}: {part}");
    }
}

#[tokio::test]
async fn dying_before_a_delivery_is_stored_changes_nothing() {
    sweep(CrashPoint::BeforeAccept, 20).await;
}

#[tokio::test]
async fn dying_before_a_delivery_is_answered_changes_nothing() {
    sweep(CrashPoint::AfterAccept, 20).await;
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
    sweep(CrashPoint::Carried, 8).await;
}

#[tokio::test]
async fn dying_right_after_a_settlement_changes_nothing() {
    sweep(CrashPoint::Settled, 30).await;
}
