//! One HTTP exchange, without any policy: what the client speaks through, so that tests can answer in its place.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use url::Url;

/// What to send. `Debug` leaves the body out: that of a sign-in holds secrets.
#[derive(Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to, complete.
    pub url: Url,
    /// All headers; credentials among them are marked sensitive, so that `Debug` does not show them.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Bytes,
    /// How long the whole exchange may take, body included. The transport keeps it.
    pub timeout: Duration,
    /// How many bytes of the answer's body are wanted. The transport stops reading there.
    pub max_body: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url.as_str())
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What came back. `Debug` leaves the body out: that of a minted token is a secret.
#[derive(Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// At most `max_body` bytes of the body.
    pub body: Bytes,
    /// Whether the body goes on after that.
    pub truncated: bool,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_bytes", &self.body.len())
            .field("truncated", &self.truncated)
            .finish()
    }
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection, hence certainly nothing sent.
    #[error("no connection")]
    Connect,
    /// Not done in time; the request may have been carried out.
    #[error("timed out")]
    Timeout,
    /// The connection broke; the request may have been carried out.
    #[error("connection lost")]
    Reset,
}

/// Something that exchanges a request for a response. Follows no redirects and repeats nothing.
#[async_trait]
pub trait Transport: Send + Sync + fmt::Debug + 'static {
    /// Sends `request` once.
    async fn send(&self, request: Request) -> Result<Response, TransportError>;
}
