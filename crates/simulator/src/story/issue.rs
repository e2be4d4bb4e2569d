//! Issues, pull requests, comments and labels.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use switchboard_clock::Timestamp;

use super::{DEFAULT_ACTOR, Repository};
use crate::ids::{AccountId, CommentId, RepoId};
use crate::render;
use crate::state::issues::Issue;
use crate::state::pulls::NewPull;
use crate::state::{AccountKind, State};

/// An issue or pull request as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueView {
    /// Its number.
    pub number: u64,
    /// Its title.
    pub title: String,
    /// Its text.
    pub body: Option<String>,
    /// Login of its author.
    pub author: String,
    /// Its labels in lower case.
    pub labels: BTreeSet<String>,
    /// Whether it is open.
    pub open: bool,
    /// Whether it is a pull request.
    pub pull_request: bool,
    /// When it was opened.
    pub created_at: Timestamp,
}

/// A comment as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentView {
    /// Its id.
    pub id: CommentId,
    /// Login of its author.
    pub author: String,
    /// Its text.
    pub body: String,
}

impl Repository {
    /// A person opens an issue. Returns its number.
    pub fn open_issue(&self, title: &str, body: &str) -> u64 {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let number = state.add_issue(self.id, actor, title, Some(body.to_owned()), None);
            state.announce_issue(self.id, number, actor, "opened", json!({}));
            number
        })
    }

    /// A person opens a pull request from a branch of `head` (the repository itself or a fork). Returns its number.
    ///
    /// [`Repository::open_pull`] can say more, and makes the branch too.
    pub fn open_pull_request(&self, head: &Repository, branch: &str, title: &str) -> Option<u64> {
        self.simulator.with(|state| {
            let author = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            state.open_pull(self.id, NewPull::new(author, title, head.id, branch))
        })
    }

    /// A person comments on an issue or pull request.
    pub fn comment(&self, number: u64, login: &str, body: &str) -> CommentId {
        self.simulator.with(|state| {
            let actor = state.account_named(login, AccountKind::User);
            let id = state.add_comment(self.id, number, actor, body);
            state.announce_comment(self.id, id, actor, "created");
            id
        })
    }

    /// A person puts a label on an issue or pull request.
    pub fn label(&self, number: u64, label: &str) {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            state.set_label(self.id, number, label, true, actor);
        });
    }

    /// A person closes an issue or pull request.
    pub fn close(&self, number: u64) {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            state.close_issue(self.id, number, actor);
        });
    }

    /// The issues and pull requests, oldest first.
    #[must_use]
    pub fn issues(&self) -> Vec<IssueView> {
        self.simulator.with(|state| {
            let view = |issue: &Issue| IssueView {
                number: issue.number,
                title: issue.title.clone(),
                body: issue.body.clone(),
                author: state.login(issue.author).to_owned(),
                labels: issue.labels.clone(),
                open: issue.open(),
                pull_request: issue.pull.is_some(),
                created_at: issue.created_at,
            };
            state.repositories.get(&self.id).map(|r| r.issues.values().map(view).collect()).unwrap_or_default()
        })
    }

    /// The comments on an issue or pull request, oldest first.
    #[must_use]
    pub fn comments(&self, number: u64) -> Vec<CommentView> {
        self.simulator.with(|state| {
            let Some(repository) = state.repositories.get(&self.id) else { return Vec::new() };
            let on_it = repository.comments.values().filter(|comment| comment.issue == number);
            let author = |id: AccountId| state.login(id).to_owned();
            on_it.map(|c| CommentView { id: c.id, author: author(c.author), body: c.body.clone() }).collect()
        })
    }
}

impl State {
    /// Sends the webhook for what happened to an issue or pull request.
    pub(crate) fn announce_issue(&mut self, repo: RepoId, number: u64, sender: AccountId, action: &str, more: Value) {
        let rendered = self.repositories.get(&repo).and_then(|r| {
            let issue = r.issues.get(&number)?;
            Some(match &issue.pull {
                Some(pull) => ("pull_request", render::pulls::pull(self, r, issue, pull)),
                None => ("issues", render::issues::issue(self, r, issue)),
            })
        });
        let Some((event, object)) = rendered else { return };
        let members = match event {
            "pull_request" => json!({ "number": number, "pull_request": object }),
            _ => json!({ "issue": object }),
        };
        self.emit(repo, sender, event, Some(action), &render::extended(members, more));
    }

    /// Sends the webhook for what happened to a comment.
    pub(crate) fn announce_comment(&mut self, repo: RepoId, comment: CommentId, sender: AccountId, action: &str) {
        let members = self.repositories.get(&repo).and_then(|r| {
            let comment = r.comments.get(&comment)?;
            let issue = r.issues.get(&comment.issue)?;
            let issue = render::issues::issue(self, r, issue);
            Some(json!({ "issue": issue, "comment": render::issues::comment(self, r, comment) }))
        });
        if let Some(members) = members {
            self.emit(repo, sender, "issue_comment", Some(action), &members);
        }
    }
}
