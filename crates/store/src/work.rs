//! Jobs and intents. They differ in what they mean (decide, deliver) and in how a second one with the same key is
//! treated; how they are queued, leased, retried and settled is the same, so the store knows them both as [`Work`].

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_clock::Timestamp;

use crate::{DeliveryId, Installation, Lane, Queue, WorkId};

/// What kind of work it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Decide: a handler reads and settles.
    Job,
    /// Deliver: a carrier writes to the outside and settles.
    Intent,
}

/// A job to enqueue.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// Which workers take it.
    pub queue: Queue,
    /// Whose it is.
    pub automation: &'static str,
    /// Which handler runs, for example `dispatcher.plan`.
    pub kind: String,
    /// What it must not run beside.
    pub lane: Lane,
    /// If set, a job with this key that still waits stands for this one too.
    pub key: Option<String>,
    /// The installation on whose turn it runs.
    pub installation: Option<Installation>,
    /// What the handler needs to know.
    pub payload: Value,
    /// Not before this moment; `None` is now. Until then it does not hold its lane.
    pub due: Option<Timestamp>,
    /// Which delivery waits for it.
    pub follows: Follows,
}

/// The delivery that a job follows from, and that is pending until the job is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Follows {
    /// The delivery being accepted, or that of the work whose settlement enqueues the job.
    #[default]
    Inherited,
    /// None: it stands for itself, as the jobs of a schedule do.
    Nothing,
    /// An earlier one, which is replayed.
    Delivery(DeliveryId),
}

/// An intent to put.
#[derive(Debug, Clone, PartialEq)]
pub struct NewIntent {
    /// Whose it is.
    pub automation: &'static str,
    /// Which carrier runs, for example `dispatch.workflow`.
    pub kind: String,
    /// What is wanted; equal keys are the same wish.
    pub key: String,
    /// What it must not be carried out beside; `None` is its own key.
    pub lane: Option<Lane>,
    /// The installation whose budget it uses.
    pub installation: Option<Installation>,
    /// What the carrier needs to know. Never a secret.
    pub payload: Value,
    /// What a second put under the same key means.
    pub coalesce: Coalesce,
    /// Sorts wishes under the same key as text: one lower than what the key last held is dropped.
    pub order: Option<String>,
    /// Not before this moment; `None` is now.
    pub due: Option<Timestamp>,
}

/// What happens to an intent whose key is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coalesce {
    /// The first one stands, for as long as it is remembered: a thing to do exactly once.
    Once,
    /// The newest one stands, and is carried out even if an older one was: a state to converge to.
    Latest,
}

/// How far a work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkState {
    /// Waits for its time, its lane or a worker.
    Waiting,
    /// A worker holds its lease.
    Leased,
    /// Finished.
    Done,
    /// Ran out of attempts or met something permanent: a dead letter.
    Dead,
    /// Taken back before it ran.
    Withdrawn,
}

impl WorkState {
    /// The state's name in the API and in a filter.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Leased => "leased",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// A stored job or intent.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// Its id.
    pub id: WorkId,
    /// Job or intent.
    pub class: Class,
    /// Where it waits.
    pub queue: Queue,
    /// Whose it is.
    pub automation: String,
    /// Which handler or carrier runs.
    pub kind: String,
    /// What it does not run beside.
    pub lane: Lane,
    /// An intent's key, or a job's, if it has one.
    pub key: Option<String>,
    /// On whose turn it runs.
    pub installation: Option<Installation>,
    /// The delivery that it follows from.
    pub delivery: Option<DeliveryId>,
    /// What the handler or carrier needs to know.
    pub payload: Value,
    /// How far it has come.
    pub state: WorkState,
    /// Counted attempts so far, the running one included.
    pub attempts: u32,
    /// Whether an earlier attempt may have had an effect that nobody knows of: its lease was lost, or it settled so.
    pub unanswered: bool,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When the first attempt was leased.
    pub first_leased_at: Option<Timestamp>,
    /// When it may next run.
    pub due: Timestamp,
    /// When it became done, dead or withdrawn.
    pub settled_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub failure: Option<Failure>,
}

/// Why an attempt failed, as told to the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// A short stable word: `github_unavailable`, `ref_not_found`.
    pub code: String,
    /// What happened, in a sentence. Holds no secret.
    pub message: String,
    /// What the operator can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// One finished attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// The worker that ran it.
    pub worker: String,
    /// When it was leased.
    pub started_at: Timestamp,
    /// When it was settled.
    pub ended_at: Timestamp,
    /// `done`, `retry`, `held`, `dead`, or `lost` for a lease that ended without a settlement.
    pub outcome: String,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// The outside calls it made, as the engine recorded them.
    pub calls: Value,
}

/// The right to settle one attempt of one work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// Which work.
    pub work: WorkId,
    /// Which lease of it: every lease of a work has a higher epoch than the one before.
    pub epoch: u64,
}

/// A work under lease.
#[derive(Debug, Clone, PartialEq)]
pub struct Leased {
    /// The right to settle it.
    pub lease: Lease,
    /// When the lease ends unless extended.
    pub until: Timestamp,
    /// The work.
    pub work: Work,
}

/// What a worker asks for.
#[derive(Debug, Clone)]
pub struct Claim {
    /// Who asks; shown with the attempt.
    pub worker: String,
    /// From which queues.
    pub queues: Vec<Queue>,
    /// At most so many.
    pub capacity: usize,
    /// For how long.
    pub lease: Duration,
}

/// Which works to list. One filter at a time, each with an index of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkFilter {
    /// All of one class.
    Class(Class),
    /// In one state, of either class.
    State(WorkState),
    /// Following from one delivery.
    Delivery(DeliveryId),
    /// The unsettled ones of a lane.
    Lane(Class, String, Lane),
    /// The intent with this key.
    IntentKey(String),
}
