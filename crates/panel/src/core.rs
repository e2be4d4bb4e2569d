//! What every request can reach.

use std::sync::Arc;

use async_trait::async_trait;
use switchboard_clock::Timestamp;
use switchboard_engine::accept::{Acceptor, Action};
use switchboard_store::{Acceptance, Store, StoreError};
use tokio_util::sync::CancellationToken;

use crate::access::{Auth, Flows, Limiter, PublicRoutes, Refusals, Sessions};
use crate::insight::Insight;
use crate::live::Live;
use crate::network::Access;
use crate::{AutomationPages, NavItem};

/// Takes in what operators do. The engine's acceptor is one; a test may bring its own.
#[async_trait]
pub trait Actions: Send + Sync + 'static {
    /// Takes an action in, as a delivery like any other.
    ///
    /// # Errors
    /// What the store says.
    async fn action(&self, action: Action) -> Result<Acceptance, StoreError>;
}

#[async_trait]
impl Actions for Acceptor {
    async fn action(&self, action: Action) -> Result<Acceptance, StoreError> {
        Self::action(self, action).await
    }
}

/// What is running.
#[derive(Debug, Clone)]
pub struct Version {
    /// The release: `0.1.0`.
    pub version: String,
    /// The image's digest or commit; `unknown` if nobody said.
    pub image: String,
    /// When this process started.
    pub started_at: Timestamp,
}

impl Version {
    /// The image's digest as it is shown: without its algorithm, its first twelve digits.
    pub(crate) fn short_image(&self) -> &str {
        let digest = self.image.rsplit(':').next().unwrap_or_default();
        digest.char_indices().nth(12).map_or(digest, |(at, _)| &digest[..at])
    }
}

/// What every request can reach.
pub(crate) struct Core {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) actions: Arc<dyn Actions>,
    pub(crate) automations: Vec<Arc<dyn AutomationPages>>,
    pub(crate) auth: Auth,
    pub(crate) sessions: Sessions,
    pub(crate) flows: Flows,
    pub(crate) limiter: Limiter,
    pub(crate) refusals: Refusals,
    pub(crate) public: PublicRoutes,
    pub(crate) access: Access,
    pub(crate) version: Version,
    pub(crate) github_url: String,
    pub(crate) insight: Insight,
    pub(crate) live: Live,
    pub(crate) shutdown: CancellationToken,
    pub(crate) nav: Vec<Vec<NavItem>>,
}

impl Core {
    pub(crate) fn automation(&self, name: &str) -> Option<&dyn AutomationPages> {
        self.automations.iter().find(|automation| automation.name() == name).map(AsRef::as_ref)
    }
}
