//! Repositories: what stands in them, what happens in them.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::Owner;
use crate::ids::{AccountId, RepoId};
use crate::simulator::Simulator;
use crate::state;
use crate::state::git::Entry;

/// How a repository is made.
#[derive(Debug, Clone)]
pub struct RepositorySpec {
    name: String,
    private: bool,
    default_branch: String,
    fork_of: Option<RepoId>,
    issues: bool,
}

impl From<&str> for RepositorySpec {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl RepositorySpec {
    /// A private repository with the branch `main` and a first commit.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), private: true, default_branch: "main".to_owned(), fork_of: None, issues: true }
    }

    /// Everybody may read it.
    #[must_use]
    pub fn public(self) -> Self {
        Self { private: false, ..self }
    }

    /// With this default branch.
    #[must_use]
    pub fn default_branch(self, branch: &str) -> Self {
        Self { default_branch: branch.to_owned(), ..self }
    }

    /// As a fork of another repository, with its files.
    #[must_use]
    pub fn fork_of(self, parent: &Repository) -> Self {
        Self { fork_of: Some(parent.id), ..self }
    }

    /// Without issues.
    #[must_use]
    pub fn without_issues(self) -> Self {
        Self { issues: false, ..self }
    }

    pub(super) fn create(self, owner: &Owner) -> Repository {
        let simulator = owner.simulator.clone();
        let id = simulator.with(|state| self.create_in(state, owner.id()));
        Repository::new(simulator, id)
    }

    /// The repository of this owner and name, made if there is none.
    pub(super) fn create_in(self, state: &mut state::State, owner: AccountId) -> RepoId {
        if let Some(known) = state.find_repository(state.login(owner), &self.name) {
            return known;
        }
        let (id, now) = (state.next_id(), state.now);
        let parent = self.fork_of.and_then(|parent| state.repositories.get(&parent));
        let (branches, commits) = parent.map(|p| (p.branches.clone(), p.commits.clone())).unwrap_or_default();
        let default_branch = parent.map_or(self.default_branch, |p| p.default_branch.clone());
        let repository = state::Repository {
            id,
            owner,
            name: self.name,
            description: None,
            private: self.private,
            archived: false,
            has_issues: self.issues,
            fork_of: self.fork_of,
            default_branch: default_branch.clone(),
            branches,
            tags: BTreeMap::new(),
            commits,
            workflows: Vec::new(),
            runs: BTreeMap::new(),
            issues: BTreeMap::new(),
            comments: BTreeMap::new(),
            labels: BTreeMap::new(),
            checks: BTreeMap::new(),
            statuses: Vec::new(),
            created_at: now,
            updated_at: now,
            pushed_at: now,
        };
        state.repositories.insert(id, repository);
        state.register_name(id);
        if self.fork_of.is_none() {
            state.commit(id, &default_branch, owner, "Initial commit", |tree| {
                tree.insert("README.md".to_owned(), Entry::File(Bytes::from_static(b"# Simulated\n")));
            });
        }
        id
    }
}

/// A repository.
#[derive(Debug, Clone)]
pub struct Repository {
    pub(super) simulator: Simulator,
    pub(super) id: RepoId,
}

impl Repository {
    pub(super) fn new(simulator: Simulator, id: RepoId) -> Self {
        Self { simulator, id }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> RepoId {
        self.id
    }

    /// `owner/name` as it is today.
    #[must_use]
    pub fn full_name(&self) -> String {
        self.simulator.with(|state| state.full_name(self.id))
    }

    /// Puts a file on the default branch, silently.
    pub fn file(&self, path: &str, content: impl Into<Bytes>) -> &Self {
        self.entry(None, path, Some(Entry::File(content.into())))
    }

    /// Puts a file on a branch, silently; a new branch starts at the default branch's head.
    pub fn file_on(&self, branch: &str, path: &str, content: impl Into<Bytes>) -> &Self {
        self.entry(Some(branch), path, Some(Entry::File(content.into())))
    }

    /// Puts a submodule or symbolic link on the default branch, silently.
    pub fn special(&self, path: &str, entry: Entry) -> &Self {
        self.entry(None, path, Some(entry))
    }

    /// Removes a file from the default branch, silently.
    pub fn remove_file(&self, path: &str) -> &Self {
        self.entry(None, path, None)
    }

    /// Makes a branch at the default branch's head, silently.
    pub fn branch(&self, name: &str) -> &Self {
        self.change(|r| {
            if let Some(head) = r.branches.get(&r.default_branch).cloned() {
                r.branches.entry(name.to_owned()).or_insert(head);
            }
        });
        self
    }

    /// Makes a tag at the default branch's head, silently.
    pub fn tag(&self, name: &str) -> &Self {
        self.change(|r| {
            if let Some(head) = r.branches.get(&r.default_branch).cloned() {
                r.tags.insert(name.to_owned(), head);
            }
        });
        self
    }

    /// Removes a branch, silently; [`Repository::push_deletion`] tells who listens.
    pub fn delete_branch(&self, name: &str) {
        self.change(|r| r.branches.remove(name));
    }

    /// The SHA at a branch's head.
    #[must_use]
    pub fn head(&self, branch: &str) -> Option<String> {
        self.change(|r| r.branches.get(branch).cloned())?
    }

    /// Deletes it, with all that is in it. Its name is free; who takes it next has another id.
    pub fn delete(&self) {
        self.simulator.with(|state| {
            let actor = state.account_named(super::DEFAULT_ACTOR, state::AccountKind::User);
            state.emit(self.id, actor, "repository", Some("deleted"), &serde_json::json!({}));
            state.forget_repository(self.id);
        });
    }

    /// Archives it or takes it back into use.
    pub fn set_archived(&self, archived: bool) {
        self.change(|r| r.archived = archived);
    }

    /// Switches issues on or off.
    pub fn set_issues(&self, enabled: bool) {
        self.change(|r| r.has_issues = enabled);
    }

    /// Changes who may read it.
    pub fn set_private(&self, private: bool) {
        self.change(|r| r.private = private);
    }

    /// Renames it; the old name redirects.
    pub fn rename(&self, name: &str) {
        self.simulator.with(|state| {
            state.update_repository(self.id, |r| name.clone_into(&mut r.name));
            state.register_name(self.id);
        });
    }

    /// Gives it to another account; the old name redirects.
    pub fn transfer(&self, owner: &Owner) {
        self.simulator.with(|state| {
            state.update_repository(self.id, |r| r.owner = owner.id());
            state.register_name(self.id);
        });
    }

    pub(super) fn change<R>(&self, f: impl FnOnce(&mut state::Repository) -> R) -> Option<R> {
        self.simulator.with(|state| state.update_repository(self.id, f))
    }

    fn entry(&self, branch: Option<&str>, path: &str, entry: Option<Entry>) -> &Self {
        self.simulator.with(|state| {
            let author = state.repositories.get(&self.id).map_or(AccountId(0), |r| r.owner);
            let default = state.repositories.get(&self.id).map(|r| r.default_branch.clone()).unwrap_or_default();
            state.commit(self.id, branch.unwrap_or(&default), author, &format!("Update {path}"), |tree| match entry {
                Some(entry) => {
                    tree.insert(path.to_owned(), entry);
                }
                None => {
                    tree.remove(path);
                }
            });
        });
        self
    }
}
