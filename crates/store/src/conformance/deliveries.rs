//! Accepting: what is new, what is known, and what comes back byte for byte.

use bytes::Bytes;

use serde_json::json;

use super::house::{Backend, House, delivery, intent, job};
use crate::{
    Binding, DeliveryFilter, DeliveryState, Digest, Follows, Installation, NewDelivery, NewJob, Settlement, Verdict,
    View, WorkFilter, WorkState,
};

/// A delivery and its jobs are there once it is accepted, and still there after the server died.
pub async fn what_was_accepted_survives_the_server<B: Backend>(house: &mut House<B>) {
    let new = NewDelivery { jobs: vec![job("a"), job("b")], ..delivery("d") };
    let accepted = house.store().accept(new.clone()).await.unwrap();
    assert_eq!(accepted.verdict, Verdict::Accepted);
    assert_eq!(accepted.accepted_at, house.store().now());
    house.reopen().await;
    let found = house.delivery(accepted.id).await;
    assert_eq!(found.key, new.key);
    assert_eq!(found.digest, new.digest);
    assert_eq!(found.headers, new.headers);
    assert_eq!(found.body_bytes, new.body.len() as u64);
    assert!(found.body_kept);
    assert_eq!(found.installation, new.installation);
    assert_eq!(found.repository, new.repository);
    assert_eq!(found.subject, new.subject);
    assert_eq!(found.accepted_at, accepted.accepted_at);
    assert_eq!((found.state, found.settled_at, found.duplicates), (DeliveryState::Pending, None, 0));
    assert_eq!(house.store().body(accepted.id).await.unwrap(), Some(new.body));
    assert_eq!(house.store().delivery_by_key("github", "d").await.unwrap(), Some(found));
    assert_eq!(house.store().delivery_by_key("api", "d").await.unwrap(), None);
    assert_eq!(house.store().works(WorkFilter::Delivery(accepted.id), None, 10).await.unwrap().len(), 2);
    assert_eq!(house.claim(10).await.len(), 2);
}

/// A delivery that nobody wanted is stored and ignored.
pub async fn a_delivery_without_jobs_is_ignored<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(Vec::new()).await;
    assert_eq!(house.delivery(accepted.id).await.state, DeliveryState::Ignored);
    assert_eq!(house.store().backlog().await.unwrap().pending_deliveries, 0);
}

/// The same delivery again is a duplicate while the first is pending, and after it is settled.
pub async fn the_same_delivery_again_is_a_duplicate<B: Backend>(house: &mut House<B>) {
    let new = NewDelivery { jobs: vec![job("a")], ..delivery("d") };
    let first = house.store().accept(new.clone()).await.unwrap();
    house.pass(5);
    let again = house.store().accept(new.clone()).await.unwrap();
    assert_eq!((again.verdict, again.id, again.accepted_at), (Verdict::Duplicate, first.id, first.accepted_at));
    house.done(&house.one().await).await;
    house.reopen().await;
    let again = house.store().accept(new).await.unwrap();
    assert_eq!((again.verdict, again.id, again.accepted_at), (Verdict::Duplicate, first.id, first.accepted_at));
    assert!(house.claim(10).await.is_empty());
    assert_eq!(house.delivery(first.id).await.duplicates, 2);
}

/// Of many equal deliveries at once one is accepted.
pub async fn equal_deliveries_at_once_are_accepted_once<B: Backend>(house: &mut House<B>) {
    let new = NewDelivery { jobs: vec![job("a")], ..delivery("d") };
    let store = house.store();
    let verdict = || async { store.accept(new.clone()).await.unwrap().verdict };
    let (a, b, c, d) = tokio::join!(verdict(), verdict(), verdict(), verdict());
    let accepted = [a, b, c, d].iter().filter(|verdict| **verdict == Verdict::Accepted).count();
    assert_eq!(accepted, 1);
    assert_eq!(house.claim(10).await.len(), 1);
}

/// A known id with another body is a conflict, and nothing is written.
pub async fn another_body_under_a_known_id_is_a_conflict<B: Backend>(house: &mut House<B>) {
    let first = house.store().accept(delivery("d")).await.unwrap();
    let mut other = NewDelivery { digest: Digest::of(b"other"), jobs: vec![job("a")], ..delivery("d") };
    let answer = house.store().accept(other.clone()).await.unwrap();
    assert_eq!((answer.verdict, answer.id), (Verdict::Conflict, first.id));
    other.key.event = "push".to_owned();
    assert_eq!(house.store().accept(other.clone()).await.unwrap().verdict, Verdict::Conflict);
    assert!(house.claim(10).await.is_empty());
    assert_eq!(house.delivery(first.id).await.duplicates, 0);
    other.key.platform = "callback".to_owned();
    assert_eq!(house.store().accept(other).await.unwrap().verdict, Verdict::Accepted);
}

/// A binding holds its first value: a delivery that contradicts it is not taken, one that agrees is.
pub async fn a_binding_keeps_its_first_value<B: Backend>(house: &mut House<B>) {
    let view = View::of("testing.bound");
    let binding =
        |key: &str, value: u32| Binding { view: view.clone(), key: key.into(), value: json!({ "is": value }) };
    let new = |id: &str, bindings| NewDelivery { bindings, jobs: vec![job("a")], ..delivery(id) };
    let store = house.store();
    let verdict = |new| async { store.accept(new).await.unwrap().verdict };
    assert_eq!(verdict(new("1", vec![binding("x", 1)])).await, Verdict::Accepted);
    let contradicting = new("2", vec![binding("y", 1), binding("x", 2)]);
    assert_eq!(verdict(contradicting).await, Verdict::Bound { binding: 1 });
    let read = |key: &'static str| async { house.store().record(&view, &key.into()).await.unwrap() };
    assert_eq!((read("x").await, read("y").await), (Some(json!({ "is": 1 })), None), "nothing was written");
    assert!(house.store().delivery_by_key("github", "2").await.unwrap().is_none());
    assert_eq!(verdict(new("2", vec![binding("y", 1), binding("x", 1)])).await, Verdict::Accepted);
    // A duplicate is one whatever it says: what stands under its id has been bound already.
    assert_eq!(verdict(new("1", vec![binding("x", 2)])).await, Verdict::Duplicate);
    let (a, b) = tokio::join!(verdict(new("3", vec![binding("z", 1)])), verdict(new("4", vec![binding("z", 2)])));
    assert!(matches!((a, b), (Verdict::Accepted, Verdict::Bound { .. }) | (Verdict::Bound { .. }, Verdict::Accepted)));
}

/// A delivery whose run ended dead is queued again when it comes again: its dead jobs only.
pub async fn a_dead_delivery_is_queued_again<B: Backend>(house: &mut House<B>) {
    let new = NewDelivery { jobs: vec![job("a"), job("b")], ..delivery("d") };
    let first = house.store().accept(new.clone()).await.unwrap();
    let claimed = house.claim(2).await;
    let put = Settlement { intents: vec![intent("i")], ..Settlement::done() };
    house.settle(&claimed[0], put).await;
    house.dead(&house.sent().await).await;
    house.dead(&claimed[1]).await;
    assert_eq!(house.delivery(first.id).await.state, DeliveryState::Dead);
    house.pass(5);
    let again = house.store().accept(new.clone()).await.unwrap();
    assert_eq!((again.verdict, again.id, again.accepted_at), (Verdict::Requeued, first.id, first.accepted_at));
    let found = house.delivery(first.id).await;
    assert_eq!((found.state, found.settled_at, found.duplicates), (DeliveryState::Pending, None, 1));
    let revived = house.claim(10).await;
    assert_eq!(revived.len(), 1);
    assert_eq!((revived[0].work.id, revived[0].work.attempts), (claimed[1].work.id, 1));
    assert!(house.send(10).await.is_empty());
    house.done(&revived[0]).await;
    assert_eq!(house.delivery(first.id).await.state, DeliveryState::Settled);
    assert_eq!(house.store().accept(new).await.unwrap().verdict, Verdict::Duplicate);
}

/// A delivery is settled with its last job, follow-ups included; intents do not count.
pub async fn a_delivery_settles_with_its_last_job<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(vec![job("a")]).await;
    let follow_up = Settlement { jobs: vec![job("b")], intents: vec![intent("i")], ..Settlement::done() };
    house.settle(&house.one().await, follow_up).await;
    assert_eq!(house.delivery(accepted.id).await.state, DeliveryState::Pending);
    house.pass(3);
    let last = house.one().await;
    assert_eq!(last.work.delivery, Some(accepted.id));
    house.done(&last).await;
    let found = house.delivery(accepted.id).await;
    assert_eq!((found.state, found.settled_at), (DeliveryState::Settled, Some(house.store().now())));
    assert_eq!(house.sent().await.work.delivery, Some(accepted.id));
}

/// A delivery is dead when nothing of it is left to do and something of it is dead; discarding that settles it.
pub async fn a_delivery_is_dead_with_its_dead_jobs<B: Backend>(house: &mut House<B>) {
    let accepted = house.deliver(vec![job("a"), job("b")]).await;
    let claimed = house.claim(2).await;
    house.dead(&claimed[0]).await;
    assert_eq!(house.delivery(accepted.id).await.state, DeliveryState::Pending);
    house.done(&claimed[1]).await;
    assert_eq!(house.delivery(accepted.id).await.state, DeliveryState::Dead);
    house.write(Settlement { discard: vec![claimed[0].work.id], ..Settlement::done() }).await;
    assert_eq!(house.delivery(accepted.id).await.state, DeliveryState::Settled);
    assert_eq!(house.work(claimed[0].work.id).await.state, WorkState::Withdrawn);
}

/// A job may follow from nothing, and then no delivery waits for it.
pub async fn a_job_may_follow_from_nothing<B: Backend>(house: &mut House<B>) {
    let free = NewJob { follows: Follows::Nothing, ..job("a") };
    let accepted = house.deliver(vec![free]).await;
    assert_eq!(house.delivery(accepted.id).await.state, DeliveryState::Settled);
    assert_eq!(house.store().backlog().await.unwrap().oldest_waiting, None);
    assert_eq!(house.one().await.work.delivery, None);
}

/// A job may follow from an earlier delivery, which is pending until the job is settled.
pub async fn a_job_may_follow_from_an_earlier_delivery<B: Backend>(house: &mut House<B>) {
    let earlier = house.deliver(Vec::new()).await.id;
    let replay = NewJob { follows: Follows::Delivery(earlier), ..job("a") };
    house.write(Settlement { jobs: vec![replay.clone()], ..Settlement::done() }).await;
    for _ in 0..2 {
        assert_eq!(house.delivery(earlier).await.state, DeliveryState::Pending);
        let leased = house.one().await;
        assert_eq!(leased.work.delivery, Some(earlier));
        house.done(&leased).await;
        assert_eq!(house.delivery(earlier).await.state, DeliveryState::Settled);
        let later = house.deliver(vec![replay.clone()]).await.id;
        assert_eq!(house.delivery(later).await.state, DeliveryState::Settled);
    }
}

/// Bodies come back byte for byte: empty ones, text, and 25 MB that no compression makes smaller.
pub async fn bodies_come_back_byte_for_byte<B: Backend>(house: &mut House<B>) {
    let mut noise = vec![0_u8; 25 * 1024 * 1024];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for chunk in noise.chunks_mut(8) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        chunk.copy_from_slice(&state.to_le_bytes()[..chunk.len()]);
    }
    let bodies: [Bytes; 5] = [
        Bytes::new(),
        Bytes::from_static(b"\0"),
        Bytes::from_static(b"{\"a\": \"\xff\xfe not even UTF-8\"}"),
        Bytes::from("spaces and spaces ".repeat(10_000)),
        Bytes::from(noise),
    ];
    let mut ids = Vec::new();
    for (n, body) in bodies.iter().enumerate() {
        let new = NewDelivery { digest: Digest::of(body), body: body.clone(), ..delivery(&n.to_string()) };
        ids.push(house.store().accept(new).await.unwrap().id);
    }
    house.reopen().await;
    for (id, body) in ids.into_iter().zip(&bodies) {
        // Not assert_eq!: nobody wants to read 25 MB of difference.
        assert!(house.store().body(id).await.unwrap().as_ref() == Some(body), "a body of {} bytes", body.len());
        assert_eq!(house.delivery(id).await.body_bytes, body.len() as u64);
    }
}

/// Deliveries are listed newest first, page by page, by one filter at a time.
pub async fn deliveries_are_listed_newest_first<B: Backend>(house: &mut House<B>) {
    let mut ids = Vec::new();
    for n in 0..6 {
        let odd = n % 2 == 1;
        let mut new = delivery(&n.to_string());
        if odd {
            new.key.event = "push".to_owned();
            new.installation = Some(Installation(9));
            new.repository = Some("octo/Other".to_owned());
            new.subject = None;
            new.jobs = vec![job(&n.to_string())];
        }
        ids.push(house.store().accept(new).await.unwrap().id);
        house.clock.advance(std::time::Duration::from_millis(n));
    }
    assert!(ids.is_sorted());
    let store = house.store();
    let list = async |filter, before, limit| {
        let found = store.deliveries(filter, before, limit).await.unwrap();
        found.iter().map(|delivery| ids.iter().position(|id| *id == delivery.id).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(list(DeliveryFilter::All, None, 10).await, [5, 4, 3, 2, 1, 0]);
    assert_eq!(list(DeliveryFilter::All, None, 2).await, [5, 4]);
    assert_eq!(list(DeliveryFilter::All, Some(ids[4]), 3).await, [3, 2, 1]);
    for filter in [
        DeliveryFilter::Event("push".to_owned()),
        DeliveryFilter::Installation(Installation(9)),
        DeliveryFilter::Repository("OCTO/other".to_owned()),
        DeliveryFilter::State(DeliveryState::Pending),
    ] {
        assert_eq!(list(filter.clone(), None, 10).await, [5, 3, 1], "{filter:?}");
        assert_eq!(list(filter.clone(), Some(ids[5]), 1).await, [3], "{filter:?}");
    }
    for filter in [DeliveryFilter::Subject("Octo/Hello#1".into()), DeliveryFilter::State(DeliveryState::Ignored)] {
        assert_eq!(list(filter.clone(), Some(ids[3]), 10).await, [2, 0], "{filter:?}");
    }
    assert!(list(DeliveryFilter::State(DeliveryState::Dead), None, 10).await.is_empty());
}

/// A probe says that a delivery could be accepted, and leaves nothing.
pub async fn a_probe_leaves_nothing<B: Backend>(house: &mut House<B>) {
    house.store().probe().await.unwrap();
    house.store().probe().await.unwrap();
    assert_eq!(house.store().backlog().await.unwrap(), crate::Backlog::default());
}
