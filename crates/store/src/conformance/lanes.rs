//! Who is next: order within a lane, lanes beside each other, installations in turn.

use std::time::Duration;

use super::house::{AUTOMATION, Backend, House, QUEUE, claim, intent, job, job_of, lanes};
use crate::{Class, Lane, NewIntent, NewJob, Queue, Settlement, WorkFilter};

/// Jobs of one lane run one at a time, in order of acceptance.
pub async fn a_lane_runs_one_at_a_time_in_order<B: Backend>(house: &mut House<B>) {
    let mut expected = Vec::new();
    for _ in 0..3 {
        expected.push(Some(house.deliver(vec![job("a")]).await.id));
    }
    let mut ran = Vec::new();
    for _ in 0..3 {
        let leased = house.one().await;
        assert!(house.claim(10).await.is_empty(), "two of one lane at once");
        ran.push(leased.work.delivery);
        house.done(&leased).await;
    }
    assert_eq!(ran, expected);
    assert!(house.claim(10).await.is_empty());
}

/// Lanes run beside each other, and only as many as there is capacity for.
pub async fn lanes_run_in_parallel<B: Backend>(house: &mut House<B>) {
    house.deliver(["a", "b", "a", "c", "b"].map(job).to_vec()).await;
    let first = house.claim(2).await;
    assert_eq!(lanes(&first), ["a", "b"]);
    let second = house.claim(10).await;
    assert_eq!(lanes(&second), ["c"]);
    assert!(house.claim(0).await.is_empty());
}

/// A lane belongs to one automation and one class.
pub async fn a_lane_belongs_to_one_automation_and_class<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a"), NewJob { automation: "another", ..job("a") }]).await;
    assert_eq!(house.claim(10).await.len(), 2);
    house.put(NewIntent { lane: Some(Lane::of("a")), ..intent("i") }).await;
    assert_eq!(house.send(10).await.len(), 1);
}

/// A job in backoff holds its lane and keeps its place in it.
pub async fn a_job_in_backoff_holds_its_lane<B: Backend>(house: &mut House<B>) {
    let first = house.deliver(vec![job("a")]).await;
    house.deliver(vec![job("a")]).await;
    house.retry(&house.one().await, house.after(30)).await;
    house.pass(29);
    assert!(house.claim(10).await.is_empty());
    house.reopen().await;
    assert!(house.claim(10).await.is_empty());
    house.pass(1);
    assert_eq!(house.one().await.work.delivery, Some(first.id));
}

/// A timer that is not due yet lets pass what is enqueued meanwhile, and takes its place at its time.
pub async fn a_timer_does_not_hold_its_lane<B: Backend>(house: &mut House<B>) {
    let due = house.after(30);
    let timer = house.deliver(vec![NewJob { due: Some(due), ..job("a") }]).await;
    assert!(house.claim(10).await.is_empty());
    let before = house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    assert_eq!(leased.work.delivery, Some(before.id));
    house.pass(40);
    let after = house.deliver(vec![job("a")]).await;
    assert!(house.claim(10).await.is_empty(), "the lane is taken");
    house.done(&leased).await;
    let leased = house.one().await;
    assert_eq!((leased.work.delivery, leased.work.due), (Some(timer.id), due));
    house.done(&leased).await;
    assert_eq!(house.one().await.work.delivery, Some(after.id));
}

/// A timer waits behind a job in backoff, even when it is due first.
pub async fn a_timer_waits_behind_a_job_in_backoff<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    house.deliver(vec![NewJob { due: Some(house.after(10)), ..job("a") }]).await;
    let leased = house.one().await;
    house.retry(&leased, house.after(30)).await;
    house.pass(20);
    assert!(house.claim(10).await.is_empty());
    house.pass(10);
    assert_eq!(house.one().await.work.id, leased.work.id);
}

/// A moment in the past is due now, and does not overtake what waits.
pub async fn a_past_due_time_does_not_overtake<B: Backend>(house: &mut House<B>) {
    let first = house.deliver(vec![job("a")]).await;
    let past = house.store().now() - Duration::from_secs(3600);
    house.deliver(vec![NewJob { due: Some(past), ..job("a") }]).await;
    assert_eq!(house.one().await.work.delivery, Some(first.id));
}

/// A follow-up into the same lane goes behind what waits there.
pub async fn a_follow_up_goes_to_the_end_of_its_lane<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let second = house.deliver(vec![job("a")]).await;
    house.settle(&house.one().await, Settlement { jobs: vec![job("a")], ..Settlement::done() }).await;
    let leased = house.one().await;
    assert_eq!(leased.work.delivery, Some(second.id));
    house.done(&leased).await;
    house.done(&house.one().await).await;
    assert!(house.claim(1).await.is_empty());
}

/// Installations take turns, however much one of them has waiting; jobs of none are one more that takes turns.
pub async fn installations_take_turns<B: Backend>(house: &mut House<B>) {
    for n in 0..20 {
        house.deliver(vec![job_of(1, &format!("busy-{n:02}"))]).await;
    }
    house.deliver(vec![job_of(2, "quiet-0"), job_of(2, "quiet-1"), job("none")]).await;
    let mut claimed = Vec::new();
    for _ in 0..6 {
        claimed.push(house.one().await);
    }
    let mut early = lanes(&claimed);
    early.sort_unstable();
    assert_eq!(early, ["busy-00", "busy-01", "busy-02", "none", "quiet-0", "quiet-1"].as_slice(), "oldest first each");
    assert_eq!(lanes(&house.claim(2).await), ["busy-03", "busy-04"]);
}

/// One claim of many serves the installations evenly as well.
pub async fn one_large_claim_is_fair_too<B: Backend>(house: &mut House<B>) {
    for installation in [1, 2, 3] {
        for n in 0..10 {
            house.deliver(vec![job_of(installation, &format!("{installation}-{n}"))]).await;
        }
    }
    let claimed = house.claim(9).await;
    for installation in ["1", "2", "3"] {
        let share: Vec<_> = lanes(&claimed).into_iter().filter(|lane| lane.starts_with(installation)).collect();
        assert_eq!(share, (0..3).map(|n| format!("{installation}-{n}")).collect::<Vec<_>>());
    }
}

/// A claim takes only from the queues it names.
pub async fn a_claim_takes_from_its_queues_only<B: Backend>(house: &mut House<B>) {
    let builds = Queue::of("builds");
    house.deliver(vec![NewJob { queue: builds.clone(), ..job("a") }, job("b")]).await;
    assert_eq!(lanes(&house.claim(10).await), ["b"]);
    assert!(house.claim(10).await.is_empty());
    let both = house.store().claim(claim(&[QUEUE, builds], 10)).await.unwrap();
    assert_eq!(lanes(&both), ["a"]);
    assert!(house.store().claim(claim(&[], 10)).await.unwrap().is_empty());
}

/// The store says when a claim could next return something.
pub async fn the_store_says_when_work_is_next_due<B: Backend>(house: &mut House<B>) {
    let next = async |house: &House<B>| house.store().next_due(&[QUEUE]).await.unwrap();
    assert_eq!(next(house).await, None);
    let late = house.after(60);
    house.deliver(vec![NewJob { due: Some(late), ..job("a") }]).await;
    assert_eq!(next(house).await, Some(late));
    let soon = house.after(20);
    house.deliver(vec![NewJob { due: Some(soon), ..job("b") }]).await;
    assert_eq!(next(house).await, Some(soon));
    assert_eq!(house.store().next_due(&[Queue::OUTBOX]).await.unwrap(), None);
    house.deliver(vec![job("c")]).await;
    assert_eq!(next(house).await, Some(house.store().now()));
    let leased = house.one().await;
    assert_eq!(next(house).await, Some(soon), "what is leased cannot be claimed");
    house.retry(&leased, house.after(10)).await;
    assert_eq!(next(house).await, Some(house.after(10)));
    house.pass(60);
    assert_eq!(next(house).await, Some(house.store().now()));
    assert_eq!(house.claim(10).await.len(), 3);
    assert_eq!(next(house).await, None);
}

/// A job with a key is dropped while one with that key waits, backoff included, and not while one runs.
pub async fn a_keyed_job_waits_only_once<B: Backend>(house: &mut House<B>) {
    let keyed = |lane| NewJob { key: Some("sweep".to_owned()), ..job(lane) };
    house.deliver(vec![keyed("a"), keyed("b")]).await;
    house.deliver(vec![NewJob { automation: "another", ..keyed("c") }]).await;
    let claimed = house.claim(10).await;
    assert_eq!(lanes(&claimed), ["a", "c"]);
    house.deliver(vec![keyed("d")]).await;
    let running = house.one().await;
    assert_eq!(running.work.lane, Lane::of("d"));
    house.retry(&running, house.after(5)).await;
    house.deliver(vec![keyed("e")]).await;
    house.pass(5);
    assert_eq!(lanes(&house.claim(10).await), ["d"]);
    house.done(&claimed[0]).await;
    let again = Settlement { jobs: vec![NewJob { automation: "another", ..keyed("c") }], ..Settlement::done() };
    house.settle(&claimed[1], again).await;
    assert_eq!(lanes(&house.claim(10).await), ["c"], "a job may enqueue its own successor");
}

/// Works are listed newest first, by one filter at a time.
pub async fn works_are_listed_newest_first<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(["a", "a", "b", "a"].map(job).to_vec()).await;
    house.put(intent("i")).await;
    let store = house.store();
    let all = store.works(WorkFilter::Delivery(accepted.id), None, 10).await.unwrap();
    assert_eq!(all.len(), 4);
    assert!(all.is_sorted_by(|newer, older| newer.id > older.id));
    let page = store.works(WorkFilter::Delivery(accepted.id), Some(all[0].id), 2).await.unwrap();
    assert_eq!(page, all[1..3]);
    let lane = WorkFilter::Lane(Class::Job, AUTOMATION.to_owned(), Lane::of("a"));
    assert_eq!(store.works(lane.clone(), None, 10).await.unwrap(), [&all[0], &all[2], &all[3]].map(Clone::clone));
    assert_eq!(store.works(lane.clone(), Some(all[0].id), 1).await.unwrap(), [all[2].clone()]);
    house.done(&house.one().await).await;
    let store = house.store();
    assert_eq!(store.works(lane, None, 10).await.unwrap().len(), 2, "settled ones have left the lane");
    let jobs = store.works(WorkFilter::Class(Class::Job), None, 10).await.unwrap();
    assert_eq!(jobs.len(), 5, "the four and the one that put the intent");
    assert!(jobs.is_sorted_by(|newer, older| newer.id > older.id));
    let intents = store.works(WorkFilter::Class(Class::Intent), None, 10).await.unwrap();
    assert_eq!(intents, [house.intent("i").await]);
    let waiting = store.works(WorkFilter::State(crate::WorkState::Waiting), None, 10).await.unwrap();
    assert_eq!(waiting.len(), 4);
    assert_eq!(store.works(WorkFilter::State(crate::WorkState::Done), None, 10).await.unwrap().len(), 2);
}
