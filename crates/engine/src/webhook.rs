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
use switchboard_github::Hint;
use switchboard_github::webhook::headers::{DELIVERY_HEADER, EVENT_HEADER, HeaderError};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::accept::{Acceptor, BODY_BYTES_MAX, Refusal};
use crate::observe::{Accepted, Via};

/// How long a body may take to arrive. GitHub itself gives up after 10 s.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of the bodies being read may be in memory at once, over all connections, and how long a sender waits for
/// room. Room is taken as bytes arrive, so that whoever only announces a body takes none.
const BODIES_KIB_MAX: usize = 64 * 1024;
const ROOM_PATIENCE: Duration = Duration::from_secs(2);

/// The beginning of each body has room of its own, so that large bodies, which anybody may send, never keep the small
/// ones out: nearly all deliveries are smaller than that.
const SMALL_KIB: usize = 64;
const SMALL_BODIES_KIB_MAX: usize = 32 * 1024;

/// How many seconds a sender should wait when nothing can be stored.
const RETRY_AFTER_SECONDS: &str = "10";

#[derive(Clone)]
struct Webhooks {
    acceptor: Acceptor,
    memory: Arc<Memory>,
}

/// Room for bodies, in KiB.
struct Memory {
    small: Semaphore,
    large: Semaphore,
}

/// Where GitHub sends webhooks to.
pub const PATH: &str = "/webhooks/github";

/// `POST` at [`PATH`].
pub fn router(acceptor: Acceptor) -> Router {
    let state = Webhooks { acceptor, memory: Arc::new(Memory::new()) };
    Router::new().route(PATH, post(receive)).with_state(state)
}

async fn receive(State(webhooks): State<Webhooks>, headers: HeaderMap, body: Body) -> Response {
    let (started_at, begun) = (webhooks.acceptor.store.now(), Instant::now());
    let named = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (guid, event) = (named(DELIVERY_HEADER).unwrap_or_default(), named(EVENT_HEADER));
    let answer = async {
        let reading = tokio::time::timeout(BODY_TIMEOUT, read(&webhooks.memory, &headers, body));
        let (body, _memory) = reading.await.map_err(|_| Refusal::Incomplete)??;
        webhooks.acceptor.webhook(&headers, body).await
    };
    let answer = answer.await;
    let (outcome, delivery) = match &answer {
        Ok(answer) => (answer.outcome(), Some(answer.id)),
        Err(refusal) => (refusal.code().1, None),
    };
    let event = event.filter(|_| answer.as_ref().err().is_none_or(Refusal::was_signed));
    let (via, took) = (Via::Webhook, begun.elapsed());
    webhooks.acceptor.tell(guid, &Accepted { via, event, outcome, delivery, started_at, took });
    match &answer {
        Err(Refusal::Store(error)) => {
            tracing::error!(deliveryId = guid, %error, hint = error.hint(), "a delivery could not be stored");
        }
        Err(refusal) => tracing::debug!(deliveryId = guid, code = outcome, %refusal, "a webhook was refused"),
        Ok(_) => {}
    }
    match answer {
        Ok(answer) => (StatusCode::ACCEPTED, Json(answer)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

/// The room that one body takes, given back when it is dropped.
#[derive(Default)]
struct Room<'m> {
    kib: usize,
    small: Option<SemaphorePermit<'m>>,
    large: Option<SemaphorePermit<'m>>,
}

impl Memory {
    fn new() -> Self {
        Self { small: Semaphore::new(SMALL_BODIES_KIB_MAX), large: Semaphore::new(BODIES_KIB_MAX) }
    }

    /// Takes room for a body that has grown to `bytes`.
    async fn grow<'m>(&'m self, room: &mut Room<'m>, bytes: usize) -> Result<(), Refusal> {
        let kib = bytes.div_ceil(1024);
        let small = kib.min(SMALL_KIB).saturating_sub(room.kib.min(SMALL_KIB));
        let large = kib.saturating_sub(SMALL_KIB).saturating_sub(room.kib.saturating_sub(SMALL_KIB));
        for (pool, held, more) in [(&self.small, &mut room.small, small), (&self.large, &mut room.large, large)] {
            if more == 0 {
                continue;
            }
            let wanted = pool.acquire_many(u32::try_from(more).unwrap_or(u32::MAX));
            let permit = tokio::time::timeout(ROOM_PATIENCE, wanted).await;
            let Ok(Ok(permit)) = permit else { return Err(Refusal::Busy) };
            match held {
                Some(held) => held.merge(permit),
                None => *held = Some(permit),
            }
        }
        room.kib = kib.max(room.kib);
        Ok(())
    }
}

/// Reads a body up to the cap, and holds its share of the memory for as long as the second value lives.
async fn read<'m>(memory: &'m Memory, headers: &HeaderMap, mut body: Body) -> Result<(Bytes, Room<'m>), Refusal> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let expected = announced.unwrap_or(0);
    if expected > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge);
    }
    let mut room = Room::default();
    let mut whole: Option<Bytes> = None;
    let mut parts = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|_| Refusal::Incomplete)?.into_data() else { continue };
        let arrived = data.len() + parts.len() + whole.as_ref().map_or(0, Bytes::len);
        if arrived > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        memory.grow(&mut room, arrived).await?;
        // Most bodies come as one frame; only the others are copied together.
        match whole.take() {
            None if parts.is_empty() => whole = Some(data),
            None => parts.extend_from_slice(&data),
            Some(first) => {
                parts.reserve(expected.max(first.len() + data.len()));
                parts.extend_from_slice(&first);
                parts.extend_from_slice(&data);
            }
        }
    }
    Ok((whole.unwrap_or_else(|| parts.freeze()), room))
}

/// What a refused sender reads.
#[derive(Debug, Serialize)]
struct Problem {
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Refusal {
    /// The status and the stable word of this refusal.
    #[must_use]
    pub fn code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::Incomplete => (StatusCode::REQUEST_TIMEOUT, "incomplete"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Header(HeaderError::NotJson) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type"),
            Self::Header(_) => (StatusCode::BAD_REQUEST, "header"),
            Self::Signature(_) => (StatusCode::UNAUTHORIZED, "signature"),
            Self::Envelope(_) => (StatusCode::BAD_REQUEST, "json"),
            Self::Conflict => (StatusCode::CONFLICT, "conflict"),
            Self::Store(_) | Self::Crashed(_) => (StatusCode::SERVICE_UNAVAILABLE, "store"),
        }
    }

    /// Whether the sender had proved who it is before it was refused.
    fn was_signed(&self) -> bool {
        matches!(self, Self::Envelope(_) | Self::Conflict | Self::Store(_) | Self::Crashed(_))
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Signature(_) => Some(Hint::MatchWebhookSecret.to_string()),
            Self::Header(HeaderError::NotJson) => Some(Hint::SendWebhooksAsJson.to_string()),
            Self::Conflict => Some("a redelivery repeats its body byte for byte".to_owned()),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.code();
        let problem = Problem { code, detail: self.to_string(), hint: self.hint() };
        let mut response = (status, Json(problem)).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let seconds = http::HeaderValue::from_static(RETRY_AFTER_SECONDS);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn large_bodies_do_not_keep_small_ones_out_and_give_their_room_back() {
        let memory = Memory::new();
        let mut large = [Room::default(), Room::default(), Room::default()];
        for room in &mut large[..2] {
            memory.grow(room, BODY_BYTES_MAX).await.unwrap();
        }
        assert!(matches!(memory.grow(&mut large[2], BODY_BYTES_MAX).await, Err(Refusal::Busy)));
        let mut small = Room::default();
        for bytes in [1, 20_000, 64 * 1024] {
            memory.grow(&mut small, bytes).await.unwrap();
        }
        assert_eq!(small.kib, 64);
        drop((large, small));
        assert_eq!(memory.small.available_permits(), SMALL_BODIES_KIB_MAX);
        assert_eq!(memory.large.available_permits(), BODIES_KIB_MAX);
    }
}
