//! Where the cache is kept: the one trait, with two backends.

use std::time::Duration;

use async_trait::async_trait;
use switchboard_clock::Timestamp;

use super::keys::CacheKey;
use crate::config::CacheBackend;

/// Something to put into the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Under which key.
    pub key: CacheKey,
    /// In which field, where the key holds several.
    pub field: Option<String>,
    /// What; see [`values`](super::values).
    pub value: Vec<u8>,
    /// How long, from now; for all fields of the key.
    pub ttl: Duration,
}

/// How a backend is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It answers, or has not been asked yet.
    Ready,
    /// It failed last time, or is left alone until it may have recovered.
    Failing,
}

/// Where the cache is kept. Nothing here fails: what cannot be had is not there, what cannot be kept is not kept. Time is handed in,
/// so that a backend in memory lives by the same clock as its server.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Which one it is.
    fn kind(&self) -> CacheBackend;

    /// The name of this process among those that share it; `None` where nobody does.
    fn node(&self) -> Option<&str> {
        None
    }

    /// How it is.
    fn standing(&self) -> Standing;

    /// Commands that failed since the start.
    fn errors(&self) -> u64;

    /// The values under these keys, in their order.
    async fn get(&self, keys: &[CacheKey], now: Timestamp) -> Vec<Option<Vec<u8>>>;

    /// The fields under a key.
    async fn fields(&self, key: &CacheKey, now: Timestamp) -> Vec<(String, Vec<u8>)>;

    /// Keeps these, each in place of what stood there.
    async fn put(&self, entries: Vec<Entry>, now: Timestamp);
}
