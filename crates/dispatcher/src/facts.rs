//! The facts that the dispatcher writes: kinds and data, as the predecessor's users know them.

use serde::Serialize;
use serde_json::{Map, Value};
use switchboard_clock::Timestamp;
use switchboard_engine::yaml::Diagnostic;

use crate::chains::Lineage;
use crate::names::{InputKey, RepositoryName, WorkflowFile};
use crate::payload::{KnownSource, SourceRun};
use crate::reasons::Reason;
use crate::run_key::RunKey;

pub mod kinds;

/// A fact's kind and data.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// One of [`kinds`].
    pub kind: &'static str,
    /// The members of [`About`] and those of the [`Event`].
    pub data: Value,
}

/// What every fact says about its source. Members are null only where a payload was unusable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the member names of the contract speak for themselves")]
pub struct About {
    pub delivery_id: String,
    pub source_repo: Option<RepositoryName>,
    pub source_workflow: Option<WorkflowFile>,
    pub source_run_id: Option<u64>,
    pub run_attempt: Option<u32>,
    pub installation_id: Option<u64>,
    pub root_run_key: Option<RunKey>,
    pub depth: u32,
}

impl About {
    /// About a run at its place in a chain.
    #[must_use]
    pub fn run(delivery_id: &str, run: &SourceRun, lineage: &Lineage) -> Self {
        Self {
            delivery_id: delivery_id.to_owned(),
            source_repo: Some(run.repository.clone()),
            source_workflow: Some(run.workflow.clone()),
            source_run_id: Some(run.run_id),
            run_attempt: Some(run.attempt),
            installation_id: Some(run.installation_id),
            root_run_key: Some(lineage.root),
            depth: lineage.depth,
        }
    }

    /// About what little an unusable payload tells.
    #[must_use]
    pub fn known(delivery_id: &str, known: &KnownSource) -> Self {
        let key = known.repository_id.zip(known.run_id).zip(known.attempt);
        Self {
            delivery_id: delivery_id.to_owned(),
            source_repo: known.repository.clone(),
            source_workflow: known.workflow.clone(),
            source_run_id: known.run_id,
            run_attempt: known.attempt,
            installation_id: known.installation_id,
            root_run_key: key.map(|((repository, run), attempt)| RunKey::new(repository, run, attempt)),
            depth: 0,
        }
    }
}

/// The target that a fact is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the member names of the contract speak for themselves")]
pub struct Target<'a> {
    pub target_repo: &'a RepositoryName,
    pub target_workflow: &'a WorkflowFile,
}

/// What happened, with the members that its kind adds. Times are in milliseconds, lines count from 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
#[expect(missing_docs, reason = "the member names of the contract speak for themselves")]
pub enum Event<'a> {
    /// The webhook was taken in; once per delivery.
    RequestAccepted { received_at: Timestamp },
    /// A source rule failed.
    SourceSkipped { reason: Reason, detail: &'a str, hint: &'static str },
    /// The source's file is invalid.
    ConfigInvalid { path: &'a str, diagnostics: &'a [Diagnostic] },
    /// The source's file is valid again, or gone.
    ConfigRecovered { path: Option<&'a str> },
    /// The plan ran out of attempts.
    PlanFailed { reason: Reason, attempts: u32 },
    /// A run that was dispatched here has completed.
    RunCompleted {
        #[serde(flatten)]
        target: Target<'a>,
        run_id: u64,
        conclusion: Option<&'a str>,
    },
    /// The plan stands.
    PlanCreated {
        candidate_targets: usize,
        allowed_targets: usize,
        denied_targets: usize,
        waiting_targets: usize,
        config_path: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<Reason>,
    },
    /// Both sides consent; the dispatch is in the outbox.
    TargetQueued {
        #[serde(flatten)]
        target: Target<'a>,
        dispatch_ref: &'a str,
        input_keys: &'a [InputKey],
        line: u32,
    },
    /// A candidate rule failed.
    TargetDenied {
        #[serde(flatten)]
        target: Target<'a>,
        reason: Reason,
        detail: &'a str,
        hint: &'static str,
    },
    /// The outcome that candidates past the two hundredth share.
    SurplusDenied { reason: Reason, count: usize, hint: &'static str },
    /// Both sides consent, and nothing is dispatched because of `dry_run`.
    TargetSimulated {
        #[serde(flatten)]
        target: Target<'a>,
        dispatch_ref: &'a str,
        input_keys: &'a [InputKey],
        line: u32,
    },
    /// GitHub took the dispatch.
    TriggerSucceeded {
        #[serde(flatten)]
        target: Target<'a>,
        attempts: u32,
        dispatch_ref: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        run_id: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        run_url: Option<&'a str>,
    },
    /// GitHub did not take the dispatch, or the target could not be read.
    TriggerFailed {
        #[serde(flatten)]
        target: Target<'a>,
        reason: Reason,
        error: &'a str,
        attempts: u32,
        dispatch_ref: Option<&'a str>,
        hint: &'static str,
    },
    /// Something about an issue.
    Issue {
        #[serde(skip)]
        step: IssueStep,
        #[serde(skip_serializing_if = "Option::is_none")]
        issue: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<&'a str>,
    },
}

/// What became of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the last word of its kind")]
pub enum IssueStep {
    Created,
    Updated,
    Closed,
    Failed,
    Suppressed,
}

impl Event<'_> {
    /// The fact's kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::RequestAccepted { .. } => kinds::REQUEST_ACCEPTED,
            Self::SourceSkipped { .. } => kinds::SOURCE_SKIPPED,
            Self::ConfigInvalid { .. } => kinds::CONFIG_INVALID,
            Self::ConfigRecovered { .. } => kinds::CONFIG_RECOVERED,
            Self::PlanFailed { .. } => kinds::PLAN_FAILED,
            Self::RunCompleted { .. } => kinds::RUN_COMPLETED,
            Self::PlanCreated { .. } => kinds::PLAN_CREATED,
            Self::TargetQueued { .. } => kinds::TARGET_QUEUED,
            Self::TargetDenied { .. } | Self::SurplusDenied { .. } => kinds::TARGET_DENIED,
            Self::TargetSimulated { .. } => kinds::TARGET_SIMULATED,
            Self::TriggerSucceeded { .. } => kinds::TRIGGER_SUCCEEDED,
            Self::TriggerFailed { .. } => kinds::TRIGGER_FAILED,
            Self::Issue { step, .. } => match step {
                IssueStep::Created => kinds::ISSUE_CREATED,
                IssueStep::Updated => kinds::ISSUE_UPDATED,
                IssueStep::Closed => kinds::ISSUE_CLOSED,
                IssueStep::Failed => kinds::ISSUE_FAILED,
                IssueStep::Suppressed => kinds::ISSUE_SUPPRESSED,
            },
        }
    }

    /// The fact: this event, about that source.
    #[must_use]
    pub fn about(&self, about: &About) -> Fact {
        let mut data = members(about);
        data.extend(members(self));
        Fact { kind: self.kind(), data: Value::Object(data) }
    }
}

/// All types here serialise as objects with text keys, so nothing is lost.
fn members(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::run;

    fn about() -> About {
        let run = run();
        About::run("d-1", &run, &Lineage::root(run.key(), &run.repository, &run.workflow))
    }

    #[test]
    fn a_denial_holds_the_source_the_target_and_the_reason() {
        let (target_repo, target_workflow) = (&"Org/t".parse().unwrap(), &"cd.yml".parse().unwrap());
        let reason = Reason::InboundNotAuthorized;
        let target = Target { target_repo, target_workflow };
        let fact = Event::TargetDenied { target, reason, detail: "no rule", hint: reason.hint() }.about(&about());
        assert_eq!(fact.kind, "dispatch.target.denied");
        assert_eq!(
            fact.data,
            json!({
                "deliveryId": "d-1", "sourceRepo": "Org/source", "sourceWorkflow": "ci.yml", "sourceRunId": 500, "runAttempt": 1,
                "installationId": 11, "rootRunKey": "1/500/1", "depth": 0, "targetRepo": "Org/t", "targetWorkflow": "cd.yml",
                "reason": "inbound_not_authorized", "detail": "no rule", "hint": reason.hint(),
            })
        );
    }

    #[test]
    fn optional_members_are_left_out_and_times_are_milliseconds() {
        let (target_repo, target_workflow) = (&"Org/t".parse().unwrap(), &"cd.yml".parse().unwrap());
        let target = Target { target_repo, target_workflow };
        let fact = Event::TriggerSucceeded { target, attempts: 3, dispatch_ref: "main", run_id: None, run_url: None }
            .about(&about());
        assert_eq!((&fact.data["attempts"], fact.data.get("runId")), (&json!(3), None));
        let fact = Event::RequestAccepted { received_at: Timestamp::from_seconds(2) }.about(&about());
        assert_eq!((fact.kind, &fact.data["receivedAt"]), ("dispatch.request.accepted", &json!(2_000)));
        let fact = Event::Issue { step: IssueStep::Closed, issue: Some(4), reason: None }.about(&about());
        assert_eq!((fact.kind, &fact.data["issue"], fact.data.get("step")), ("dispatch.issue.closed", &json!(4), None));
    }

    #[test]
    fn an_unusable_payload_still_makes_a_fact_with_all_members() {
        let about = About::known("d-1", &KnownSource { run_id: Some(5), ..KnownSource::default() });
        let event = Event::SourceSkipped {
            reason: Reason::PayloadUnusable,
            detail: "repository",
            hint: Reason::PayloadUnusable.hint(),
        };
        let data = event.about(&about).data;
        assert_eq!(
            (&data["sourceRepo"], &data["sourceRunId"], &data["detail"]),
            (&Value::Null, &json!(5), &json!("repository"))
        );
    }
}
