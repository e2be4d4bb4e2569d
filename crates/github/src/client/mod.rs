//! The REST client: performs a call once, by all of GitHub's rules, and says exactly how it ended.
//!
//! It is not where calls are retried. Jobs and intents are durable and come back by themselves, so a second layer of
//! retries in here would only hide failures and multiply waits. The client repeats only what is no attempt of the caller:
//! a call whose token turned out stale (once), a redirect on the same server, and the minting of a token.
//!
//! Known limits. The budget, the tokens and the ETags are kept in memory and per process: several nodes share an
//! installation's limits only through what GitHub's answers say. A token that GitHub revokes early is noticed by the
//! first 401.

mod credentials;
#[cfg(test)]
mod credentials_tests;
mod exchange;
#[cfg(test)]
mod exchange_tests;
mod reading;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::InvalidHeaderValue;
use switchboard_clock::{Clock, Entropy};
use url::Url;

use crate::answer::Answer;
use crate::auth::{Auth, Scope};
use crate::budget::{BudgetLimits, BudgetSnapshot, Budgets, Priority};
use crate::cache::EtagCache;
use crate::call::{Call, Raw};
use crate::endpoint::Endpoint;
use crate::error::{Error, HoldScope};
use crate::flight::Flights;
use crate::ids::{AppId, AppSlug, InstallationId, RepoId};
use crate::limits::{API_VERSION, DEFAULT_API_URL};
use crate::observe::CallObserver;
use crate::record::{CallLog, Witnesses};
use crate::secret::AppKey;
use crate::transport::Transport;
use credentials::Credentials;
pub use credentials::TokenLife;
pub(crate) use exchange::Outgoing;
use exchange::ReadFlight;
pub use reading::ClockReading;
use reading::ClockReadings;

/// What the client needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API answers: `https://api.github.com`, or a GitHub Enterprise Server's `https://<host>/api/v3`.
    pub api_url: Url,
    /// The App's number.
    pub app_id: AppId,
    /// The App's slug, if it is configured.
    pub slug: Option<AppSlug>,
    /// The App's private key.
    pub key: AppKey,
    /// How the client introduces itself; GitHub refuses requests without.
    pub user_agent: String,
    /// The version of the API.
    pub api_version: String,
    /// How long one exchange may take.
    pub timeout: Duration,
    /// The limits of every installation's budget.
    pub limits: BudgetLimits,
    /// How many bytes of answers are kept for revalidation.
    pub cache_bytes: usize,
}

impl Settings {
    /// Everything but the App's identity by default.
    #[must_use]
    pub fn new(app_id: AppId, key: AppKey) -> Self {
        const DEFAULT_CACHE_BYTES: usize = 16 * 1024 * 1024;
        const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
        Self {
            api_url: default_api_url(),
            app_id,
            slug: None,
            key,
            user_agent: concat!("switchboard/", env!("CARGO_PKG_VERSION")).to_owned(),
            api_version: API_VERSION.to_owned(),
            timeout: DEFAULT_TIMEOUT,
            limits: BudgetLimits::default(),
            cache_bytes: DEFAULT_CACHE_BYTES,
        }
    }
}

#[expect(clippy::expect_used, reason = "a constant that a test parses")]
fn default_api_url() -> Url {
    Url::parse(DEFAULT_API_URL).expect("a valid URL")
}

/// Settings that cannot work.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The API's URL is no `http(s)` URL with a host, or carries credentials, a query or a fragment.
    #[error("the API URL must look like https://api.github.com or https://<host>/api/v3")]
    ApiUrl,
    /// A setting that travels as a header holds characters that no header may.
    #[error("{name} holds characters that no HTTP header may")]
    Header {
        /// Which setting.
        name: &'static str,
        /// What was wrong.
        #[source]
        source: InvalidHeaderValue,
    },
}

/// GitHub, as an App sees it. Cheap to clone; clones share tokens, budget and cache.
#[derive(Clone)]
pub struct GitHub {
    core: Arc<Core>,
    witnesses: Witnesses,
    priority: Priority,
}

/// What all clones share.
pub(crate) struct Core {
    api_url: Url,
    app_id: AppId,
    slug: Option<AppSlug>,
    key: AppKey,
    user_agent: HeaderValue,
    api_version: HeaderValue,
    timeout: Duration,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    budgets: Budgets,
    cache: EtagCache,
    reads: Flights<ReadFlight, Result<Answer, Error>>,
    credentials: Credentials,
    readings: ClockReadings,
}

impl GitHub {
    /// Puts a client together; sends nothing yet.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(
        settings: Settings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, SettingsError> {
        let url = &settings.api_url;
        let plain =
            url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() || !plain {
            return Err(SettingsError::ApiUrl);
        }
        let header = |name, text: &str| text.parse().map_err(|source| SettingsError::Header { name, source });
        let core = Core {
            user_agent: header("the user agent", &settings.user_agent)?,
            api_version: header("the API version", &settings.api_version)?,
            api_url: settings.api_url,
            app_id: settings.app_id,
            slug: settings.slug,
            key: settings.key,
            timeout: settings.timeout,
            budgets: Budgets::new(settings.limits, clock.clone()),
            cache: EtagCache::new(settings.cache_bytes),
            transport,
            clock,
            entropy,
            reads: Flights::default(),
            credentials: Credentials::default(),
            readings: ClockReadings::default(),
        };
        Ok(Self { core: Arc::new(core), witnesses: Witnesses::default(), priority: Priority::Live })
    }

    /// Begins a call of `endpoint` with `values` in place of the placeholders of its route. What is wrong with them shows
    /// when it is sent.
    pub fn call(&self, auth: impl Into<Auth>, endpoint: &'static Endpoint, values: &[&str]) -> Call<Raw> {
        Call::new(self.clone(), auth.into(), endpoint, values)
    }

    /// A client that notes every call made through it.
    #[must_use]
    pub fn recording(&self) -> (Self, CallLog) {
        let log = CallLog::default();
        let witnesses = Witnesses { log: Some(log.clone()), ..self.witnesses.clone() };
        (Self { witnesses, ..self.clone() }, log)
    }

    /// A client that tells `observer` of every exchange; so do those made from it.
    #[must_use]
    pub fn observed(&self, observer: Arc<dyn CallObserver>) -> Self {
        let witnesses = Witnesses { observer: Some(observer), ..self.witnesses.clone() };
        Self { witnesses, ..self.clone() }
    }

    /// A client whose calls have this priority unless they say otherwise.
    #[must_use]
    pub fn with_priority(&self, priority: Priority) -> Self {
        Self { priority, ..self.clone() }
    }

    /// How an installation's budget looks now.
    #[must_use]
    pub fn budget(&self, installation: InstallationId) -> BudgetSnapshot {
        self.core.budgets.snapshot(HoldScope::Installation(installation))
    }

    /// How the budgets of all installations look that were called for since the start, in order.
    #[must_use]
    pub fn budgets(&self) -> Vec<(InstallationId, BudgetSnapshot)> {
        self.core.budgets.installations()
    }

    /// The tokens of an installation that are kept and can still be used, the longest-lived first; never their values.
    #[must_use]
    pub fn tokens(&self, installation: InstallationId) -> Vec<TokenLife> {
        self.core.credentials.lives(installation, self.core.clock.now())
    }

    /// How the budget of the App's own calls looks now.
    #[must_use]
    pub fn app_budget(&self) -> BudgetSnapshot {
        self.core.budgets.snapshot(HoldScope::App)
    }

    /// The ids of the repositories that the token in hand for this scope was narrowed to; empty if there is none. By them a
    /// name is known for the repository that it stood for.
    #[must_use]
    pub fn minted_repositories(&self, scope: &Scope) -> Vec<RepoId> {
        self.core.minted(scope)
    }

    /// Until when no tokens are minted, if GitHub asked for that.
    #[must_use]
    pub fn mint_hold(&self) -> Option<switchboard_clock::Timestamp> {
        self.core.budgets.snapshot(HoldScope::Mint).held_until
    }

    /// How the clocks compared at GitHub's last answer; `None` before the first.
    #[must_use]
    pub fn clock_reading(&self) -> Option<ClockReading> {
        self.core.readings.latest()
    }

    /// How far GitHub's clock was ahead of ours, in milliseconds, when it last refused a token of ours; 0 before that. What
    /// we sign is corrected by this much.
    #[must_use]
    pub fn clock_skew_ms(&self) -> i64 {
        self.core.credentials.skew_ms()
    }

    /// The App's number.
    #[must_use]
    pub fn app_id(&self) -> AppId {
        self.core.app_id
    }

    /// The App's slug, if it is configured.
    #[must_use]
    pub fn slug(&self) -> Option<&AppSlug> {
        self.core.slug.as_ref()
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) fn witnesses(&self) -> &Witnesses {
        &self.witnesses
    }

    pub(crate) fn default_priority(&self) -> Priority {
        self.priority
    }
}

impl Core {
    pub(crate) fn api_url(&self) -> &Url {
        &self.api_url
    }

    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub")
            .field("api_url", &self.core.api_url.as_str())
            .field("app_id", &self.core.app_id)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}
