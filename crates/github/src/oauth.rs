//! Who a person is: the App's own OAuth (authorization code with PKCE), and where that person belongs.
//!
//! [`OAuth::authorize_url`] is where a browser is led, [`OAuth::exchange`] turns the code that it comes back with into a
//! [`UserToken`], and that token is asked who its user is and where they belong. Nothing is kept: the token is good for
//! those questions, [revoked](OAuth::revoke), and forgotten.
//!
//! This is not the client of an installation: no budget of ours is spent, since GitHub counts such calls for the person.
//! A question is sent once. Somebody waits in front of a browser and can press the button again.
//!
//! Known limits. GitHub answers about an organization only where the App is installed with "members: read" and, where the
//! organization asks for single sign-on, only after the person has gone through it. What it does not tell is
//! [`Membership::Hidden`], which is not the same as no membership.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::endpoint::{self, Effect, Endpoint, Repeat};
use crate::limits::{ACCEPT_JSON, API_VERSION, MAX_MESSAGE_BYTES};
use crate::observe::{CallObserver, Exchange};
use crate::path::{below, fill};
use crate::record::CallKind;
use crate::redact::redact;
use crate::secret::Token;
use crate::transport::{Request, Response, Transport, TransportError};

/// Pages that browsers are led to and codes exchanged at, below the address of GitHub's pages: docs.github.com, "Generating a user
/// access token for a GitHub App".
const AUTHORIZE_PATH: &str = "/login/oauth/authorize";
static EXCHANGE: Endpoint = Endpoint {
    method: "POST",
    route: "/login/oauth/access_token",
    needs: None,
    effect: Effect::Write,
    repeat: Repeat::LookUpFirst,
};
/// Answers of these calls have a few kilobytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;
/// Somebody waits in front of a browser.
const TIMEOUT: Duration = Duration::from_secs(10);

const AGENT: HeaderValue = HeaderValue::from_static(concat!("switchboard/", env!("CARGO_PKG_VERSION")));
const VERSION_HEADER: HeaderName = HeaderName::from_static("x-github-api-version");

/// How the App names itself where people sign in.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its public name there, which is not the App's number.
    pub id: String,
    /// What it proves itself with.
    pub secret: Token,
}

/// The App's OAuth at one GitHub.
#[derive(Clone)]
pub struct OAuth {
    web_url: Url,
    api_url: Url,
    client: Client,
    transport: Arc<dyn Transport>,
    observer: Option<Arc<dyn CallObserver>>,
}

impl fmt::Debug for OAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuth").field("web_url", &self.web_url.as_str()).finish_non_exhaustive()
    }
}

/// A token that speaks for one person. It cannot be printed and is wiped when it is dropped.
#[derive(Debug)]
pub struct UserToken(Token);

/// A person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct User {
    /// Their number, which outlives a change of name.
    pub id: u64,
    /// Their name in URLs.
    pub login: String,
}

/// Whether somebody belongs to an organization or a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Membership {
    /// Yes.
    Active,
    /// Invited, and has not accepted.
    Pending,
    /// No; or there is no such organization or team that the person could see.
    None,
    /// GitHub does not tell the App, and says so.
    Hidden(String),
}

/// Why nobody knows who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    /// The code is wrong, was used before, is older than ten minutes, or belongs to another verifier.
    #[error("GitHub does not accept the code")]
    CodeRejected,
    /// GitHub does not accept the App's own part: its client id, its secret, or the callback URL.
    #[error("GitHub does not accept the App's sign-in settings ({0})")]
    ClientRejected(String),
    /// The account may not be used.
    #[error("GitHub has suspended this account")]
    AccountSuspended,
    /// No answer, or one that says to come back.
    #[error("GitHub cannot be asked at the moment: {message}")]
    Unavailable {
        /// What happened.
        message: String,
        /// How many seconds to wait, if GitHub said so.
        retry_after: Option<u64>,
    },
    /// An answer that is not what the documentation promises.
    #[error("GitHub's answer was not understood: {0}")]
    Unreadable(String),
}

/// What the exchange answers, be it a token or what is wrong.
#[derive(Deserialize)]
struct Exchanged {
    access_token: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Standing {
    state: String,
}

#[derive(Deserialize)]
struct Said {
    message: String,
}

impl OAuth {
    /// Signs people in at the GitHub whose pages are at `web_url` and whose API is at `api_url`.
    #[must_use]
    pub fn new(web_url: Url, api_url: Url, client: Client, transport: Arc<dyn Transport>) -> Self {
        Self { web_url, api_url, client, transport, observer: None }
    }

    /// The same, telling `observer` of every exchange.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn CallObserver>) -> Self {
        Self { observer: Some(observer), ..self }
    }

    /// Where to lead a browser. `challenge` is the S256 challenge of the verifier that the exchange will bring.
    #[must_use]
    pub fn authorize_url(&self, redirect_uri: &str, state: &str, challenge: &str) -> Url {
        let mut url = below(&self.web_url, AUTHORIZE_PATH);
        url.query_pairs_mut()
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state)
            .append_pair("code_challenge", challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair("allow_signup", "false");
        url
    }

    /// Exchanges the code that a browser came back with.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn exchange(&self, code: &str, redirect_uri: &str, verifier: &str) -> Result<UserToken, OAuthError> {
        // A body, so that no secret stands in an address that a proxy may log.
        let body = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &self.client.id)
            .append_pair("client_secret", self.client.secret.expose())
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", verifier)
            .finish();
        let mut headers = headers("application/json");
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        let answer = self.send(&EXCHANGE, below(&self.web_url, EXCHANGE.route), headers, body.into()).await?;
        if answer.status == StatusCode::NOT_FOUND {
            // github.com answers so to a client id that it does not know.
            return Err(OAuthError::ClientRejected("404".to_owned()));
        }
        let exchanged: Exchanged = read(&answer)?;
        match (exchanged.access_token, exchanged.error.as_deref()) {
            (Some(token), None) => Ok(UserToken(Token::new(token))),
            (_, Some("bad_verification_code")) => Err(OAuthError::CodeRejected),
            (_, Some(error)) => Err(OAuthError::ClientRejected(short(error))),
            (None, None) => Err(OAuthError::Unreadable("it holds no token".to_owned())),
        }
    }

    /// Whose token this is.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn user(&self, token: &UserToken) -> Result<User, OAuthError> {
        let answer = self.ask(token, &endpoint::USER, &[]).await?;
        match answer.status {
            StatusCode::FORBIDDEN => Err(OAuthError::AccountSuspended),
            _ => read(&answer),
        }
    }

    /// Whether the person belongs to an organization.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn organization(&self, token: &UserToken, organization: &str) -> Result<Membership, OAuthError> {
        membership(&self.ask(token, &endpoint::OWN_MEMBERSHIP, &[organization]).await?)
    }

    /// Whether the person, by login, belongs to a team, by its slug.
    ///
    /// # Errors
    /// [`OAuthError`].
    pub async fn team(
        &self,
        token: &UserToken,
        organization: &str,
        team: &str,
        login: &str,
    ) -> Result<Membership, OAuthError> {
        membership(&self.ask(token, &endpoint::TEAM_MEMBERSHIP, &[organization, team, login]).await?)
    }

    /// Takes the token back, so that nobody can use it for the rest of its eight hours.
    ///
    /// # Errors
    /// [`OAuthError`]; the token then ends by itself.
    pub async fn revoke(&self, token: UserToken) -> Result<(), OAuthError> {
        let body = Bytes::from(json!({ "access_token": token.0.expose() }).to_string());
        let basic = STANDARD.encode(format!("{}:{}", self.client.id, self.client.secret.expose()));
        let mut headers = headers(ACCEPT_JSON);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(AUTHORIZATION, sensitive(&format!("Basic {basic}"))?);
        let url = self.api(&endpoint::REVOKE_USER_TOKEN, &[&self.client.id])?;
        let answer = self.send(&endpoint::REVOKE_USER_TOKEN, url, headers, body).await?;
        if answer.status == StatusCode::NO_CONTENT { Ok(()) } else { Err(unexpected(&answer)) }
    }

    async fn ask(&self, token: &UserToken, endpoint: &Endpoint, values: &[&str]) -> Result<Response, OAuthError> {
        let mut headers = headers(ACCEPT_JSON);
        headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {}", token.0.expose()))?);
        self.send(endpoint, self.api(endpoint, values)?, headers, Bytes::new()).await
    }

    fn api(&self, endpoint: &Endpoint, values: &[&str]) -> Result<Url, OAuthError> {
        let path = fill(endpoint, values).map_err(|error| OAuthError::Unreadable(error.to_string()))?;
        Ok(below(&self.api_url, &path))
    }

    /// Sends once. Whatever comes back is an answer of GitHub's own; trouble on the way and its limits are errors here.
    async fn send(
        &self,
        endpoint: &Endpoint,
        url: Url,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, OAuthError> {
        let method = endpoint.http_method();
        let request = Request { method, url, headers, body, timeout: TIMEOUT, max_body: ANSWER_BYTES_MAX };
        let begun = Instant::now();
        let answer = self.transport.send(request).await;
        if let Some(observer) = &self.observer {
            let kind = if endpoint.effect == Effect::Write { CallKind::Write } else { CallKind::Read };
            let status = answer.as_ref().ok().map(|answer| answer.status.as_u16());
            let (method, route, took) = (endpoint.method, endpoint.route, begun.elapsed());
            observer.exchanged(&Exchange { kind, method, route, status, took });
        }
        let answer = answer.map_err(|error: TransportError| OAuthError::Unavailable {
            message: error.to_string(),
            retry_after: None,
        })?;
        let told = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let limited = answer.status == StatusCode::TOO_MANY_REQUESTS
            || (answer.status == StatusCode::FORBIDDEN
                && (told("retry-after").is_some() || told("x-ratelimit-remaining") == Some("0")));
        if limited || answer.status.is_server_error() {
            let retry_after = told("retry-after").and_then(|seconds| seconds.parse().ok());
            return Err(OAuthError::Unavailable {
                message: format!("it answered {}", answer.status.as_u16()),
                retry_after,
            });
        }
        Ok(answer)
    }
}

fn headers(accept: &'static str) -> HeaderMap {
    HeaderMap::from_iter([
        (ACCEPT, HeaderValue::from_static(accept)),
        (USER_AGENT, AGENT),
        (VERSION_HEADER, HeaderValue::from_static(API_VERSION)),
    ])
}

/// A header that is not printed with the others.
fn sensitive(text: &str) -> Result<HeaderValue, OAuthError> {
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| OAuthError::Unreadable("a secret holds characters that no header may".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

fn membership(answer: &Response) -> Result<Membership, OAuthError> {
    match answer.status {
        StatusCode::NOT_FOUND => Ok(Membership::None),
        StatusCode::FORBIDDEN => Ok(Membership::Hidden(said(answer))),
        _ => Ok(match read::<Standing>(answer)?.state.as_str() {
            "active" => Membership::Active,
            "pending" => Membership::Pending,
            other => return Err(OAuthError::Unreadable(format!("an unknown state `{}`", short(other)))),
        }),
    }
}

fn read<'a, T: Deserialize<'a>>(answer: &'a Response) -> Result<T, OAuthError> {
    if answer.status != StatusCode::OK {
        return Err(unexpected(answer));
    }
    // The parser's own words may quote the body, which may hold a token.
    serde_json::from_slice(&answer.body).map_err(|_| OAuthError::Unreadable("it is not the expected JSON".to_owned()))
}

fn unexpected(answer: &Response) -> OAuthError {
    OAuthError::Unreadable(format!("status {}: {}", answer.status.as_u16(), said(answer)))
}

/// GitHub's own words.
fn said(answer: &Response) -> String {
    short(&serde_json::from_slice(&answer.body).map(|said: Said| said.message).unwrap_or_default())
}

/// Redacted first, so that no half of a token survives the cut.
fn short(text: &str) -> String {
    let mut text = redact(text).into_owned();
    text.truncate(text.floor_char_boundary(MAX_MESSAGE_BYTES));
    text
}

#[cfg(test)]
#[path = "oauth_tests.rs"]
mod tests;
