//! Check runs and commit statuses.

use serde_json::{Value, json};

use super::{account, installation, maybe_time, node_id, time};
use crate::state::checks::{CheckRun, Status};
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
        "pull_requests": [],
        "actions": check.actions,
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
