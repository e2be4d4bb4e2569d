//! How two commits stand to each other.
//! <https://docs.github.com/rest/commits/commits#compare-two-commits>

use serde_json::{Value, json};

use super::{Answer, Exchange, Refusal};
use crate::render;
use crate::state::Repository;
use crate::state::git::Commit;

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let named = x.param(0);
    let (base, head) = named.split_once("...").ok_or_else(Refusal::not_found)?;
    let (from, to) = (side(x, repository, base)?, side(x, repository, head)?);
    // Commits have one parent here, so that the nearest common one is the first of the base's line that is in the head's.
    let (old, new) = (repository.line(&from.sha), repository.line(&to.sha));
    let merge_base = old.iter().find(|commit| new.iter().any(|other| other.sha == commit.sha));
    let merge_base =
        *merge_base.ok_or_else(|| Refusal::new(404, &format!("No common ancestor between {base} and {head}.")))?;
    let until = |line: &[&Commit]| line.iter().take_while(|commit| commit.sha != merge_base.sha).count();
    let (behind, ahead) = (until(&old), until(&new));
    let status = match (ahead, behind) {
        (0, 0) => "identical",
        (_, 0) => "ahead",
        (0, _) => "behind",
        _ => "diverged",
    };
    let path = format!("/{}/compare/{base}...{head}", x.state.full_name(repository.id));
    let page = x.state.html_url(&path);
    let rendered = |commit: &Commit| render::repository::commit(x.state, repository, commit);
    let commits: Vec<Value> = new[..ahead].iter().rev().map(|commit| rendered(commit)).collect();
    let file = |(path, status): (String, &'static str)| -> Value {
        json!({ "sha": to.sha, "filename": path, "status": status, "additions": 1, "deletions": 0, "changes": 1 })
    };
    let files: Vec<Value> = render::pulls::differences(&merge_base.tree, &to.tree).into_iter().map(file).collect();
    Ok(Answer::ok(json!({
        "url": x.state.api_url(&format!("/repos{path}")),
        "html_url": page,
        "permalink_url": page,
        "diff_url": format!("{page}.diff"),
        "patch_url": format!("{page}.patch"),
        "base_commit": rendered(from),
        "merge_base_commit": rendered(merge_base),
        "status": status,
        "ahead_by": ahead,
        "behind_by": behind,
        "total_commits": ahead,
        "commits": commits,
        "files": files,
    })))
}

/// The commit that one side names: a branch, a tag or a SHA, or `owner:branch` of a repository in the same network.
fn side<'x>(x: &'x Exchange<'_>, repository: &'x Repository, name: &str) -> Result<&'x Commit, Refusal> {
    if let Some(commit) = repository.resolve(name) {
        return Ok(commit);
    }
    let (owner, branch) = name.split_once(':').ok_or_else(Refusal::not_found)?;
    let root = repository.fork_of.unwrap_or(repository.id);
    let related = x.state.repositories.values().find(|other| {
        x.state.login(other.owner).eq_ignore_ascii_case(owner) && other.fork_of.unwrap_or(other.id) == root
    });
    related.and_then(|other| other.resolve(branch)).ok_or_else(Refusal::not_found)
}
