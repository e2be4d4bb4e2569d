//! A repository and everything that lives in it.

use std::collections::BTreeMap;

use switchboard_clock::Timestamp;

use super::actions::Workflow;
use super::checks::{CheckRun, Status};
use super::git::Commit;
use super::issues::{Comment, Issue, Label};
use super::runs::Run;
use crate::ids::{AccountId, CheckRunId, CommentId, RepoId, RunId, WorkflowId};

/// A repository.
#[derive(Debug, Clone)]
pub(crate) struct Repository {
    pub id: RepoId,
    pub owner: AccountId,
    pub name: String,
    pub description: Option<String>,
    pub private: bool,
    pub archived: bool,
    pub has_issues: bool,
    pub fork_of: Option<RepoId>,
    pub default_branch: String,
    /// Branch to head SHA.
    pub branches: BTreeMap<String, String>,
    /// Tag to commit SHA.
    pub tags: BTreeMap<String, String>,
    pub commits: BTreeMap<String, Commit>,
    pub workflows: Vec<Workflow>,
    pub runs: BTreeMap<RunId, Run>,
    /// Issues and pull requests by number.
    pub issues: BTreeMap<u64, Issue>,
    pub comments: BTreeMap<CommentId, Comment>,
    pub labels: BTreeMap<String, Label>,
    pub checks: BTreeMap<CheckRunId, CheckRun>,
    pub statuses: Vec<Status>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub pushed_at: Timestamp,
}

impl Repository {
    pub(crate) fn workflow(&self, id: WorkflowId) -> Option<&Workflow> {
        self.workflows.iter().find(|w| w.id == id)
    }

    /// A workflow by what the API takes in its place: id or file name.
    pub(crate) fn workflow_named(&self, reference: &str) -> Option<&Workflow> {
        self.workflows.iter().find(|w| w.file == reference || w.id.to_string() == reference)
    }

    pub(crate) fn open_issues(&self) -> usize {
        self.issues.values().filter(|issue| issue.open()).count()
    }
}
