//! The wire between the server's GitHub client and the simulated GitHub, without a network in between.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use switchboard_clock::Clock;
use switchboard_github::transport::{Request, Response, Transport, TransportError};
use switchboard_simulator::{Fault, Simulator};

/// Hands requests over to the simulator, and keeps what it overhears of credentials, so that a story can make sure that
/// they are written down nowhere.
pub(crate) struct Wire {
    simulator: Simulator,
    clock: Arc<dyn Clock>,
    credentials: Mutex<BTreeSet<String>>,
}

impl Wire {
    pub(crate) fn new(simulator: Simulator, clock: Arc<dyn Clock>) -> Self {
        Self { simulator, clock, credentials: Mutex::default() }
    }

    /// Every token that was sent over this wire.
    pub(crate) fn credentials(&self) -> BTreeSet<String> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn overhear(&self, request: &Request) {
        let header = request.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some((_scheme, token)) = header.and_then(|header| header.split_once(' ')) {
            self.credentials.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned());
        }
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

#[async_trait]
impl Transport for Wire {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.overhear(&request);
        let deadline = self.clock.now() + request.timeout;
        let max_body = request.max_body;
        let answer = async {
            match self.simulator.handle(as_http(request)).await {
                Ok(response) => Ok(cut(response, max_body)),
                Err(Fault::Reset) => Err(TransportError::Reset),
                Err(Fault::Refused) => Err(TransportError::Connect),
                Err(Fault::Hang) => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            answer = answer => answer,
            () = self.clock.sleep_until(deadline) => Err(TransportError::Timeout),
        }
    }
}

fn as_http(request: Request) -> http::Request<Bytes> {
    let mut http = http::Request::new(request.body);
    *http.method_mut() = request.method;
    *http.uri_mut() = request.url.as_str().parse().expect("a URL that was put together is a URI");
    *http.headers_mut() = request.headers;
    http
}

/// Reads no further than the client wants to.
fn cut(response: http::Response<Bytes>, max_body: usize) -> Response {
    let (parts, mut body) = response.into_parts();
    let truncated = body.len() > max_body;
    body.truncate(max_body);
    Response { status: parts.status, headers: parts.headers, body, truncated }
}
