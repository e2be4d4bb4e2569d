//! Intents: equal keys are one wish, newer wishes win where they should, held installations wait.

use serde_json::json;

use super::house::{Backend, House, LEASE, failure, intent, job, latest, retry};
use crate::{Hold, Installation, Lane, NewIntent, NewJob, Outcome, Queue, Settlement, Withdrawal, WorkState};

fn ordered(key: &str, payload: i64, order: &str) -> NewIntent {
    NewIntent { order: Some(order.to_owned()), ..latest(key, payload) }
}

fn withdraw(key: &str) -> Settlement {
    Settlement { withdraw: vec![Withdrawal::Intent(key.to_owned())], ..Settlement::done() }
}

fn hold(installation: u64, until: switchboard_clock::Timestamp) -> Settlement {
    Settlement { hold: Some(Hold { installation: Installation(installation), until }), ..Settlement::done() }
}

/// A thing to do once is done once, however often it is wished for and whatever became of it.
pub async fn once_means_once<B: Backend>(house: &mut House<B>) {
    let wish = |n: i64| NewIntent { payload: json!(n), ..intent("i") };
    house.put(wish(1)).await;
    house.put(wish(2)).await;
    let leased = house.sent().await;
    assert_eq!(leased.work.payload, json!(1));
    assert_eq!((leased.work.key.as_deref(), leased.work.lane.as_str()), (Some("i"), "i"));
    house.put(wish(3)).await;
    house.done(&leased).await;
    house.put(wish(4)).await;
    house.reopen().await;
    house.put(wish(5)).await;
    assert!(house.send(10).await.is_empty());
    assert_eq!(house.intent("i").await.payload, json!(1));
}

/// Once holds for a wish that was withdrawn or given up, too.
pub async fn once_outlives_death_and_withdrawal<B: Backend>(house: &mut House<B>) {
    house.put(intent("withdrawn")).await;
    house.write(withdraw("withdrawn")).await;
    house.put(intent("withdrawn")).await;
    house.put(intent("dead")).await;
    house.dead(&house.sent().await).await;
    house.put(intent("dead")).await;
    assert!(house.send(10).await.is_empty());
    assert_eq!(house.intent("withdrawn").await.state, WorkState::Withdrawn);
    assert_eq!(house.intent("dead").await.state, WorkState::Dead);
}

/// While the first wish waits, the newest takes its place in the lane.
pub async fn the_latest_replaces_what_waits<B: Backend>(house: &mut House<B>) {
    let lane = |wish| NewIntent { lane: Some(Lane::of("target")), ..wish };
    house.put(lane(latest("a", 1))).await;
    house.put(lane(latest("b", 1))).await;
    let newer = house.put(lane(latest("a", 2))).await;
    let leased = house.sent().await;
    assert_eq!((leased.work.key.as_deref(), &leased.work.payload), (Some("a"), &json!(2)));
    assert_eq!(leased.work.delivery, newer.delivery, "it follows from the newer wish");
    assert!(house.send(10).await.is_empty(), "one at a time in a lane");
    house.done(&leased).await;
    assert_eq!(house.sent().await.work.key.as_deref(), Some("b"));
}

/// A wish that comes while an older one is carried out is sent next, with attempts of its own.
pub async fn the_latest_follows_what_is_being_sent<B: Backend>(house: &mut House<B>) {
    let outcomes: [fn(&House<B>) -> Outcome; 3] =
        [|_| Outcome::Done, |house| retry(house.store().now()), |_| Outcome::Dead { failure: failure("broken") }];
    for (n, outcome) in outcomes.into_iter().enumerate() {
        let key = format!("i{n}");
        house.put(latest(&key, 1)).await;
        let leased = house.sent().await;
        house.put(latest(&key, 2)).await;
        house.put(latest(&key, 3)).await;
        assert_eq!(house.work(leased.work.id).await.payload, json!(1), "what is being sent stands");
        assert!(house.send(10).await.is_empty());
        house.settle(&leased, Settlement::with(outcome(house))).await;
        let next = house.sent().await;
        assert_eq!((next.work.id, &next.work.payload, next.work.attempts), (leased.work.id, &json!(3), 1));
        assert_eq!(house.store().attempts(next.work.id).await.unwrap().len(), 1);
        house.done(&next).await;
        assert!(house.send(10).await.is_empty());
        assert_eq!(house.intent(&key).await.state, WorkState::Done);
    }
    assert!(house.store().backlog().await.unwrap().waiting.is_empty());
}

/// A newer wish also follows an attempt that was lost.
pub async fn the_latest_follows_what_was_lost<B: Backend>(house: &mut House<B>) {
    house.put(latest("i", 1)).await;
    house.sent().await;
    house.put(latest("i", 2)).await;
    house.reopen().await;
    let lost = house.store().take_back("reaper", 1, LEASE).await.unwrap().remove(0);
    assert_eq!(lost.work.payload, json!(1));
    house.retry(&lost, house.store().now()).await;
    assert_eq!(house.sent().await.work.payload, json!(2));
}

/// A state to converge to is converged to again after it was reached, given up or withdrawn.
pub async fn the_latest_is_sent_again<B: Backend>(house: &mut House<B>) {
    house.put(latest("i", 1)).await;
    let first = house.sent().await;
    house.done(&first).await;
    house.put(latest("i", 2)).await;
    let second = house.sent().await;
    assert_eq!((second.work.id, &second.work.payload, second.work.attempts), (first.work.id, &json!(2), 1));
    house.dead(&second).await;
    house.put(latest("i", 3)).await;
    assert!(house.store().backlog().await.unwrap().dead.is_empty());
    house.write(withdraw("i")).await;
    assert!(house.send(10).await.is_empty());
    house.put(latest("i", 4)).await;
    let last = house.sent().await;
    assert_eq!((&last.work.payload, last.work.attempts, last.work.failure), (&json!(4), 1, None));
}

/// A wish that sorts below what the key last held is dropped, whatever became of that; an equal one replaces it.
pub async fn an_older_wish_never_overwrites_a_newer<B: Backend>(house: &mut House<B>) {
    house.put(ordered("i", 2, "2")).await;
    house.put(ordered("i", 1, "1")).await;
    house.put(ordered("i", 22, "2")).await;
    let leased = house.sent().await;
    assert_eq!(leased.work.payload, json!(22));
    house.put(ordered("i", 1, "1")).await;
    house.put(ordered("i", 5, "5")).await;
    house.put(ordered("i", 4, "4")).await;
    house.done(&leased).await;
    let leased = house.sent().await;
    assert_eq!(leased.work.payload, json!(5));
    house.done(&leased).await;
    house.put(ordered("i", 3, "3")).await;
    assert!(house.send(10).await.is_empty());
}

/// Only what waits can be withdrawn; its lane goes on.
pub async fn an_unsent_wish_can_be_withdrawn<B: Backend>(house: &mut House<B>) {
    let lane = |key| NewIntent { lane: Some(Lane::of("target")), ..intent(key) };
    for key in ["a", "b", "c"] {
        house.put(lane(key)).await;
    }
    house.write(withdraw("a")).await;
    let withdrawn = house.intent("a").await;
    assert_eq!((withdrawn.state, withdrawn.settled_at), (WorkState::Withdrawn, Some(house.store().now())));
    let leased = house.sent().await;
    assert_eq!(leased.work.key.as_deref(), Some("b"));
    house.write(withdraw("b")).await;
    house.done(&leased).await;
    assert_eq!(house.intent("b").await.state, WorkState::Done);
    house.write(withdraw("b")).await;
    house.write(withdraw("unknown")).await;
    assert_eq!(house.intent("b").await.state, WorkState::Done);
    let id = house.intent("c").await.id;
    house.write(Settlement { withdraw: vec![Withdrawal::Work(id)], ..Settlement::done() }).await;
    assert!(house.send(10).await.is_empty());
}

/// A waiting job can be withdrawn too, which settles its delivery.
pub async fn a_waiting_job_can_be_withdrawn<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(vec![NewJob { due: Some(house.after(60)), ..job("a") }]).await;
    let filter = crate::WorkFilter::Delivery(accepted.id);
    let id = house.store().works(filter, None, 1).await.unwrap()[0].id;
    house.write(Settlement { withdraw: vec![Withdrawal::Work(id)], ..Settlement::done() }).await;
    assert_eq!(house.delivery(accepted.id).await.state, crate::DeliveryState::Settled);
    house.pass(60);
    assert!(house.claim(10).await.is_empty());
    assert_eq!(house.store().backlog().await.unwrap().oldest_waiting, None);
}

/// A settlement may take a wish back and put it anew.
pub async fn a_wish_can_be_withdrawn_and_put_in_one<B: Backend>(house: &mut House<B>) {
    house.put(latest("i", 1)).await;
    house.write(Settlement { intents: vec![latest("i", 2)], ..withdraw("i") }).await;
    assert_eq!(house.sent().await.work.payload, json!(2));
}

/// Intents of a held installation wait until the hold ends; jobs and others do not.
pub async fn a_held_installation_waits<B: Backend>(house: &mut House<B>) {
    let of = |installation, key: &str| NewIntent { installation: Some(Installation(installation)), ..intent(key) };
    house.put(of(1, "before")).await;
    house.put(of(2, "other")).await;
    let end = house.after(30);
    house.write(hold(1, end)).await;
    house.put(of(1, "after")).await;
    house.deliver(vec![super::house::job_of(1, "job")]).await;
    for _ in 0..2 {
        assert_eq!(house.store().holds().await.unwrap(), [Hold { installation: Installation(1), until: end }]);
        house.reopen().await;
    }
    assert_eq!(house.claim(10).await.len(), 1);
    let sent = house.send(10).await;
    assert_eq!(super::house::lanes(&sent), ["other"]);
    assert_eq!(house.store().next_due(&[Queue::OUTBOX]).await.unwrap(), Some(end));
    house.pass(29);
    assert!(house.send(10).await.is_empty());
    house.pass(1);
    assert!(house.store().holds().await.unwrap().is_empty());
    assert_eq!(super::house::lanes(&house.send(10).await), ["before", "after"]);
}

/// A later hold prolongs an earlier one and never shortens it.
pub async fn a_hold_is_only_prolonged<B: Backend>(house: &mut House<B>) {
    house.put(intent("i")).await;
    let (soon, late) = (house.after(10), house.after(30));
    house.write(hold(7, soon)).await;
    house.write(hold(7, late)).await;
    house.write(hold(7, house.after(5))).await;
    assert_eq!(house.store().holds().await.unwrap()[0].until, late);
    assert_eq!(house.store().next_due(&[Queue::OUTBOX]).await.unwrap(), Some(late));
    house.pass(29);
    assert!(house.send(10).await.is_empty());
    house.pass(1);
    assert_eq!(house.send(10).await.len(), 1);
}

/// A hold set by the settlement that it stopped holds that intent as well.
pub async fn a_hold_stops_the_intent_that_met_it<B: Backend>(house: &mut House<B>) {
    house.put(intent("i")).await;
    let leased = house.sent().await;
    let outcome =
        Outcome::Retry { at: house.store().now(), failure: failure("rate_limited"), counted: false, unanswered: false };
    let end = house.after(30);
    house.settle(&leased, Settlement { outcome, ..hold(7, end) }).await;
    assert!(house.send(10).await.is_empty());
    assert_eq!(house.store().next_due(&[Queue::OUTBOX]).await.unwrap(), Some(end));
    house.pass(30);
    assert_eq!(house.sent().await.work.attempts, 1);
}
