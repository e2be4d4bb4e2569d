//! Issues, pull requests, comments and labels.

use std::collections::BTreeSet;

use switchboard_clock::Timestamp;

use super::State;
use crate::ids::{AccountId, CommentId, IssueId, LabelId, RepoId};

/// A label of a repository.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    pub id: LabelId,
    pub name: String,
    /// Six hexadecimal digits.
    pub color: String,
    pub description: Option<String>,
}

/// What makes an issue a pull request.
#[derive(Debug, Clone)]
pub(crate) struct PullRequest {
    pub head_repo: RepoId,
    pub head_branch: String,
    pub head_sha: String,
    pub base_branch: String,
    pub base_sha: String,
    pub draft: bool,
    pub merged_at: Option<Timestamp>,
}

/// An issue or pull request.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub id: IssueId,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: AccountId,
    pub labels: BTreeSet<String>,
    pub assignees: BTreeSet<AccountId>,
    pub state_reason: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub closed_at: Option<Timestamp>,
    pub pull: Option<PullRequest>,
}

impl Issue {
    pub(crate) fn open(&self) -> bool {
        self.closed_at.is_none()
    }

    /// `open` or `closed`.
    pub(crate) fn state(&self) -> &'static str {
        if self.open() { "open" } else { "closed" }
    }
}

/// A comment on an issue or pull request.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub id: CommentId,
    pub issue: u64,
    pub author: AccountId,
    pub body: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Colour of labels that come into being by being used, as on GitHub.
const DEFAULT_LABEL_COLOR: &str = "ededed";

impl State {
    /// Opens an issue, or a pull request when `pull` is given, and returns its number.
    pub(crate) fn add_issue(
        &mut self,
        repo: RepoId,
        author: AccountId,
        title: &str,
        body: Option<String>,
        pull: Option<PullRequest>,
    ) -> u64 {
        let (id, now) = (self.next_id(), self.now);
        let add = |repository: &mut super::Repository| {
            let number = repository.issues.last_key_value().map_or(0, |(last, _)| *last) + 1;
            let issue = Issue {
                id,
                number,
                title: title.to_owned(),
                body,
                author,
                labels: BTreeSet::new(),
                assignees: BTreeSet::new(),
                state_reason: None,
                created_at: now,
                updated_at: now,
                closed_at: None,
                pull,
            };
            repository.issues.insert(number, issue);
            number
        };
        self.update_repository(repo, add).unwrap_or_default()
    }

    /// Adds a comment.
    pub(crate) fn add_comment(&mut self, repo: RepoId, issue: u64, author: AccountId, body: &str) -> CommentId {
        let (id, now) = (self.next_id(), self.now);
        self.update_repository(repo, |repository| {
            let comment = Comment { id, issue, author, body: body.to_owned(), created_at: now, updated_at: now };
            repository.comments.insert(id, comment);
            if let Some(issue) = repository.issues.get_mut(&issue) {
                issue.updated_at = now;
            }
        });
        id
    }

    /// Makes sure that the repository has a label called `name`; GitHub compares label names without case.
    /// Returns the name as the repository spells it.
    pub(crate) fn ensure_label(&mut self, repo: RepoId, name: &str) -> String {
        let id = self.next_id();
        let ensure = |repository: &mut super::Repository| {
            let label = repository.labels.entry(name.to_lowercase()).or_insert_with(|| Label {
                id,
                name: name.to_owned(),
                color: DEFAULT_LABEL_COLOR.to_owned(),
                description: None,
            });
            label.name.clone()
        };
        self.update_repository(repo, ensure).unwrap_or_default()
    }
}
