//! Reading back: ranges of keys, facts in order.

use serde_json::json;

use super::house::{Backend, House, job};
use super::settlements::fact;
use crate::{CounterAdd, FactId, FactsOf, Key, KeyRange, RecordChange, Settlement, View};

const VIEW: View = View::of("testing.rows");
/// In the order of their bytes.
const KEYS: [&str; 7] = ["", "a", "a/1", "a/10", "a/2", "b", "\u{e9}"];

async fn fill<B: Backend>(house: &mut House<B>) {
    let put = |key| RecordChange::Put(VIEW, Key::of(key), json!({ "key": key }));
    let add = |key| CounterAdd { view: VIEW, key: Key::of(key), add: vec![("n".to_owned(), 1)] };
    let elsewhere = RecordChange::Put(View::of("testing.row"), Key::of("a"), json!(null));
    let mut records: Vec<_> = KEYS.into_iter().rev().map(put).collect();
    records.push(elsewhere);
    let counters = KEYS.into_iter().rev().map(add).collect();
    house.write(Settlement { records, counters, ..Settlement::done() }).await;
}

fn ranges() -> [(KeyRange, &'static [&'static str]); 6] {
    [
        (KeyRange::all(), &KEYS),
        (KeyRange::prefix("a"), &["a", "a/1", "a/10", "a/2"]),
        (KeyRange::prefix("a/"), &["a/1", "a/10", "a/2"]),
        (KeyRange::between("a/1", "a/2"), &["a/1", "a/10"]),
        (KeyRange::prefix("c"), &[]),
        (KeyRange::between("b", "a"), &[]),
    ]
}

/// Records of a range come in order of their keys, from either end, page by page.
pub async fn records_are_read_by_range<B: Backend>(house: &mut House<B>) {
    fill(house).await;
    let store = house.store();
    for (range, keys) in ranges() {
        for range in [range.clone(), range.descending()] {
            let mut expected: Vec<_> = keys.to_vec();
            if range.direction == crate::Direction::Descending {
                expected.reverse();
            }
            let (mut found, mut page) = (Vec::new(), range.clone());
            loop {
                let records = store.records(&VIEW, page.clone(), 2).await.unwrap();
                assert!(records.len() <= 2);
                let Some(last) = records.last() else { break };
                page = page.past(last.key.as_str());
                found.extend(records);
            }
            assert!(found.iter().all(|record| record.value == json!({ "key": record.key.as_str() })));
            let found: Vec<_> = found.iter().map(|record| record.key.as_str()).collect();
            assert_eq!(found, expected, "{range:?}");
        }
    }
}

/// Counters are read the same way.
pub async fn counters_are_read_by_range<B: Backend>(house: &mut House<B>) {
    fill(house).await;
    let store = house.store();
    for (range, keys) in ranges() {
        let found = store.counters(&VIEW, range.clone(), 10).await.unwrap();
        assert!(found.iter().all(|row| row.counters["n"] == 1));
        let found: Vec<_> = found.iter().map(|row| row.key.as_str().to_owned()).collect();
        assert_eq!(found, keys, "{range:?}");
        let mut backwards = store.counters(&VIEW, range.descending(), 10).await.unwrap();
        backwards.reverse();
        assert_eq!(backwards.iter().map(|row| row.key.as_str()).collect::<Vec<_>>(), keys);
    }
    assert_eq!(store.counters(&VIEW, KeyRange::all(), 3).await.unwrap().len(), 3);
    assert!(store.counter(&VIEW, &Key::of("unknown")).await.unwrap().is_empty());
}

/// Facts come in order of commit, by subject, by delivery and by work, page by page.
pub async fn facts_are_read_in_order_of_commit<B: Backend>(house: &mut House<B>) {
    let (one, two) = ("octo/hello#1", "octo/hello#2");
    let delivery = house.deliver(vec![job("a"), job("b")]).await.id;
    let claimed = house.claim(2).await;
    let settlement = |kinds: &[(&str, &str)]| Settlement {
        facts: kinds.iter().map(|(subject, kind)| fact(subject, kind)).collect(),
        ..Settlement::done()
    };
    house.settle(&claimed[1], settlement(&[(one, "first"), (two, "second"), (one, "third")])).await;
    house.settle(&claimed[0], settlement(&[(one, "fourth")])).await;
    house.reopen().await;
    house.write(settlement(&[(one, "fifth")])).await;
    let store = house.store();
    let read = async |of: FactsOf, after: Option<FactId>, limit| {
        let facts = store.facts(of, after, limit).await.unwrap();
        assert!(facts.is_sorted_by(|a, b| a.id < b.id && a.at <= b.at));
        let kinds = facts.iter().map(|fact| fact.kind.clone()).collect::<Vec<_>>();
        (kinds, facts.last().map(|fact| fact.id))
    };
    let of_one = FactsOf::Subject(one.into());
    assert_eq!(read(of_one.clone(), None, 10).await.0, ["first", "third", "fourth", "fifth"]);
    let (page, last) = read(of_one.clone(), None, 2).await;
    assert_eq!(page, ["first", "third"]);
    assert_eq!(read(of_one, last, 2).await.0, ["fourth", "fifth"]);
    assert_eq!(read(FactsOf::Subject("octo/hello#".into()), None, 10).await.0, Vec::<String>::new());
    assert_eq!(read(FactsOf::Delivery(delivery), None, 10).await.0, ["first", "second", "third", "fourth"]);
    let (page, last) = read(FactsOf::Work(claimed[1].work.id), None, 1).await;
    assert_eq!(page, ["first"]);
    assert_eq!(read(FactsOf::Work(claimed[1].work.id), last, 9).await.0, ["second", "third"]);
}
