//! A store that counts how often it is read, so that a page that costs too much fails its test.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_store::{
    Acceptance, Attempt, Backlog, Change, Claim, CounterRow, Counters, Delivery, DeliveryFilter, DeliveryId, Fact,
    FactId, FactsOf, Hold, Key, KeyRange, Lease, Leased, NewDelivery, Queue, Record, Result, Retention, Settlement,
    Store, StoreError, View, Work, WorkFilter, WorkId,
};
use tokio::sync::broadcast;

/// Counts the reads of the store inside.
pub struct Counting {
    inner: Arc<dyn Store>,
    reads: AtomicUsize,
    full: bool,
}

impl Counting {
    pub fn new(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, reads: AtomicUsize::new(0), full: false })
    }

    /// One whose disk is full.
    pub fn refusing(inner: Arc<dyn Store>) -> Arc<Self> {
        Arc::new(Self { inner, reads: AtomicUsize::new(0), full: true })
    }

    /// The reads since the last time somebody asked.
    pub fn take(&self) -> usize {
        self.reads.swap(0, Ordering::SeqCst)
    }

    fn read(&self) -> &dyn Store {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.inner.as_ref()
    }
}

#[async_trait]
impl Store for Counting {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }
    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance> {
        self.inner.accept(delivery).await
    }
    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>> {
        self.inner.claim(claim).await
    }
    async fn extend(&self, lease: Lease, duration: Duration) -> Result<()> {
        self.inner.extend(lease, duration).await
    }
    async fn take_back(&self, worker: &str, capacity: usize, lease: Duration) -> Result<Vec<Leased>> {
        self.inner.take_back(worker, capacity, lease).await
    }
    async fn settle(&self, lease: Lease, settlement: Settlement) -> Result<()> {
        self.inner.settle(lease, settlement).await
    }
    async fn next_due(&self, queues: &[Queue]) -> Result<Option<Timestamp>> {
        self.read().next_due(queues).await
    }
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>> {
        self.read().delivery(id).await
    }
    async fn delivery_by_key(&self, platform: &str, delivery_id: &str) -> Result<Option<Delivery>> {
        self.read().delivery_by_key(platform, delivery_id).await
    }
    async fn body(&self, id: DeliveryId) -> Result<Option<Bytes>> {
        self.read().body(id).await
    }
    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.read().deliveries(filter, before, limit).await
    }
    async fn work(&self, id: WorkId) -> Result<Option<Work>> {
        self.read().work(id).await
    }
    async fn works(&self, filter: WorkFilter, before: Option<WorkId>, limit: usize) -> Result<Vec<Work>> {
        self.read().works(filter, before, limit).await
    }
    async fn attempts(&self, id: WorkId) -> Result<Vec<Attempt>> {
        self.read().attempts(id).await
    }
    async fn record(&self, view: &View, key: &Key) -> Result<Option<Value>> {
        self.read().record(view, key).await
    }
    async fn records(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<Record>> {
        self.read().records(view, range, limit).await
    }
    async fn counter(&self, view: &View, key: &Key) -> Result<Counters> {
        self.read().counter(view, key).await
    }
    async fn counters(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<CounterRow>> {
        self.read().counters(view, range, limit).await
    }
    async fn facts(&self, of: FactsOf, after: Option<FactId>, limit: usize) -> Result<Vec<Fact>> {
        self.read().facts(of, after, limit).await
    }
    async fn backlog(&self) -> Result<Backlog> {
        self.read().backlog().await
    }
    async fn holds(&self) -> Result<Vec<Hold>> {
        self.read().holds().await
    }
    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize> {
        self.inner.sweep(retention, limit).await
    }
    async fn probe(&self) -> Result<()> {
        if self.full { Err(StoreError::Full) } else { self.inner.probe().await }
    }
    fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.inner.subscribe()
    }
}
