//! Pull requests, by what people do with them.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde_json::json;

use super::{CommentView, DEFAULT_ACTOR, IssueView, Repository, RepositorySpec};
use crate::ids::{AccountId, RepoId};
use crate::simulator::Simulator;
use crate::state::git::Entry;
use crate::state::issues::PullRequest;
use crate::state::pulls::NewPull;
use crate::state::{AccountKind, State};

/// How a pull request is opened.
#[derive(Debug, Clone)]
pub struct PullSpec {
    title: String,
    body: Option<String>,
    author: String,
    fork: bool,
    branch: Option<String>,
    base: Option<String>,
    draft: bool,
    labels: Vec<String>,
    association: Option<String>,
}

impl From<&str> for PullSpec {
    fn from(title: &str) -> Self {
        Self::new(title)
    }
}

impl PullSpec {
    /// By `mona`, from a new branch of the repository itself, into the default branch.
    #[must_use]
    pub fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            body: None,
            author: DEFAULT_ACTOR.to_owned(),
            fork: false,
            branch: None,
            base: None,
            draft: false,
            labels: Vec::new(),
            association: None,
        }
    }

    /// With this description.
    #[must_use]
    pub fn body(self, body: &str) -> Self {
        Self { body: Some(body.to_owned()), ..self }
    }

    /// By this person.
    #[must_use]
    pub fn by(self, login: &str) -> Self {
        Self { author: login.to_owned(), ..self }
    }

    /// From a fork that its author has, or makes.
    #[must_use]
    pub fn forked(self) -> Self {
        Self { fork: true, ..self }
    }

    /// From this branch; one that does not exist yet is made, with one commit.
    #[must_use]
    pub fn branch(self, branch: &str) -> Self {
        Self { branch: Some(branch.to_owned()), ..self }
    }

    /// Into this branch.
    #[must_use]
    pub fn into_branch(self, base: &str) -> Self {
        Self { base: Some(base.to_owned()), ..self }
    }

    /// As a draft.
    #[must_use]
    pub fn draft(self) -> Self {
        Self { draft: true, ..self }
    }

    /// With these labels from the start.
    #[must_use]
    pub fn labels(self, labels: &[&str]) -> Self {
        Self { labels: labels.iter().map(|label| (*label).to_owned()).collect(), ..self }
    }

    /// `author_association`, for example `FIRST_TIME_CONTRIBUTOR`. Unless said, it is what membership makes it.
    #[must_use]
    pub fn association(self, association: &str) -> Self {
        Self { association: Some(association.to_owned()), ..self }
    }
}

/// A pull request.
#[derive(Debug, Clone)]
pub struct Pull {
    repository: Repository,
    number: u64,
}

impl Repository {
    /// A person opens a pull request. Branches that have to be made for it are made silently.
    pub fn open_pull(&self, spec: impl Into<PullSpec>) -> Pull {
        let spec = spec.into();
        let number = self.simulator.with(|state| {
            let author = state.account_named(&spec.author, AccountKind::User);
            let next = state.repositories.get(&self.id).map_or(0, |r| r.issues.len()) + 1;
            let branch = spec.branch.clone().unwrap_or_else(|| format!("patch-{next}"));
            let head_repo = if spec.fork { fork_of(state, &self.simulator, self.id, author) } else { self.id };
            let made = state.repositories.get(&head_repo).is_some_and(|r| !r.branches.contains_key(&branch));
            if made {
                state.commit(head_repo, &branch, author, &spec.title, |tree| {
                    tree.insert(format!("changes/{branch}.txt"), Entry::File(Bytes::from(spec.title.clone())));
                });
            }
            state.update_repository(self.id, |r| {
                let head = r.branches.get(&r.default_branch).cloned().unwrap_or_default();
                spec.base.clone().map(|base| r.branches.entry(base).or_insert(head).clone())
            });
            let new = NewPull {
                body: spec.body,
                base: spec.base,
                draft: spec.draft,
                labels: spec.labels,
                association: spec.association,
                ..NewPull::new(author, &spec.title, head_repo, &branch)
            };
            state.open_pull(self.id, new)
        });
        Pull { repository: self.clone(), number: number.unwrap_or_default() }
    }

    /// A pull request that is there.
    #[must_use]
    pub fn pull(&self, number: u64) -> Option<Pull> {
        let found = self.change(|r| r.issues.get(&number).is_some_and(|issue| issue.pull.is_some()));
        (found == Some(true)).then(|| Pull { repository: self.clone(), number })
    }
}

impl Pull {
    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The repository that it is to be merged into.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// The commit at its head.
    #[must_use]
    pub fn head_sha(&self) -> String {
        self.look(|pull| pull.head_sha.clone()).unwrap_or_default()
    }

    /// The repository and branch that it comes from.
    #[must_use]
    pub fn head(&self) -> Option<(Repository, String)> {
        let (id, branch) = self.look(|pull| (pull.head_repo, pull.head_branch.clone()))?;
        Some((Repository::new(self.repository.simulator.clone(), id), branch))
    }

    /// Its labels in lower case.
    #[must_use]
    pub fn labels(&self) -> BTreeSet<String> {
        self.view().map(|view| view.labels).unwrap_or_default()
    }

    /// As it stands.
    #[must_use]
    pub fn view(&self) -> Option<IssueView> {
        self.repository.issues().into_iter().find(|issue| issue.number == self.number)
    }

    /// The comments on it, oldest first.
    #[must_use]
    pub fn comments(&self) -> Vec<CommentView> {
        self.repository.comments(self.number)
    }

    /// A person puts a label on it. Nothing happens if it is there.
    pub fn label(&self, label: &str) -> &Self {
        self.act(|state, repo, actor| {
            state.set_label(repo, self.number, label, true, actor);
        })
    }

    /// A person takes a label off. Nothing happens if it is not there.
    pub fn unlabel(&self, label: &str) -> &Self {
        self.act(|state, repo, actor| {
            state.set_label(repo, self.number, label, false, actor);
        })
    }

    /// Somebody comments on it.
    pub fn comment(&self, login: &str, body: &str) -> &Self {
        self.repository.comment(self.number, login, body);
        self
    }

    /// Its author pushes one more commit to its branch. Returns the new head.
    pub fn push(&self, message: &str) -> String {
        if let Some((head, branch)) = self.head() {
            head.push(&branch, message, &[("changes/further.txt", message)]);
        }
        self.head_sha()
    }

    /// Its author replaces its branch by one commit on the present base. Returns the new head.
    pub fn force_push(&self, message: &str) -> String {
        if let Some((head, branch)) = self.head() {
            head.force_push(&branch, message, &[("changes/anew.txt", message)]);
        }
        self.head_sha()
    }

    /// Its author gives it another title.
    pub fn retitle(&self, title: &str) -> &Self {
        self.act(|state, repo, actor| {
            let now = state.now;
            let before = state.update_issue(repo, self.number, |issue| {
                issue.updated_at = now;
                std::mem::replace(&mut issue.title, title.to_owned())
            });
            let changes = json!({ "changes": { "title": { "from": before } } });
            state.announce_issue(repo, self.number, actor, "edited", changes);
        })
    }

    /// A person closes it.
    pub fn close(&self) -> &Self {
        self.act(|state, repo, actor| state.close_issue(repo, self.number, actor))
    }

    /// A person opens it again.
    pub fn reopen(&self) -> &Self {
        self.act(|state, repo, actor| state.reopen_issue(repo, self.number, actor))
    }

    /// A person merges it. Returns the commit on the base.
    pub fn merge(&self) -> Option<String> {
        let repo = self.repository.id;
        self.repository.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            state.merge_pull(repo, self.number, actor)
        })
    }

    fn act(&self, f: impl FnOnce(&mut State, RepoId, AccountId)) -> &Self {
        let repo = self.repository.id;
        self.repository.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            f(state, repo, actor);
        });
        self
    }

    fn look<R>(&self, f: impl FnOnce(&PullRequest) -> R) -> Option<R> {
        self.repository.change(|r| r.issues.get(&self.number)?.pull.as_ref().map(f)).flatten()
    }
}

/// The fork of a repository that somebody has; made if there is none.
fn fork_of(state: &mut State, simulator: &Simulator, repo: RepoId, owner: AccountId) -> RepoId {
    let known = state.repositories.values().find(|r| r.fork_of == Some(repo) && r.owner == owner);
    if let Some(known) = known {
        return known.id;
    }
    let name = state.repositories.get(&repo).map(|r| r.name.clone()).unwrap_or_default();
    let parent = Repository::new(simulator.clone(), repo);
    RepositorySpec::new(&name).public().fork_of(&parent).create_in(state, owner)
}
