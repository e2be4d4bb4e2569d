//! The relay as a part of the server.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use switchboard_clock::Clock;
use switchboard_engine::{Automation, Engine, Reader};
use switchboard_github::RepoName;
use switchboard_github::oidc::{IssuerError, Verifier};
use switchboard_github::transport::Transport;
use switchboard_relay::cache::redis::Redis;
use switchboard_relay::config::Config;
use switchboard_relay::endpoint::Callback;
use switchboard_relay::handlers::Relay;
use switchboard_relay::identity::issuers;
use switchboard_store::Store;

use crate::telemetry::{Metrics, WatchedRelay};

/// What the relay is put together from, when it is switched on.
pub struct RelayParts {
    config: Config,
    upstream: RepoName,
    verifier: Verifier,
    clock: Arc<dyn Clock>,
    /// Where the cache is kept, if not in this process.
    redis: Option<Arc<Redis>>,
}

impl RelayParts {
    /// The relay of these settings; `None` while it is switched off. `transport` fetches the issuers' keys.
    ///
    /// # Errors
    /// [`IssuerError`] for an issuer that cannot be asked.
    pub fn new(
        config: &Config,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Option<Self>, IssuerError> {
        let Some(upstream) = config.upstream.clone().filter(|_| config.enabled) else { return Ok(None) };
        let audiences: Vec<&str> = config.oidc_audience.iter().map(String::as_str).collect();
        let issuers = issuers(&config.oidc_issuer, &config.providers);
        let verifier = Verifier::new(&issuers, &audiences, transport, Arc::clone(&clock))?;
        Ok(Some(Self { config: config.clone(), upstream, verifier, clock, redis: None }))
    }

    /// The same, with its cache in this Redis.
    #[must_use]
    pub fn cached_in(self, redis: Option<Arc<Redis>>) -> Self {
        Self { redis, ..self }
    }

    /// The relay itself. `github_url` is where GitHub's pages are; `metrics` count what it tells.
    pub(super) fn relay(&self, github_url: &str, metrics: &Arc<Metrics>) -> Relay {
        metrics.begin_relay();
        let relay = Relay::new(self.config.clone(), self.upstream.clone(), github_url);
        let relay = relay.observed(Arc::clone(metrics) as _);
        let Some(redis) = &self.redis else { return relay };
        redis.tell(Arc::clone(metrics) as _);
        relay.cached_in(Arc::clone(redis) as _)
    }

    /// What the metrics look at.
    pub(super) fn watched(&self) -> WatchedRelay {
        let stale_after = Duration::from_secs(60 * u64::from(self.config.stale_after_minutes));
        WatchedRelay { upstream: self.upstream.clone(), stale_after }
    }

    /// Where downstream runs report to.
    pub(super) fn callback(self, relay: Relay, engine: &Engine, store: Arc<dyn Store>) -> Router {
        let Self { verifier, clock, .. } = self;
        Callback::new(relay, engine.acceptor().clone(), Reader::new(store), verifier, clock).router()
    }
}

/// The relay, if it is switched on, for what it tells without a server; links are made elsewhere then.
pub(super) fn without_server(config: &Config) -> Option<Arc<dyn Automation>> {
    let upstream = config.upstream.clone().filter(|_| config.enabled)?;
    Some(Arc::new(Relay::new(config.clone(), upstream, "")))
}
