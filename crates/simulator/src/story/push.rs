//! Pushes, by what people do to branches and tags.

use bytes::Bytes;
use serde_json::Map;

use super::{DEFAULT_ACTOR, Repository};
use crate::ids::{AccountId, WorkflowId};
use crate::state::actions::Trigger;
use crate::state::git::Entry;
use crate::state::runs::{HeadRepository, NewRun};
use crate::state::{AccountKind, State};

impl Repository {
    /// Pushes a commit that sets `files`, and returns its SHA. Workflows that listen to pushes start, and open pull requests from
    /// the branch move along.
    pub fn push(&self, branch: &str, message: &str, files: &[(&str, &str)]) -> String {
        self.push_commits(branch, &[(message, files)])
    }

    /// Pushes several commits at once, each with its message and what it sets. Returns the last one's SHA.
    pub fn push_commits(&self, branch: &str, commits: &[(&str, &[(&str, &str)])]) -> String {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let before = state.repositories.get(&self.id).and_then(|r| r.branches.get(branch)).cloned();
            self.pushed(state, branch, before.as_deref(), commits, actor)
        })
    }

    /// Replaces a branch by one commit on the default branch's head, or the default branch by one on its parent. Returns its SHA.
    pub fn force_push(&self, branch: &str, message: &str, files: &[(&str, &str)]) -> String {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let before = state.update_repository(self.id, |r| {
                let before = r.branches.get(branch).cloned();
                let head = r.branches.get(&r.default_branch).cloned();
                let parent = head.as_ref().and_then(|head| r.commits.get(head)).and_then(|c| c.parent.clone());
                let start = if branch == r.default_branch { parent } else { head };
                r.branches.extend(start.map(|start| (branch.to_owned(), start)));
                before
            });
            self.pushed(state, branch, before.flatten().as_deref(), &[(message, files)], actor)
        })
    }

    /// Pushes a tag at the head of the default branch. Returns the commit's SHA.
    pub fn push_tag(&self, tag: &str) -> String {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let moved = state.update_repository(self.id, |r| {
                let head = r.branches.get(&r.default_branch).cloned().unwrap_or_default();
                (r.tags.insert(tag.to_owned(), head.clone()), head)
            });
            let (before, head) = moved.unwrap_or_default();
            state.announce_push(self.id, &format!("refs/tags/{tag}"), before.as_deref(), Some(&head), actor);
            head
        })
    }

    /// Deletes a branch or a tag (`refs/heads/…`, `refs/tags/…`), with the push that this is.
    pub fn push_deletion(&self, reference: &str) {
        self.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            let before = state.update_repository(self.id, |r| match reference.strip_prefix("refs/tags/") {
                Some(tag) => r.tags.remove(tag),
                None => r.branches.remove(reference.trim_start_matches("refs/heads/")),
            });
            if let Some(before) = before.flatten() {
                state.announce_push(self.id, reference, Some(&before), None, actor);
            }
        });
    }

    fn pushed(
        &self,
        state: &mut State,
        branch: &str,
        before: Option<&str>,
        commits: &[(&str, &[(&str, &str)])],
        actor: AccountId,
    ) -> String {
        let mut after = String::new();
        for (message, files) in commits {
            (_, after) = state.commit(self.id, branch, actor, message, |tree| {
                for (path, content) in *files {
                    tree.insert((*path).to_owned(), Entry::File(Bytes::copy_from_slice(content.as_bytes())));
                }
            });
        }
        state.announce_push(self.id, &format!("refs/heads/{branch}"), before, Some(&after), actor);
        let new = NewRun {
            workflow: WorkflowId(0),
            event: "push".to_owned(),
            head_branch: Some(branch.to_owned()),
            head_sha: after.clone(),
            head_repository: HeadRepository::Same,
            actor,
            title: None,
            inputs: Map::new(),
        };
        state.trigger(self.id, |triggers| triggers.contains(&Trigger::Push), &new);
        state.synchronize(self.id, branch, actor);
        after
    }
}
