//! Beat 1: verify, recognise a duplicate, write durably, answer. Nothing else happens while the sender waits.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::HeaderMap;
use serde::Serialize;
use switchboard_github::secret::WebhookSecret;
use switchboard_github::webhook::envelope::{Envelope, EnvelopeError};
use switchboard_github::webhook::headers::{HeaderError, identify, require_json};
use switchboard_github::webhook::signature::{SignatureError, verify_request};
use switchboard_store::{
    Acceptance, Binding, DeliveryId, DeliveryKey, Digest, Installation, NewDelivery, Store, StoreError, Subject,
    Verdict,
};

use crate::automation::{API, Arrival, Automation, GITHUB};
use crate::crash::{CrashPoint, Crashed, Crashes};
use crate::observe::{Accepted, Observer, Via};
use crate::subject;

/// GitHub sends at most 25 MB and drops larger payloads (GitHub Docs, "Webhook events and payloads").
pub const BODY_BYTES_MAX: usize = 25 * 1024 * 1024;

/// Takes deliveries in.
#[derive(Clone)]
pub struct Acceptor {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) automations: Arc<[Arc<dyn Automation>]>,
    pub(crate) secrets: Arc<[WebhookSecret]>,
    pub(crate) crashes: Crashes,
    pub(crate) observer: Arc<dyn Observer>,
}

/// The answer to a webhook that was taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Always true: the delivery is durable.
    pub accepted: bool,
    /// Whether it had come before.
    pub duplicate: bool,
    /// Whether no automation wants it.
    pub ignored: bool,
    /// `X-GitHub-Delivery` as sent.
    pub delivery: String,
    /// Our own id of the delivery: the first one's, if this is a duplicate.
    pub id: DeliveryId,
    /// Whether it had come before and was given up, and is worked on again.
    #[serde(skip)]
    pub requeued: bool,
}

/// Why a webhook was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is larger than GitHub ever sends.
    #[error("the body is larger than 25 MB")]
    TooLarge,
    /// The body did not arrive in time, or broke off.
    #[error("the body did not arrive whole")]
    Incomplete,
    /// There is no memory for more bodies at the moment; the sender should try again.
    #[error("too much is being received at the moment")]
    Busy,
    /// It is not JSON by its content type, or a header that names the delivery is missing or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// It is not signed with our secret.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// It is signed, but no JSON object.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// Another body came under this delivery id.
    #[error("another body was delivered under this id before")]
    Conflict,
    /// It could not be written; the sender should try again.
    #[error("deliveries cannot be stored at the moment")]
    Store(#[from] StoreError),
    /// The process dies here, in a test.
    #[error(transparent)]
    Crashed(#[from] Crashed),
}

/// A delivery that is no webhook: verified by another endpoint, and stored as that endpoint worded it.
#[derive(Debug, Clone)]
pub struct Verified {
    /// By what a second one is recognised.
    pub key: DeliveryKey,
    /// What must be equal for a second one to be the same.
    pub digest: Digest,
    /// What is stored, and what the automations' routers read.
    pub body: Bytes,
    /// `owner/name` of the repository it comes from.
    pub repository: String,
    /// What it concerns.
    pub subject: Option<Subject>,
    /// What it binds from now on.
    pub bindings: Vec<Binding>,
}

/// An operator's action: it enters as a delivery, so that it is durable, ordered and audited like any other.
#[derive(Debug, Clone)]
pub struct Action {
    /// A UUID that the form or client chose, so that a second click is a duplicate.
    pub id: String,
    /// What to do, dotted, its automation first: `engine.replay`.
    pub event: String,
    /// Who does it.
    pub actor: String,
    /// The particulars; `actor` is added.
    pub body: serde_json::Map<String, serde_json::Value>,
    /// What it concerns.
    pub subject: Option<Subject>,
    /// Whose installation it concerns.
    pub installation: Option<Installation>,
}

impl Acceptor {
    /// Takes a webhook in. The checks run in the order of the contract: content type, headers, signature, and only
    /// then is anything parsed.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is stored then and no delivery id is used up.
    pub async fn webhook(&self, headers: &HeaderMap, body: Bytes) -> Result<Answer, Refusal> {
        if body.len() > BODY_BYTES_MAX {
            return Err(Refusal::TooLarge);
        }
        require_json(headers)?;
        let (guid, event) = identify(headers)?;
        verify_request(&self.secrets, headers, &body)?;
        let envelope = Envelope::parse(&body)?;
        let key = DeliveryKey {
            platform: GITHUB.to_owned(),
            delivery_id: guid.as_str().to_owned(),
            event: event.as_str().to_owned(),
            action: envelope.action.clone().unwrap_or_default(),
        };
        self.crashes.pass(CrashPoint::BeforeAccept)?;
        let digest = Digest::of(&body);
        let delivery = self.delivery(key, digest, kept(headers), body, &envelope);
        let ignored = delivery.jobs.is_empty();
        let Acceptance { id, verdict, .. } = self.store.accept(delivery).await?;
        self.crashes.pass(CrashPoint::AfterAccept)?;
        match verdict {
            Verdict::Conflict => Err(Refusal::Conflict),
            // A webhook binds nothing, so nothing can contradict it.
            Verdict::Accepted | Verdict::Requeued | Verdict::Duplicate | Verdict::Bound { .. } => {
                let (duplicate, requeued) = (verdict == Verdict::Duplicate, verdict == Verdict::Requeued);
                let delivery = guid.as_str().to_owned();
                Ok(Answer { accepted: true, duplicate, ignored, delivery, id, requeued })
            }
        }
    }

    /// Takes a webhook in that did not arrive but stands in the App's own delivery list.
    ///
    /// # Errors
    /// [`Refusal`], if it is no payload or cannot be stored.
    pub(crate) async fn listed(&self, guid: &str, event: &str, body: Bytes) -> Result<Acceptance, Refusal> {
        let envelope = Envelope::parse(&body)?;
        let key = DeliveryKey {
            platform: GITHUB.to_owned(),
            delivery_id: guid.to_owned(),
            event: event.to_owned(),
            action: envelope.action.clone().unwrap_or_default(),
        };
        Ok(self.take(Via::List, self.delivery(key, Digest::of(&body), Vec::new(), body, &envelope)).await?)
    }

    /// Takes a delivery in that another endpoint has verified, by its own contract.
    ///
    /// # Errors
    /// [`Refusal::Store`] with what the store says.
    pub async fn verified(&self, new: Verified) -> Result<Acceptance, Refusal> {
        let mut delivery = self.delivery(new.key, new.digest, Vec::new(), new.body, &Envelope::default());
        delivery.subject = new.subject;
        delivery.repository = Some(new.repository);
        delivery.bindings = new.bindings;
        self.crashes.pass(CrashPoint::BeforeAccept)?;
        let acceptance = self.store.accept(delivery).await?;
        self.crashes.pass(CrashPoint::AfterAccept)?;
        Ok(acceptance)
    }

    /// Tells whoever measures, and the log, that another endpoint answered. `guid` is by what its sender knows the delivery.
    pub fn observe(&self, guid: &str, accepted: &Accepted<'_>) {
        self.tell(guid, accepted);
    }

    /// Takes an operator's action in.
    ///
    /// # Errors
    /// What the store says.
    pub async fn action(&self, action: Action) -> Result<Acceptance, StoreError> {
        let mut body = action.body;
        body.insert("actor".to_owned(), action.actor.into());
        let body = Bytes::from(serde_json::Value::Object(body).to_string());
        let key = DeliveryKey {
            platform: API.to_owned(),
            delivery_id: action.id,
            event: action.event,
            action: String::new(),
        };
        let envelope = Envelope::default();
        let mut delivery = self.delivery(key, Digest::of(&body), Vec::new(), body, &envelope);
        delivery.subject = action.subject;
        delivery.installation = action.installation;
        self.take(Via::Operator, delivery).await
    }

    /// Stores what did not come as a webhook.
    async fn take(&self, via: Via, delivery: NewDelivery) -> Result<Acceptance, StoreError> {
        let (started_at, begun) = (self.store.now(), Instant::now());
        let (guid, event) = (delivery.key.delivery_id.clone(), delivery.key.event.clone());
        let ignored = delivery.jobs.is_empty();
        let acceptance = self.store.accept(delivery).await?;
        let outcome = match acceptance.verdict {
            Verdict::Conflict => "conflict",
            Verdict::Duplicate => "duplicate",
            Verdict::Requeued => "requeued",
            Verdict::Bound { .. } => "bound",
            Verdict::Accepted => accepted(ignored),
        };
        let refused = matches!(acceptance.verdict, Verdict::Conflict | Verdict::Bound { .. });
        let taken = (!refused).then_some(acceptance.id);
        let took = begun.elapsed();
        self.tell(&guid, &Accepted { via, event: Some(&event), outcome, delivery: taken, started_at, took });
        Ok(acceptance)
    }

    /// Tells whoever measures, and the log. A line for each delivery is more than most want, so it is for debugging.
    pub(crate) fn tell(&self, guid: &str, accepted: &Accepted<'_>) {
        let Accepted { via, event, outcome, delivery, .. } = accepted;
        if let Some(delivery) = delivery {
            tracing::debug!(%delivery, deliveryId = guid, event, outcome, via = via.as_str(), "a delivery was taken in");
        }
        self.observer.accepted(accepted);
    }

    fn delivery(
        &self,
        key: DeliveryKey,
        digest: Digest,
        headers: Vec<(String, String)>,
        body: Bytes,
        envelope: &Envelope,
    ) -> NewDelivery {
        let jobs = self.jobs(&Arrival { key: &key, envelope, body: &body });
        NewDelivery {
            key,
            digest,
            headers,
            installation: envelope.installation.map(|id| Installation(id.0)),
            repository: envelope.repository.as_ref().and_then(|repository| repository.full_name.clone()),
            subject: subject::of(envelope),
            jobs,
            bindings: Vec::new(),
            body,
        }
    }

    /// What the automations make of an arrival.
    pub(crate) fn jobs(&self, arrival: &Arrival<'_>) -> Vec<switchboard_store::NewJob> {
        self.automations.iter().flat_map(|automation| automation.route(arrival)).collect()
    }
}

impl Answer {
    /// What became of the delivery, as a label.
    pub(crate) const fn outcome(&self) -> &'static str {
        match self {
            Self { duplicate: true, .. } => "duplicate",
            Self { requeued: true, .. } => "requeued",
            Self { ignored, .. } => accepted(*ignored),
        }
    }
}

const fn accepted(ignored: bool) -> &'static str {
    if ignored { "ignored" } else { "accepted" }
}

/// The headers worth keeping: what GitHub says about the delivery. Signatures are not kept, they are made anew.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    let keep = |name: &str| name.starts_with("x-github-") || matches!(name, "content-type" | "user-agent");
    headers
        .iter()
        .filter(|(name, _)| keep(name.as_str()))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}
