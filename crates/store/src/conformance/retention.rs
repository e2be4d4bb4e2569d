//! Forgetting: what is over goes, bodies first; what is pending or dead stays.

use std::time::Duration;

use super::house::{Backend, House, delivery, failure, intent, job};
use super::settlements::fact;
use crate::{FactsOf, NewDelivery, Outcome, Retention, Settlement, Verdict};

const DAY: u64 = 24 * 3600;
const RETENTION: Retention =
    Retention { bodies: Duration::from_secs(10 * DAY), history: Duration::from_secs(30 * DAY) };

async fn sweep_all<B: Backend>(house: &House<B>) -> usize {
    let mut swept = 0;
    loop {
        let now = house.store().sweep(RETENTION, 3).await.unwrap();
        assert!(now <= 3, "{now} rows in one go");
        if now == 0 {
            return swept;
        }
        swept += now;
    }
}

/// Bodies go before the rest, and only once nobody needs them.
pub async fn bodies_go_first<B: Backend>(house: &mut House<B>) {
    let ignored = house.deliver(Vec::new()).await.id;
    let settled = house.deliver(vec![job("a")]).await.id;
    house.done(&house.one().await).await;
    let dead = house.deliver(vec![job("b")]).await.id;
    house.dead(&house.one().await).await;
    let pending = house.deliver(vec![job("c")]).await.id;
    house.pass(10 * DAY);
    assert_eq!(sweep_all(house).await, 0, "not a moment too early");
    house.pass(1);
    let young = house.deliver(Vec::new()).await.id;
    assert_eq!(sweep_all(house).await, 2);
    for (id, kept) in [(ignored, false), (settled, false), (dead, true), (pending, true), (young, true)] {
        assert_eq!(house.delivery(id).await.body_kept, kept);
        assert_eq!(house.store().body(id).await.unwrap().is_some(), kept);
    }
    house.done(&house.one().await).await;
    assert_eq!(sweep_all(house).await, 1, "once it is settled, it goes as well");
}

/// History goes when its time has come, with all that belongs to it; its key may come again.
pub async fn history_goes_later<B: Backend>(house: &mut House<B>) {
    let new = NewDelivery { jobs: vec![job("a")], ..delivery("d") };
    let accepted = house.store().accept(new.clone()).await.unwrap();
    let facts = vec![fact("octo/hello#1", "one"), fact("octo/hello#1", "two")];
    let leased = house.one().await;
    house.settle(&leased, Settlement { facts, intents: vec![intent("i")], ..Settlement::done() }).await;
    let sent = house.sent().await;
    house.done(&sent).await;
    house.pass(31 * DAY);
    assert!(sweep_all(house).await >= 3);
    let store = house.store();
    assert_eq!(store.delivery(accepted.id).await.unwrap(), None);
    assert_eq!(store.delivery_by_key("github", "d").await.unwrap(), None);
    assert_eq!(store.body(accepted.id).await.unwrap(), None);
    assert_eq!(store.work(leased.work.id).await.unwrap(), None);
    assert_eq!(store.work(sent.work.id).await.unwrap(), None);
    assert!(store.attempts(leased.work.id).await.unwrap().is_empty());
    assert!(store.facts(FactsOf::Subject("octo/hello#1".into()), None, 10).await.unwrap().is_empty());
    assert_eq!(store.backlog().await.unwrap().accepted_deliveries, 1, "it was accepted all the same");
    assert_eq!(store.accept(new).await.unwrap().verdict, Verdict::Accepted);
    house.put(intent("i")).await;
    assert_eq!(house.send(10).await.len(), 1, "once is for as long as it is remembered");
    house.reopen().await;
    assert_eq!(house.store().backlog().await.unwrap().accepted_deliveries, 3);
}

/// What is pending or dead stays, however old.
pub async fn what_is_pending_or_dead_stays<B: Backend>(house: &mut House<B>) {
    let dead = house.deliver(vec![job("a")]).await.id;
    let leased = house.one().await;
    let facts = vec![fact("octo/hello#1", "one")];
    let outcome = Outcome::Dead { failure: failure("broken") };
    house.settle(&leased, Settlement { facts, outcome, ..Settlement::done() }).await;
    let pending = house.deliver(vec![job("b")]).await.id;
    house.pass(400 * DAY);
    assert_eq!(sweep_all(house).await, 0);
    assert!(house.store().body(dead).await.unwrap().is_some());
    assert!(house.store().body(pending).await.unwrap().is_some());
    assert_eq!(house.store().attempts(leased.work.id).await.unwrap().len(), 1);
    assert_eq!(house.store().facts(FactsOf::Delivery(dead), None, 10).await.unwrap().len(), 1);
    house.write(Settlement { revive: vec![leased.work.id], ..Settlement::done() }).await;
    assert_eq!(house.claim(10).await.len(), 2);
}
