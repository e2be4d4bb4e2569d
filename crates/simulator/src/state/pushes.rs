//! Pushes: what their webhook says.

use serde_json::{Value, json};

use super::State;
use super::git::{Commit, Tree};
use super::repository::Repository;
use crate::ids::{AccountId, RepoId};
use crate::render;

/// What stands for no commit.
const NOTHING: &str = "0000000000000000000000000000000000000000";
/// Commits that a webhook lists.
/// <https://docs.github.com/webhooks/webhook-events-and-payloads#push>
const COMMITS_MAX: usize = 2_048;
/// Digits of a commit in an address.
const SHORT: usize = 12;

impl State {
    /// Tells who listens that a ref (`refs/heads/…`, `refs/tags/…`) moved from one commit to another; none: it was not, or is no
    /// more.
    pub(crate) fn announce_push(
        &mut self,
        repo: RepoId,
        reference: &str,
        before: Option<&str>,
        after: Option<&str>,
        actor: AccountId,
    ) {
        let Some(repository) = self.repositories.get(&repo) else { return };
        let new = after.map(|sha| new_commits(repository, reference, before, sha)).unwrap_or_default();
        let commits: Vec<Value> = new.iter().rev().map(|commit| self.pushed_commit(repository, commit)).collect();
        let head = after.and_then(|sha| repository.commits.get(sha)).map(|c| self.pushed_commit(repository, c));
        let descends = after.is_some_and(|sha| repository.line(sha).iter().any(|c| Some(c.sha.as_str()) == before));
        let page = format!("/{}/compare", self.full_name(repo));
        let short = |sha: &str| sha.get(..SHORT).unwrap_or(sha).to_owned();
        let compare = match (before, after) {
            (Some(before), Some(after)) => format!("{page}/{}...{}", short(before), short(after)),
            (Some(before), None) => format!("{page}/{}...{}", short(before), short(NOTHING)),
            (None, _) => format!("{page}/{}", reference.splitn(3, '/').last().unwrap_or_default()),
        };
        let members = json!({
            "ref": reference,
            "before": before.unwrap_or(NOTHING),
            "after": after.unwrap_or(NOTHING),
            "created": before.is_none(),
            "deleted": after.is_none(),
            "forced": before.is_some() && after.is_some() && !descends,
            "base_ref": self.base_ref(repository, reference, before, after),
            "compare": self.html_url(&compare),
            "commits": commits,
            "head_commit": head,
            "pusher": render::account::signature(self, actor),
            "repository": render::repository::pushed(self, repository),
        });
        self.emit(repo, actor, "push", None, &members);
    }

    /// The branch at whose head a new tag or branch begins.
    fn base_ref(&self, repository: &Repository, reference: &str, before: Option<&str>, after: Option<&str>) -> Value {
        let created = after.filter(|_| before.is_none());
        let at = |branch: &String| Some(format!("refs/heads/{branch}")).filter(|name| name != reference);
        let found =
            repository.branches.iter().find_map(|(branch, sha)| at(branch).filter(|_| Some(sha.as_str()) == created));
        found.map_or(Value::Null, Value::String)
    }

    fn pushed_commit(&self, repository: &Repository, commit: &Commit) -> Value {
        let empty = Tree::new();
        let parent = commit.parent.as_ref().and_then(|sha| repository.commits.get(sha));
        let changed = render::pulls::differences(parent.map_or(&empty, |parent| &parent.tree), &commit.tree);
        let paths = |wanted: &str| -> Vec<&String> {
            changed.iter().filter(|(_, how)| *how == wanted).map(|(path, _)| path).collect()
        };
        let page = format!("/{}/commit/{}", self.full_name(repository.id), commit.sha);
        let more = json!({
            "distinct": true,
            "url": self.html_url(&page),
            "added": paths("added"),
            "removed": paths("removed"),
            "modified": paths("modified"),
        });
        render::extended(render::repository::head_commit(self, commit), more)
    }
}

/// The commits that a push brings, newest first: those since `before`, or of a new branch those that the default branch has not. A
/// tag brings none.
fn new_commits<'r>(repository: &'r Repository, reference: &str, before: Option<&str>, after: &str) -> Vec<&'r Commit> {
    if !reference.starts_with("refs/heads/") {
        return Vec::new();
    }
    let default = repository.branches.get(&repository.default_branch);
    let known = before.or(default.map(String::as_str).filter(|head| *head != after));
    let old: Vec<&str> =
        known.map_or_else(Vec::new, |sha| repository.line(sha).into_iter().map(|c| c.sha.as_str()).collect());
    let new = repository.line(after).into_iter().take_while(|commit| !old.contains(&commit.sha.as_str()));
    new.take(COMMITS_MAX).collect()
}
