//! Settlements: all of it or nothing, within limits.

use serde_json::json;

use super::house::{AUTOMATION, Backend, House, failure, intent, job, lanes, latest};
use crate::{
    CounterAdd, FactsOf, Hold, Installation, Key, LARGE_CHANGES_MAX, NewFact, RecordChange, SETTLEMENT_BYTES_MAX,
    Settlement, StoreError, View, WorkFilter, WorkState,
};

const VIEW: View = View::of("testing.view");

/// A settlement with a bit of everything.
pub(super) fn full() -> Settlement {
    Settlement {
        facts: vec![fact("octo/full#1", "full")],
        records: vec![RecordChange::Put(VIEW, Key::of("full"), json!(1))],
        counters: vec![count("full", 1)],
        jobs: vec![job("full")],
        intents: vec![intent("full")],
        hold: Some(Hold { installation: Installation(99), until: switchboard_clock::Timestamp::MAX }),
        ..Settlement::done()
    }
}

/// Asserts that nothing of [`full`] was written.
pub(super) async fn assert_nothing_of_it<B: Backend>(house: &House<B>) {
    let store = house.store();
    let subject = FactsOf::Subject("octo/full#1".into());
    assert!(store.facts(subject, None, 10).await.unwrap().is_empty());
    assert_eq!(store.record(&VIEW, &Key::of("full")).await.unwrap(), None);
    assert!(store.counter(&VIEW, &Key::of("full")).await.unwrap().is_empty());
    assert!(house.claim(10).await.is_empty());
    assert!(house.send(10).await.is_empty());
    assert!(store.holds().await.unwrap().is_empty());
}

pub(super) fn fact(subject: &str, kind: &str) -> NewFact {
    NewFact { automation: AUTOMATION, subject: subject.into(), kind: kind.to_owned(), data: json!({ "kind": kind }) }
}

fn count(key: &str, by: i64) -> CounterAdd {
    CounterAdd { view: VIEW, key: Key::from(key), add: vec![("n".to_owned(), by)] }
}

/// Everything in a settlement is there once it is settled, and after the server died.
pub async fn a_settlement_commits_as_a_whole<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    house.settle(&leased, full()).await;
    house.reopen().await;
    let store = house.store();
    let facts = store.facts(FactsOf::Subject("octo/full#1".into()), None, 10).await.unwrap();
    assert_eq!(facts.len(), 1);
    assert_eq!((facts[0].delivery, facts[0].work), (Some(accepted.id), leased.work.id));
    assert_eq!((facts[0].automation.as_str(), facts[0].kind.as_str()), (AUTOMATION, "full"));
    assert_eq!(facts[0].data, json!({ "kind": "full" }));
    assert_eq!(facts[0].at, store.now());
    assert_eq!(store.record(&VIEW, &Key::of("full")).await.unwrap(), Some(json!(1)));
    assert_eq!(store.counter(&VIEW, &Key::of("full")).await.unwrap()["n"], 1);
    let claimed = house.claim(10).await;
    assert_eq!(lanes(&claimed), ["full"]);
    assert_eq!(claimed[0].work.delivery, Some(accepted.id));
    assert_eq!(house.sent().await.work.delivery, Some(accepted.id));
    let held = house.store().holds().await.unwrap();
    assert_eq!(held.iter().map(|hold| hold.installation).collect::<Vec<_>>(), [Installation(99)]);
}

/// A settlement beyond the limits is refused, and the lease stays good for one that fits.
pub async fn a_settlement_beyond_the_limits_changes_nothing<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    let many = Settlement { counters: vec![count("many", 1); LARGE_CHANGES_MAX], ..full() };
    let large = Settlement {
        records: vec![RecordChange::Put(VIEW, Key::of("full"), json!("x".repeat(SETTLEMENT_BYTES_MAX)))],
        ..full()
    };
    for settlement in [many, large] {
        let refused = house.store().settle(leased.lease, settlement).await;
        assert!(matches!(refused, Err(StoreError::TooLarge { .. })), "{refused:?}");
    }
    assert_nothing_of_it(house).await;
    let just = Settlement { counters: vec![count("many", 1); LARGE_CHANGES_MAX], ..Settlement::done() };
    house.settle(&leased, just).await;
    assert_eq!(house.store().counter(&VIEW, &Key::of("many")).await.unwrap()["n"], LARGE_CHANGES_MAX as i64);
}

/// Of two settlements of one lease, even at once, one counts.
pub async fn a_lease_settles_once<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a")]).await;
    let leased = house.one().await;
    let settle = || async {
        let counted = Settlement { counters: vec![count("n", 1)], ..Settlement::done() };
        house.store().settle(leased.lease, counted).await.is_ok()
    };
    let (a, b, c) = tokio::join!(settle(), settle(), settle());
    assert_eq!([a, b, c].iter().filter(|settled| **settled).count(), 1);
    assert_eq!(house.store().counter(&VIEW, &Key::of("n")).await.unwrap()["n"], 1);
}

/// A command that is refused does not harm those that are committed together with it.
pub async fn a_refusal_harms_nobody_else<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a"), job("b")]).await;
    let claimed = house.claim(2).await;
    house.done(&claimed[0]).await;
    let store = house.store();
    let (stale, good, accepted) = tokio::join!(
        store.settle(claimed[0].lease, full()),
        store.settle(claimed[1].lease, Settlement { counters: vec![count("n", 1)], ..Settlement::done() }),
        store.accept(super::house::delivery("beside")),
    );
    assert!(stale.is_err() && good.is_ok() && accepted.is_ok());
    assert_nothing_of_it(house).await;
    assert_eq!(house.store().counter(&VIEW, &Key::of("n")).await.unwrap()["n"], 1);
}

/// Counters add up, field by field, and may fall.
pub async fn counters_add_up<B: Backend>(house: &mut House<B>) {
    let add = |fields: &[(&str, i64)]| CounterAdd {
        view: VIEW,
        key: Key::of("k"),
        add: fields.iter().map(|(name, by)| ((*name).to_owned(), *by)).collect(),
    };
    let counters = vec![add(&[("a", 2), ("b", 1)]), add(&[("a", 3)])];
    house.write(Settlement { counters, ..Settlement::done() }).await;
    house.write(Settlement { counters: vec![add(&[("b", -5), ("c", i64::MAX)])], ..Settlement::done() }).await;
    house.write(Settlement { counters: vec![add(&[("c", 1)])], ..Settlement::done() }).await;
    let counted = house.store().counter(&VIEW, &Key::of("k")).await.unwrap();
    let counted: Vec<_> = counted.iter().map(|(name, n)| (name.as_str(), *n)).collect();
    assert_eq!(counted, [("a", 5), ("b", -4), ("c", i64::MAX)]);
}

/// Counters that nobody asks for any more can be removed, and begin anew.
pub async fn counters_can_be_removed<B: Backend>(house: &mut House<B>) {
    let add = |key: &'static str, by| CounterAdd { view: VIEW, key: Key::of(key), add: vec![("n".to_owned(), by)] };
    house.write(Settlement { counters: vec![add("a", 1), add("b", 2)], ..Settlement::done() }).await;
    let gone = |key| RecordChange::DeleteCounters(VIEW, Key::of(key));
    let records = vec![gone("a"), gone("b"), gone("never")];
    house.write(Settlement { records, counters: vec![add("b", 5)], ..Settlement::done() }).await;
    let read = async |key| house.store().counter(&VIEW, &Key::of(key)).await.unwrap();
    assert!(read("a").await.is_empty());
    assert_eq!(read("b").await["n"], 5);
}

/// Records of one settlement are written in its order.
pub async fn records_are_written_in_order<B: Backend>(house: &mut House<B>) {
    let put = |key, value: i64| RecordChange::Put(VIEW, Key::of(key), json!(value));
    let delete = |key| RecordChange::Delete(VIEW, Key::of(key));
    let records = vec![put("a", 1), put("a", 2), put("b", 1), delete("b"), delete("c"), put("c", 3)];
    house.write(Settlement { records, ..Settlement::done() }).await;
    let read = async |key| house.store().record(&VIEW, &Key::of(key)).await.unwrap();
    assert_eq!((read("a").await, read("b").await, read("c").await), (Some(json!(2)), None, Some(json!(3))));
}

/// A dead work can be revived with its attempts counted afresh, at the end of its lane.
pub async fn a_dead_work_can_be_revived<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(vec![job("a")]).await;
    house.retry(&house.one().await, house.store().now()).await;
    let leased = house.one().await;
    house.dead(&leased).await;
    let dead = house.work(leased.work.id).await;
    assert_eq!((dead.state, dead.settled_at), (WorkState::Dead, Some(house.store().now())));
    assert_eq!(dead.failure, Some(failure("broken")));
    let next = house.deliver(vec![job("a")]).await;
    house.write(Settlement { revive: vec![leased.work.id], ..Settlement::done() }).await;
    assert_eq!(house.delivery(accepted.id).await.state, crate::DeliveryState::Pending);
    let first = house.one().await;
    assert_eq!(first.work.delivery, Some(next.id), "a dead work has lost its place");
    house.done(&first).await;
    let revived = house.one().await;
    assert_eq!((revived.work.id, revived.work.attempts), (leased.work.id, 1));
    assert_eq!(revived.work.settled_at, None);
    house.write(Settlement { revive: vec![leased.work.id], ..Settlement::done() }).await;
    house.done(&revived).await;
    assert_eq!(house.work(leased.work.id).await.state, WorkState::Done);
    house.write(Settlement { revive: vec![leased.work.id], ..Settlement::done() }).await;
    assert!(house.claim(1).await.is_empty(), "only dead works are revived");
}

/// A dead work can be closed; nothing else can.
pub async fn a_dead_work_can_be_discarded<B: Backend>(house: &mut House<B>) {
    house.deliver(vec![job("a"), job("b"), job("c")]).await;
    let claimed = house.claim(2).await;
    house.dead(&claimed[0]).await;
    let waiting = house.store().works(WorkFilter::State(WorkState::Waiting), None, 1).await.unwrap().remove(0);
    let discard = vec![claimed[0].work.id, claimed[1].work.id, waiting.id];
    house.write(Settlement { discard, ..Settlement::done() }).await;
    assert_eq!(house.work(claimed[0].work.id).await.state, WorkState::Withdrawn);
    assert_eq!(house.work(claimed[1].work.id).await.state, WorkState::Leased);
    assert_eq!(house.work(waiting.id).await.state, WorkState::Waiting);
    assert!(house.store().backlog().await.unwrap().dead.is_empty());
}

/// Hints tell of what was committed.
pub async fn hints_tell_of_what_was_committed<B: Backend>(house: &mut House<B>) {
    use crate::{Change, Class, Queue};
    let mut hints = house.store().subscribe();
    let accepted = house.deliver(vec![job("a")]).await;
    house.settle(&house.one().await, Settlement { intents: vec![latest("i", 1)], ..full() }).await;
    let mut heard = Vec::new();
    while let Ok(hint) = hints.try_recv() {
        heard.push(hint);
    }
    for expected in [
        Change::Delivery(accepted.id),
        Change::Work(Class::Job, super::house::QUEUE),
        Change::Work(Class::Intent, Queue::OUTBOX),
        Change::Facts("octo/full#1".into()),
        Change::Record(VIEW, Key::of("full")),
    ] {
        assert!(heard.contains(&expected), "{expected:?} is not in {heard:?}");
    }
}
