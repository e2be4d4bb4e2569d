//! What arrives: a delivery as received, and how a second one is recognised.

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::{DeliveryId, Installation, Key, NewJob, Subject, View};

/// By what a delivery is recognised: `platform:delivery_id:event:action`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DeliveryKey {
    /// Where it came from: `github`, `callback`, `api`.
    pub platform: String,
    /// The platform's id of it: `X-GitHub-Delivery`, or a callback's digest.
    pub delivery_id: String,
    /// The event's name, for example `workflow_run`.
    pub event: String,
    /// The event's action; empty if it has none.
    pub action: String,
}

/// A digest of what makes two deliveries the same: the raw body, or what a callback's contract says stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The BLAKE3 digest of `bytes`. The body was hashed once already, for its signature; on processors without
    /// instructions for SHA-256 a second time would be the dearest step of accepting a delivery.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

/// A verified delivery on its way in.
#[derive(Debug, Clone)]
pub struct NewDelivery {
    /// By what a second one is recognised.
    pub key: DeliveryKey,
    /// What must be equal for a second one to be the same.
    pub digest: Digest,
    /// The headers worth keeping, names in lower case, without credentials.
    pub headers: Vec<(String, String)>,
    /// The raw body. Kept compressed, returned byte for byte.
    pub body: Bytes,
    /// The installation it concerns.
    pub installation: Option<Installation>,
    /// `owner/name` of the repository it concerns, as the platform spells it.
    pub repository: Option<String>,
    /// The most specific thing it is about.
    pub subject: Option<Subject>,
    /// The first jobs; none means that no automation wanted it: it is stored and ignored.
    pub jobs: Vec<NewJob>,
    /// What the delivery binds, from this moment on. If another value is bound already, the delivery is not taken.
    pub bindings: Vec<Binding>,
}

/// A record that keeps its first value: later deliveries must agree with it.
///
/// It is how two deliveries that race for one thing are told apart without a lock: of two that bind different values, one is
/// [`Verdict::Bound`].
#[derive(Debug, Clone, PartialEq)]
pub struct Binding {
    /// The record's view.
    pub view: View,
    /// The record's key.
    pub key: Key,
    /// What the record must hold, and holds from now on.
    pub value: serde_json::Value,
}

/// What became of a delivery handed to [`crate::Store::accept`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acceptance {
    /// The id of the stored delivery: the new one, or the one that was there first.
    pub id: DeliveryId,
    /// When that one was accepted.
    pub accepted_at: Timestamp,
    /// How the two relate.
    pub verdict: Verdict,
}

/// How a delivery relates to what the store knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is new, and durable now.
    Accepted,
    /// The same one is pending or finished already; nothing was written.
    Duplicate,
    /// The same one had ended dead; its dead jobs wait again.
    Requeued,
    /// Another body came under this id before; nothing was written.
    Conflict,
    /// One of its [bindings](NewDelivery::bindings) holds another value; nothing was written. The id is a new one that names nothing.
    Bound {
        /// Which one, counted from 0.
        binding: usize,
    },
}

/// How far a delivery has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// No automation wanted it.
    Ignored,
    /// Some of its jobs are not settled yet.
    Pending,
    /// All its jobs are settled, none of them dead.
    Settled,
    /// All its jobs are settled or dead, and at least one is dead.
    Dead,
}

impl DeliveryState {
    /// The state's name in the API and in a filter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ignored => "ignored",
            Self::Pending => "pending",
            Self::Settled => "settled",
            Self::Dead => "dead",
        }
    }
}

/// A stored delivery, without its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The store's id of it.
    pub id: DeliveryId,
    /// By what it is recognised.
    pub key: DeliveryKey,
    /// The digest that a second one must match.
    pub digest: Digest,
    /// The kept headers.
    pub headers: Vec<(String, String)>,
    /// Size of the raw body in bytes.
    pub body_bytes: u64,
    /// Whether the body is still there, or its retention has passed.
    pub body_kept: bool,
    /// The installation it concerns.
    pub installation: Option<Installation>,
    /// The repository it concerns.
    pub repository: Option<String>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// When it became durable.
    pub accepted_at: Timestamp,
    /// How far it has come.
    pub state: DeliveryState,
    /// When its last job was settled.
    pub settled_at: Option<Timestamp>,
    /// How many further times it arrived.
    pub duplicates: u32,
}

/// Which deliveries to list. One filter at a time: each has an index of its own, and no other filter exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryFilter {
    /// All of them.
    All,
    /// Of one event.
    Event(String),
    /// Of one repository, in any case.
    Repository(String),
    /// Of one installation.
    Installation(Installation),
    /// In one state.
    State(DeliveryState),
    /// About one subject.
    Subject(Subject),
}

/// How long things are kept, counted from when a delivery was accepted or a work was settled.
/// Pending deliveries, unsettled works and dead letters stay until somebody deals with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Raw bodies.
    pub bodies: Duration,
    /// Deliveries, settled works with their attempts, and facts.
    pub history: Duration,
}
