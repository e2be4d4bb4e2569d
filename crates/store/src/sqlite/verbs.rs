//! The trait, verb by verb: the writing ones go to the writer, the others to a reader.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use switchboard_clock::Timestamp;
use tokio::sync::{OwnedSemaphorePermit, broadcast};

use super::SqliteStore;
use super::claim::{Extend, TakeBack};
use super::code;
use super::prepare::{Arrival, Changes};
use super::retention::{Probe, Sweep};
use super::settle::Settle;
use super::writer::{Verb, write};
use crate::{
    Acceptance, Attempt, Backlog, Change, Claim, CounterRow, Counters, Delivery, DeliveryFilter, DeliveryId, Fact,
    FactId, FactsOf, Hold, Key, KeyRange, Lease, Leased, NewDelivery, Queue, Record, Result, Retention, Settlement,
    Store, StoreError, View, Work, WorkFilter, WorkId,
};

/// KiB of bodies, compressed, that may wait for the writer. Anything larger counts as this much.
pub(super) const ROOM_KIB: u32 = 32 * 1024;
/// From this size on, compressing a body takes long enough to leave the async thread for it.
const LARGE_BODY: usize = 1024 * 1024;

impl SqliteStore {
    async fn write<V: Verb>(&self, verb: V) -> Result<V::Answer> {
        let room = self.room(verb.bytes()).await?;
        let commands =
            self.commands.as_ref().ok_or_else(|| StoreError::unavailable("it was opened to read, or is closed"))?;
        write(commands, verb, room).await
    }

    async fn room(&self, bytes: usize) -> Result<Option<OwnedSemaphorePermit>> {
        match u32::try_from(bytes / 1024).unwrap_or(ROOM_KIB).min(ROOM_KIB) {
            0 => Ok(None),
            kib => {
                let room = Arc::clone(&self.room).acquire_many_owned(kib).await;
                room.map(Some).map_err(StoreError::unavailable)
            }
        }
    }
}

#[async_trait]
impl Store for SqliteStore {
    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance> {
        let arrival = if delivery.body.len() < LARGE_BODY {
            Arrival::of(delivery)?
        } else {
            tokio::task::spawn_blocking(|| Arrival::of(delivery)).await.map_err(StoreError::unavailable)??
        };
        self.write(arrival).await
    }

    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>> {
        self.write(claim).await
    }

    async fn extend(&self, lease: Lease, duration: Duration) -> Result<()> {
        self.write(Extend(lease, duration)).await
    }

    async fn take_back(&self, worker: &str, capacity: usize, lease: Duration) -> Result<Vec<Leased>> {
        self.write(TakeBack { worker: worker.to_owned(), capacity, lease }).await
    }

    async fn settle(&self, lease: Lease, settlement: Settlement) -> Result<()> {
        self.write(Settle(lease, Changes::of(settlement)?)).await
    }

    async fn next_due(&self, queues: &[Queue]) -> Result<Option<Timestamp>> {
        let queues = queues.to_vec();
        let wake = self.readers.read(move |reader| reader.next_wake(&queues)).await?;
        // What could be claimed before now can be claimed now.
        Ok(wake.map(|wake| wake.max(self.now())))
    }

    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>> {
        self.readers.read(move |reader| reader.delivery(id)).await
    }

    async fn delivery_by_key(&self, platform: &str, delivery_id: &str) -> Result<Option<Delivery>> {
        let (platform, delivery_id) = (platform.to_owned(), delivery_id.to_owned());
        self.readers.read(move |reader| reader.delivery_by_key(&platform, &delivery_id)).await
    }

    async fn body(&self, id: DeliveryId) -> Result<Option<Bytes>> {
        self.readers
            .read(move |reader| {
                let stored = reader.body(id)?;
                stored.map(|(body, size)| code::decompress(body, size).map(Bytes::from)).transpose()
            })
            .await
    }

    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>> {
        self.readers.read(move |reader| reader.deliveries(&filter, before, limit)).await
    }

    async fn work(&self, id: WorkId) -> Result<Option<Work>> {
        self.readers.read(move |reader| reader.work(id)).await
    }

    async fn works(&self, filter: WorkFilter, before: Option<WorkId>, limit: usize) -> Result<Vec<Work>> {
        self.readers.read(move |reader| reader.works(&filter, before, limit)).await
    }

    async fn attempts(&self, id: WorkId) -> Result<Vec<Attempt>> {
        self.readers.read(move |reader| reader.attempts(id)).await
    }

    async fn record(&self, view: &View, key: &Key) -> Result<Option<serde_json::Value>> {
        let (view, key) = (view.clone(), key.clone());
        self.readers.read(move |reader| reader.record(&view, &key)).await
    }

    async fn records(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<Record>> {
        let view = view.clone();
        self.readers.read(move |reader| reader.records(&view, &range, limit)).await
    }

    async fn counter(&self, view: &View, key: &Key) -> Result<Counters> {
        let (view, key) = (view.clone(), key.clone());
        self.readers.read(move |reader| reader.counter(&view, &key)).await
    }

    async fn counters(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<CounterRow>> {
        let view = view.clone();
        self.readers.read(move |reader| reader.counters(&view, &range, limit)).await
    }

    async fn facts(&self, of: FactsOf, after: Option<FactId>, limit: usize) -> Result<Vec<Fact>> {
        self.readers.read(move |reader| reader.facts(&of, after, limit)).await
    }

    async fn backlog(&self) -> Result<Backlog> {
        Ok(self.shared.backlog())
    }

    async fn holds(&self) -> Result<Vec<Hold>> {
        Ok(self.shared.holds())
    }

    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize> {
        self.write(Sweep(retention, limit)).await
    }

    async fn probe(&self) -> Result<()> {
        self.write(Probe).await
    }

    fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.shared.hints.subscribe()
    }
}
