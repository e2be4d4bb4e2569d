//! Pull requests: how one is opened, moves with its branch, and ends; each step with its webhook.

use serde_json::{Map, json};

use super::State;
use super::actions::Trigger;
use super::git::Tree;
use super::issues::{Issue, PullRequest};
use super::runs::{HeadRepository, NewRun};
use crate::ids::{AccountId, RepoId, WorkflowId};
use crate::keys::git_object_name;

/// What a new pull request needs to know.
#[derive(Debug, Clone)]
pub(crate) struct NewPull {
    pub author: AccountId,
    pub title: String,
    pub body: Option<String>,
    pub head_repo: RepoId,
    pub branch: String,
    /// None: the default branch.
    pub base: Option<String>,
    pub draft: bool,
    pub labels: Vec<String>,
    pub association: Option<String>,
}

impl NewPull {
    pub(crate) fn new(author: AccountId, title: &str, head_repo: RepoId, branch: &str) -> Self {
        Self {
            author,
            title: title.to_owned(),
            body: None,
            head_repo,
            branch: branch.to_owned(),
            base: None,
            draft: false,
            labels: Vec::new(),
            association: None,
        }
    }
}

impl State {
    /// Opens a pull request and tells who listens. Returns its number.
    pub(crate) fn open_pull(&mut self, repo: RepoId, new: NewPull) -> Option<u64> {
        let head_sha = self.repositories.get(&new.head_repo)?.branches.get(&new.branch)?.clone();
        let repository = self.repositories.get(&repo)?;
        let base_branch = new.base.unwrap_or_else(|| repository.default_branch.clone());
        let base_sha = repository.branches.get(&base_branch)?.clone();
        // A fork's commits are reachable in its parent through the pull request.
        self.share_commits(new.head_repo, repo, &head_sha);
        let merge_sha = Some(would_be_merge(&base_sha, &head_sha));
        let pull = PullRequest {
            head_repo: new.head_repo,
            head_branch: new.branch,
            head_sha,
            base_branch,
            base_sha,
            draft: new.draft,
            merged_at: None,
            merge_sha,
        };
        let number = self.add_issue(repo, new.author, &new.title, new.body, Some(pull));
        let labels: Vec<String> = new.labels.iter().map(|name| self.ensure_label(repo, name).to_lowercase()).collect();
        self.update_issue(repo, number, |issue| {
            issue.labels.extend(labels.iter().cloned());
            issue.association = new.association;
        });
        self.announce_issue(repo, number, new.author, "opened", json!({}));
        self.start_pull_workflows(repo, number, new.author);
        Some(number)
    }

    /// Moves every open pull request from this branch to its head.
    pub(crate) fn synchronize(&mut self, head_repo: RepoId, branch: &str, actor: AccountId) {
        let Some(head) = self.repositories.get(&head_repo).and_then(|r| r.branches.get(branch)).cloned() else {
            return;
        };
        let follows = |issue: &Issue| {
            let pull = issue.pull.as_ref().filter(|_| issue.open());
            pull.is_some_and(|p| p.head_repo == head_repo && p.head_branch == branch && p.head_sha != head)
        };
        let moving = self.repositories.values().flat_map(|repository| {
            repository.issues.values().filter(|issue| follows(issue)).map(|issue| (repository.id, issue.number))
        });
        for (repo, number) in moving.collect::<Vec<_>>() {
            self.share_commits(head_repo, repo, &head);
            let now = self.now;
            let before = self.update_issue(repo, number, |issue| {
                issue.updated_at = now;
                let pull = issue.pull.as_mut()?;
                pull.merge_sha = Some(would_be_merge(&pull.base_sha, &head));
                Some(std::mem::replace(&mut pull.head_sha, head.clone()))
            });
            let more = json!({ "before": before.flatten(), "after": head });
            self.announce_issue(repo, number, actor, "synchronize", more);
            self.start_pull_workflows(repo, number, actor);
        }
    }

    /// Closes an issue or pull request, unless it is.
    pub(crate) fn close_issue(&mut self, repo: RepoId, number: u64, actor: AccountId) {
        let now = self.now;
        let closed = self.update_issue(repo, number, |issue| {
            let open = issue.open();
            if open {
                (issue.closed_at, issue.updated_at) = (Some(now), now);
            }
            open
        });
        if closed == Some(true) {
            self.announce_issue(repo, number, actor, "closed", json!({}));
        }
    }

    /// Opens a closed issue or pull request again; one that was merged stays closed.
    pub(crate) fn reopen_issue(&mut self, repo: RepoId, number: u64, actor: AccountId) {
        let now = self.now;
        let reopened = self.update_issue(repo, number, |issue| {
            let may = !issue.open() && issue.pull.as_ref().is_none_or(|pull| pull.merged_at.is_none());
            if may {
                (issue.closed_at, issue.updated_at) = (None, now);
            }
            may
        });
        if reopened == Some(true) {
            self.announce_issue(repo, number, actor, "reopened", json!({}));
            self.start_pull_workflows(repo, number, actor);
        }
    }

    /// Merges a pull request by one new commit on its base, which is pushed before the pull request is closed.
    pub(crate) fn merge_pull(&mut self, repo: RepoId, number: u64, actor: AccountId) -> Option<String> {
        let issue = self.repositories.get(&repo)?.issues.get(&number).filter(|issue| issue.open())?;
        let pull = issue.pull.clone()?;
        let tree: Tree = (*self.repositories.get(&repo)?.commits.get(&pull.head_sha)?.tree).clone();
        let message = format!("{} (#{number})", issue.title);
        let (before, after) = self.commit(repo, &pull.base_branch, actor, &message, |base| base.extend(tree));
        self.announce_push(repo, &format!("refs/heads/{}", pull.base_branch), before.as_deref(), Some(&after), actor);
        let now = self.now;
        self.update_issue(repo, number, |issue| {
            if let Some(pull) = &mut issue.pull {
                (pull.merged_at, pull.merge_sha) = (Some(now), Some(after.clone()));
            }
        });
        self.close_issue(repo, number, actor);
        Some(after)
    }

    pub(crate) fn update_issue<R>(&mut self, repo: RepoId, number: u64, f: impl FnOnce(&mut Issue) -> R) -> Option<R> {
        self.update_repository(repo, |r| r.issues.get_mut(&number).map(f))?
    }

    fn start_pull_workflows(&mut self, repo: RepoId, number: u64, actor: AccountId) {
        let issue = self.repositories.get(&repo).and_then(|r| r.issues.get(&number));
        let Some(pull) = issue.and_then(|issue| issue.pull.clone()) else { return };
        let same = pull.head_repo == repo;
        let new = NewRun {
            workflow: WorkflowId(0),
            event: "pull_request".to_owned(),
            head_branch: Some(pull.head_branch),
            head_sha: pull.head_sha,
            head_repository: if same { HeadRepository::Same } else { HeadRepository::Other(pull.head_repo) },
            actor,
            title: None,
            inputs: Map::new(),
        };
        self.trigger(repo, |triggers| triggers.contains(&Trigger::PullRequest), &new);
    }
}

/// The name of the commit that a merge would make, which GitHub tries out for every open pull request.
fn would_be_merge(base: &str, head: &str) -> String {
    git_object_name("commit", format!("merge {head} into {base}").as_bytes())
}
