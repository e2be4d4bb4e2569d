//! Commit statuses.
//! <https://docs.github.com/rest/commits/statuses>

use serde_json::{Value, json};

use super::{Answer, Exchange, Refusal};
use crate::limits::{MAX_STATUS_DESCRIPTION, MAX_STATUSES};
use crate::render;
use crate::state::checks::Status;

const STATES: [&str; 4] = ["error", "failure", "pending", "success"];

pub(super) fn create(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, repository) = x.require_repository()?;
    let sha = x.param(0).to_owned();
    if !repository.commits.contains_key(&sha) {
        return Err(Refusal::new(422, &format!("No commit found for SHA: {sha}")));
    }
    let state = x.text("state").filter(|state| STATES.contains(state));
    let state = state.ok_or_else(|| Refusal::invalid("Status", "state", "invalid", ""))?.to_owned();
    let description = x.text("description").map(str::to_owned);
    if description.as_ref().is_some_and(|d| d.chars().count() > MAX_STATUS_DESCRIPTION) {
        let message = format!("description is too long (maximum is {MAX_STATUS_DESCRIPTION} characters)");
        return Err(Refusal::invalid("Status", "description", "custom", &message));
    }
    let context = x.text("context").unwrap_or("default").to_owned();
    let before = repository.statuses.iter().filter(|s| s.sha == sha && s.context == context).count();
    if before >= MAX_STATUSES {
        let message = "This SHA and context has reached the maximum number of statuses.";
        return Err(Refusal::invalid("Status", "context", "custom", message));
    }
    let target_url = x.text("target_url").map(str::to_owned);
    let (creator, id, created_at) = (x.actor(), x.state.next_id(), x.state.now);
    let status = Status { id, sha, state, context, description, target_url, creator, created_at };
    x.state.update_repository(repo, |r| r.statuses.push(status.clone()));
    let (_, repository) = x.require_repository()?;
    let rendered = render::checks::status(x.state, repository, &status);
    let commit = repository.commits.get(&status.sha).map(|c| render::repository::commit(x.state, repository, c));
    let members = json!({
        "id": status.id,
        "sha": status.sha,
        "name": x.state.full_name(repo),
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
        "commit": commit,
        "branches": [],
        "created_at": render::time(created_at),
        "updated_at": render::time(created_at),
    });
    x.state.emit(repo, creator, "status", None, &members);
    Ok(Answer::json(201, rendered))
}

/// Newest first.
pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let sha = sha(x)?;
    let (_, repository) = x.require_repository()?;
    let found = repository.statuses.iter().rev().filter(|s| s.sha == sha);
    Ok(x.listed(found.map(|s| render::checks::status(x.state, repository, s)).collect()))
}

/// The newest status of each context, and what they amount to.
pub(super) fn combined(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let sha = sha(x)?;
    let (_, repository) = x.require_repository()?;
    let mut newest: Vec<&Status> = Vec::new();
    for status in repository.statuses.iter().rev().filter(|s| s.sha == sha) {
        if !newest.iter().any(|known| known.context == status.context) {
            newest.push(status);
        }
    }
    let any = |states: &[&str]| newest.iter().any(|s| states.contains(&s.state.as_str()));
    let state = if any(&["error", "failure"]) {
        "failure"
    } else if newest.is_empty() || any(&["pending"]) {
        "pending"
    } else {
        "success"
    };
    let statuses: Vec<Value> = newest.iter().map(|s| render::checks::status(x.state, repository, s)).collect();
    Ok(Answer::ok(json!({
        "state": state,
        "statuses": statuses,
        "sha": sha,
        "total_count": statuses.len(),
        "repository": render::repository::minimal(x.state, repository),
    })))
}

fn sha(x: &Exchange<'_>) -> Result<String, Refusal> {
    let (_, repository) = x.require_repository()?;
    let missing = || Refusal::new(422, &format!("No commit found for SHA: {}", x.param(0)));
    repository.resolve(x.param(0)).map(|commit| commit.sha.clone()).ok_or_else(missing)
}
