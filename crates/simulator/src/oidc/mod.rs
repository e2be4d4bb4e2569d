//! OpenID Connect: the issuers whose tokens say which workflow run, or which build of another provider, somebody is.
//!
//! Each issuer publishes its keys at `{issuer}/.well-known/jwks`. In process it is reached by its own address; over TCP its
//! address is below the simulator's, as on GitHub Enterprise Server, where it is `/_services/token`.
//!
//! A job gets a token as on GitHub: from an address with a bearer token of its own, to which it appends `&audience=…`; see
//! [`crate::Repository::id_token_request`].

pub(crate) mod claims;
mod endpoints;
mod key;
pub(crate) mod token;

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

pub(crate) use endpoints::{answer, canonical_path};

use crate::ids::{JobId, RepoId, RunId};
use crate::settings::Settings;
use key::Key;

/// Who issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    /// GitHub, to jobs of workflow runs.
    GitHubActions,
    /// A provider like Buildkite, to jobs of builds.
    Buildkite,
}

impl Provider {
    const ALL: [Self; 2] = [Self::GitHubActions, Self::Buildkite];

    /// Its place below a simulator's address.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::GitHubActions => "/_services/token",
            Self::Buildkite => "/_services/buildkite",
        }
    }

    /// The address that its tokens name.
    pub(crate) fn issuer(self, settings: &Settings) -> &str {
        match self {
            Self::GitHubActions => &settings.actions_issuer,
            Self::Buildkite => &settings.buildkite_issuer,
        }
    }

    /// The embedded keys that it takes one after the other.
    fn embedded(self) -> std::ops::Range<usize> {
        match self {
            Self::GitHubActions => 0..2,
            Self::Buildkite => 2..3,
        }
    }
}

/// The embedded key that no issuer ever publishes.
const STRANGERS: usize = 3;

/// A key under its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub id: String,
    pub key: Key,
}

/// The keys of one issuer.
#[derive(Debug)]
struct Issuer {
    /// What its key set shows, oldest first; the last one signs.
    published: Vec<Named>,
    /// How many keys it has had.
    had: usize,
}

/// Whom a request token lets ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Requester {
    pub repo: RepoId,
    pub run: RunId,
    pub attempt: u64,
    pub job: JobId,
}

/// All issuers.
#[derive(Debug)]
pub(crate) struct Issuers {
    all: BTreeMap<Provider, Issuer>,
    /// By request token.
    pub requesters: HashMap<String, Requester>,
}

impl Default for Issuers {
    fn default() -> Self {
        let mut issuers = Self { all: BTreeMap::new(), requesters: HashMap::new() };
        for provider in Provider::ALL {
            issuers.all.insert(provider, Issuer { published: Vec::new(), had: 0 });
            issuers.rotate(provider);
        }
        issuers
    }
}

impl Issuers {
    /// Gives an issuer a new key, which signs from now on. The old ones stay published.
    pub(crate) fn rotate(&mut self, provider: Provider) {
        let Some(issuer) = self.all.get_mut(&provider) else { return };
        let place = provider.embedded().nth(issuer.had);
        let Some(key) = place.and_then(Key::embedded).or_else(Key::generate) else { return };
        issuer.had += 1;
        issuer.published.push(Named { id: key.thumbprint(), key });
    }

    /// Publishes no key any more but the one that signs.
    pub(crate) fn retire(&mut self, provider: Provider) {
        if let Some(issuer) = self.all.get_mut(&provider) {
            let old = issuer.published.len().saturating_sub(1);
            issuer.published.drain(..old);
        }
    }

    /// The key that signs.
    pub(crate) fn signing(&self, provider: Provider) -> Option<&Named> {
        self.all.get(&provider)?.published.last()
    }

    /// A key of somebody else, under a name of its own.
    pub(crate) fn strangers() -> Option<Named> {
        Key::embedded(STRANGERS).map(|key| Named { id: key.thumbprint(), key })
    }

    fn key_set(&self, provider: Provider) -> Value {
        let published = self.all.get(&provider).map(|issuer| issuer.published.as_slice()).unwrap_or_default();
        json!({ "keys": published.iter().map(|named| named.key.published(&named.id)).collect::<Vec<_>>() })
    }
}
