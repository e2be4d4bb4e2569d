//! The App's JWT and the installations' tokens: made when needed, kept while they hold, never twice at once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use switchboard_clock::{Timestamp, jittered};

use super::Core;
use super::exchange::Outgoing;
use crate::auth::{Auth, Scope};
use crate::budget::{Cost, Priority};
use crate::classify::{Called, date};
use crate::endpoint::ACCESS_TOKENS;
use crate::error::{Class, Error, HoldScope, Reason};
use crate::flight::Flights;
use crate::hint::Hint;
use crate::ids::{InstallationId, RepoId};
use crate::limits::{ACCEPT_JSON, JWT_BACKDATE, JWT_LIFETIME, JWT_REUSE, TOKEN_MARGIN};
use crate::path;
use crate::permission::{Access, Permission, Permissions};
use crate::record::{CallKind, Witnesses};
use crate::repo_name::RepoName;
use crate::secret::Token;

/// Pauses before a mint is repeated: a new installation is not known everywhere at once, and an answer may get lost.
const MINT_PAUSES: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(900)];
/// Largest answer to a mint that is read, in bytes: it lists the repositories of the token.
const MAX_MINT_BODY: usize = 4 * 1024 * 1024;
/// Clocks that differ by less are not what a 401 is about.
const NOTABLE_SKEW_MS: i64 = 1_000;

/// A token and the end of its life by GitHub's clock.
#[derive(Debug, Clone)]
struct Issued {
    token: Token,
    expires_at: Timestamp,
    /// The repositories that it was narrowed to.
    repositories: Vec<RepoId>,
}

#[derive(Debug, Default)]
pub(super) struct Credentials {
    /// The App's JWT and until when it is reused, by our clock.
    jwt: Mutex<Option<(Token, Timestamp)>>,
    tokens: Mutex<HashMap<Scope, Issued>>,
    mints: Flights<Scope, Result<Token, Error>>,
    /// GitHub's clock minus ours.
    skew_ms: AtomicI64,
}

/// How long a token still lives. Its value stays where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLife {
    /// The repositories and permissions that it was narrowed to.
    pub scope: Scope,
    /// When GitHub ends it, by our clock.
    pub expires_at: Timestamp,
}

impl Credentials {
    /// The tokens of an installation that can still be used, the longest-lived first.
    pub(super) fn lives(&self, installation: InstallationId, now: Timestamp) -> Vec<TokenLife> {
        let skew_ms = self.skew_ms();
        let tokens = self.tokens();
        let of_it = tokens.iter().filter(|(scope, _)| scope.installation == installation);
        let mut lives: Vec<_> = of_it
            .map(|(scope, issued)| TokenLife {
                scope: scope.clone(),
                expires_at: Timestamp::from_millis(issued.expires_at.millis().saturating_sub(skew_ms)),
            })
            .filter(|life| life.expires_at > now)
            .collect();
        lives.sort_by_key(|life| std::cmp::Reverse(life.expires_at));
        lives
    }

    pub(super) fn skew_ms(&self) -> i64 {
        self.skew_ms.load(Ordering::Relaxed)
    }

    fn jwt(&self) -> MutexGuard<'_, Option<(Token, Timestamp)>> {
        self.jwt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tokens(&self) -> MutexGuard<'_, HashMap<Scope, Issued>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct Claims {
    iat: i64,
    exp: i64,
    iss: String,
}

#[derive(Serialize)]
struct MintRequest<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repository_ids: Vec<RepoId>,
    /// Without owner: it is the installation's account.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    repositories: Vec<&'a str>,
    #[serde(skip_serializing_if = "Permissions::is_empty")]
    permissions: &'a Permissions,
}

#[derive(Deserialize)]
struct MintAnswer {
    token: String,
    expires_at: String,
    permissions: Option<HashMap<String, String>>,
    repositories: Option<Vec<MintedRepository>>,
}

#[derive(Deserialize)]
struct MintedRepository {
    id: RepoId,
    full_name: Option<RepoName>,
}

impl Core {
    /// The credentials for a call, minted if need be.
    pub(super) async fn credentials(
        &self,
        auth: &Auth,
        priority: Priority,
        witnesses: &Witnesses,
    ) -> Result<Token, Error> {
        match auth {
            Auth::App => self.app_jwt(),
            Auth::Installation(scope) => {
                if let Some(token) = self.cached(scope) {
                    return Ok(token);
                }
                let mint = async {
                    // Another flight may have landed between the look above and this one's start.
                    match self.cached(scope) {
                        Some(token) => Ok(token),
                        None => Box::pin(self.mint(scope, priority, witnesses)).await,
                    }
                };
                self.credentials.mints.join(scope, mint).await.0
            }
        }
    }

    /// GitHub refused `token`: forget it, and learn from the answer whether our clock is wrong.
    pub(super) fn distrust(&self, auth: &Auth, token: &Token, headers: &HeaderMap) {
        match auth {
            Auth::App => {
                if let Some(server) = date(headers) {
                    self.correct_clock(server.millis() - self.clock.now().millis());
                }
                *self.credentials.jwt() = None;
            }
            Auth::Installation(scope) => {
                let mut tokens = self.credentials.tokens();
                // Somebody else may have renewed it meanwhile.
                if tokens.get(scope).is_some_and(|issued| issued.token.expose() == token.expose()) {
                    tokens.remove(scope);
                }
            }
        }
    }

    /// Takes over by how much GitHub's clock is ahead of ours. Small differences count as none, which also ends an earlier
    /// correction once our clock was set right.
    fn correct_clock(&self, ahead_ms: i64) {
        let skew_ms = if ahead_ms.abs() < NOTABLE_SKEW_MS { 0 } else { ahead_ms };
        if self.credentials.skew_ms.swap(skew_ms, Ordering::Relaxed) != skew_ms {
            tracing::warn!(
                clock_skew_ms = skew_ms,
                "GitHub refused a token; its clock differs from ours, now corrected for"
            );
        }
    }

    /// The time by GitHub's clock, as far as we know it.
    fn server_now(&self) -> Timestamp {
        Timestamp::from_millis(self.clock.now().millis().saturating_add(self.credentials.skew_ms()))
    }

    fn app_jwt(&self) -> Result<Token, Error> {
        let now = self.clock.now();
        let mut cached = self.credentials.jwt();
        if let Some((jwt, until)) = &*cached
            && now < *until
        {
            return Ok(jwt.clone());
        }
        let server_now = self.server_now();
        let claims = Claims {
            iat: (server_now - JWT_BACKDATE).seconds(),
            exp: (server_now + JWT_LIFETIME).seconds(),
            iss: self.app_id.to_string(),
        };
        let jwt = self.key.sign(&claims).map_err(|error| {
            let called = Called { endpoint: &ACCESS_TOKENS, scope: HoldScope::App, installation: None, asked: None };
            called.permanent(Reason::AuthFailed, error.to_string(), Some(Hint::CheckAppKey))
        })?;
        *cached = Some((jwt.clone(), now + JWT_REUSE));
        Ok(jwt)
    }

    fn cached(&self, scope: &Scope) -> Option<Token> {
        let usable_at = self.server_now() + TOKEN_MARGIN;
        let tokens = self.credentials.tokens();
        tokens.get(scope).filter(|issued| usable_at < issued.expires_at).map(|issued| issued.token.clone())
    }

    /// The ids of the repositories that a token of this scope was narrowed to, as GitHub told when it was minted; empty if there is
    /// none or it is not narrowed.
    pub(super) fn minted(&self, scope: &Scope) -> Vec<RepoId> {
        let tokens = self.credentials.tokens();
        tokens.get(scope).map(|issued| issued.repositories.clone()).unwrap_or_default()
    }

    async fn mint(&self, scope: &Scope, priority: Priority, witnesses: &Witnesses) -> Result<Token, Error> {
        let mut pauses = MINT_PAUSES.into_iter();
        loop {
            let error = match self.mint_once(scope, priority, witnesses).await {
                Ok(issued) => {
                    let token = issued.token.clone();
                    let now = self.server_now();
                    let mut tokens = self.credentials.tokens();
                    tokens.retain(|_, issued| issued.expires_at > now);
                    tokens.insert(scope.clone(), issued);
                    return Ok(token);
                }
                Err(error) => error,
            };
            let repeat = error.class() == Class::Transient || error.status() == Some(404);
            match pauses.next().filter(|_| repeat) {
                Some(pause) => self.clock.sleep(jittered(&*self.entropy, pause, 0.5)).await,
                None => return Err(error),
            }
        }
    }

    async fn mint_once(&self, scope: &Scope, priority: Priority, witnesses: &Witnesses) -> Result<Issued, Error> {
        let called = Called {
            endpoint: &ACCESS_TOKENS,
            scope: HoldScope::Mint,
            installation: Some(scope.installation),
            asked: Some(&scope.permissions),
        };
        let invalid = |error: &dyn std::fmt::Display| called.permanent(Reason::RequestInvalid, error.to_string(), None);
        let filled = path::fill(&ACCESS_TOKENS, &[&scope.installation.to_string()]).map_err(|error| invalid(&error))?;
        let request = MintRequest {
            repository_ids: scope.repositories.iter().copied().collect(),
            repositories: scope.named.iter().map(RepoName::name).collect(),
            permissions: &scope.permissions,
        };
        let body = serde_json::to_vec(&request).map_err(|error| invalid(&error))?;
        let outgoing = Outgoing {
            called,
            url: path::below(&self.api_url, &filled),
            accept: ACCEPT_JSON,
            body: Some(Bytes::from(body)),
            etag: None,
            timeout: self.timeout,
            max_body: MAX_MINT_BODY,
            cost: Cost::MINT,
            kind: CallKind::Mint,
            priority,
            scope_text: scope.to_string(),
            witnesses,
        };
        let response = self.authorized(&outgoing, &Auth::App).await?;
        // The error of serde_json quotes the answer, and the answer holds the token.
        let answer: MintAnswer = serde_json::from_slice(&response.body)
            .map_err(|_| called.unreadable(&response, "no token in the answer".to_owned()))?;
        let token = Token::new(answer.token);
        let expires_at = Timestamp::parse(&answer.expires_at)
            .map_err(|_| called.unreadable(&response, "no expiry in the answer".to_owned()))?;
        match mismatch(scope, answer.permissions.as_ref(), answer.repositories.as_deref()) {
            None => {
                let reached = answer.repositories.unwrap_or_default().into_iter().map(|repository| repository.id);
                let narrowed = !scope.repositories.is_empty() || !scope.named.is_empty();
                Ok(Issued { token, expires_at, repositories: reached.filter(|_| narrowed).collect() })
            }
            Some(message) => Err(called.permanent(Reason::TokenMismatch, message, None)),
        }
    }
}

/// What differs between the token asked for and the one handed out. More than was asked for is as wrong as less, except
/// that every token may read metadata.
fn mismatch(
    scope: &Scope,
    permissions: Option<&HashMap<String, String>>,
    repositories: Option<&[MintedRepository]>,
) -> Option<String> {
    let narrowed = scope.repositories.len() + scope.named.len();
    if let Some(repositories) = repositories.filter(|_| narrowed > 0) {
        let asked = |repository: &MintedRepository| {
            let by_name = repository.full_name.as_ref().is_some_and(|name| scope.named.contains(name));
            by_name || scope.repositories.contains(&repository.id)
        };
        let same = repositories.len() == narrowed && repositories.iter().all(asked);
        if !same {
            return Some("the token reaches other repositories than asked for".to_owned());
        }
    }
    let granted = permissions.filter(|_| !scope.permissions.is_empty())?;
    let asked = scope.permissions.clone().and(Permission::METADATA, Access::Read);
    let extra = granted.iter().find(|(name, access)| {
        !asked.iter().any(|(permission, asked)| permission.as_str() == *name && asked.as_str() == *access)
    });
    if let Some((name, access)) = extra {
        return Some(format!("the token may {access} {name}, which was not asked for"));
    }
    let lacking = scope.permissions.iter().find(|(permission, _)| !granted.contains_key(permission.as_str()))?;
    Some(format!("the token lacks {}", lacking.0.as_str()))
}
