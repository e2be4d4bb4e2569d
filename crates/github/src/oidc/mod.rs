//! Who a workflow run is: OpenID Connect tokens of configured issuers, verified.
//!
//! A run asks its provider for a token that names it, and sends that along with what it has to say. [`Verifier::verify`]
//! tells whether the token is genuine, meant for us, and valid now; what its [`Claims`] permit is the caller's to decide.
//!
//! - The token's own `iss` only selects among the configured [issuers](Verifier::new). Nothing else in it chooses how it is
//!   verified: the algorithm is RS256, whatever its header says, and keys come from the issuer's own address alone.
//! - Keys are kept for an [hour](KEYS_FRESH), and for a [day](KEYS_KEPT) while the issuer is down. A key that is not known is looked for
//!   at most once a [minute](FETCH_PAUSE), whoever asks, so that strangers cannot make us knock.
//! - Verifying reads no store, and costs a call only when keys have to be fetched.

mod issuer;
mod keys;
mod token;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use switchboard_clock::{Clock, Timestamp};
use thiserror::Error;

use crate::transport::Transport;
use issuer::Issuer;
use token::Token;

/// Where GitHub's runs get their tokens: docs.github.com, "OpenID Connect reference".
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Bytes of a token that are looked at; GitHub's have about 2 KB.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// How far the clocks of the issuer and ours may be apart.
pub const LEEWAY: Duration = Duration::from_secs(60);
/// How long keys are taken for current.
pub const KEYS_FRESH: Duration = Duration::from_secs(3600);
/// How long keys serve while newer ones are not to be had.
pub const KEYS_KEPT: Duration = Duration::from_secs(24 * 3600);
/// The least time between two looks for keys of one issuer.
pub const FETCH_PAUSE: Duration = Duration::from_secs(60);

/// Why a token is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Rejection {
    /// It is none, is broken, forged, for somebody else, or not valid now.
    #[error("{0}")]
    Invalid(&'static str),
    /// It comes from an issuer that is not configured.
    #[error("the token's issuer is not configured here")]
    IssuerUnknown,
    /// Nobody can tell: the issuer's keys are not to be had.
    #[error("the issuer's keys cannot be fetched at the moment")]
    KeysUnavailable {
        /// When asking again makes sense.
        retry_after: Duration,
    },
}

/// Verifies tokens of the configured issuers.
#[derive(Debug)]
pub struct Verifier {
    issuers: Vec<Issuer>,
    audiences: Vec<String>,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
}

/// An issuer's address that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not the address of an issuer: expected http(s) and a host, without query")]
pub struct IssuerError(String);

impl Verifier {
    /// A verifier for tokens of these issuers that are meant for any of these audiences.
    ///
    /// # Errors
    /// [`IssuerError`] for an address that cannot be asked for keys.
    pub fn new(
        issuers: &[&str],
        audiences: &[&str],
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, IssuerError> {
        let issuers = issuers.iter().map(|name| Issuer::new(name)).collect::<Result<_, _>>()?;
        let audiences = audiences.iter().map(|&audience| audience.to_owned()).collect();
        Ok(Self { issuers, audiences, transport, clock })
    }

    /// Asks every issuer for its keys now, for whoever wants to know whether they can be had: how many each has, or why none.
    pub async fn ask(&self) -> Vec<(&str, Result<usize, String>)> {
        let mut found = Vec::with_capacity(self.issuers.len());
        for issuer in &self.issuers {
            let keys = issuer.fetch(&*self.transport).await;
            found.push((issuer.name.as_str(), keys.map(|keys| keys.len())));
        }
        found
    }

    /// What a token says, once it is known to be genuine, meant for us, and valid now.
    ///
    /// # Errors
    /// [`Rejection`]; its text may be shown to whoever sent the token.
    pub async fn verify(&self, token: &str) -> Result<Claims, Rejection> {
        let token = Token::read(token)?;
        let issuer =
            self.issuers.iter().find(|issuer| issuer.name == token.issuer()).ok_or(Rejection::IssuerUnknown)?;
        let key = issuer.key(token.key_id(), &*self.transport, &*self.clock).await?;
        let claims = token.verified(&key)?;
        claims.check(&self.audiences, self.clock.now())?;
        Ok(claims)
    }
}

/// What a verified token says about the run that it was given to.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(Map<String, Value>);

impl Claims {
    /// The configured issuer that it comes from.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.0.get("iss").and_then(Value::as_str).unwrap_or_default()
    }

    /// A claim's text; numbers count as their digits, since providers differ in that.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) if !number.is_f64() => Some(number.to_string()),
            _ => None,
        }
    }

    /// When it ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        Timestamp::from_millis(self.seconds("exp").unwrap_or(0).saturating_mul(1000))
    }

    /// A moment in seconds of Unix time. RFC 7519 allows fractions, which are cut.
    fn seconds(&self, name: &str) -> Option<i64> {
        let number = self.0.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and fractions of a second do not matter")]
        number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
    }

    fn check(&self, audiences: &[String], now: Timestamp) -> Result<(), Rejection> {
        let now = now.millis() / 1000;
        let leeway = i64::try_from(LEEWAY.as_secs()).unwrap_or(i64::MAX);
        let Some(expires) = self.seconds("exp") else {
            return Err(Rejection::Invalid("the token does not say when it ends"));
        };
        if expires.saturating_add(leeway) <= now {
            return Err(Rejection::Invalid("the token has expired"));
        }
        for name in ["nbf", "iat"] {
            match self.0.get(name).map(|_| self.seconds(name)) {
                None => {}
                Some(Some(from)) if from.saturating_sub(leeway) <= now => {}
                Some(_) => return Err(Rejection::Invalid("the token is not valid yet")),
            }
        }
        let ours = |audience: &Value| audience.as_str().is_some_and(|name| audiences.iter().any(|ours| ours == name));
        match self.0.get("aud") {
            Some(Value::Array(list)) if list.iter().any(ours) => Ok(()),
            Some(one) if ours(one) => Ok(()),
            _ => Err(Rejection::Invalid("the token is meant for another audience")),
        }
    }
}

#[cfg(test)]
mod tests;
