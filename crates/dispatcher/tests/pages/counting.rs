//! A store that counts how often it is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_store::*;
use tokio::sync::broadcast;

/// Hands everything on to the store inside, and counts what reads.
pub struct Counting {
    inside: Arc<dyn Store>,
    reads: AtomicU64,
}

impl Counting {
    pub fn new(inside: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inside, reads: AtomicU64::new(0) })
    }

    /// How many reads there were.
    pub fn reads(&self) -> u64 {
        self.reads.load(Ordering::SeqCst)
    }

    fn counted(&self) -> &dyn Store {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inside.as_ref()
    }
}

/// Hands verbs on: those that read are counted, those that write are not.
macro_rules! hand_on {
    ($($how:ident $verb:ident($($name:ident: $type:ty),*) -> $answer:ty;)+) => {
        #[async_trait]
        impl Store for Counting {
            fn now(&self) -> Timestamp {
                self.inside.now()
            }

            fn subscribe(&self) -> broadcast::Receiver<Change> {
                self.inside.subscribe()
            }

            $(async fn $verb(&self, $($name: $type),*) -> Result<$answer> {
                self.$how().$verb($($name),*).await
            })+
        }
    };
}

impl Counting {
    fn write(&self) -> &dyn Store {
        self.inside.as_ref()
    }
}

hand_on! {
    write accept(delivery: NewDelivery) -> Acceptance;
    write claim(claim: Claim) -> Vec<Leased>;
    write extend(lease: Lease, duration: Duration) -> ();
    write take_back(worker: &str, capacity: usize, lease: Duration) -> Vec<Leased>;
    write settle(lease: Lease, settlement: Settlement) -> ();
    write sweep(retention: Retention, limit: usize) -> usize;
    write probe() -> ();
    counted next_due(queues: &[Queue]) -> Option<Timestamp>;
    counted delivery(id: DeliveryId) -> Option<Delivery>;
    counted delivery_by_key(platform: &str, delivery_id: &str) -> Option<Delivery>;
    counted body(id: DeliveryId) -> Option<Bytes>;
    counted deliveries(filter: DeliveryFilter, before: Option<DeliveryId>, limit: usize) -> Vec<Delivery>;
    counted work(id: WorkId) -> Option<Work>;
    counted works(filter: WorkFilter, before: Option<WorkId>, limit: usize) -> Vec<Work>;
    counted attempts(id: WorkId) -> Vec<Attempt>;
    counted record(view: &View, key: &Key) -> Option<Value>;
    counted records(view: &View, range: KeyRange, limit: usize) -> Vec<Record>;
    counted counter(view: &View, key: &Key) -> Counters;
    counted counters(view: &View, range: KeyRange, limit: usize) -> Vec<CounterRow>;
    counted facts(of: FactsOf, after: Option<FactId>, limit: usize) -> Vec<Fact>;
    counted backlog() -> Backlog;
    counted holds() -> Vec<Hold>;
}
