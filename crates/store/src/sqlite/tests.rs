//! The suite over this backend.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use switchboard_clock::{SeededEntropy, SimulatedClock};
use tempfile::TempDir;

use super::{Options, SqliteStore};
use crate::conformance::Backend;
use crate::{Store, StoreError};

/// A directory that needs no disk, where there is one: durability is the file system's part, and tests are many.
pub(super) fn directory() -> TempDir {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

pub(super) fn options(clock: &SimulatedClock) -> Options {
    Options::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(7)))
}

struct InFile {
    store: Arc<SqliteStore>,
    directory: TempDir,
    clock: SimulatedClock,
}

impl InFile {
    fn open(directory: TempDir, clock: SimulatedClock) -> Self {
        let store = SqliteStore::open(directory.path().join("store.db"), &options(&clock)).unwrap();
        Self { store, directory, clock }
    }
}

#[async_trait]
impl Backend for InFile {
    async fn create(clock: SimulatedClock) -> Self {
        Self::open(directory(), clock)
    }

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    async fn reopen(self) -> Self {
        let Self { store, directory, clock } = self;
        drop(store);
        Self::open(directory, clock)
    }
}

crate::conformance!(InFile);

/// What a plan must not contain: whole tables, and work that grows with what is stored.
const SLOW: [&str; 3] = ["SCAN", "TEMP B-TREE", "AUTOMATIC"];
const AGGREGATES: [&str; 6] = ["COUNT(", "SUM(", "MAX(", "MIN(", "GROUP BY", "DISTINCT"];

#[tokio::test]
async fn every_read_is_a_seek() {
    use crate::*;
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let trace: super::Trace = {
        let seen = Arc::clone(&seen);
        Arc::new(move |sql: &str| {
            seen.lock().unwrap().insert(sql.to_owned());
        })
    };
    let directory = directory();
    let options = Options { trace: Some(trace), ..options(&SimulatedClock::default()) };
    let store = SqliteStore::open(directory.path().join("store.db"), &options).unwrap();
    let accepted = store.accept(crate::conformance::house::delivery("d")).await.unwrap();
    let new = crate::conformance::house::delivery("e");
    let jobs = vec![crate::conformance::house::job("a")];
    store.accept(NewDelivery { jobs, ..new }).await.unwrap();
    let id = store.works(WorkFilter::Class(Class::Job), None, 1).await.unwrap()[0].id;

    store.next_due(&[Queue::OUTBOX]).await.unwrap();
    store.delivery(accepted.id).await.unwrap();
    store.delivery_by_key("github", "d").await.unwrap();
    store.body(accepted.id).await.unwrap();
    for filter in [
        DeliveryFilter::All,
        DeliveryFilter::Event("push".to_owned()),
        DeliveryFilter::Repository("a/b".to_owned()),
        DeliveryFilter::Installation(Installation(1)),
        DeliveryFilter::State(DeliveryState::Dead),
        DeliveryFilter::Subject("a/b#1".into()),
    ] {
        store.deliveries(filter, Some(accepted.id), 10).await.unwrap();
    }
    store.work(id).await.unwrap();
    for filter in [
        WorkFilter::Class(Class::Job),
        WorkFilter::State(WorkState::Dead),
        WorkFilter::Delivery(accepted.id),
        WorkFilter::Lane(Class::Job, "testing".to_owned(), Lane::of("a")),
        WorkFilter::IntentKey("key".to_owned()),
    ] {
        store.works(filter, Some(id), 10).await.unwrap();
    }
    store.attempts(id).await.unwrap();
    let view = View::of("view");
    store.record(&view, &Key::of("key")).await.unwrap();
    store.counter(&view, &Key::of("key")).await.unwrap();
    for range in [KeyRange::all(), KeyRange::prefix("a")] {
        for range in [range.clone(), range.descending()] {
            store.records(&view, range.clone(), 10).await.unwrap();
            store.counters(&view, range, 10).await.unwrap();
        }
    }
    for of in [FactsOf::Subject("a/b#1".into()), FactsOf::Delivery(accepted.id), FactsOf::Work(id)] {
        store.facts(of, None, 10).await.unwrap();
    }

    let seen = seen.lock().unwrap();
    assert!(seen.len() >= 30, "{} statements", seen.len());
    for sql in seen.iter() {
        let plan = store.explain(sql).unwrap();
        assert!(!plan.is_empty());
        for line in &plan {
            assert!(!SLOW.iter().any(|slow| line.contains(slow)), "{sql}\n{plan:?}");
        }
        assert!(!AGGREGATES.iter().any(|aggregate| sql.contains(aggregate)), "{sql}");
        assert!(sql.contains("LIMIT") || sql.contains("WHERE id = ?1") || is_by_key(sql), "no limit: {sql}");
    }
}

/// Whether a statement reads by a whole unique key.
fn is_by_key(sql: &str) -> bool {
    sql.ends_with("WHERE bodies.id = ?1") || sql.ends_with("WHERE view = ?1 AND key = ?2")
}

#[test]
fn the_plan_test_would_notice_a_scan() {
    let directory = directory();
    let store = SqliteStore::open(directory.path().join("store.db"), &options(&SimulatedClock::default())).unwrap();
    let plan = store.explain("SELECT id FROM works WHERE worker = ?1 ORDER BY kind").unwrap();
    assert!(plan.iter().any(|line| line.contains("SCAN")));
    assert!(plan.iter().any(|line| line.contains("TEMP B-TREE")));
}

#[test]
fn a_second_server_is_kept_out() {
    let directory = directory();
    let path = directory.path().join("store.db");
    let options = options(&SimulatedClock::default());
    let first = SqliteStore::open(&path, &options).unwrap();
    let second = SqliteStore::open(&path, &options);
    assert!(matches!(&second, Err(StoreError::InUse { path: named }) if *named == path), "{second:?}");
    // Nor by another name.
    let link = directory.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    assert!(matches!(SqliteStore::open(&link, &options), Err(StoreError::InUse { .. })));
    drop(first);
    SqliteStore::open(&path, &options).unwrap();
}

#[test]
fn a_newer_database_is_refused() {
    let directory = directory();
    let path = directory.path().join("store.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    let opened = SqliteStore::open(&path, &options(&SimulatedClock::default()));
    assert!(matches!(opened, Err(StoreError::Newer { found: 99, known: 1 })), "{opened:?}");
}

/// The files of a folder.
fn files(directory: &TempDir) -> BTreeSet<String> {
    let names = std::fs::read_dir(directory.path()).unwrap();
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[tokio::test]
async fn beside_a_server_everything_is_read_and_nothing_written() {
    let (directory, clock) = (directory(), SimulatedClock::default());
    let path = directory.path().join("a store's file?#%.db");
    let server = SqliteStore::open(&path, &options(&clock)).unwrap();
    let accepted = server.accept(large(1)).await.unwrap();
    let look = async |when: &str| {
        let before = files(&directory);
        let beside = SqliteStore::open_beside(&path, &options(&clock)).unwrap();
        assert!(beside.delivery(accepted.id).await.unwrap().is_some(), "{when}");
        assert_eq!(beside.backlog().await.unwrap().accepted_deliveries, 1, "{when}");
        let refused = beside.accept(large(2)).await.unwrap_err();
        assert!(matches!(refused, StoreError::Unavailable { .. }), "{when}: {refused}");
        drop(beside);
        assert_eq!(files(&directory), before, "{when}: nothing was made or removed");
    };
    assert!(SqliteStore::is_in_use(&path).unwrap());
    look("while it runs").await;
    drop(server);
    assert!(!SqliteStore::is_in_use(&path).unwrap());
    look("once it is gone").await;
    SqliteStore::open(&path, &options(&clock)).unwrap();
}

#[test]
fn beside_a_server_nothing_is_migrated_and_what_is_missing_is_not_made() {
    let (directory, clock) = (directory(), SimulatedClock::default());
    let path = directory.path().join("store.db");
    assert!(matches!(SqliteStore::open_beside(&path, &options(&clock)), Err(StoreError::Unavailable { .. })));
    assert!(!SqliteStore::is_in_use(&path).unwrap() && files(&directory).is_empty());
    std::fs::write(&path, "").unwrap();
    let opened = SqliteStore::open_beside(&path, &options(&clock));
    assert!(matches!(opened, Err(StoreError::Older { found: 0, known: 1 })), "{opened:?}");
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn what_is_no_database_is_refused() {
    let directory = directory();
    let path = directory.path().join("store.db");
    std::fs::write(&path, "not a database, but long enough to be looked at".repeat(100)).unwrap();
    let opened = SqliteStore::open(&path, &options(&SimulatedClock::default()));
    assert!(matches!(opened, Err(StoreError::Corrupt { .. })), "{opened:?}");
    let nowhere = SqliteStore::open(directory.path().join("no/folder.db"), &options(&SimulatedClock::default()));
    assert!(matches!(nowhere, Err(StoreError::Unavailable { .. })), "{nowhere:?}");
}

/// A body that does not get smaller.
fn large(n: u8) -> crate::NewDelivery {
    let mut state = u64::from(n) + 1;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    });
    let body: bytes::Bytes = noise.take(64 * 1024).collect::<Vec<_>>().into();
    let digest = crate::Digest::of(&body);
    let jobs = vec![crate::conformance::house::job("a")];
    crate::NewDelivery { body, digest, jobs, ..crate::conformance::house::delivery(&format!("large-{n}")) }
}

#[tokio::test]
async fn a_full_disk_refuses_and_recovers() {
    let directory = directory();
    let clock = SimulatedClock::default();
    let limited = Options { size_max: Some(1024 * 1024), ..options(&clock) };
    let store = SqliteStore::open(directory.path().join("store.db"), &limited).unwrap();
    let mut accepted = Vec::new();
    let refused = loop {
        match store.accept(large(accepted.len() as u8)).await {
            Ok(acceptance) => accepted.push(acceptance.id),
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    assert!(accepted.len() > 8);
    let backlog = store.backlog().await.unwrap();
    assert_eq!(backlog.accepted_deliveries, accepted.len() as u64, "nothing of the refused one is left");
    // What was accepted can still be worked off, and what retention frees is room for the next one.
    for _ in 0..accepted.len() {
        let claim = crate::conformance::house::claim(&[crate::conformance::house::QUEUE], 1);
        let leased = store.claim(claim).await.unwrap().remove(0);
        store.settle(leased.lease, crate::Settlement::done()).await.unwrap();
    }
    clock.advance(std::time::Duration::from_secs(10));
    let retention = crate::Retention { bodies: std::time::Duration::ZERO, history: std::time::Duration::MAX };
    while store.sweep(retention, 5).await.unwrap() > 0 {}
    let next = store.accept(large(200)).await.unwrap();
    assert!(store.body(next.id).await.unwrap().is_some());
    store.probe().await.unwrap();
}

#[tokio::test]
async fn a_command_that_fails_halfway_fails_alone() {
    let directory = directory();
    let path = directory.path().join("store.db");
    let store = SqliteStore::open(&path, &options(&SimulatedClock::default())).unwrap();
    let jobs = vec![crate::conformance::house::job("a"), crate::conformance::house::job("b")];
    store.accept(crate::NewDelivery { jobs, ..crate::conformance::house::delivery("d") }).await.unwrap();
    let queues = [crate::conformance::house::QUEUE];
    let claimed = store.claim(crate::conformance::house::claim(&queues, 2)).await.unwrap();
    // A counter that does not read back makes its settlement fail after other changes of it were written.
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute("INSERT INTO counters VALUES ('v', 'broken', 'no JSON')", []).unwrap();
    drop(db);
    let count = |key: &str| crate::Settlement {
        records: vec![crate::RecordChange::Put("v".into(), key.into(), serde_json::json!(1))],
        counters: vec![crate::CounterAdd { view: "v".into(), key: key.into(), add: vec![("n".to_owned(), 1)] }],
        ..crate::Settlement::done()
    };
    let (broken, whole, accepted) = tokio::join!(
        store.settle(claimed[0].lease, count("broken")),
        store.settle(claimed[1].lease, count("whole")),
        store.accept(crate::conformance::house::delivery("e")),
    );
    assert!(matches!(broken, Err(StoreError::Corrupt { .. })), "{broken:?}");
    whole.unwrap();
    accepted.unwrap();
    let record = async |key: &str| store.record(&"v".into(), &key.into()).await.unwrap();
    assert_eq!((record("broken").await, record("whole").await), (None, Some(serde_json::json!(1))));
    assert_eq!(store.backlog().await.unwrap().waiting.values().sum::<u64>(), 1);
    store.settle(claimed[0].lease, crate::Settlement::done()).await.unwrap();
}
