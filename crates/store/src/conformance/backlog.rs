//! How much waits, and in which state.

use super::house::{Backend, House, failure, intent, job, latest};
use crate::{Backlog, Lane, NewIntent, NewJob, Outcome, Settlement, Withdrawal};

/// Leased works, and works that hold their lane.
async fn standing<B: Backend>(house: &House<B>) -> (u64, u64) {
    let backlog = house.store().backlog().await.unwrap();
    (backlog.leased.values().sum(), backlog.holding.values().sum())
}

/// What the backlog says is what waits.
pub async fn the_backlog_says_what_waits<B: Backend>(house: &mut House<B>) {
    let empty = house.store().backlog().await.unwrap();
    assert_eq!(empty, Backlog::default());
    let first = house.store().now();
    house.deliver(vec![job("a"), NewJob { kind: "testing.other".to_owned(), ..job("b") }]).await;
    house.pass(10);
    let second = house.store().now();
    house.deliver(vec![job("c")]).await;
    house.deliver(Vec::new()).await;
    for _ in 0..2 {
        let backlog = house.store().backlog().await.unwrap();
        assert_eq!(backlog.oldest_waiting, Some(first));
        let waiting = |kind: &str| backlog.waiting.get(&("testing".to_owned(), kind.to_owned())).copied();
        assert_eq!((waiting("testing.decide"), waiting("testing.other")), (Some(2), Some(1)));
        assert!(backlog.dead.is_empty());
        assert_eq!((backlog.pending_deliveries, backlog.accepted_deliveries), (2, 3));
        house.reopen().await;
    }
    let claimed = house.claim(3).await;
    assert_eq!(house.store().backlog().await.unwrap().waiting.values().sum::<u64>(), 3, "leased is not settled");
    let outcome = Outcome::Dead { failure: failure("broken") };
    for (leased, outcome) in claimed[..2].iter().zip([Outcome::Done, outcome]) {
        house.settle(leased, Settlement::with(outcome)).await;
    }
    for _ in 0..2 {
        let backlog = house.store().backlog().await.unwrap();
        assert_eq!(backlog.oldest_waiting, Some(second));
        assert_eq!(backlog.waiting.values().sum::<u64>(), 1);
        assert_eq!(backlog.dead.values().sum::<u64>(), 1);
        assert_eq!((backlog.pending_deliveries, backlog.accepted_deliveries), (1, 3));
        house.reopen().await;
    }
}

/// A work is counted as leased from its claim to its settlement, whoever settles it.
pub async fn the_backlog_says_what_is_leased<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a"), job("b"), NewJob { kind: "testing.other".to_owned(), ..job("c") }]).await;
    assert_eq!(standing(house).await, (0, 0));
    let claimed = house.claim(3).await;
    let backlog = house.store().backlog().await.unwrap();
    let leased = |kind: &str| backlog.leased.get(&("testing".to_owned(), kind.to_owned())).copied();
    assert_eq!((leased("testing.decide"), leased("testing.other")), (Some(2), Some(1)));
    house.done(&claimed[0]).await;
    house.dead(&claimed[1]).await;
    assert_eq!(standing(house).await, (1, 0));
    house.pass(61);
    let lost = house.store().take_back("reaper", 10, super::house::LEASE).await.unwrap();
    assert_eq!((lost.len(), standing(house).await), (1, (1, 0)), "taken back is leased to another");
    house.done(&lost[0]).await;
    assert_eq!(standing(house).await, (0, 0));
}

/// A work holds its lane from a failed attempt to the next one, or until it is withdrawn.
pub async fn the_backlog_says_what_holds_its_lane<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a"), job("a"), job("b")]).await;
    for leased in house.claim(10).await {
        house.retry(&leased, house.after(60)).await;
    }
    assert_eq!(standing(house).await, (0, 2), "each lane is held once, however much stands in it");
    house.reopen().await;
    house.pass(61);
    let again = house.claim(10).await;
    assert_eq!(standing(house).await, (2, 0));
    house.done(&again[0]).await;
    let at = house.after(60);
    let outcome = Outcome::Retry { at, failure: failure("wait"), counted: false, unanswered: false };
    house.settle(&again[1], Settlement::with(outcome)).await;
    assert_eq!(standing(house).await, (0, 1), "put off without fault holds as well");
    let withdraw = vec![Withdrawal::Work(again[1].work.id)];
    house.write(Settlement { withdraw, ..Settlement::done() }).await;
    assert_eq!(standing(house).await, (0, 0));
}

/// A timer keeps no lane waiting, and a revived work is to be done at once.
pub async fn a_timer_or_a_revived_work_holds_no_lane<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(vec![NewJob { due: Some(house.after(60)), ..job("timer") }, job("a")]).await;
    assert_eq!(standing(house).await, (0, 0));
    let leased = house.one().await;
    house.dead(&leased).await;
    house.write(Settlement { revive: vec![leased.work.id], ..Settlement::done() }).await;
    assert_eq!(standing(house).await, (0, 0));
    let revived = house.one().await;
    assert_eq!(revived.work.id, leased.work.id);
    house.done(&revived).await;
    assert_eq!(house.delivery(accepted.id).await.state, crate::DeliveryState::Pending);
}

/// What an intent's key holds counts, not what it once held.
pub async fn a_wish_that_holds_its_lane_lets_go_when_another_takes_its_place<B: Backend>(house: &mut House<B>) {
    let lane = |key, payload| NewIntent { lane: Some(Lane::of("target")), ..latest(key, payload) };
    house.put(lane("i", 1)).await;
    house.put(NewIntent { lane: Some(Lane::of("target")), ..intent("next") }).await;
    let leased = house.sent().await;
    house.retry(&leased, house.after(60)).await;
    assert_eq!(standing(house).await, (0, 1));
    house.pass(1);
    let other = NewIntent { kind: "testing.other".to_owned(), ..lane("i", 2) };
    house.put(other).await;
    house.reopen().await;
    let next = house.sent().await;
    assert_eq!((&next.work.payload, standing(house).await), (&serde_json::json!(2), (1, 0)));
    house.put(lane("i", 3)).await;
    house.retry(&next, house.after(60)).await;
    assert_eq!(standing(house).await.0, 0);
    house.reopen().await;
    house.pass(61);
    let last = house.sent().await;
    house.done(&last).await;
    let backlog = house.store().backlog().await.unwrap();
    assert_eq!((backlog.leased.len(), backlog.holding.len()), (0, 0));
    assert_eq!(backlog.waiting.values().sum::<u64>(), 1);
}
