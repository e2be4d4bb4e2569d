//! The cache of a story, and what happens to it halfway.

use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use switchboard_clock::Timestamp;
use switchboard_relay::cache::keys::CacheKey;
use switchboard_relay::cache::{Backend, Entry, Standing};
use switchboard_relay::config::CacheBackend;
use switchboard_relay::handlers::Relay;
use switchboard_testkit::Outside;

type Event = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>>;

/// The cache of a story; by default the server's own.
#[derive(Clone, Default)]
pub struct Cached {
    pub outside: Outside,
    backend: Option<Arc<dyn Backend>>,
    midway: Option<Event>,
}

impl Cached {
    /// One that is kept there.
    pub fn within(backend: Arc<dyn Backend>) -> Self {
        Self { backend: Some(backend), ..Self::default() }
    }

    /// To which this happens halfway through the story.
    pub fn then<F: Future<Output = ()> + 'static>(self, event: impl Fn() -> F + 'static) -> Self {
        Self { midway: Some(Arc::new(move || Box::pin(event()))), ..self }
    }

    /// The story is halfway through.
    pub async fn midway(&self) {
        if let Some(event) = &self.midway {
            event().await;
        }
    }

    /// A relay with this cache.
    pub fn relay(&self, relay: Relay) -> Relay {
        match &self.backend {
            Some(backend) => relay.cached_in(Arc::new(Waited(Arc::clone(backend), self.outside.clone()))),
            None => relay,
        }
    }
}

/// A cache that really takes time, during which the story's clock stands still.
struct Waited(Arc<dyn Backend>, Outside);

#[async_trait]
impl Backend for Waited {
    fn kind(&self) -> CacheBackend {
        self.0.kind()
    }

    fn node(&self) -> Option<&str> {
        self.0.node()
    }

    fn standing(&self) -> Standing {
        self.0.standing()
    }

    fn errors(&self) -> u64 {
        self.0.errors()
    }

    async fn get(&self, keys: &[CacheKey], now: Timestamp) -> Vec<Option<Vec<u8>>> {
        self.1.during(self.0.get(keys, now)).await
    }

    async fn fields(&self, key: &CacheKey, now: Timestamp) -> Vec<(String, Vec<u8>)> {
        self.1.during(self.0.fields(key, now)).await
    }

    async fn put(&self, entries: Vec<Entry>, now: Timestamp) {
        self.1.during(self.0.put(entries, now)).await;
    }
}
