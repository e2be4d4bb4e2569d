//! Issuers and their tokens: honest ones, and every kind that must not be believed.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Repository;
use crate::fault::FaultPlan;
use crate::ids::RunId;
use crate::oidc::claims::{BuildkiteJob, LIFETIME};
use crate::oidc::token::Signing;
use crate::oidc::{Provider, Requester};
use crate::simulator::Simulator;
use crate::state::State;

/// An issuer of tokens.
#[derive(Debug)]
pub struct Issuer<'a> {
    simulator: &'a Simulator,
    provider: Provider,
}

/// Where a job asks for tokens, as Actions tells it in its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdTokenRequest {
    /// `ACTIONS_ID_TOKEN_REQUEST_URL`; `&audience=…` is to be appended.
    pub url: String,
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, to be borne by the request.
    pub token: String,
}

/// A token in the making. Unless said otherwise it is genuine and valid now.
#[derive(Debug, Clone)]
#[must_use = "a token is made by `mint`"]
pub struct IdToken {
    simulator: Simulator,
    provider: Provider,
    claims: Map<String, Value>,
    signing: Signing,
}

impl Simulator {
    /// An issuer, to look at or to trouble.
    #[must_use]
    pub fn issuer(&self, provider: Provider) -> Issuer<'_> {
        Issuer { simulator: self, provider }
    }

    /// A token for a job of another provider's build, meant for `audience`.
    pub fn buildkite_token(&self, job: &BuildkiteJob, audience: &str) -> IdToken {
        let claims = self.with(|state| state.buildkite_claims(job, audience));
        IdToken { simulator: self.clone(), provider: Provider::Buildkite, claims, signing: Signing::Honest }
    }
}

impl Issuer<'_> {
    /// Its address, as tokens name it.
    #[must_use]
    pub fn url(&self) -> String {
        self.simulator.with(|state| self.provider.issuer(&state.settings).to_owned())
    }

    /// Signs with a new key from now on. The old ones stay published, so that tokens that are under way stay good.
    pub fn rotate(&self) {
        self.simulator.with(|state| state.issuers.rotate(self.provider));
    }

    /// Withdraws all keys but the one that signs.
    pub fn retire_old_keys(&self) {
        self.simulator.with(|state| state.issuers.retire(self.provider));
    }

    /// Schedules a fault for whoever asks for its keys.
    pub fn fault(&self) -> FaultPlan<'_> {
        self.simulator.fault("GET", &format!("{}/.well-known/jwks", self.provider.path()))
    }
}

impl Repository {
    /// A token for the present attempt of a run, meant for `audience`; none if there is no such run.
    pub fn id_token(&self, run: RunId, audience: &str) -> Option<IdToken> {
        let claims = self.simulator.with(|state| {
            let asks = self.requester(state, run)?;
            state.actions_claims(asks, Some(audience))
        })?;
        let (simulator, provider) = (self.simulator.clone(), Provider::GitHubActions);
        Some(IdToken { simulator, provider, claims, signing: Signing::Honest })
    }

    /// Where the first job of a run's present attempt asks for tokens. Good until the attempt has completed.
    #[must_use]
    pub fn id_token_request(&self, run: RunId) -> Option<IdTokenRequest> {
        /// Characters of a request token; GitHub's are longer, which nobody relies on.
        const LENGTH: usize = 64;
        self.simulator.with(|state| {
            let asks = self.requester(state, run)?;
            let token = state.random_alphanumeric(LENGTH);
            state.issuers.requesters.insert(token.clone(), asks);
            Some(IdTokenRequest { url: state.id_token_url(asks), token })
        })
    }

    fn requester(&self, state: &State, run: RunId) -> Option<Requester> {
        let found = state.repositories.get(&self.id)?.runs.get(&run)?;
        let job = found.current_jobs().next()?.id;
        Some(Requester { repo: self.id, run, attempt: found.attempt, job })
    }
}

impl IdToken {
    /// With this claim in place of its own, if it had one.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Without a claim.
    pub fn without(mut self, name: &str) -> Self {
        self.claims.remove(name);
        self
    }

    /// Meant for this audience instead.
    pub fn audience(self, audience: &str) -> Self {
        self.claim("aud", audience)
    }

    /// Made so long ago that it is no good any more, with an hour to spare.
    pub fn expired(self) -> Self {
        self.moved(-(seconds(LIFETIME) + 3600))
    }

    /// Good only in an hour.
    pub fn not_yet_valid(self) -> Self {
        self.moved(3600 + seconds(LIFETIME) * 2)
    }

    /// Unsigned: its header says `none`.
    pub fn unsigned(self) -> Self {
        Self { signing: Signing::Not, ..self }
    }

    /// Signed by HMAC with the issuer's public key, for verifiers that let the header choose.
    pub fn signed_with_public_key(self) -> Self {
        Self { signing: Signing::PublicKeyAsSecret, ..self }
    }

    /// Signed with a key that the issuer has never published, under that key's name.
    pub fn signed_with_unknown_key(self) -> Self {
        Self { signing: Signing::UnknownKey, ..self }
    }

    /// Signed with somebody else's key under the name of the issuer's.
    pub fn forged(self) -> Self {
        Self { signing: Signing::WrongKey, ..self }
    }

    /// What it says.
    #[must_use]
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The token.
    #[must_use]
    pub fn mint(&self) -> String {
        self.simulator.with(|state| state.sign_token(self.provider, &self.claims, self.signing))
    }

    fn moved(mut self, by: i64) -> Self {
        for name in ["iat", "nbf", "exp"] {
            if let Some(at) = self.claims.get(name).and_then(Value::as_i64) {
                self.claims.insert(name.to_owned(), json!(at + by));
            }
        }
        self
    }
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
