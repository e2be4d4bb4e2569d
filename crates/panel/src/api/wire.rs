//! How things look on the wire: `camelCase` names, times as RFC 3339 in UTC. The types are what the OpenAPI document is
//! made from, so that it cannot say anything else.

use serde::Serialize;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_store::{Acceptance, Class, Verdict};
use utoipa::ToSchema;

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The `cursor` of the next page; `null` on the last.
    #[schema(required)]
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// What was read with one row more than asked for, as a page.
    pub(crate) fn of<R>(mut rows: Vec<R>, limit: usize, id: impl Fn(&R) -> String, wire: impl FnMut(R) -> T) -> Self {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(id);
        Self { items: rows.into_iter().map(wire).collect(), next }
    }
}

/// A webhook, or an operator's action, as it was taken in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delivery {
    /// Our id of it.
    #[schema(format = Uuid)]
    id: String,
    /// `github` for webhooks, `api` for operators' actions, `server` for starts of the server.
    pub(super) platform: String,
    /// What the platform calls it: `X-GitHub-Delivery`.
    delivery_id: String,
    /// The event: `workflow_run`.
    event: String,
    /// Its action, if it has one: `completed`.
    #[schema(required)]
    action: Option<String>,
    /// The repository that it is about.
    #[schema(required)]
    repository: Option<String>,
    /// What it is about, as a subject page names it.
    #[schema(required)]
    subject: Option<String>,
    /// The installation that it is from.
    #[schema(required)]
    installation: Option<u64>,
    /// `pending` while work is not settled, then `settled`, or `dead` if some was given up; `ignored` if nobody wanted it.
    state: &'static str,
    /// When it was taken in.
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When all that follows was settled.
    #[schema(required, format = DateTime)]
    settled_at: Option<String>,
    /// The size of its body.
    body_bytes: u64,
    /// Whether its body is still kept.
    body_kept: bool,
    /// How often it came again.
    duplicates: u64,
}

/// A delivery with its headers and what followed from it.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveryStory {
    #[serde(flatten)]
    pub(crate) delivery: Delivery,
    /// The headers that are kept, each a name and a value. Signatures are not.
    #[schema(value_type = Vec<Vec<String>>)]
    pub(crate) headers: Vec<(String, String)>,
    /// Jobs and intents that follow from it, oldest first, at most 100.
    pub(crate) jobs: Vec<Job>,
    /// Facts, oldest first, at most 500.
    pub(crate) facts: Vec<Fact>,
}

/// A job or an intent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// `job` or `intent`.
    class: &'static str,
    /// Whose it is.
    automation: String,
    /// What is done: `dispatcher.plan`.
    kind: String,
    /// Where it waits.
    queue: String,
    /// What it is done one after the other with.
    lane: String,
    /// Its key, if there can only be one such at a time.
    #[schema(required)]
    key: Option<String>,
    /// The installation on whose turn it runs.
    #[schema(required)]
    installation: Option<u64>,
    /// The delivery that it follows from: our id.
    #[schema(required, format = Uuid)]
    delivery: Option<String>,
    /// `waiting`, `leased`, `done`, `dead` or `withdrawn`.
    state: &'static str,
    /// Counted attempts so far.
    attempts: u32,
    /// When it was enqueued.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it may next run.
    #[schema(format = DateTime)]
    due_at: String,
    /// When it was done, given up or withdrawn.
    #[schema(required, format = DateTime)]
    settled_at: Option<String>,
    /// Why the last attempt failed.
    #[schema(required)]
    failure: Option<Failure>,
}

/// A job or intent with its attempts.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobStory {
    #[serde(flatten)]
    pub(crate) job: Job,
    /// What it is to do, as its automation wrote it down.
    pub(crate) payload: Value,
    /// Attempts that ended, oldest first, at most the last 100.
    pub(crate) tried: Vec<Attempt>,
}

/// An attempt that ended.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Attempt {
    /// The server that made it.
    worker: String,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it ended.
    #[schema(format = DateTime)]
    ended_at: String,
    /// `done`, `retry`, `dead` or `lost`.
    outcome: String,
    /// Why it failed.
    #[schema(required)]
    failure: Option<Failure>,
    /// The calls to GitHub that it made, with method, path, status, duration and GitHub's request id; `null` if none.
    calls: Value,
}

/// Why something failed.
#[derive(Serialize, ToSchema)]
pub(crate) struct Failure {
    /// A short stable word.
    code: String,
    /// What happened.
    message: String,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
}

/// A line of history.
#[derive(Serialize, ToSchema)]
pub(crate) struct Fact {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// When it was settled.
    #[schema(format = DateTime)]
    at: String,
    /// Whose history it is.
    automation: String,
    /// What it is about.
    subject: String,
    /// What happened: `dispatch.target.denied`.
    kind: String,
    /// The job or intent that settled it.
    #[schema(format = Uuid)]
    work: String,
    /// The particulars.
    data: Value,
}

/// An action that was taken in. What it leads to can be followed like any delivery.
#[derive(Serialize, ToSchema)]
pub struct Asked {
    /// Always true: it is durable.
    accepted: bool,
    /// Whether the same action, by its `Idempotency-Key`, had been asked for before.
    duplicate: bool,
    /// Its `Idempotency-Key`, or the one that was made for it.
    delivery: String,
    /// Our id of the delivery that it entered as.
    #[schema(format = Uuid)]
    id: String,
}

impl Asked {
    /// The action of this id, as the store has taken it.
    #[must_use]
    pub fn of(action: String, acceptance: &Acceptance) -> Self {
        let duplicate = acceptance.verdict == Verdict::Duplicate;
        Self { accepted: true, duplicate, delivery: action, id: acceptance.id.to_string() }
    }
}

/// What runs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    /// The release.
    pub(crate) version: String,
    /// The digest of the container image; `unknown` outside one.
    pub(crate) image_sha: String,
    /// When the server started.
    #[schema(format = DateTime)]
    pub(crate) started_at: String,
}

pub(crate) fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}

impl From<&switchboard_store::Delivery> for Delivery {
    fn from(delivery: &switchboard_store::Delivery) -> Self {
        Self {
            id: delivery.id.to_string(),
            platform: delivery.key.platform.clone(),
            delivery_id: delivery.key.delivery_id.clone(),
            event: delivery.key.event.clone(),
            action: Some(delivery.key.action.clone()).filter(|action| !action.is_empty()),
            repository: delivery.repository.clone(),
            subject: delivery.subject.as_ref().map(ToString::to_string),
            installation: delivery.installation.map(|installation| installation.0),
            state: delivery.state.as_str(),
            accepted_at: delivery.accepted_at.rfc3339(),
            settled_at: time(delivery.settled_at),
            body_bytes: delivery.body_bytes,
            body_kept: delivery.body_kept,
            duplicates: delivery.duplicates.into(),
        }
    }
}

impl From<&switchboard_store::Work> for Job {
    fn from(work: &switchboard_store::Work) -> Self {
        Self {
            id: work.id.to_string(),
            class: match work.class {
                Class::Job => "job",
                Class::Intent => "intent",
            },
            automation: work.automation.clone(),
            kind: work.kind.clone(),
            queue: work.queue.to_string(),
            lane: work.lane.to_string(),
            key: work.key.clone(),
            installation: work.installation.map(|installation| installation.0),
            delivery: work.delivery.map(|id| id.to_string()),
            state: work.state.as_str(),
            attempts: work.attempts,
            created_at: work.created_at.rfc3339(),
            due_at: work.due.rfc3339(),
            settled_at: time(work.settled_at),
            failure: work.failure.as_ref().map(Failure::from),
        }
    }
}

impl From<&switchboard_store::Attempt> for Attempt {
    fn from(attempt: &switchboard_store::Attempt) -> Self {
        Self {
            worker: attempt.worker.clone(),
            started_at: attempt.started_at.rfc3339(),
            ended_at: attempt.ended_at.rfc3339(),
            outcome: attempt.outcome.clone(),
            failure: attempt.failure.as_ref().map(Failure::from),
            calls: attempt.calls.clone(),
        }
    }
}

impl From<&switchboard_store::Failure> for Failure {
    fn from(failure: &switchboard_store::Failure) -> Self {
        Self { code: failure.code.clone(), message: failure.message.clone(), hint: failure.hint.clone() }
    }
}

impl From<&switchboard_store::Fact> for Fact {
    fn from(fact: &switchboard_store::Fact) -> Self {
        Self {
            id: fact.id.to_string(),
            at: fact.at.rfc3339(),
            automation: fact.automation.clone(),
            subject: fact.subject.to_string(),
            kind: fact.kind.clone(),
            work: fact.work.to_string(),
            data: fact.data.clone(),
        }
    }
}
