//! Durable state behind one trait.
//!
//! Switchboard remembers five things, and this crate is where they live:
//!
//! * **deliveries**, as received: [`Store::accept`] writes one together with its first jobs, or recognises a duplicate;
//! * **jobs** and **intents**, the two kinds of [`Work`]: a worker [claims](Store::claim) them under a lease, one at a
//!   time per [`Lane`], and [settles](Store::settle) each attempt;
//! * **facts**, the append-only history;
//! * **records**, projection rows read by key or by a range of keys;
//! * **counters**, numbers that only display.
//!
//! Everything but accepting is written by a [`Settlement`], and a settlement commits as a whole or not at all. There is
//! no other way to write, and no verb that aggregates: what a page shows was written for it beforehand. Only the views of
//! [`traffic`] are kept by the store itself, because accepting counts as well.
//!
//! # What a backend promises
//! * What was acknowledged survives a crash and a loss of power.
//! * Within a lane, work runs one at a time in order of acceptance; work in backoff holds its lane; a timer that is not
//!   due yet does not. Lanes run in parallel, and installations take turns.
//! * A lease that was taken back cannot settle anything. Leases are judged by the store's clock, which never runs
//!   backwards.
//! * [`Store::subscribe`] is only a hint: it may miss changes, and nothing may depend on it.
//!
//! The suite in `conformance` (behind the feature of that name) holds every backend to this.

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod delivery;
mod error;
mod id;
mod read;
mod settlement;
pub mod sqlite;
pub mod traffic;
mod work;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use switchboard_clock::Timestamp;
use tokio::sync::broadcast;

pub use delivery::{
    Acceptance, Binding, Delivery, DeliveryFilter, DeliveryKey, DeliveryState, Digest, NewDelivery, Retention, Verdict,
};
pub use error::StoreError;
pub use id::{DeliveryId, FactId, Installation, Key, Lane, Queue, Subject, View, WorkId};
pub use read::{Backlog, Change, CounterRow, Counters, Direction, Fact, FactsOf, KeyRange, Record};
pub use settlement::{
    CounterAdd, Hold, LARGE_CHANGES_MAX, NewFact, Outcome, RecordChange, SETTLEMENT_BYTES_MAX, SMALL_CHANGES_MAX,
    Settlement, Withdrawal,
};
pub use work::{
    Attempt, Claim, Class, Coalesce, Failure, Follows, Lease, Leased, NewIntent, NewJob, Work, WorkFilter, WorkState,
};

/// The result of every verb.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Durable state. See the crate's documentation for what an implementation promises.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// The store's time, by which leases and due times are judged. It never runs backwards.
    fn now(&self) -> Timestamp;

    /// Writes a delivery and its first jobs durably, unless its key is known already.
    ///
    /// A known key with an equal digest is a duplicate, except when the first run ended dead: then its dead jobs are
    /// queued again. A known delivery id of the same platform with another digest is a conflict, and nothing is written.
    /// Nor is anything if a new delivery's [binding](NewDelivery::bindings) contradicts what is bound already.
    async fn accept(&self, delivery: NewDelivery) -> Result<Acceptance>;

    /// Leases up to `claim.capacity` due heads of lanes: oldest first within an installation, installations in turn.
    /// Intents of an installation under a [`Hold`] stay where they are.
    async fn claim(&self, claim: Claim) -> Result<Vec<Leased>>;

    /// Prolongs a lease to `duration` from now.
    ///
    /// # Errors
    /// [`StoreError::StaleLease`] if it was taken back or settled.
    async fn extend(&self, lease: Lease, duration: Duration) -> Result<()>;

    /// Leases up to `capacity` works whose lease has expired to the caller, who then settles what that means.
    /// They come back with [`Work::unanswered`] set, because nobody knows how far the lost attempt got.
    async fn take_back(&self, worker: &str, capacity: usize, lease: Duration) -> Result<Vec<Leased>>;

    /// Commits everything that one finished attempt changes.
    ///
    /// # Errors
    /// [`StoreError::StaleLease`] if the lease was taken back or settled before; nothing is changed then.
    /// [`StoreError::TooLarge`] beyond the limits of a settlement.
    async fn settle(&self, lease: Lease, settlement: Settlement) -> Result<()>;

    /// The earliest moment at which a claim on these queues could return something; `None` if nothing waits.
    async fn next_due(&self, queues: &[Queue]) -> Result<Option<Timestamp>>;

    /// A delivery without its body.
    async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>>;

    /// The delivery that a platform knows by this id (`X-GitHub-Delivery` for `github`).
    async fn delivery_by_key(&self, platform: &str, delivery_id: &str) -> Result<Option<Delivery>>;

    /// The raw body, byte for byte as received; `None` for an unknown delivery or an expired body.
    async fn body(&self, id: DeliveryId) -> Result<Option<Bytes>>;

    /// Deliveries, newest first, older than `before`.
    async fn deliveries(
        &self,
        filter: DeliveryFilter,
        before: Option<DeliveryId>,
        limit: usize,
    ) -> Result<Vec<Delivery>>;

    /// A job or intent.
    async fn work(&self, id: WorkId) -> Result<Option<Work>>;

    /// Jobs or intents, newest first, older than `before`.
    async fn works(&self, filter: WorkFilter, before: Option<WorkId>, limit: usize) -> Result<Vec<Work>>;

    /// The finished attempts of a job or intent, oldest first, at most the last 100.
    async fn attempts(&self, id: WorkId) -> Result<Vec<Attempt>>;

    /// A record.
    async fn record(&self, view: &View, key: &Key) -> Result<Option<serde_json::Value>>;

    /// Records of a range of keys, in order of their keys.
    async fn records(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<Record>>;

    /// The counters under a key; empty if there are none.
    async fn counter(&self, view: &View, key: &Key) -> Result<Counters>;

    /// Counters of a range of keys, in order of their keys.
    async fn counters(&self, view: &View, range: KeyRange, limit: usize) -> Result<Vec<CounterRow>>;

    /// Facts of a subject, a delivery or a work, oldest first, after `after`.
    async fn facts(&self, of: FactsOf, after: Option<FactId>, limit: usize) -> Result<Vec<Fact>>;

    /// How much waits, and since when. Kept up to date with every commit, so it costs nothing to ask.
    async fn backlog(&self) -> Result<Backlog>;

    /// Installations whose writes are held, with the end of the hold.
    async fn holds(&self) -> Result<Vec<Hold>>;

    /// Deletes up to `limit` rows that have outlived their retention; returns how many went, so that the caller can come
    /// back for more without ever locking the store for long.
    async fn sweep(&self, retention: Retention, limit: usize) -> Result<usize>;

    /// Writes and removes a probe, to tell whether a delivery could be accepted now.
    async fn probe(&self) -> Result<()>;

    /// A stream of hints about what changed.
    fn subscribe(&self) -> broadcast::Receiver<Change>;
}
