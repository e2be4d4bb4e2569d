//! Pull requests.

use serde_json::{Value, json};

use super::{account, extended, issues, links, maybe_time, node_id, repository as repositories, time};
use crate::ids::RepoId;
use crate::state::git::Tree;
use crate::state::issues::{Issue, PullRequest};
use crate::state::{Repository, State};

/// A pull request.
pub(crate) fn pull(state: &State, repository: &Repository, issue: &Issue, pull: &PullRequest) -> Value {
    let name = state.full_name(repository.id);
    let url = state.api_url(&format!("/repos/{name}/pulls/{}", issue.number));
    let merged = pull.merged_at.is_some();
    let base = json!({
        "id": issue.id,
        "node_id": node_id("PullRequest", issue.id.0),
        "html_url": state.html_url(&format!("/{name}/pull/{}", issue.number)),
        "diff_url": state.html_url(&format!("/{name}/pull/{}.diff", issue.number)),
        "patch_url": state.html_url(&format!("/{name}/pull/{}.patch", issue.number)),
        "issue_url": state.api_url(&format!("/repos/{name}/issues/{}", issue.number)),
        "number": issue.number,
        "state": issue.state(),
        "locked": false,
        "title": issue.title,
        "user": account::simple(state, issue.author),
        "body": issue.body,
        "created_at": time(issue.created_at),
        "updated_at": time(issue.updated_at),
        "closed_at": maybe_time(issue.closed_at),
        "merged_at": maybe_time(pull.merged_at),
        "merge_commit_sha": pull.merge_sha,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": issues::labels_of(state, repository, issue),
        "milestone": null,
        "draft": pull.draft,
        "head": side(state, pull.head_repo, &pull.head_branch, &pull.head_sha),
        "base": side(state, repository.id, &pull.base_branch, &pull.base_sha),
        "author_association": state.association(repository, issue),
        "auto_merge": null,
        "active_lock_reason": null,
        "merged": merged,
        "mergeable": if merged { Value::Null } else { json!(true) },
        "rebaseable": null,
        "mergeable_state": "clean",
        "merged_by": null,
        "comments": repository.comments.values().filter(|c| c.issue == issue.number).count(),
        "review_comments": 0,
        "maintainer_can_modify": false,
        "commits": 1,
        "additions": 1,
        "deletions": 0,
        "changed_files": changed_files(state, repository, pull).len(),
    });
    let more = links(
        &url,
        &[
            ("url", ""),
            ("commits_url", "/commits"),
            ("review_comments_url", "/comments"),
            ("review_comment_url", "/comments{/number}"),
        ],
    );
    let statuses = state.api_url(&format!("/repos/{name}/statuses/{}", pull.head_sha));
    let as_issue = state.api_url(&format!("/repos/{name}/issues/{}", issue.number));
    let comments = format!("{as_issue}/comments");
    let href = |address: &str| json!({ "href": address });
    let further = json!({
        "statuses_url": statuses,
        "comments_url": comments,
        "_links": {
            "self": href(&url),
            "html": href(&state.html_url(&format!("/{name}/pull/{}", issue.number))),
            "issue": href(&as_issue),
            "comments": href(&comments),
            "review_comments": href(&format!("{url}/comments")),
            "review_comment": href(&format!("{url}/comments{{/number}}")),
            "commits": href(&format!("{url}/commits")),
            "statuses": href(&statuses),
        },
    });
    extended(extended(base, Value::Object(more)), further)
}

fn side(state: &State, repo: RepoId, branch: &str, sha: &str) -> Value {
    let Some(repository) = state.repositories.get(&repo) else { return Value::Null };
    json!({
        "label": format!("{}:{branch}", state.login(repository.owner)),
        "ref": branch,
        "sha": sha,
        "user": account::simple(state, repository.owner),
        "repo": extended(repositories::full(state, repository), merging()),
    })
}

/// How merging is set up, which only the repositories within a pull request tell.
fn merging() -> Value {
    json!({
        "allow_squash_merge": true,
        "allow_merge_commit": true,
        "allow_rebase_merge": true,
        "allow_auto_merge": false,
        "delete_branch_on_merge": false,
        "allow_update_branch": false,
        "use_squash_pr_title_as_default": false,
        "squash_merge_commit_message": "COMMIT_MESSAGES",
        "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
        "merge_commit_message": "PR_TITLE",
        "merge_commit_title": "MERGE_MESSAGE",
    })
}

/// The short form that check runs carry.
pub(crate) fn short(state: &State, repository: &Repository, issue: &Issue, pull: &PullRequest) -> Value {
    let side = |branch: &str, sha: &str| {
        let url = state.api_url(&format!("/repos/{}", state.full_name(repository.id)));
        json!({ "ref": branch, "sha": sha, "repo": { "id": repository.id, "url": url, "name": repository.name } })
    };
    json!({
        "url": state.api_url(&format!("/repos/{}/pulls/{}", state.full_name(repository.id), issue.number)),
        "id": issue.id,
        "number": issue.number,
        "head": side(&pull.head_branch, &pull.head_sha),
        "base": side(&pull.base_branch, &pull.base_sha),
    })
}

/// The files in which head and base differ, with their status, in order of their paths.
pub(crate) fn changed_files(state: &State, repository: &Repository, pull: &PullRequest) -> Vec<(String, &'static str)> {
    let head = state.repositories.get(&pull.head_repo).and_then(|r| r.commits.get(&pull.head_sha));
    let base = repository.commits.get(&pull.base_sha);
    let (Some(head), Some(base)) = (head, base) else { return Vec::new() };
    differences(&base.tree, &head.tree)
}

/// The paths in which two trees differ, with what happened to them, in order.
pub(crate) fn differences(base: &Tree, head: &Tree) -> Vec<(String, &'static str)> {
    let mut files: Vec<(String, &'static str)> = Vec::new();
    for (path, entry) in head {
        match base.get(path) {
            None => files.push((path.clone(), "added")),
            Some(before) if before != entry => files.push((path.clone(), "modified")),
            Some(_) => {}
        }
    }
    files.extend(base.keys().filter(|path| !head.contains_key(*path)).map(|path| (path.clone(), "removed")));
    files.sort();
    files
}
