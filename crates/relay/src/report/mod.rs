//! What a downstream run reports: the body of `POST /github/callback`, read and checked field by field.
//!
//! Reading costs memory of the order of the body: the echo and lists that nobody asked for are skipped, not built. Decorations
//! never refuse a report; one that breaks its rule is dropped whole, with a note.

mod decorations;
mod digest;
mod field;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::conclusion::Conclusion;
use crate::refusal::{Code, Refusal};
use field::{Scalar, depth, object, scalar, text};

pub use decorations::{Category, Confidence, Decorations, FailedTest, Tests, Verdict};
pub use digest::digest;

/// Bytes of a body that are taken.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// How deep a body may be nested.
pub const DEPTH_MAX: usize = 64;
/// Characters of the names of a workflow and a job.
pub const NAME_CHARS_MAX: usize = 255;
/// Attempts of one run. GitHub keeps re-runs for a month; nobody presses the button a thousand times.
pub const ATTEMPTS_MAX: u32 = 1000;
/// Labels of an echo that are compared; GitHub allows 100 labels on a pull request.
const LABELS_MAX: usize = 100;

/// Which event a report answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A dispatched pull request event.
    PullRequest,
    /// A dispatched push.
    Push,
    /// A scheduled run of the downstream's own, at an upstream commit.
    Nightly,
    /// The same under another name.
    Periodic,
}

impl Kind {
    /// The word in `event_type`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::Push => "push",
            Self::Nightly => "nightly",
            Self::Periodic => "periodic",
        }
    }

    /// Whether it answers no dispatch.
    #[must_use]
    pub const fn is_nightly(self) -> bool {
        matches!(self, Self::Nightly | Self::Periodic)
    }

    fn of(word: &str) -> Option<Self> {
        [Self::PullRequest, Self::Push, Self::Nightly, Self::Periodic].into_iter().find(|kind| kind.as_str() == word)
    }
}

/// How far a job is, by its own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has started.
    InProgress,
    /// It has ended so.
    Completed(Conclusion),
}

impl Status {
    /// The word in `workflow.status`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed(_) => "completed",
        }
    }
}

/// A report whose every required field is as it must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which event it answers.
    pub kind: Kind,
    /// The dispatch that it answers; for a nightly, the upstream commit.
    pub delivery_id: String,
    /// How far the job is.
    pub status: Status,
    /// The workflow's name.
    pub workflow: String,
    /// The job's name: what we call a result.
    pub result: String,
    /// The run.
    pub run_id: String,
    /// The attempt, if the body names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_attempt: Option<u32>,
    /// The reporting step's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
    /// The id of the job's own check run downstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_run_id: Option<String>,
    /// What it says beside.
    #[serde(default)]
    pub decorations: Decorations,
    /// What the echoed event says, to be compared.
    #[serde(default)]
    pub echo: Echo,
}

/// The members of the echo that are compared with what was dispatched. They decide nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Echo {
    /// `pull_request.number`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// `pull_request.head.sha`, or a push's `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    /// `pull_request.labels[].name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Body<'b> {
    #[serde(borrow)]
    event_type: Option<&'b RawValue>,
    #[serde(borrow)]
    delivery_id: Option<&'b RawValue>,
    #[serde(borrow)]
    payload: Option<&'b RawValue>,
    #[serde(borrow)]
    workflow: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Workflow<'b> {
    #[serde(borrow)]
    status: Option<&'b RawValue>,
    #[serde(borrow)]
    conclusion: Option<&'b RawValue>,
    #[serde(borrow)]
    name: Option<&'b RawValue>,
    #[serde(borrow)]
    job_name: Option<&'b RawValue>,
    #[serde(borrow)]
    run_id: Option<&'b RawValue>,
    #[serde(borrow)]
    run_attempt: Option<&'b RawValue>,
    #[serde(borrow)]
    schema_version: Option<&'b RawValue>,
    #[serde(borrow)]
    check_run_id: Option<&'b RawValue>,
}

impl Report {
    /// Reads a body. Whether `run_id` must be a number depends on the token's provider.
    ///
    /// # Errors
    /// [`Code::Json`] if it is not one JSON object, [`Code::Field`] naming the first field that is not as it must be.
    pub fn read(body: &[u8], run_ids: RunIds) -> Result<Self, Refusal> {
        let json = |why: &str| Refusal::new(Code::Json, format!("The body is not usable: {why}."));
        let body = std::str::from_utf8(body).map_err(|_| json("it is not UTF-8"))?;
        if depth(body) > DEPTH_MAX {
            return Err(json("it is nested more than 64 deep"));
        }
        if !body.trim_start_matches(field::is_space).starts_with('{') {
            return Err(json("it is not an object"));
        }
        let body: Body<'_> = serde_json::from_str(body).map_err(|error| json(&error.to_string()))?;
        let kind = required("event_type", body.event_type, "is required: pull_request, push, nightly or periodic")?;
        let kind = Kind::of(&kind)
            .ok_or_else(|| Refusal::field("event_type", "must be pull_request, push, nightly or periodic"))?;
        let delivery_id = required("delivery_id", body.delivery_id, DELIVERY_ID)?;
        if !is_word(&delivery_id, 64, b"-") {
            return Err(Refusal::field("delivery_id", DELIVERY_ID));
        }
        if body.payload.is_some_and(|payload| !field::is_null(payload) && object::<Nothing>(payload).is_none()) {
            return Err(Refusal::field("payload", "must be an object if it is there"));
        }
        let (workflow, decorations) = body
            .workflow
            .and_then(|raw| Some((object::<Workflow<'_>>(raw)?, object::<decorations::Raw<'_>>(raw)?)))
            .ok_or_else(|| Refusal::field("workflow", "is required, an object"))?;
        let status = status(&workflow)?;
        let attempt = present(workflow.run_attempt).map(|raw| attempt(raw).ok_or(ATTEMPT)).transpose();
        Ok(Self {
            kind,
            delivery_id,
            status,
            workflow: name("workflow.name", workflow.name)?,
            result: name("workflow.job_name", workflow.job_name)?,
            run_id: run_id(workflow.run_id, run_ids)?,
            run_attempt: attempt.map_err(|rule| Refusal::field("workflow.run_attempt", rule))?,
            schema_version: optional("workflow.schema_version", workflow.schema_version)?,
            check_run_id: optional("workflow.check_run_id", workflow.check_run_id)?,
            decorations: Decorations::of(&decorations),
            echo: body.payload.map(echo).unwrap_or_default(),
        })
    }

    /// The attempt reported on, given the token's own.
    #[must_use]
    pub fn attempt(&self, claimed: Option<u32>) -> u32 {
        self.run_attempt.or(claimed).unwrap_or(1)
    }
}

/// What a provider's run ids look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunIds {
    /// Decimal, below 2⁶³: GitHub's.
    Numbers,
    /// `[A-Za-z0-9._-]{1,64}`.
    Words,
}

const DELIVERY_ID: &str = "is required: client_payload.delivery_id, 1 to 64 letters, digits and hyphens";
const ATTEMPT: &str = "must be a whole number from 1 to 1000";

fn status(workflow: &Workflow<'_>) -> Result<Status, Refusal> {
    const FIELD: &str = "workflow.status";
    match required(FIELD, workflow.status, "is required: in_progress or completed")?.as_str() {
        "in_progress" => Ok(Status::InProgress),
        "completed" => {
            let word = present(workflow.conclusion).and_then(text);
            let conclusion = word.as_deref().and_then(|word| word.parse().ok());
            conclusion.map(Status::Completed).ok_or_else(|| {
                let rule = "is required on completed: success, failure, cancelled, timed_out, skipped, neutral or action_required";
                Refusal::field("workflow.conclusion", rule)
            })
        }
        _ => Err(Refusal::field(FIELD, "must be in_progress or completed")),
    }
}

/// A member that is there and not null.
fn present(raw: Option<&RawValue>) -> Option<&RawValue> {
    raw.filter(|raw| !field::is_null(raw))
}

fn required(field: &str, raw: Option<&RawValue>, rule: &str) -> Result<String, Refusal> {
    present(raw).and_then(text).ok_or_else(|| Refusal::field(field, rule))
}

fn name(field: &str, raw: Option<&RawValue>) -> Result<String, Refusal> {
    let rule = "is required: 1 to 255 characters without control characters";
    let name = required(field, raw, rule)?;
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then_some(name).ok_or_else(|| Refusal::field(field, rule))
}

fn run_id(raw: Option<&RawValue>, ids: RunIds) -> Result<String, Refusal> {
    let rule = match ids {
        RunIds::Numbers => "is required: the run's decimal number, below 2^63",
        RunIds::Words => "is required: 1 to 64 letters, digits, dots, underscores and hyphens",
    };
    let id = present(raw).and_then(scalar).map(Scalar::into_text);
    let id = id.and_then(|id| match ids {
        // In one spelling, so that a run has one name.
        RunIds::Numbers if id.bytes().all(|b| b.is_ascii_digit()) => id.parse::<i64>().ok().map(|id| id.to_string()),
        RunIds::Numbers => None,
        RunIds::Words => is_word(&id, 64, b"._-").then_some(id),
    });
    id.ok_or_else(|| Refusal::field("workflow.run_id", rule))
}

fn attempt(raw: &RawValue) -> Option<u32> {
    let attempt: u32 = scalar(raw)?.into_text().parse().ok()?;
    (1..=ATTEMPTS_MAX).contains(&attempt).then_some(attempt)
}

fn optional(field: &str, raw: Option<&RawValue>) -> Result<Option<String>, Refusal> {
    let rule = "must be text or a whole number of at most 64 characters";
    let Some(raw) = present(raw) else { return Ok(None) };
    let value = scalar(raw).map(Scalar::into_text).filter(|text| text.chars().count() <= 64);
    value.map(Some).ok_or_else(|| Refusal::field(field, rule))
}

fn is_word(text: &str, most: usize, also: &[u8]) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
}

/// An object of which nothing is kept.
#[derive(Deserialize)]
struct Nothing {}

fn echo(payload: &RawValue) -> Echo {
    #[derive(Deserialize)]
    struct Event<'b> {
        #[serde(borrow)]
        pull_request: Option<&'b RawValue>,
        #[serde(borrow)]
        after: Option<&'b RawValue>,
    }
    #[derive(Deserialize)]
    struct PullRequest<'b> {
        #[serde(borrow)]
        number: Option<&'b RawValue>,
        #[serde(borrow)]
        head: Option<&'b RawValue>,
        #[serde(borrow)]
        labels: Option<&'b RawValue>,
    }
    #[derive(Deserialize)]
    struct Head<'b> {
        #[serde(borrow)]
        sha: Option<&'b RawValue>,
    }
    let Some(event) = object::<Event<'_>>(payload) else { return Echo::default() };
    let Some(pull) = event.pull_request.and_then(object::<PullRequest<'_>>) else {
        return Echo { head: event.after.and_then(text), ..Echo::default() };
    };
    let head = pull.head.and_then(object::<Head<'_>>);
    Echo {
        number: pull.number.and_then(|raw| raw.get().parse().ok()),
        head: head.and_then(|head| head.sha.and_then(text)),
        labels: pull.labels.and_then(|raw| field::names(raw, LABELS_MAX)),
    }
}
