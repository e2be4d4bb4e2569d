//! What the dispatcher writes down: the rows behind its pages, and those that decide. Keys are in [`crate::keys`].
//!
//! Members are only ever added, and have defaults, so that an older and a newer release can run side by side.

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_engine::yaml::Diagnostic;
use switchboard_store::DeliveryId;

use crate::chains::{ExpectedRun, Lineage};
use crate::names::{GitRef, RepositoryName, WorkflowFile};
use crate::payload::SourceRun;
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// `dispatcher.run`: one planned run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// The run key, replays told apart.
    pub key: RunKey,
    /// `X-GitHub-Delivery` of the webhook, with `#replay-<n>` behind it for a replay.
    pub delivery_id: String,
    /// The stored delivery.
    pub delivery: DeliveryId,
    /// The run that completed.
    pub source: SourceRecord,
    /// Root, depth and path.
    pub lineage: Lineage,
    /// How far it has come.
    pub state: RunState,
    /// Why there was nothing to dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Which of the two paths the source's file was found at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_path: Option<String>,
    /// When the webhook was accepted.
    pub received_at: Timestamp,
    /// When the plan was settled.
    pub planned_at: Timestamp,
    /// When the last target became terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What the plan counted.
    pub counts: PlanCounts,
    /// Whether nothing is carried out.
    #[serde(default)]
    pub dry_run: bool,
}

/// The source of a run as it is shown and searched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the payload's members of the same names")]
pub struct SourceRecord {
    pub installation_id: u64,
    pub repository: RepositoryName,
    pub repository_id: u64,
    pub workflow: WorkflowFile,
    #[serde(default)]
    pub name: Option<String>,
    pub run_id: u64,
    pub run_attempt: u32,
    #[serde(default)]
    pub branch: Option<String>,
    pub sha: String,
    pub event: String,
    #[serde(default)]
    pub conclusion: Option<String>,
    pub url: String,
    #[serde(default)]
    pub actor: Option<String>,
}

impl From<&SourceRun> for SourceRecord {
    fn from(run: &SourceRun) -> Self {
        Self {
            installation_id: run.installation_id,
            repository: run.repository.clone(),
            repository_id: run.repository_id,
            workflow: run.workflow.clone(),
            name: run.display_name.clone(),
            run_id: run.run_id,
            run_attempt: run.attempt,
            branch: run.head_branch.clone(),
            sha: run.head_sha.clone(),
            event: run.event.clone(),
            conclusion: run.conclusion.clone(),
            url: run.url.clone(),
            actor: run.actor.clone(),
        }
    }
}

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// The source's file is invalid.
    Invalid,
    /// Some targets are not terminal yet.
    Dispatching,
    /// All targets are terminal.
    Finished,
}

/// What a plan counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanCounts {
    /// All targets that the rules name, the surplus included.
    pub candidates: usize,
    /// Allowed.
    pub allowed: usize,
    /// Denied, the surplus included.
    pub denied: usize,
    /// Waiting for a file that could not be read.
    pub waiting: usize,
    /// Candidates beyond those with an outcome of their own.
    pub surplus: usize,
}

/// `dispatcher.target`: one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetRecord {
    /// Its number within the plan, from 1.
    pub n: u16,
    /// The target repository, as written in the source's file, or as it is called now.
    pub repository: RepositoryName,
    /// Its id, once read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<u64>,
    /// The installation whose token starts it, once decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation_id: Option<u64>,
    /// The target workflow.
    pub workflow: WorkflowFile,
    /// The ref that the rule asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted_ref: Option<GitRef>,
    /// The ref to start on, once decided.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// The inputs, templates filled in.
    #[serde(default)]
    pub inputs: Vec<(String, String)>,
    /// Its line in the source's file.
    pub line: u32,
    /// What stands there. A stranger's text, like the other quote.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub line_text: String,
    /// The consenting line in the target's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_line: Option<u32>,
    /// What stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_text: Option<String>,
    /// Where the target's file stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inbound_path: Option<String>,
    /// How far it has come.
    pub state: TargetState,
    /// Why it was denied or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What the rule or GitHub said beside the reason. A stranger's text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Requests sent to start it.
    #[serde(default)]
    pub attempts: u32,
    /// Looks for a run whose dispatch had no clear answer, since the last request.
    #[serde(default)]
    pub looks: u8,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_attempt_at: Option<Timestamp>,
    /// The run that was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_id: Option<u64>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// When it became terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// How far a candidate has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the contract's words")]
pub enum TargetState {
    Denied,
    Waiting,
    Queued,
    Held,
    Succeeded,
    Failed,
    Simulated,
}

impl TargetState {
    /// Whether nothing more will happen to it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Denied | Self::Succeeded | Self::Failed | Self::Simulated)
    }

    /// The state's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Waiting => "waiting",
            Self::Queued => "queued",
            Self::Held => "held",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Simulated => "simulated",
        }
    }
}

/// `dispatcher.result`: how a started run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultRecord {
    /// The started run.
    pub run_id: u64,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_url: Option<String>,
    /// Its conclusion.
    pub conclusion: Option<String>,
    /// When we learned of it.
    pub at: Timestamp,
}

/// `dispatcher.by_target_run`: which dispatch started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartedRun {
    /// The run that dispatched.
    pub run_key: RunKey,
    /// The candidate's number there.
    pub n: u16,
    /// What the started run inherits.
    pub lineage: Lineage,
}

/// `dispatcher.expected_run`: a dispatch whose run is not known yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedRecord {
    /// What the rules look at.
    #[serde(flatten)]
    pub expected: ExpectedRun,
    /// The run that dispatches.
    pub run_key: RunKey,
    /// The candidate's number there.
    pub n: u16,
}

/// `dispatcher.chain`: what a root has caused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ChainRecord {
    /// Dispatches, queued and waiting ones included.
    pub dispatches: u32,
}

/// `dispatcher.recent` and its kin: a row of the list of runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of the run record of the same names")]
pub struct RunRow {
    pub key: RunKey,
    pub repository: RepositoryName,
    pub workflow: WorkflowFile,
    pub branch: Option<String>,
    pub sha: String,
    pub planned_at: Timestamp,
    pub counts: PlanCounts,
    #[serde(default)]
    pub reason: Option<Reason>,
    #[serde(default)]
    pub invalid: bool,
}

/// `dispatcher.problem` and its kin: a target that was denied or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the members of the target record of the same names")]
pub struct ProblemRow {
    pub key: RunKey,
    pub n: u16,
    pub source: RepositoryName,
    pub source_workflow: WorkflowFile,
    pub repository: RepositoryName,
    pub workflow: WorkflowFile,
    pub state: TargetState,
    pub reason: Reason,
    pub at: Timestamp,
}

/// `dispatcher.repo`: the last verdict on a repository's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RepoRecord {
    /// `found`, `missing` or `invalid`.
    pub state: String,
    /// Which of the two paths.
    pub path: Option<String>,
    /// What is wrong with it.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
    /// When it was read.
    pub checked_at: Timestamp,
}

/// `dispatcher.issue` and `dispatcher.config_issue`: the issue that tells about a run or a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueRecord {
    /// Its number, once created.
    #[serde(default)]
    pub number: Option<u64>,
    /// Its page.
    #[serde(default)]
    pub url: Option<String>,
    /// A digest of title and body as last written, in hex.
    #[serde(default)]
    pub body_hash: Option<String>,
    /// Whether it was closed by us.
    #[serde(default)]
    pub closed: bool,
    /// Why it could not be written.
    #[serde(default)]
    pub failure: Option<String>,
    /// Whether the hourly budget forbade it.
    #[serde(default)]
    pub suppressed: bool,
}

/// `dispatcher.issue_budget`: new issues of an installation in one clock hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct IssueBudget {
    /// Asked for.
    pub created: u32,
    /// Not asked for, because the budget was used up.
    pub suppressed: u32,
}
