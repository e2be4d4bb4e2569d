//! An issuer and its keys, fetched when they are needed and kept while they serve.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jsonwebtoken::DecodingKey;
use switchboard_clock::{Clock, Timestamp};
use tokio::sync::Mutex;
use url::Url;

use super::keys::{self, KeySet};
use super::{FETCH_PAUSE, IssuerError, KEYS_FRESH, KEYS_KEPT, Rejection};
use crate::transport::{Request, Transport};

/// How long the issuer may take. A report's sender waits for it, ten seconds at most.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Where an issuer publishes its keys, behind its own address.
const KEYS_PATH: &str = "/.well-known/jwks";

/// One that gives tokens out.
pub(super) struct Issuer {
    /// Its name, exactly as tokens carry it.
    pub(super) name: String,
    keys_url: Url,
    /// The newest keys, and since when they are known.
    known: RwLock<Option<(Arc<KeySet>, Timestamp)>>,
    /// When keys were last looked for. Held meanwhile, so that all who need new ones wait for the same answer, while
    /// those whose key is known pass by.
    tried_at: Mutex<Option<Timestamp>>,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Issuer {
    pub(super) fn new(name: &str) -> Result<Self, IssuerError> {
        let refused = || IssuerError(name.to_owned());
        let address: Url = name.parse().map_err(|_| refused())?;
        let web = matches!(address.scheme(), "https" | "http") && address.has_host();
        if !web || address.query().is_some() || address.fragment().is_some() {
            return Err(refused());
        }
        let keys_url = format!("{}{KEYS_PATH}", name.trim_end_matches('/')).parse().map_err(|_| refused())?;
        Ok(Self { name: name.to_owned(), keys_url, known: RwLock::default(), tried_at: Mutex::default() })
    }

    /// The key of this name, from memory if it can be.
    pub(super) async fn key(
        &self,
        id: &str,
        transport: &dyn Transport,
        clock: &dyn Clock,
    ) -> Result<DecodingKey, Rejection> {
        if let Some(key) = self.known(KEYS_FRESH, clock).and_then(|keys| keys.find(id).cloned()) {
            return Ok(key);
        }
        let mut tried_at = self.tried_at.lock().await;
        // Whoever held the lock before may have found it.
        if let Some(key) = self.known(KEYS_FRESH, clock).and_then(|keys| keys.find(id).cloned()) {
            return Ok(key);
        }
        let now = clock.now();
        if tried_at.is_none_or(|at| now.since(at) >= FETCH_PAUSE) {
            *tried_at = Some(now);
            match self.fetch(transport).await {
                Ok(keys) => {
                    let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                    *known = Some((Arc::new(keys), now));
                }
                Err(why) => tracing::warn!(issuer = self.name, why, "the issuer's keys cannot be fetched"),
            }
        }
        match self.known(KEYS_KEPT, clock) {
            Some(keys) => keys.find(id).cloned().ok_or(Rejection::Invalid("the issuer has no key of that name")),
            None => {
                let pause = tried_at.map_or(FETCH_PAUSE, |at| FETCH_PAUSE.saturating_sub(now.since(at)));
                Err(Rejection::KeysUnavailable { retry_after: pause.max(Duration::from_secs(1)) })
            }
        }
    }

    /// The newest keys, unless they are older than that.
    fn known(&self, age: Duration, clock: &dyn Clock) -> Option<Arc<KeySet>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(_, at)| clock.now().since(*at) < age).map(|(keys, _)| Arc::clone(keys))
    }

    /// Asks for the keys, whatever is known; or why there are none.
    pub(super) async fn fetch(&self, transport: &dyn Transport) -> Result<KeySet, String> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("switchboard"));
        let request = Request {
            method: Method::GET,
            url: self.keys_url.clone(),
            headers,
            body: Bytes::new(),
            timeout: TIMEOUT,
            max_body: keys::BYTES_MAX,
        };
        match transport.send(request).await {
            Ok(response) if response.status == StatusCode::OK && !response.truncated => {
                KeySet::read(&response.body).ok_or_else(|| "the answer holds no key that could be used".to_owned())
            }
            Ok(response) => Err(format!("it answered {}", response.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}
