//! Issues, comments and labels.

use serde_json::{Value, json};

use super::{account, extended, links, maybe_time, node_id, time};
use crate::state::issues::{Comment, Issue, Label};
use crate::state::{Repository, State};

/// An issue; a pull request, when asked for as an issue, with its `pull_request` member.
pub(crate) fn issue(state: &State, repository: &Repository, issue: &Issue) -> Value {
    let name = state.full_name(repository.id);
    let url = state.api_url(&format!("/repos/{name}/issues/{}", issue.number));
    let page = if issue.pull.is_some() { "pull" } else { "issues" };
    let comments = repository.comments.values().filter(|c| c.issue == issue.number).count();
    let assignees: Vec<Value> = issue.assignees.iter().map(|id| account::simple(state, *id)).collect();
    let base = json!({
        "repository_url": state.api_url(&format!("/repos/{name}")),
        "html_url": state.html_url(&format!("/{name}/{page}/{}", issue.number)),
        "id": issue.id,
        "node_id": node_id("Issue", issue.id.0),
        "number": issue.number,
        "title": issue.title,
        "user": account::simple(state, issue.author),
        "labels": labels_of(state, repository, issue),
        "state": issue.state(),
        "locked": false,
        "assignee": assignees.first(),
        "assignees": assignees,
        "milestone": null,
        "comments": comments,
        "created_at": time(issue.created_at),
        "updated_at": time(issue.updated_at),
        "closed_at": maybe_time(issue.closed_at),
        "author_association": state.association(repository, issue),
        "active_lock_reason": null,
        "body": issue.body,
        "closed_by": null,
        "reactions": { "url": format!("{url}/reactions"), "total_count": 0 },
        "timeline_url": format!("{url}/timeline"),
        "performed_via_github_app": null,
        "state_reason": issue.state_reason,
    });
    let more = links(
        &url,
        &[("url", ""), ("labels_url", "/labels{/name}"), ("comments_url", "/comments"), ("events_url", "/events")],
    );
    let issue_value = extended(base, Value::Object(more));
    if issue.pull.is_none() {
        return issue_value;
    }
    let pull = state.api_url(&format!("/repos/{name}/pulls/{}", issue.number));
    extended(issue_value, json!({ "pull_request": { "url": pull } }))
}

/// The labels that an issue carries.
pub(crate) fn labels_of(state: &State, repository: &Repository, issue: &Issue) -> Vec<Value> {
    issue.labels.iter().filter_map(|key| repository.labels.get(key)).map(|l| label(state, repository, l)).collect()
}

/// A label.
pub(crate) fn label(state: &State, repository: &Repository, label: &Label) -> Value {
    json!({
        "id": label.id,
        "node_id": node_id("Label", label.id.0),
        "url": state.api_url(&format!("/repos/{}/labels/{}", state.full_name(repository.id), label.name)),
        "name": label.name,
        "color": label.color,
        "default": false,
        "description": label.description,
    })
}

/// A comment on an issue or pull request.
pub(crate) fn comment(state: &State, repository: &Repository, comment: &Comment) -> Value {
    let name = state.full_name(repository.id);
    let page = format!("/{name}/issues/{}#issuecomment-{}", comment.issue, comment.id);
    json!({
        "url": state.api_url(&format!("/repos/{name}/issues/comments/{}", comment.id)),
        "html_url": state.html_url(&page),
        "issue_url": state.api_url(&format!("/repos/{name}/issues/{}", comment.issue)),
        "id": comment.id,
        "node_id": node_id("IssueComment", comment.id.0),
        "user": account::simple(state, comment.author),
        "created_at": time(comment.created_at),
        "updated_at": time(comment.updated_at),
        "author_association": "NONE",
        "body": comment.body,
        "reactions": { "total_count": 0 },
        "performed_via_github_app": null,
    })
}
