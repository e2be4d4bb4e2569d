//! Reading a `pull_request` webhook: only what is decided by or shown is kept, whatever else the body holds.

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_github::ids::HeadSha;
use switchboard_github::repo_name::RepoName;

use crate::names::same_label;

/// What happened to a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is new.
    Opened,
    /// It was closed, and is open again.
    Reopened,
    /// It has a new head.
    Synchronize,
    /// It was closed or merged.
    Closed,
    /// It got this label.
    Labeled(String),
    /// It lost this label.
    Unlabeled(String),
    /// Anything else: only what is known of the pull request changes.
    Other(String),
}

/// Whether a pull request is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PrState {
    /// It is.
    Open,
    /// It was closed or merged.
    Closed,
}

/// What is known of a pull request: from the upstream's own events only, never from a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrInfo {
    /// Its number.
    pub number: u64,
    /// The head.
    pub head_sha: HeadSha,
    /// The branch it is to be merged into.
    pub base: String,
    /// Names of its labels.
    pub labels: Vec<String>,
    /// Whether it is open.
    pub state: PrState,
    /// Its title.
    pub title: String,
    /// Login of its author; empty if the account is gone.
    pub author: String,
    /// When GitHub last changed it.
    pub updated_at: Timestamp,
}

impl PrInfo {
    /// The newer one of what is known and what an event says; of two equally old ones the event's.
    #[must_use]
    pub fn refreshed(known: Option<Self>, told: Self) -> Self {
        known.filter(|known| known.updated_at > told.updated_at).unwrap_or(told)
    }

    /// Whether it carries this label, in whatever case.
    #[must_use]
    pub fn carries(&self, label: &str) -> bool {
        self.labels.iter().any(|carried| same_label(carried, label))
    }
}

/// A `pull_request` webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequestEvent {
    /// The repository of the pull request.
    pub repository: RepoName,
    /// What happened.
    pub action: Action,
    /// The pull request as the event shows it.
    pub info: PrInfo,
    /// How GitHub says that the author stands to the repository: `MEMBER`, `FIRST_TIMER`, …
    pub author_association: String,
    /// The repository that the head comes from, if it still exists.
    pub head_repository: Option<RepoName>,
    /// Login of who did it.
    pub sender: String,
}

/// Associations by which GitHub says that nothing of an author was merged here before. Source: docs.github.com, GraphQL,
/// `CommentAuthorAssociation`.
const NEW_AUTHORS: [&str; 4] = ["NONE", "FIRST_TIMER", "FIRST_TIME_CONTRIBUTOR", "MANNEQUIN"];

impl PullRequestEvent {
    /// Whether the author is new to the repository.
    #[must_use]
    pub fn is_by_new_author(&self) -> bool {
        NEW_AUTHORS.contains(&self.author_association.as_str())
    }
}
