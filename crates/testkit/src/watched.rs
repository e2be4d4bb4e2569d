//! A store that tells which calls are under way, and that can be made to refuse.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use switchboard_clock::Timestamp;
use switchboard_store::{
    Acceptance, Attempt, Backlog, Change, Claim, CounterRow, Counters, Delivery, DeliveryFilter, DeliveryId, Fact,
    FactId, FactsOf, Hold, Key, KeyRange, Lease, Leased, NewDelivery, Queue, Record, Result, Retention, Settlement,
    Store, StoreError, View, Work, WorkFilter, WorkId,
};
use tokio::sync::broadcast;

/// What is known about the calls, over all lives of the server.
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    under_way: AtomicUsize,
    reads: AtomicU64,
    writes: AtomicU64,
    claims: AtomicU64,
    full: AtomicBool,
    settlements_to_fail: AtomicU32,
    reads_until_failure: AtomicU32,
}

impl Gauge {
    /// Whether a call waits for its answer.
    pub(crate) fn is_busy(&self) -> bool {
        self.under_way.load(SeqCst) > 0
    }

    /// How many reads there were.
    pub(crate) fn reads(&self) -> u64 {
        self.reads.load(SeqCst)
    }

    /// How many writes there were.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.load(SeqCst)
    }

    /// How often work was asked for.
    pub(crate) fn claims(&self) -> u64 {
        self.claims.load(SeqCst)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full.load(SeqCst)
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, SeqCst);
    }

    pub(crate) fn fail_settlements(&self, times: u32) {
        self.settlements_to_fail.store(times, SeqCst);
    }

    pub(crate) fn fail_read(&self, nth: u32) {
        self.reads_until_failure.store(nth, SeqCst);
    }

    /// Waits for something that is neither the store nor the clock.
    pub(crate) async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        let _under_way = UnderWay::new(self);
        call.await
    }

    async fn read<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        self.reads.fetch_add(1, SeqCst);
        let left = self.reads_until_failure.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1));
        if left == Ok(1) {
            return Err(StoreError::Unavailable { reason: "this read was to fail".to_owned() });
        }
        let _under_way = UnderWay::new(self);
        call.await
    }

    async fn write<T>(&self, call: impl Future<Output = Result<T>>) -> Result<T> {
        if self.is_full() {
            return Err(StoreError::Full);
        }
        self.writes.fetch_add(1, SeqCst);
        let _under_way = UnderWay::new(self);
        call.await
    }
}

/// A call under way, until it is answered or nobody waits for it any more.
struct UnderWay<'a>(&'a Gauge);

impl<'a> UnderWay<'a> {
    fn new(gauge: &'a Gauge) -> Self {
        gauge.under_way.fetch_add(1, SeqCst);
        Self(gauge)
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, SeqCst);
    }
}

/// The store as the server sees it.
pub(crate) struct Watched {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) gauge: Arc<Gauge>,
}

#[async_trait]
impl Store for Watched {
    fn now(&self) -> Timestamp {
        self.inner.now()
    }

    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance> {
        self.gauge.write(self.inner.accept(delivery)).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>> {
        self.gauge.claims.fetch_add(1, SeqCst);
        self.gauge.write(self.inner.claim(claim)).await
    }

    async fn extend(&self, lease: Lease, duration: Duration) -> Result<()> {
        self.gauge.write(self.inner.extend(lease, duration)).await
    }

    async fn take_back(&self, worker: &str, capacity: usize, lease: Duration) -> Result<Vec<Leased>> {
        self.gauge.write(self.inner.take_back(worker, capacity, lease)).await
    }

    async fn settle(&self, lease: Lease, settlement: Settlement) -> Result<()> {
        let fails = self.gauge.settlements_to_fail.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails {
            return Err(StoreError::Full);
        }
        self.gauge.write(self.inner.settle(lease, settlement)).await
    }

    async fn next_due(&self, queues: &[Queue]) -> Result<Option<Timestamp>> {
        self.gauge.read(self.inner.next_due(queues)).await
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>> {
        self.gauge.read(self.inner.delivery(id)).await
    }

    async fn delivery_by_key(&self, platform: &str, delivery_id: &str) -> Result<Option<Delivery>> {
        self.gauge.read(self.inner.delivery_by_key(platform, delivery_id)).await
    }

    async fn body(&self, id: DeliveryId) -> Result<Option<Bytes>> {
        self.gauge.read(self.inner.body(id)).await
    }

    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.gauge.read(self.inner.deliveries(filter, before, limit)).await
    }

    async fn work(&self, id: WorkId) -> Result<Option<Work>> {
        self.gauge.read(self.inner.work(id)).await
    }

    async fn works(&self, filter: WorkFilter, before: Option<WorkId>, limit: usize) -> Result<Vec<Work>> {
        self.gauge.read(self.inner.works(filter, before, limit)).await
    }

    async fn attempts(&self, id: WorkId) -> Result<Vec<Attempt>> {
        self.gauge.read(self.inner.attempts(id)).await
    }

    async fn record(&self, view: &View, key: &Key) -> Result<Option<serde_json::Value>> {
        self.gauge.read(self.inner.record(view, key)).await
    }

    async fn records(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<Record>> {
        self.gauge.read(self.inner.records(view, range, limit)).await
    }

    async fn counter(&self, view: &View, key: &Key) -> Result<Counters> {
        self.gauge.read(self.inner.counter(view, key)).await
    }

    async fn counters(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<CounterRow>> {
        self.gauge.read(self.inner.counters(view, range, limit)).await
    }

    async fn facts(&self, of: FactsOf, after: Option<FactId>, limit: usize) -> Result<Vec<Fact>> {
        self.gauge.read(self.inner.facts(of, after, limit)).await
    }

    async fn backlog(&self) -> Result<Backlog> {
        self.gauge.read(self.inner.backlog()).await
    }

    async fn holds(&self) -> Result<Vec<Hold>> {
        self.gauge.read(self.inner.holds()).await
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize> {
        self.gauge.write(self.inner.sweep(retention, limit)).await
    }

    async fn probe(&self) -> Result<()> {
        self.gauge.write(self.inner.probe()).await
    }

    fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.inner.subscribe()
    }
}
