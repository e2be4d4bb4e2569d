//! Pull requests.

use serde_json::{Value, json};

use super::{account, extended, issues, links, maybe_time, node_id, repository as repositories, time};
use crate::ids::RepoId;
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
        "merge_commit_sha": null,
        "assignee": null,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "labels": issues::labels_of(state, repository, issue),
        "milestone": null,
        "draft": pull.draft,
        "head": side(state, pull.head_repo, &pull.head_branch, &pull.head_sha),
        "base": side(state, repository.id, &pull.base_branch, &pull.base_sha),
        "author_association": "NONE",
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
    let comments = state.api_url(&format!("/repos/{name}/issues/{}/comments", issue.number));
    extended(extended(base, Value::Object(more)), json!({ "statuses_url": statuses, "comments_url": comments }))
}

fn side(state: &State, repo: RepoId, branch: &str, sha: &str) -> Value {
    let Some(repository) = state.repositories.get(&repo) else { return Value::Null };
    json!({
        "label": format!("{}:{branch}", state.login(repository.owner)),
        "ref": branch,
        "sha": sha,
        "user": account::simple(state, repository.owner),
        "repo": repositories::full(state, repository),
    })
}

/// The files in which head and base differ, with their status, in order of their paths.
pub(crate) fn changed_files(state: &State, repository: &Repository, pull: &PullRequest) -> Vec<(String, &'static str)> {
    let head = state.repositories.get(&pull.head_repo).and_then(|r| r.commits.get(&pull.head_sha));
    let base = repository.commits.get(&pull.base_sha);
    let (Some(head), Some(base)) = (head, base) else { return Vec::new() };
    let mut files: Vec<(String, &'static str)> = Vec::new();
    for (path, entry) in head.tree.iter() {
        match base.tree.get(path) {
            None => files.push((path.clone(), "added")),
            Some(before) if before != entry => files.push((path.clone(), "modified")),
            Some(_) => {}
        }
    }
    let removed = base.tree.keys().filter(|path| !head.tree.contains_key(*path));
    files.extend(removed.map(|path| (path.clone(), "removed")));
    files.sort();
    files
}
