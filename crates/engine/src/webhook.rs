//! The HTTP side of beat 1: reads bodies in bounded memory and time, and words the answers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use switchboard_github::webhook::headers::{EVENT_HEADER, HeaderError};
use tokio::sync::Semaphore;

use crate::accept::{Acceptor, Answer, BODY_BYTES_MAX, Refusal};
use crate::observe::Accepted;

/// How long a body may take to arrive. GitHub itself gives up after 10 s.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// How much of the bodies being read may be in memory at once, over all connections. Reading starts when the announced
/// size fits in; so a hundred strangers who each announce 25 MB wait for one another instead of filling the memory.
const BODIES_KIB_MAX: u32 = 64 * 1024;

/// How many seconds a sender should wait when nothing can be stored.
const RETRY_AFTER_SECONDS: &str = "10";

#[derive(Clone)]
struct Webhooks {
    acceptor: Acceptor,
    memory: Arc<Semaphore>,
}

/// `POST /webhooks/github`.
pub fn router(acceptor: Acceptor) -> Router {
    let state = Webhooks { acceptor, memory: Arc::new(Semaphore::new(BODIES_KIB_MAX as usize)) };
    Router::new().route("/webhooks/github", post(receive)).with_state(state)
}

async fn receive(State(webhooks): State<Webhooks>, headers: HeaderMap, body: Body) -> Response {
    let (started_at, begun) = (webhooks.acceptor.store.now(), Instant::now());
    let event = headers.get(EVENT_HEADER).and_then(|value| value.to_str().ok());
    let answer = async {
        let reading = tokio::time::timeout(BODY_TIMEOUT, read(&webhooks.memory, &headers, body));
        let (body, _memory) = reading.await.map_err(|_| Refusal::Incomplete)??;
        webhooks.acceptor.webhook(&headers, body).await
    };
    let answer = answer.await;
    let (outcome, delivery) = match &answer {
        Ok(Answer { duplicate: true, id, .. }) => ("duplicate", Some(*id)),
        Ok(Answer { ignored: true, id, .. }) => ("ignored", Some(*id)),
        Ok(Answer { id, .. }) => ("accepted", Some(*id)),
        Err(refusal) => (refusal.code().1, None),
    };
    let event = event.filter(|_| answer.is_ok());
    webhooks.acceptor.observer.accepted(&Accepted { event, outcome, delivery, started_at, took: begun.elapsed() });
    match answer {
        Ok(answer) => (StatusCode::ACCEPTED, Json(answer)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// Reads a body up to the cap, and holds its share of the memory for as long as the second value lives.
async fn read<'a>(
    memory: &'a Semaphore,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<(Bytes, tokio::sync::SemaphorePermit<'a>), Refusal> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let expected = announced.unwrap_or(BODY_BYTES_MAX);
    if expected > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    let kib = u32::try_from(expected / 1024 + 1).unwrap_or(BODIES_KIB_MAX);
    let share = memory.acquire_many(kib).await.map_err(|_| Refusal::Incomplete)?;
    let mut whole: Option<Bytes> = None;
    let mut parts = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Incomplete)?.into_data() else { continue };
        if data.len() + parts.len() + whole.as_ref().map_or(0, Bytes::len) > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        // Most bodies come as one frame; only the others are copied together.
        match whole.take() {
            None if parts.is_empty() => whole = Some(data),
            None => parts.extend_from_slice(&data),
            Some(first) => {
                parts.reserve(expected.min(BODY_BYTES_MAX).max(first.len() + data.len()));
                parts.extend_from_slice(&first);
                parts.extend_from_slice(&data);
            }
        }
    }
    Ok((whole.unwrap_or_else(|| parts.freeze()), share))
}

/// What a refused sender reads.
#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

impl Refusal {
    /// The status and the stable word of this refusal.
    #[must_use]
    pub fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Incomplete => (StatusCode::REQUEST_TIMEOUT, "incomplete"),
            Self::Header(HeaderError::NotJson) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
            Self::Header(_) => (StatusCode::BAD_REQUEST, "header"),
            Self::Signature(_) => (StatusCode::UNAUTHORIZED, "signature"),
            Self::Envelope(_) => (StatusCode::BAD_REQUEST, "json"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict"),
            Self::Store(_) | Self::Crashed(_) => (StatusCode::SERVICE_UNAVAILABLE, "store"),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Signature(_) => Some("the webhook secret here and in the App's settings must be the same"),
            Self::Conflict => Some("a redelivery repeats its body byte for byte"),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        match &self {
            Self::Store(error) => {
                tracing::error!(%error, hint = error.hint(), "a delivery could not be stored");
            }
            other => tracing::debug!(code, %other, "a webhook was refused"),
        }
        let problem = Problem { code, detail: self.to_string(), hint: self.hint() };
        let mut response = (status, Json(problem)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = http::HeaderValue::from_static(RETRY_AFTER_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}
