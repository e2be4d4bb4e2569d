//! Issues, pull requests, comments and labels.

use std::collections::BTreeSet;

use serde_json::json;
use switchboard_clock::Timestamp;

use super::State;
use super::people::Standing;
use crate::ids::{AccountId, CommentId, IssueId, LabelId, RepoId};
use crate::render;

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
    /// Of the merge, or of what the merge would be.
    pub merge_sha: Option<String>,
}

/// An issue or pull request.
#[derive(Debug, Clone)]
pub(crate) struct Issue {
    pub id: IssueId,
    pub number: u64,
    pub title: String,
    pub body: Option<String>,
    pub author: AccountId,
    /// What its author is to the repository, if the story says.
    pub association: Option<String>,
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
                association: None,
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

    /// What the author of an issue is to its repository: `author_association`.
    pub(crate) fn association<'s>(&'s self, repository: &super::Repository, issue: &'s Issue) -> &'s str {
        let member = self.people.members.get(&(repository.owner, issue.author)) == Some(&Standing::Active);
        match &issue.association {
            Some(said) => said,
            None if issue.author == repository.owner => "OWNER",
            None if member => "MEMBER",
            None => "NONE",
        }
    }

    /// Puts a label on an issue or pull request, or takes it off, and tells who listens, unless nothing changes.
    pub(crate) fn set_label(&mut self, repo: RepoId, number: u64, label: &str, on: bool, actor: AccountId) -> bool {
        let key = if on { self.ensure_label(repo, label) } else { label.to_owned() }.to_lowercase();
        let now = self.now;
        let change = |repository: &mut super::Repository| {
            let issue = repository.issues.get_mut(&number)?;
            let changed = if on { issue.labels.insert(key.clone()) } else { issue.labels.remove(&key) };
            if changed {
                issue.updated_at = now;
            }
            Some(changed)
        };
        if self.update_repository(repo, change).flatten() != Some(true) {
            return false;
        }
        let label = self.repositories.get(&repo).and_then(|r| {
            let label = r.labels.get(&key)?;
            Some(render::issues::label(self, r, label))
        });
        let action = if on { "labeled" } else { "unlabeled" };
        self.announce_issue(repo, number, actor, action, json!({ "label": label }));
        true
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
