//! Webhooks: those that the simulated GitHub sends, and those that a story makes by hand.

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;
use switchboard_simulator::{DeliveryOutcome, OutgoingDelivery};
use tower::ServiceExt as _;

use crate::server::Server;
use crate::world::World;

/// Where GitHub sends webhooks.
const ROUTE: &str = "/webhooks/github";

/// A webhook that a story makes by hand.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its headers, in the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// Its raw body.
    pub body: Bytes,
}

impl Webhook {
    /// A webhook as GitHub would send it, signed with `secret`.
    #[must_use]
    pub fn signed(secret: &str, guid: &str, event: &str, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("user-agent", "GitHub-Hookshot/51b1ab7".to_owned()),
            ("x-github-delivery", guid.to_owned()),
            ("x-github-event", event.to_owned()),
            ("x-hub-signature-256", signature(secret, &body)),
        ];
        Self { headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body }
    }

    /// With this value in place of a header's own.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.without(name).also(name, value)
    }

    /// With one more header, even if there is one of that name.
    #[must_use]
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a header.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// With another body under the same headers, the signature included.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..self }
    }

    fn request(self) -> Request<Body> {
        let mut request = Request::post(ROUTE).body(Body::from(self.body)).expect("the route is a URI");
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).expect("a header's name");
            request.headers_mut().append(name, HeaderValue::try_from(value).expect("a header's value"));
        }
        request
    }
}

/// What `X-Hub-Signature-256` says when `secret` signs `body`.
#[must_use]
pub fn signature(secret: &str, body: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body);
    let digits: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={digits}")
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The JSON body; null if it is none.
    pub body: Value,
}

/// What became of a webhook that the simulated GitHub sent.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// Its `X-GitHub-Delivery`.
    pub guid: String,
    /// Its event.
    pub event: String,
    /// What GitHub was told of it.
    pub outcome: DeliveryOutcome,
    /// The server's answer, if it lived to give one.
    pub answer: Option<Answered>,
}

impl World {
    /// A webhook made by hand, signed with the App's secret.
    #[must_use]
    pub fn webhook(&self, guid: &str, event: &str, body: impl Into<Bytes>) -> Webhook {
        Webhook::signed(&self.own_secret, guid, event, body)
    }

    /// Posts a webhook that was made by hand. Nothing follows from it before the world [settles](World::settle).
    ///
    /// # Panics
    /// If the server is down, or dies over it.
    pub async fn post(&self, webhook: Webhook) -> Answered {
        answer(self.server(), webhook).await
    }

    /// What became of the webhooks that the simulated GitHub sent so far.
    #[must_use]
    pub fn arrived(&self) -> &[Arrived] {
        &self.arrived
    }

    /// Lets every webhook arrive that is due, and says how many there were. Nothing follows from them before the world
    /// [settles](World::settle).
    ///
    /// # Panics
    /// If the server dies over it and cannot start again.
    pub async fn deliver(&mut self) -> usize {
        let due = self.github.take_due();
        let count = due.len();
        for delivery in due {
            let OutgoingDelivery { id, guid, event, .. } = delivery.clone();
            let answer = match &self.server {
                Some(server) => Some(answer(server, outgoing(delivery)).await),
                None => None,
            };
            // The answer of a server that dies before it was written to the wire is never read.
            let answer = answer.filter(|_| !self.plan.doom.is_dead());
            let outcome = answer.as_ref().map_or(DeliveryOutcome::Unreachable, |a| DeliveryOutcome::Answered(a.status));
            self.github.report(id, outcome.clone());
            self.arrived.push(Arrived { guid, event, outcome, answer });
            if self.plan.doom.is_dead() {
                self.restart().await;
            }
        }
        count
    }
}

fn outgoing(delivery: OutgoingDelivery) -> Webhook {
    let headers = delivery.headers.into_iter().map(|(name, value)| (name.to_lowercase(), value)).collect();
    Webhook { headers, body: delivery.body }
}

async fn answer(server: &Server, webhook: Webhook) -> Answered {
    answered(&server.router, webhook.request()).await
}

pub(crate) async fn answered(router: &Router, request: Request<Body>) -> Answered {
    let Ok(response) = router.clone().oneshot(request).await;
    let (parts, body) = response.into_parts();
    let body = body.collect().await.expect("an answer made in process comes whole").to_bytes();
    Answered {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}
