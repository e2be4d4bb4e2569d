//! The store as handlers see it: to read, never to write.

use std::sync::Arc;

use bytes::Bytes;
use serde::de::DeserializeOwned;
use switchboard_clock::Timestamp;
use switchboard_store::{
    Backlog, Counters, Delivery, DeliveryId, Fact, FactId, FactsOf, Hold, Key, KeyRange, Record, Result, Store,
    StoreError, View, Work, WorkFilter, WorkId,
};

/// A read-only handle on the store.
#[derive(Clone)]
pub struct Reader(Arc<dyn Store>);

impl Reader {
    /// A reader of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }

    /// The store's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.now()
    }

    /// A record, read back as the type it was written from.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] if the record is not of this type; else what the store says.
    pub async fn get<T: DeserializeOwned>(&self, view: &View, key: &Key) -> Result<Option<T>> {
        self.0.record(view, key).await?.map(decode).transpose()
    }

    /// Records of a range, read back as the type they were written from.
    ///
    /// # Errors
    /// As [`Reader::get`].
    pub async fn list<T: DeserializeOwned>(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<(Key, T)>> {
        let rows = self.0.records(view, range, limit).await?;
        rows.into_iter().map(|Record { key, value }| Ok((key, decode(value)?))).collect()
    }

    /// See [`Store::counter`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn counter(&self, view: &View, key: &Key) -> Result<Counters> {
        self.0.counter(view, key).await
    }

    /// See [`Store::counters`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn counters(
        &self,
        view: &View,
        range: KeyRange,
        limit: usize,
    ) -> Result<Vec<switchboard_store::CounterRow>> {
        self.0.counters(view, range, limit).await
    }

    /// See [`Store::delivery`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>> {
        self.0.delivery(id).await
    }

    /// See [`Store::delivery_by_key`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn delivery_by_key(&self, platform: &str, delivery_id: &str) -> Result<Option<Delivery>> {
        self.0.delivery_by_key(platform, delivery_id).await
    }

    /// See [`Store::body`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn body(&self, id: DeliveryId) -> Result<Option<Bytes>> {
        self.0.body(id).await
    }

    /// See [`Store::work`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn work(&self, id: WorkId) -> Result<Option<Work>> {
        self.0.work(id).await
    }

    /// See [`Store::works`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn works(&self, filter: WorkFilter, before: Option<WorkId>, limit: usize) -> Result<Vec<Work>> {
        self.0.works(filter, before, limit).await
    }

    /// See [`Store::facts`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn facts(&self, of: FactsOf, after: Option<FactId>, limit: usize) -> Result<Vec<Fact>> {
        self.0.facts(of, after, limit).await
    }

    /// See [`Store::backlog`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn backlog(&self) -> Result<Backlog> {
        self.0.backlog().await
    }

    /// See [`Store::holds`].
    ///
    /// # Errors
    /// What the store says.
    pub async fn holds(&self) -> Result<Vec<Hold>> {
        self.0.holds().await
    }
}

fn decode<T: DeserializeOwned>(value: serde_json::Value) -> Result<T> {
    serde_json::from_value(value).map_err(|error| StoreError::Corrupt { what: "record", reason: error.to_string() })
}
