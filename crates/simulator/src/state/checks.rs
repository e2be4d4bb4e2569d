//! Check runs and commit statuses.

use serde_json::Value;
use switchboard_clock::Timestamp;

use crate::ids::{AccountId, AppId, CheckRunId, CheckSuiteId, StatusId};

/// How far a check run is. The order is one-way: a completed run does not become in progress again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckStatus {
    Queued,
    InProgress,
    Completed,
}

impl CheckStatus {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Queued, Self::InProgress, Self::Completed].into_iter().find(|status| status.as_str() == text)
    }
}

/// A check run.
#[derive(Debug, Clone)]
pub(crate) struct CheckRun {
    pub id: CheckRunId,
    pub suite: CheckSuiteId,
    pub app: AppId,
    pub name: String,
    pub head_sha: String,
    pub status: CheckStatus,
    pub conclusion: Option<String>,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    /// Annotations of all updates, in order of arrival.
    pub annotations: Vec<Value>,
    pub actions: Vec<Value>,
    pub started_at: Timestamp,
    pub completed_at: Option<Timestamp>,
}

/// A commit status.
#[derive(Debug, Clone)]
pub(crate) struct Status {
    pub id: StatusId,
    pub sha: String,
    pub state: String,
    pub context: String,
    pub description: Option<String>,
    pub target_url: Option<String>,
    pub creator: AccountId,
    pub created_at: Timestamp,
}
