//! Commits and trees, just deep enough for contents, branches and head SHAs.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use switchboard_clock::Timestamp;

use super::{Repository, State};
use crate::ids::{AccountId, RepoId};
use crate::keys::git_object_name;

/// What stands at a path of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file with these bytes.
    File(Bytes),
    /// A submodule pinned to a commit of another repository.
    Submodule {
        /// Where the other repository is cloned from.
        url: String,
        /// The commit there.
        commit: String,
    },
    /// A symbolic link to a path.
    Symlink(String),
}

pub(crate) type Tree = BTreeMap<String, Entry>;

/// A commit with everything in it.
#[derive(Debug, Clone)]
pub(crate) struct Commit {
    pub sha: String,
    pub tree_sha: String,
    pub parent: Option<String>,
    pub message: String,
    pub author: AccountId,
    pub at: Timestamp,
    pub tree: Arc<Tree>,
}

impl Entry {
    /// The object name that Git gives the entry.
    pub(crate) fn sha(&self) -> String {
        match self {
            Self::File(bytes) => git_object_name("blob", bytes),
            Self::Symlink(target) => git_object_name("blob", target.as_bytes()),
            Self::Submodule { commit, .. } => commit.clone(),
        }
    }
}

impl Repository {
    /// Resolves a branch, a tag (both also as `refs/…` or `heads/…`) or a full SHA to a commit.
    pub(crate) fn resolve(&self, reference: &str) -> Option<&Commit> {
        let short = reference.strip_prefix("refs/").unwrap_or(reference);
        let sha = if let Some(branch) = short.strip_prefix("heads/") {
            self.branches.get(branch)
        } else if let Some(tag) = short.strip_prefix("tags/") {
            self.tags.get(tag)
        } else {
            self.branches.get(reference).or_else(|| self.tags.get(reference))
        };
        self.commits.get(sha.map_or(reference, String::as_str))
    }

    /// A commit and what it descends from, newest first.
    pub(crate) fn line(&self, sha: &str) -> Vec<&Commit> {
        let next = |commit: &&Commit| commit.parent.as_ref().and_then(|parent| self.commits.get(parent));
        std::iter::successors(self.commits.get(sha), next).collect()
    }

    /// The name of the branch or tag that `reference` means, without `refs/heads/` or `refs/tags/`; SHAs are none.
    pub(crate) fn short_ref<'a>(&self, reference: &'a str) -> Option<&'a str> {
        if let Some(branch) = reference.strip_prefix("refs/heads/") {
            return self.branches.contains_key(branch).then_some(branch);
        }
        if let Some(tag) = reference.strip_prefix("refs/tags/") {
            return self.tags.contains_key(tag).then_some(tag);
        }
        (self.branches.contains_key(reference) || self.tags.contains_key(reference)).then_some(reference)
    }
}

impl State {
    /// Makes a commit of one repository, with what it descends from, reachable in another of its network.
    pub(crate) fn share_commits(&mut self, from: RepoId, to: RepoId, sha: &str) {
        let line: Vec<Commit> =
            self.repositories.get(&from).map(|r| r.line(sha).into_iter().cloned().collect()).unwrap_or_default();
        self.update_repository(to, |r| {
            for commit in line {
                r.commits.entry(commit.sha.clone()).or_insert(commit);
            }
        });
    }

    /// Commits `change` of the tree on `branch`, which starts at the default branch's head if it is new.
    /// Returns the heads before (if any) and after.
    pub(crate) fn commit(
        &mut self,
        repo: RepoId,
        branch: &str,
        author: AccountId,
        message: &str,
        change: impl FnOnce(&mut Tree),
    ) -> (Option<String>, String) {
        let now = self.now;
        let commit = |repository: &mut Repository| {
            let before = repository.branches.get(branch).cloned();
            let parent = before.clone().or_else(|| repository.branches.get(&repository.default_branch).cloned());
            let mut tree = parent
                .as_ref()
                .and_then(|sha| repository.commits.get(sha))
                .map(|c| (*c.tree).clone())
                .unwrap_or_default();
            change(&mut tree);
            let listing: String = tree.iter().map(|(path, entry)| format!("{path} {}\n", entry.sha())).collect();
            let tree_sha = git_object_name("tree", listing.as_bytes());
            // The count keeps two equal commits of one moment apart.
            let text = format!("{tree_sha} {parent:?} {message} {now} {} {}", repository.id, repository.commits.len());
            let sha = git_object_name("commit", text.as_bytes());
            let made = Commit {
                sha: sha.clone(),
                tree_sha,
                parent,
                message: message.to_owned(),
                author,
                at: now,
                tree: Arc::new(tree),
            };
            repository.commits.insert(sha.clone(), made);
            repository.branches.insert(branch.to_owned(), sha.clone());
            repository.pushed_at = now;
            repository.updated_at = now;
            (before, sha)
        };
        self.update_repository(repo, commit).unwrap_or_default()
    }
}
