//! Workflow runs: listing with filters, jobs, running again.

use serde_json::{Value, json};
use switchboard_clock::Timestamp;

use super::{Answer, Exchange, Refusal};
use crate::ids::{RepoId, RunId, WorkflowId};
use crate::limits::RERUN_WITHIN;
use crate::render;
use crate::state::runs::{Run, RunStatus};

pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    listed(x, None)
}

pub(super) fn list_of_workflow(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let workflow = repository.workflow_named(x.param(0)).ok_or_else(Refusal::not_found)?.id;
    listed(x, Some(workflow))
}

/// Newest first. New runs show up after the listing delay of the settings.
fn listed(x: &Exchange<'_>, workflow: Option<WorkflowId>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let created = x.query.get("created").map(Created::parse).transpose()?;
    let actor = x.query.get("actor");
    let is = |name: &str, value: Option<&str>| x.query.get(name).is_none_or(|wanted| Some(wanted) == value);
    let wanted = |run: &&Run| {
        let status = x.query.get("status");
        workflow.is_none_or(|id| run.workflow == id)
            && run.created_at + x.state.settings.run_listing_delay <= x.state.now
            && is("event", Some(&run.event))
            && is("branch", run.head_branch.as_deref())
            && is("head_sha", Some(&run.head_sha))
            && actor.is_none_or(|login| x.state.login(run.actor).eq_ignore_ascii_case(login))
            && status.is_none_or(|s| s == run.status.as_str() || Some(s) == run.conclusion.as_deref())
            && created.as_ref().is_none_or(|created| created.contains(run.created_at))
    };
    let runs: Vec<&Run> = repository.runs.values().rev().filter(wanted).collect();
    let total = runs.len();
    let (page, link) = x.page(runs);
    let page: Vec<Value> = page.into_iter().map(|run| render::actions::run(x.state, repository, run)).collect();
    let answer = Answer::ok(json!({ "total_count": total, "workflow_runs": page }));
    Ok(match link {
        Some(link) => answer.header("link", link),
        None => answer,
    })
}

/// A filter on creation times, in GitHub's search syntax. It compares whole seconds.
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let at = |text: &str| {
            let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
            let parsed = Timestamp::parse(&full).map(Timestamp::seconds);
            parsed.map_err(|_| Refusal::new(422, &format!("Invalid value for created: {text}")))
        };
        let (from, to) = if let Some((from, to)) = text.split_once("..") {
            let from = if from == "*" { i64::MIN } else { at(from)? };
            (from, if to == "*" { i64::MAX } else { at(to)? })
        } else if let Some(from) = text.strip_prefix(">=") {
            (at(from)?, i64::MAX)
        } else if let Some(from) = text.strip_prefix('>') {
            (at(from)? + 1, i64::MAX)
        } else if let Some(to) = text.strip_prefix("<=") {
            (i64::MIN, at(to)?)
        } else if let Some(to) = text.strip_prefix('<') {
            (i64::MIN, at(to)? - 1)
        } else {
            const LAST_SECOND_OF_A_DAY: i64 = 86_399;
            let from = at(text)?;
            (from, if text.contains('T') { from } else { from + LAST_SECOND_OF_A_DAY })
        };
        Ok(Self { from, to })
    }

    fn contains(&self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at.seconds())
    }
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let run = repository.runs.get(&RunId(x.number(0)?)).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::actions::run(x.state, repository, run)))
}

/// The jobs of the present attempt, unless the query asks for those of all.
pub(super) fn jobs(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let all = x.query.get("filter") == Some("all");
    listed_jobs(x, |run, attempt| all || attempt == run.attempt)
}

pub(super) fn jobs_of_attempt(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let wanted = x.number(1)?;
    let (_, repository) = x.require_repository()?;
    let run = repository.runs.get(&RunId(x.number(0)?)).ok_or_else(Refusal::not_found)?;
    if !(1..=run.attempt).contains(&wanted) {
        return Err(Refusal::not_found());
    }
    listed_jobs(x, |_, attempt| attempt == wanted)
}

fn listed_jobs(x: &Exchange<'_>, wanted: impl Fn(&Run, u64) -> bool) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let run = repository.runs.get(&RunId(x.number(0)?)).ok_or_else(Refusal::not_found)?;
    let jobs = run.jobs.iter().filter(|job| wanted(run, job.attempt));
    Ok(x.counted_list("jobs", jobs.map(|job| render::actions::job(x.state, repository, run, job)).collect()))
}

pub(super) fn rerun(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    again(x, false)
}

pub(super) fn rerun_failed(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    again(x, true)
}

fn again(x: &mut Exchange<'_>, only_failed: bool) -> Result<Answer, Refusal> {
    let (repo, id, status, created_at) = named(x)?;
    if status != RunStatus::Completed {
        return Err(Refusal::new(403, "This workflow is already running"));
    }
    if created_at + RERUN_WITHIN < x.state.now {
        let text = "Unable to retry this workflow run because it was created over a month ago";
        return Err(Refusal::new(403, text));
    }
    let any_failed = x.repository().and_then(|r| r.runs.get(&id)).is_some_and(Run::any_failed);
    if only_failed && !any_failed {
        return Err(Refusal::new(403, "This workflow run cannot be retried"));
    }
    let actor = x.actor();
    x.state.rerun(repo, id, actor, only_failed);
    x.state.schedule_run(repo, id);
    Ok(Answer::json(201, json!({})))
}

pub(super) fn cancel(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, id, status, _) = named(x)?;
    if status == RunStatus::Completed {
        return Err(Refusal::new(409, "Cannot cancel a workflow run that is completed."));
    }
    x.state.cancel_run(repo, id);
    Ok(Answer::json(202, json!({})))
}

fn named(x: &Exchange<'_>) -> Result<(RepoId, RunId, RunStatus, Timestamp), Refusal> {
    let (repo, repository) = x.require_repository()?;
    let run = repository.runs.get(&RunId(x.number(0)?)).ok_or_else(Refusal::not_found)?;
    Ok((repo, run.id, run.status, run.created_at))
}
