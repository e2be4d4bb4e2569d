//! Check runs and commit statuses.

use serde_json::{Value, json};

use super::{account, extended, installation, maybe_time, node_id, pulls, repository as repositories, time};
use crate::ids::{AppId, CheckSuiteId};
use crate::state::checks::{CheckRun, CheckStatus, Status};
use crate::state::{Repository, State};

/// A check run.
pub(crate) fn check_run(state: &State, repository: &Repository, check: &CheckRun) -> Value {
    let name = state.full_name(repository.id);
    let url = state.api_url(&format!("/repos/{name}/check-runs/{}", check.id));
    json!({
        "id": check.id,
        "node_id": node_id("CheckRun", check.id.0),
        "head_sha": check.head_sha,
        "external_id": check.external_id.as_deref().unwrap_or_default(),
        "url": url,
        "html_url": state.html_url(&format!("/{name}/runs/{}", check.id)),
        "details_url": check.details_url,
        "status": check.status.as_str(),
        "conclusion": check.conclusion,
        "started_at": time(check.started_at),
        "completed_at": maybe_time(check.completed_at),
        "output": {
            "title": check.title,
            "summary": check.summary,
            "text": check.text,
            "annotations_count": check.annotations.len(),
            "annotations_url": format!("{url}/annotations"),
        },
        "name": check.name,
        "check_suite": { "id": check.suite },
        "app": state.apps.get(&check.app).map(|app| installation::app(state, app)),
        "pull_requests": pull_requests(state, repository, &check.head_sha),
        "actions": check.actions,
    })
}

/// The open pull requests of a commit. Those from forks are left out, as on GitHub.
fn pull_requests(state: &State, repository: &Repository, sha: &str) -> Vec<Value> {
    let open = repository.issues.values().filter(|issue| issue.open());
    let pulls = open.filter_map(|issue| issue.pull.as_ref().map(|pull| (issue, pull)));
    let here = pulls.filter(|(_, pull)| pull.head_repo == repository.id && pull.head_sha == sha);
    here.map(|(issue, pull)| pulls::short(state, repository, issue, pull)).collect()
}

/// A check run as webhooks show it: with all of its suite.
pub(crate) fn announced(state: &State, repository: &Repository, check: &CheckRun) -> Value {
    let suite = suite(state, repository, check.app, check.suite, &check.head_sha);
    extended(check_run(state, repository, check), json!({ "check_suite": suite }))
}

/// A suite whose checks somebody wants again: it is queued, whatever they were.
pub(crate) fn requested_suite(
    state: &State,
    repository: &Repository,
    app: AppId,
    id: CheckSuiteId,
    sha: &str,
) -> Value {
    let reset = json!({ "status": "queued", "conclusion": null });
    extended(suite(state, repository, app, id, sha), reset)
}

fn suite(state: &State, repository: &Repository, app: AppId, id: CheckSuiteId, sha: &str) -> Value {
    let name = state.full_name(repository.id);
    let checks = || repository.checks.values().filter(|check| check.suite == id);
    let done = checks().all(|check| check.status == CheckStatus::Completed);
    let good = checks().all(|c| matches!(c.conclusion.as_deref(), Some("success" | "neutral" | "skipped")));
    let commit = repository.commits.get(sha);
    let branch = repository.branches.iter().find_map(|(branch, head)| (head == sha).then_some(branch));
    let url = state.api_url(&format!("/repos/{name}/check-suites/{id}"));
    let created = checks().map(|check| check.started_at).min();
    json!({
        "id": id,
        "node_id": node_id("CheckSuite", id.0),
        "head_branch": branch,
        "head_sha": sha,
        "status": if done { "completed" } else { "in_progress" },
        "conclusion": done.then_some(if good { "success" } else { "failure" }),
        "url": url,
        "before": commit.and_then(|commit| commit.parent.as_deref()),
        "after": sha,
        "pull_requests": pull_requests(state, repository, sha),
        "app": state.apps.get(&app).map(|app| installation::app(state, app)),
        "created_at": maybe_time(created),
        "updated_at": maybe_time(created),
        "rerequestable": true,
        "runs_rerequestable": true,
        "latest_check_runs_count": checks().count(),
        "check_runs_url": format!("{url}/check-runs"),
        "head_commit": commit.map(|commit| repositories::head_commit(state, commit)),
    })
}

/// A commit status.
pub(crate) fn status(state: &State, repository: &Repository, status: &Status) -> Value {
    let name = state.full_name(repository.id);
    json!({
        "url": state.api_url(&format!("/repos/{name}/statuses/{}", status.sha)),
        "id": status.id,
        "node_id": node_id("StatusContext", status.id.0),
        "state": status.state,
        "description": status.description,
        "target_url": status.target_url,
        "context": status.context,
        "created_at": time(status.created_at),
        "updated_at": time(status.created_at),
        "creator": account::simple(state, status.creator),
    })
}
