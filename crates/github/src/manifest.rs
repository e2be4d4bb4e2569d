//! Registering an App from a manifest: the two calls that are made before there is an App, and so with no credentials.
//!
//! Somebody confirms a manifest in a browser, and GitHub leads the browser back with a code. Whoever exchanges that code
//! first gets the App's secrets; it is good for one exchange, within an hour
//! ([GitHub Docs](https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest)).
//! An answer that is lost is lost with the only copy of the private key, which [`ManifestError::CodeUnknown`] explains
//! when the exchange is tried again.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use url::Url;

use crate::endpoint::{self, Endpoint};
use crate::ids::{AppId, AppSlug};
use crate::limits::{ACCEPT_JSON, API_VERSION, DEFAULT_MAX_BODY};
use crate::path;
use crate::secret::SecretText;
use crate::transport::{Request, Response, Transport, TransportError};

/// How long one call may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Who asks.
const AGENT: HeaderValue = HeaderValue::from_static(concat!("switchboard/", env!("CARGO_PKG_VERSION")));
const VERSION_HEADER: HeaderName = HeaderName::from_static("x-github-api-version");

/// A new App with its secrets, as GitHub tells it once.
#[derive(Debug, Deserialize)]
pub struct NewApp {
    /// Its number.
    pub id: AppId,
    /// Its name in URLs.
    pub slug: AppSlug,
    /// Its name.
    pub name: String,
    /// Its page, from which it is installed.
    pub html_url: String,
    /// The account that owns it.
    pub owner: Option<crate::api::app::Account>,
    /// Names it when people sign in through it.
    pub client_id: String,
    /// Proves it then.
    pub client_secret: SecretText,
    /// Signs its webhooks; none if the webhook has none.
    pub webhook_secret: Option<SecretText>,
    /// Its private key in PEM form.
    pub pem: SecretText,
}

/// Why a call before there is an App failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Certainly nothing was sent.
    #[error("GitHub's API cannot be reached at {0}")]
    Unreachable(String),
    /// It may have been carried out.
    #[error("GitHub's answer was lost ({0})")]
    Lost(TransportError),
    /// The code was exchanged before, or is older than an hour, or never was one.
    #[error("GitHub does not know this code: it was exchanged already, or is older than an hour")]
    CodeUnknown,
    /// Another refusal.
    #[error("GitHub answered {status}: {message}")]
    Refused {
        /// The status.
        status: u16,
        /// GitHub's words, shortened.
        message: String,
    },
    /// 2xx, but not what was expected.
    #[error("GitHub's answer is not what was expected")]
    Unreadable,
}

impl ManifestError {
    /// What the person at the keyboard can do.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => {
                "check this machine's network and the address, then try again: a code stays good for an hour"
            }
            Self::Lost(_) => "try again; if the code turns out to be used up, begin anew",
            Self::CodeUnknown => {
                "the App exists but its key cannot be fetched any more: delete it under \"Advanced\" on its settings page \
                 and begin anew, or generate a private key there and configure the server by hand"
            }
            Self::Refused { .. } => "try again in a moment; githubstatus.com says whether GitHub has trouble",
            Self::Unreadable => "is this really the API of GitHub or of a GitHub Enterprise Server?",
        }
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Lost(_) => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429 || *status == 403,
            Self::CodeUnknown | Self::Unreadable => false,
        }
    }
}

/// GitHub, as somebody without an App sees it.
#[derive(Debug, Clone)]
pub struct Registrar {
    transport: Arc<dyn Transport>,
    api_url: Url,
}

impl Registrar {
    /// Asks the API at `api_url`.
    #[must_use]
    pub fn new(api_url: Url, transport: Arc<dyn Transport>) -> Self {
        Self { transport, api_url }
    }

    /// Whether an App with this slug can be seen by everybody. One that is private to others is not seen, so that `false`
    /// does not promise that the name is free.
    ///
    /// # Errors
    /// [`ManifestError`], when GitHub does not say.
    pub async fn is_taken(&self, slug: &str) -> Result<bool, ManifestError> {
        let answer = self.send(&endpoint::PUBLIC_APP, slug).await?;
        match answer.status {
            StatusCode::NOT_FOUND => Ok(false),
            status if status.is_success() => Ok(true),
            _ => Err(refused(&answer)),
        }
    }

    /// Exchanges a code for the App's secrets.
    ///
    /// # Errors
    /// [`ManifestError`]; see there for which may pass.
    pub async fn convert(&self, code: &str) -> Result<NewApp, ManifestError> {
        let answer = self.send(&endpoint::CONVERSIONS, code).await?;
        match answer.status {
            status if status.is_success() => {
                serde_json::from_slice(&answer.body).map_err(|_| ManifestError::Unreadable)
            }
            StatusCode::NOT_FOUND | StatusCode::UNPROCESSABLE_ENTITY => Err(ManifestError::CodeUnknown),
            _ => Err(refused(&answer)),
        }
    }

    async fn send(&self, endpoint: &Endpoint, value: &str) -> Result<Response, ManifestError> {
        let path = path::fill(endpoint, &[value]).map_err(|_| ManifestError::CodeUnknown)?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(ACCEPT_JSON));
        headers.insert(USER_AGENT, AGENT);
        headers.insert(VERSION_HEADER, HeaderValue::from_static(API_VERSION));
        let request = Request {
            method: endpoint.http_method(),
            url: path::below(&self.api_url, &path),
            headers,
            body: Bytes::new(),
            timeout: TIMEOUT,
            max_body: DEFAULT_MAX_BODY,
        };
        self.transport.send(request).await.map_err(|error| match error {
            TransportError::Connect => ManifestError::Unreachable(self.api_url.to_string()),
            lost => ManifestError::Lost(lost),
        })
    }
}

fn refused(answer: &Response) -> ManifestError {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    /// Enough of GitHub's words to act on.
    const CHARS: usize = 200;
    let said = serde_json::from_slice(&answer.body).map(|said: Said| said.message).unwrap_or_default();
    ManifestError::Refused { status: answer.status.as_u16(), message: said.chars().take(CHARS).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use switchboard_clock::SimulatedClock;

    use super::*;
    use crate::testing::{Stub, answer};

    fn registrar() -> (Arc<Stub>, Registrar) {
        let stub = Arc::new(Stub::new(SimulatedClock::default()));
        let url = "https://ghe.example.com/api/v3".parse().unwrap();
        (Arc::clone(&stub), Registrar::new(url, stub))
    }

    #[tokio::test]
    async fn a_code_is_exchanged_without_credentials() {
        let (stub, registrar) = registrar();
        stub.will_answer([answer(
            201,
            &[],
            &json!({
                "id": 7, "slug": "ours", "name": "Ours", "html_url": "https://ghe.example.com/apps/ours",
                "owner": { "login": "acme", "type": "Organization" }, "client_id": "Iv1.x",
                "client_secret": "cs-secret", "webhook_secret": "wh-secret", "pem": "pem-secret",
            }),
        )]);
        let app = registrar.convert("a/../b").await.unwrap();
        assert_eq!((app.id, app.slug.as_str(), app.pem.expose()), (AppId(7), "ours", "pem-secret"));
        assert!(!format!("{app:?}").contains("-secret\""), "{app:?}");
        let calls = stub.calls();
        assert_eq!(calls[0].url.path(), "/api/v3/app-manifests/a%2F..%2Fb/conversions");
        assert!(!calls[0].headers.contains_key("authorization"));
    }

    #[tokio::test]
    async fn a_failure_says_whether_to_try_again() {
        let (stub, registrar) = registrar();
        let message = json!({ "message": "Not Found" });
        for (outcome, error, may_pass) in [
            (answer(404, &[], &message), ManifestError::CodeUnknown, false),
            (answer(502, &[], &json!(null)), ManifestError::Refused { status: 502, message: String::new() }, true),
            (answer(200, &[], &json!({})), ManifestError::Unreadable, false),
            (Err(TransportError::Reset), ManifestError::Lost(TransportError::Reset), true),
        ] {
            stub.will_answer([outcome]);
            let failed = registrar.convert("code").await.unwrap_err();
            assert_eq!((failed.may_pass(), &failed), (may_pass, &error));
            assert!(!failed.hint().is_empty());
        }
        assert_eq!(registrar.convert("..").await.unwrap_err(), ManifestError::CodeUnknown);
    }

    #[tokio::test]
    async fn a_visible_app_takes_its_name() {
        let (stub, registrar) = registrar();
        stub.will_answer([answer(200, &[], &json!({})), answer(404, &[], &json!({})), Err(TransportError::Connect)]);
        assert_eq!(registrar.is_taken("ours").await, Ok(true));
        assert_eq!(registrar.is_taken("ours").await, Ok(false));
        assert!(matches!(registrar.is_taken("ours").await, Err(ManifestError::Unreachable(_))));
    }
}
