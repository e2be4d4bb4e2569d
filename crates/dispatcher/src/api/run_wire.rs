//! How one run looks on the wire, with its targets and facts.

use serde::Serialize;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_store::Fact;
use utoipa::ToSchema;

use crate::handlers::records::{IssueRecord, PlanCounts, RunRecord, RunState, SourceRecord, TargetRecord, TargetState};
use crate::pages::reading::Recorded;
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// A run with what became of its targets.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherRun {
    /// `<repository id>/<run id>/<attempt>`, with `~<n>` for the n-th replay.
    #[schema(value_type = String)]
    run_key: RunKey,
    /// GitHub's id of the delivery, with `#replay-<n>` for the n-th replay.
    delivery_id: String,
    /// The run that completed.
    #[schema(value_type = Object)]
    source: SourceRecord,
    /// `invalid`, `dispatching` or `finished`.
    #[schema(value_type = String)]
    state: RunState,
    /// Why nothing was dispatched at all.
    #[schema(required, value_type = Option<String>)]
    reason: Option<Reason>,
    /// Where the source's file stands.
    #[schema(required)]
    config_path: Option<String>,
    /// Whether nothing was to be dispatched, only decided.
    dry_run: bool,
    /// When the webhook was accepted.
    #[schema(format = DateTime)]
    received_at: String,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// When the last target was settled.
    #[schema(required, format = DateTime)]
    finished_at: Option<String>,
    /// How many targets there were, and what was decided about them.
    #[schema(value_type = Object)]
    counts: PlanCounts,
    /// The run that began the chain.
    #[schema(value_type = String)]
    root_run_key: RunKey,
    /// How many dispatches led here.
    depth: u32,
    /// The workflows on the way.
    path: Vec<String>,
    /// The targets, in the order of the file.
    targets: Vec<DispatcherTarget>,
    /// The issue that tells about it.
    #[schema(required)]
    issue: Option<DispatcherIssue>,
}

impl From<&Recorded> for DispatcherRun {
    fn from(recorded: &Recorded) -> Self {
        let RunRecord { key, delivery_id, source, lineage, state, reason, config_path, .. } = &recorded.run;
        Self {
            run_key: *key,
            delivery_id: delivery_id.to_string(),
            source: source.clone(),
            state: *state,
            reason: *reason,
            config_path: config_path.clone(),
            dry_run: recorded.run.dry_run,
            received_at: recorded.run.received_at.rfc3339(),
            planned_at: recorded.run.planned_at.rfc3339(),
            finished_at: recorded.run.finished_at.map(Timestamp::rfc3339),
            counts: recorded.run.counts,
            root_run_key: lineage.root,
            depth: lineage.depth,
            path: lineage.path.iter().map(ToString::to_string).collect(),
            targets: recorded.targets.iter().map(|target| DispatcherTarget::of(target, recorded)).collect(),
            issue: recorded.issue.as_ref().map(DispatcherIssue::from),
        }
    }
}

/// A target of a run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherTarget {
    /// Its number in the plan, from 1.
    n: u16,
    /// The repository.
    repository: String,
    /// The workflow.
    workflow: String,
    /// The branch or tag that it starts on.
    #[schema(required)]
    r#ref: Option<String>,
    /// The line of the source's file that asks for it.
    line: u32,
    /// What stands there.
    line_text: String,
    /// The line of the target's file that consents.
    #[schema(required)]
    inbound_line: Option<u32>,
    /// What stands there.
    #[schema(required)]
    inbound_text: Option<String>,
    /// Where that file stands.
    #[schema(required)]
    inbound_path: Option<String>,
    /// `denied`, `waiting`, `queued`, `held`, `succeeded`, `failed` or `simulated`.
    #[schema(value_type = String)]
    state: TargetState,
    /// Why it was denied or failed: a stable code.
    #[schema(required, value_type = Option<String>)]
    reason: Option<Reason>,
    /// What the rule or GitHub said.
    #[schema(required)]
    detail: Option<String>,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
    /// Requests sent to start it.
    attempts: u32,
    /// When the next is due.
    #[schema(required, format = DateTime)]
    next_attempt_at: Option<String>,
    /// The run that was started.
    #[schema(required)]
    run_id: Option<u64>,
    /// Its page.
    #[schema(required)]
    run_url: Option<String>,
    /// What came of it: its conclusion.
    #[schema(required)]
    result: Option<String>,
}

impl DispatcherTarget {
    fn of(target: &TargetRecord, recorded: &Recorded) -> Self {
        Self {
            n: target.n,
            repository: target.repository.to_string(),
            workflow: target.workflow.to_string(),
            r#ref: target.git_ref.clone(),
            line: target.line,
            line_text: target.line_text.clone(),
            inbound_line: target.inbound_line,
            inbound_text: target.inbound_text.clone(),
            inbound_path: target.inbound_path.clone(),
            state: target.state,
            reason: target.reason,
            detail: target.detail.clone(),
            hint: target.hint.clone(),
            attempts: target.attempts,
            next_attempt_at: target.next_attempt_at.map(Timestamp::rfc3339),
            run_id: target.run_id,
            run_url: target.run_url.clone(),
            result: recorded.result(target.n).and_then(|result| result.conclusion.clone()),
        }
    }
}

/// The issue that tells about a run.
#[derive(Serialize, ToSchema)]
pub(super) struct DispatcherIssue {
    /// Its number, once it exists.
    #[schema(required)]
    number: Option<u64>,
    /// Its page.
    #[schema(required)]
    url: Option<String>,
    /// Why it could not be written.
    #[schema(required)]
    failure: Option<String>,
    /// Whether it was left out because there were too many.
    suppressed: bool,
}

impl From<&IssueRecord> for DispatcherIssue {
    fn from(issue: &IssueRecord) -> Self {
        Self {
            number: issue.number,
            url: issue.url.clone(),
            failure: issue.failure.clone(),
            suppressed: issue.suppressed,
        }
    }
}

/// A fact of a delivery.
#[derive(Serialize, ToSchema)]
pub(super) struct DispatcherFact {
    /// Its id.
    #[schema(format = Uuid)]
    id: String,
    /// When it was settled.
    #[schema(format = DateTime)]
    at: String,
    /// What happened.
    kind: String,
    /// The particulars.
    data: Value,
}

impl From<&Fact> for DispatcherFact {
    fn from(fact: &Fact) -> Self {
        Self { id: fact.id.to_string(), at: fact.at.rfc3339(), kind: fact.kind.clone(), data: fact.data.clone() }
    }
}
