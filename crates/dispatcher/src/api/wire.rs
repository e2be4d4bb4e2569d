//! How the dispatcher's things look on the wire. The types are what its part of the OpenAPI document is made from.

use std::collections::BTreeMap;

use serde::Serialize;
use switchboard_clock::Timestamp;
use switchboard_engine::yaml::Diagnostic;
use utoipa::ToSchema;

use crate::handlers::records::{PlanCounts, ProblemRow, RepoRecord, RunRow, TargetState};
use crate::handlers::rollup::{Latencies, TopRepo, Window};
use crate::health::{Check, Health, Status};
use crate::names::{RepositoryName, WorkflowFile};
use crate::pages::reading::{Edge, Side};
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// Numbers by name.
pub(super) type Counters = BTreeMap<String, i64>;

/// What happened in the last minutes.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherWindow {
    /// How many minutes: 5, 15 or 60.
    minutes: u32,
    /// Its first moment.
    #[schema(format = DateTime)]
    from: String,
    /// The first moment past it.
    #[schema(format = DateTime)]
    to: String,
    /// What was counted.
    counters: Counters,
    /// Succeeded dispatches per hundred that ended; `null` if none ended.
    #[schema(required)]
    success_rate: Option<f64>,
    /// Percentiles of the latencies in seconds, by what is measured.
    #[schema(value_type = Object)]
    latency: Latencies,
    /// The busiest sources.
    #[schema(value_type = Vec<Object>)]
    top_repos: Vec<TopRepo>,
    /// Whether there was more than is read.
    truncated: bool,
}

impl From<Window> for DispatcherWindow {
    fn from(window: Window) -> Self {
        Self {
            minutes: window.minutes,
            from: window.from.rfc3339(),
            to: window.to.rfc3339(),
            counters: window.counters,
            success_rate: window.success_rate,
            latency: window.latency,
            top_repos: window.top_repos,
            truncated: window.truncated,
        }
    }
}

/// How the dispatcher is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherHealth {
    /// `green`, `amber`, `red`, `idle` or `unknown`.
    #[schema(value_type = String)]
    status: Status,
    /// What is not green, in words.
    reasons: Vec<String>,
    /// The checks, each with `id`, `label`, `status` and `detail`.
    #[schema(value_type = Vec<Object>)]
    checks: Vec<Check>,
    /// When the newest run completed.
    #[schema(required, format = DateTime)]
    last_event_at: Option<String>,
}

impl DispatcherHealth {
    /// Before the first rollup.
    pub(super) fn unknown() -> Self {
        Self { status: Status::Unknown, reasons: Vec::new(), checks: Vec::new(), last_event_at: None }
    }
}

impl From<Health> for DispatcherHealth {
    fn from(health: Health) -> Self {
        Self {
            status: health.status,
            reasons: health.reasons,
            checks: health.checks,
            last_event_at: health.last_event_at.map(Timestamp::rfc3339),
        }
    }
}

/// A row of a list of runs: a run, or a target that ended with the reason that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(super) enum RunOrProblem {
    /// A run.
    Run(DispatcherRunRow),
    /// A target.
    Problem(DispatcherProblem),
}

/// A run in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherRunRow {
    /// `<repository id>/<run id>/<attempt>`, with `~<n>` for the n-th replay.
    #[schema(value_type = String)]
    run_key: RunKey,
    /// The source.
    #[schema(value_type = String)]
    repository: RepositoryName,
    /// Its workflow.
    #[schema(value_type = String)]
    workflow: WorkflowFile,
    /// The branch that ran.
    #[schema(required)]
    branch: Option<String>,
    /// The commit that ran.
    sha: String,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// How many targets there were, and what was decided about them.
    #[schema(value_type = Object)]
    counts: PlanCounts,
    /// Why nothing was dispatched at all.
    #[schema(required, value_type = Option<String>)]
    reason: Option<Reason>,
    /// Whether the source's file is invalid.
    invalid: bool,
}

impl From<&RunRow> for DispatcherRunRow {
    fn from(row: &RunRow) -> Self {
        Self {
            run_key: row.key,
            repository: row.repository.clone(),
            workflow: row.workflow.clone(),
            branch: row.branch.clone(),
            sha: row.sha.clone(),
            planned_at: row.planned_at.rfc3339(),
            counts: row.counts,
            reason: row.reason,
            invalid: row.invalid,
        }
    }
}

/// A workflow of a repository.
#[derive(Serialize, ToSchema)]
pub(super) struct Place {
    /// `owner/name`.
    #[schema(value_type = String)]
    repository: RepositoryName,
    /// The file under `.github/workflows`.
    #[schema(value_type = String)]
    workflow: WorkflowFile,
}

/// A target that was denied or failed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherProblem {
    /// The run.
    #[schema(value_type = String)]
    run_key: RunKey,
    /// The number of the target in its plan, from 1.
    n: u16,
    /// Whose run it was.
    source: Place,
    /// The target.
    #[schema(value_type = String)]
    repository: RepositoryName,
    /// Its workflow.
    #[schema(value_type = String)]
    workflow: WorkflowFile,
    /// `denied` or `failed`.
    #[schema(value_type = String)]
    state: TargetState,
    /// Why: a stable code.
    #[schema(value_type = String)]
    reason: Reason,
    /// Why, in words.
    sentence: &'static str,
    /// What to do about it.
    hint: &'static str,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

impl From<&ProblemRow> for DispatcherProblem {
    fn from(row: &ProblemRow) -> Self {
        Self {
            run_key: row.key,
            n: row.n,
            source: Place { repository: row.source.clone(), workflow: row.source_workflow.clone() },
            repository: row.repository.clone(),
            workflow: row.workflow.clone(),
            state: row.state,
            reason: row.reason,
            sentence: row.reason.sentence(),
            hint: row.reason.hint(),
            at: row.at.rfc3339(),
        }
    }
}

/// A repository and its file.
#[derive(Serialize, ToSchema)]
pub(super) struct DispatcherRepository {
    /// `owner/name`.
    pub(super) repository: String,
    /// What its `dispatching.yml` was at the last look; `null` before one.
    #[schema(required)]
    pub(super) file: Option<DispatcherFile>,
}

/// What a `dispatching.yml` was at the last look.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct DispatcherFile {
    /// `found`, `missing` or `invalid`.
    state: String,
    /// Where it stands.
    #[schema(required)]
    path: Option<String>,
    /// What there is to say about it, by line and column.
    #[schema(value_type = Vec<Object>)]
    diagnostics: Vec<Diagnostic>,
    /// When that was.
    #[schema(format = DateTime)]
    checked_at: String,
}

impl From<&RepoRecord> for DispatcherFile {
    fn from(record: &RepoRecord) -> Self {
        Self {
            state: record.state.clone(),
            path: record.path.clone(),
            diagnostics: record.diagnostics.clone(),
            checked_at: record.checked_at.rfc3339(),
        }
    }
}

/// A repository with what it starts and what starts there.
#[derive(Serialize, ToSchema)]
pub(super) struct DispatcherRepositoryStory {
    #[serde(flatten)]
    pub(super) repository: DispatcherRepository,
    /// What its workflows started elsewhere.
    pub(super) out: Vec<DispatcherEdge>,
    /// What was started here.
    pub(super) r#in: Vec<DispatcherEdge>,
}

/// A workflow here, one elsewhere, and how often the one started the other.
#[derive(Serialize, ToSchema)]
pub(super) struct DispatcherEdge {
    /// The own workflow.
    workflow: String,
    /// What it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Other>,
    /// What started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Other>,
    /// `succeeded`, `failed`, `denied`.
    counters: Counters,
}

/// A workflow elsewhere.
#[derive(Serialize, ToSchema)]
struct Other {
    /// `owner/name`.
    repository: String,
    /// Its file.
    workflow: String,
}

pub(super) fn edge(edge: &Edge, side: Side) -> DispatcherEdge {
    let other = Some(Other { repository: edge.repository.to_string(), workflow: edge.workflow.to_string() });
    let (target, source) = if side == Side::Out { (other, None) } else { (None, other) };
    DispatcherEdge { workflow: edge.own.to_string(), target, source, counters: edge.counters.clone() }
}
