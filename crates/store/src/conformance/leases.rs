//! Leases: who may settle, and what becomes of work whose worker is gone.

use std::time::Duration;

use serde_json::json;
use switchboard_clock::Timestamp;

use super::house::{Backend, House, LEASE, QUEUE, failure, job, retry};
use crate::{Outcome, Settlement, WorkState};

/// A leased work shows who has it, and is nobody else's.
pub async fn a_lease_is_one_workers_alone<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    assert_eq!(leased.until, house.store().now() + LEASE);
    assert_eq!((leased.work.state, leased.work.attempts), (WorkState::Leased, 1));
    assert_eq!(leased.work.first_leased_at, Some(house.store().now()));
    assert!(!leased.work.unanswered);
    assert_eq!(house.work(leased.work.id).await, leased.work);
    assert!(house.claim(10).await.is_empty());
    house.done(&leased).await;
    house.assert_stale(&leased).await;
}

/// An expired lease is taken back once, with the loss on record; the lost one cannot settle any more.
pub async fn an_expired_lease_is_taken_back<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let lost = house.one().await;
    house.pass(59);
    assert!(house.store().take_back("reaper", 10, LEASE).await.unwrap().is_empty());
    house.pass(1);
    assert!(house.claim(10).await.is_empty(), "only taking back returns it");
    let taken = house.store().take_back("reaper", 10, LEASE).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].work.id, lost.work.id);
    assert!(taken[0].work.unanswered && taken[0].lease.epoch > lost.lease.epoch);
    assert_eq!(taken[0].work.attempts, 1, "the lost attempt is the one that counts");
    assert!(house.store().take_back("reaper", 10, LEASE).await.unwrap().is_empty());
    house.assert_stale(&lost).await;
    let attempts = house.store().attempts(lost.work.id).await.unwrap();
    assert_eq!(attempts.len(), 1);
    assert_eq!((attempts[0].outcome.as_str(), attempts[0].worker.as_str()), ("lost", "worker"));
    assert_eq!(attempts[0].ended_at, house.store().now());
    let again =
        Outcome::Retry { at: house.store().now(), failure: failure("lease_lost"), counted: true, unanswered: true };
    house.settle(&taken[0], Settlement::with(again)).await;
    let leased = house.one().await;
    assert_eq!((leased.work.attempts, leased.work.unanswered), (2, true));
}

/// A stale lease changes nothing at all.
pub async fn a_stale_settlement_changes_nothing<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let lost = house.one().await;
    house.pass(60);
    let taken = house.store().take_back("reaper", 1, LEASE).await.unwrap();
    let before = house.store().backlog().await.unwrap();
    let full = super::settlements::full();
    let settled = house.store().settle(lost.lease, full).await;
    assert!(matches!(settled, Err(crate::StoreError::StaleLease)));
    super::settlements::assert_nothing_of_it(house).await;
    assert_eq!(house.store().backlog().await.unwrap(), before);
    house.done(&taken[0]).await;
}

/// Until somebody takes it back, a lease can still settle: late is not lost.
pub async fn a_late_settlement_counts_until_it_is_taken_back<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    house.pass(600);
    house.done(&leased).await;
    assert!(house.store().take_back("reaper", 10, LEASE).await.unwrap().is_empty());
    assert_eq!(house.work(leased.work.id).await.state, WorkState::Done);
}

/// An extended lease lasts from the moment it was extended.
pub async fn a_lease_can_be_extended<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    house.pass(50);
    house.store().extend(leased.lease, LEASE).await.unwrap();
    house.pass(59);
    assert!(house.store().take_back("reaper", 10, LEASE).await.unwrap().is_empty());
    house.pass(1);
    assert_eq!(house.store().take_back("reaper", 10, LEASE).await.unwrap().len(), 1);
    house.assert_stale(&leased).await;
}

/// When the server dies, its leases end at once.
pub async fn leases_end_with_the_server<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a"), job("b")]).await;
    let lost = house.claim(2).await;
    house.reopen().await;
    let taken = house.store().take_back("reaper", 1, LEASE).await.unwrap();
    assert_eq!(taken.len(), 1, "no more than asked for");
    let rest = house.store().take_back("reaper", 10, LEASE).await.unwrap();
    assert_eq!(rest.len(), 1);
    for lost in &lost {
        house.assert_stale(lost).await;
    }
}

/// Every finished attempt leaves a line, of which the last hundred are kept.
pub async fn attempts_are_remembered<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let calls = json!([{ "call": "GET /repos", "note": "x".repeat(5000) }]);
    let first = house.one().await;
    house.pass(2);
    house.settle(&first, Settlement { calls: calls.clone(), ..Settlement::with(retry(house.store().now())) }).await;
    let held =
        Outcome::Retry { at: house.store().now(), failure: failure("rate_limited"), counted: false, unanswered: false };
    let second = house.one().await;
    assert_eq!(second.work.attempts, 2);
    assert_eq!(second.work.failure, Some(failure("unavailable")));
    house.settle(&second, Settlement::with(held)).await;
    let third = house.one().await;
    assert_eq!(third.work.attempts, 2, "what was told to wait does not count");
    assert_eq!(third.work.first_leased_at, first.work.first_leased_at);
    house.dead(&third).await;
    let attempts = house.store().attempts(first.work.id).await.unwrap();
    let outcomes: Vec<_> = attempts.iter().map(|attempt| attempt.outcome.as_str()).collect();
    assert_eq!(outcomes, ["retry", "held", "dead"]);
    assert_eq!(attempts[0].calls, calls);
    assert_eq!(attempts[0].failure, Some(failure("unavailable")));
    assert_eq!(attempts[0].started_at + Duration::from_secs(2), attempts[0].ended_at);

    let id = house.deliver(vec![job("b")]).await.id;
    for _ in 0..120 {
        house.retry(&house.one().await, Timestamp::EPOCH).await;
        house.pass(1);
    }
    let work = house.store().works(crate::WorkFilter::Delivery(id), None, 1).await.unwrap().remove(0);
    let attempts = house.store().attempts(work.id).await.unwrap();
    assert_eq!(attempts.len(), 100);
    assert!(attempts.is_sorted_by(|a, b| a.ended_at < b.ended_at), "oldest first");
    assert_eq!(attempts[99].ended_at, house.store().now() - Duration::from_secs(1), "and the last ones");
}

/// The store's time never runs backwards, not even over a restart.
pub async fn time_never_runs_backwards<B: Backend>(house: &mut House<B>) {
    let before = house.store().now();
    house.deliver(vec![job("a")]).await;
    house.pass(1);
    assert!(house.store().now() > before);
    let later = house.store().now();
    house.done(&house.one().await).await;
    house.reopen().await;
    assert!(house.store().now() >= later);
    assert_eq!(house.store().next_due(&[QUEUE]).await.unwrap(), None);
}
