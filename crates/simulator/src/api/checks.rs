//! Check runs.
//! <https://docs.github.com/rest/checks/runs>

use serde_json::{Value, json};
use switchboard_clock::Timestamp;

use super::{Answer, Exchange, Refusal};
use crate::ids::{CheckRunId, RepoId};
use crate::limits::{MAX_ANNOTATIONS, MAX_TEXT};
use crate::render;
use crate::state::checks::{CheckRun, CheckStatus};

/// What a completed check run may say.
const CONCLUSIONS: [&str; 8] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "stale", "timed_out"];
/// Buttons of a check run.
const MAX_ACTIONS: usize = 3;

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, id) = named(x)?;
    answered(x, 200, repo, id)
}

pub(super) fn annotations(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, id) = named(x)?;
    let (_, repository) = x.require_repository()?;
    let all = repository.checks.get(&id).map(|check| check.annotations.clone()).unwrap_or_default();
    Ok(x.listed(all))
}

/// The newest check run of each name and App, newest first, unless the query asks for all.
pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let sha = match repository.resolve(x.param(0)) {
        Some(commit) => commit.sha.clone(),
        None => return Err(Refusal::new(422, &format!("No commit found for SHA: {}", x.param(0)))),
    };
    let is = |name: &str, value: &str| x.query.get(name).is_none_or(|wanted| wanted == value);
    let mut seen = Vec::new();
    let mut found = Vec::new();
    for check in repository.checks.values().rev().filter(|check| check.head_sha == sha) {
        let key = (check.app, check.name.clone());
        let newest = !seen.contains(&key);
        seen.push(key);
        let listed = newest || x.query.get("filter") == Some("all");
        if listed
            && is("check_name", &check.name)
            && is("status", check.status.as_str())
            && is("app_id", &check.app.to_string())
        {
            found.push(render::checks::check_run(x.state, repository, check));
        }
    }
    Ok(x.counted_list("check_runs", found))
}

pub(super) fn create(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, repository) = x.require_repository()?;
    let required = |member: &str| {
        let missing = || Refusal::new(422, &format!("Invalid request.\n\n\"{member}\" wasn't supplied."));
        x.text(member).map(str::to_owned).ok_or_else(missing)
    };
    let (name, head_sha) = (required("name")?, required("head_sha")?);
    if !repository.commits.contains_key(&head_sha) {
        return Err(Refusal::new(422, &format!("No commit found for SHA: {head_sha}")));
    }
    let (app, now) = (x.caller.app(), x.state.now);
    let suite = repository.checks.values().find(|c| c.app == app && c.head_sha == head_sha).map(|c| c.suite);
    let mut check = CheckRun {
        id: CheckRunId(0),
        suite: suite.unwrap_or(crate::ids::CheckSuiteId(0)),
        app,
        name,
        head_sha,
        status: CheckStatus::Queued,
        conclusion: None,
        external_id: None,
        details_url: None,
        title: None,
        summary: None,
        text: None,
        annotations: Vec::new(),
        actions: Vec::new(),
        started_at: now,
        completed_at: None,
    };
    apply(&mut check, &x.body, now)?;
    check.id = x.state.next_id();
    if suite.is_none() {
        check.suite = x.state.next_id();
    }
    let (id, completed) = (check.id, check.status == CheckStatus::Completed);
    x.state.update_repository(repo, |r| r.checks.insert(id, check));
    announce(x, repo, id, "created");
    if completed {
        announce(x, repo, id, "completed");
    }
    answered(x, 201, repo, id)
}

pub(super) fn update(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, id) = named(x)?;
    let (_, repository) = x.require_repository()?;
    let mut check = repository.checks.get(&id).cloned().ok_or_else(Refusal::not_found)?;
    if check.app != x.caller.app() {
        return Err(Refusal::new(403, "Invalid app_id: the check run belongs to another App."));
    }
    if let Some(name) = x.text("name") {
        name.clone_into(&mut check.name);
    }
    let before = check.status;
    apply(&mut check, &x.body, x.state.now)?;
    let completes = before != CheckStatus::Completed && check.status == CheckStatus::Completed;
    x.state.update_repository(repo, |r| r.checks.insert(id, check));
    if completes {
        announce(x, repo, id, "completed");
    }
    answered(x, 200, repo, id)
}

/// Takes over what the body says. A conclusion completes the run, and a completed run stays so.
fn apply(check: &mut CheckRun, body: &Value, now: Timestamp) -> Result<(), Refusal> {
    let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
    let invalid = |field: &str, message: &str| Refusal::invalid("CheckRun", field, "invalid", message);
    let conclusion = text("conclusion");
    if conclusion.as_ref().is_some_and(|c| !CONCLUSIONS.contains(&c.as_str())) {
        return Err(invalid("conclusion", "is not included in the list"));
    }
    let mut status = match text("status") {
        None => check.status,
        Some(status) => CheckStatus::parse(&status).ok_or_else(|| invalid("status", "is not included in the list"))?,
    };
    if conclusion.is_some() {
        status = CheckStatus::Completed;
    }
    if status < check.status {
        return Err(invalid("status", "cannot go back"));
    }
    if status == CheckStatus::Completed && conclusion.is_none() && check.conclusion.is_none() {
        return Err(invalid("conclusion", "is required of a completed run"));
    }
    check.status = status;
    check.conclusion = conclusion.or(check.conclusion.take());
    check.external_id = text("external_id").or(check.external_id.take());
    check.details_url = text("details_url").or(check.details_url.take());
    if status == CheckStatus::Completed {
        let completed = text("completed_at").and_then(|at| Timestamp::parse(&at).ok());
        check.completed_at = completed.or(check.completed_at).or(Some(now));
    }
    if let Some(actions) = body.get("actions").and_then(Value::as_array) {
        if actions.len() > MAX_ACTIONS {
            return Err(invalid("actions", "no more than 3 are allowed"));
        }
        check.actions.clone_from(actions);
    }
    match body.get("output") {
        Some(output) => apply_output(check, output),
        None => Ok(()),
    }
}

fn apply_output(check: &mut CheckRun, output: &Value) -> Result<(), Refusal> {
    let invalid = |field: &str, message: &str| Refusal::invalid("CheckRun", field, "invalid", message);
    let text = |member: &str| match output.get(member).and_then(Value::as_str) {
        Some(text) if text.chars().count() > MAX_TEXT => {
            Err(invalid(member, &format!("exceeds the maximum of {MAX_TEXT} characters")))
        }
        text => Ok(text.map(str::to_owned)),
    };
    let (title, summary) = (text("title")?, text("summary")?);
    if check.summary.is_none() && summary.is_none() {
        return Err(invalid("summary", "wasn't supplied"));
    }
    check.title = title.or(check.title.take());
    check.summary = summary.or(check.summary.take());
    check.text = text("text")?.or(check.text.take());
    let annotations = output.get("annotations").and_then(Value::as_array).cloned().unwrap_or_default();
    if annotations.len() > MAX_ANNOTATIONS {
        return Err(invalid("annotations", "no more than 50 are allowed in one request"));
    }
    let whole = |a: &Value| {
        ["path", "annotation_level", "message"].iter().all(|m| a[*m].is_string())
            && ["start_line", "end_line"].iter().all(|m| a[*m].is_u64())
    };
    if !annotations.iter().all(whole) {
        return Err(invalid("annotations", "an annotation lacks a member"));
    }
    check.annotations.extend(annotations);
    Ok(())
}

fn named(x: &Exchange<'_>) -> Result<(RepoId, CheckRunId), Refusal> {
    let (repo, repository) = x.require_repository()?;
    let id = CheckRunId(x.number(0)?);
    repository.checks.contains_key(&id).then_some((repo, id)).ok_or_else(Refusal::not_found)
}

fn rendered(x: &Exchange<'_>, repo: RepoId, id: CheckRunId) -> Option<Value> {
    let repository = x.state.repositories.get(&repo)?;
    repository.checks.get(&id).map(|check| render::checks::check_run(x.state, repository, check))
}

fn announce(x: &mut Exchange<'_>, repo: RepoId, id: CheckRunId, action: &str) {
    let check = x.state.repositories.get(&repo).and_then(|repository| {
        repository.checks.get(&id).map(|check| render::checks::announced(x.state, repository, check))
    });
    let members = json!({ "check_run": check });
    let actor = x.actor();
    x.state.emit(repo, actor, "check_run", Some(action), &members);
}

fn answered(x: &Exchange<'_>, status: u16, repo: RepoId, id: CheckRunId) -> Result<Answer, Refusal> {
    rendered(x, repo, id).map(|check| Answer::json(status, check)).ok_or_else(Refusal::not_found)
}
