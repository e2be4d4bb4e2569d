//! Workflows, runs and jobs.

use serde_json::{Value, json};

use super::{account, extended, links, maybe_time, node_id, repository as repositories, time};
use crate::state::actions::Workflow;
use crate::state::jobs::Job;
use crate::state::runs::{HeadRepository, Run};
use crate::state::{Repository, State};

/// A workflow.
pub(crate) fn workflow(state: &State, repository: &Repository, workflow: &Workflow) -> Value {
    let name = state.full_name(repository.id);
    json!({
        "id": workflow.id,
        "node_id": node_id("Workflow", workflow.id.0),
        "name": workflow.name,
        "path": workflow.path(),
        "state": workflow.state(),
        "created_at": time(workflow.created_at),
        "updated_at": time(workflow.created_at),
        "url": state.api_url(&format!("/repos/{name}/actions/workflows/{}", workflow.id)),
        "html_url": state.html_url(&format!("/{name}/blob/{}/{}", repository.default_branch, workflow.path())),
        "badge_url": state.html_url(&format!("/{name}/workflows/{}/badge.svg", workflow.name)),
    })
}

/// A run in its latest attempt.
pub(crate) fn run(state: &State, repository: &Repository, run: &Run) -> Value {
    let name = state.full_name(repository.id);
    let url = state.api_url(&format!("/repos/{name}/actions/runs/{}", run.id));
    let more = links(
        &url,
        &[
            ("url", ""),
            ("jobs_url", "/jobs"),
            ("logs_url", "/logs"),
            ("artifacts_url", "/artifacts"),
            ("cancel_url", "/cancel"),
            ("rerun_url", "/rerun"),
        ],
    );
    let head_repository = match run.head_repository {
        HeadRepository::Same => repositories::minimal(state, repository),
        HeadRepository::Other(id) => {
            state.repositories.get(&id).map_or(Value::Null, |r| repositories::minimal(state, r))
        }
        HeadRepository::Deleted => Value::Null,
    };
    let previous = (run.attempt > 1).then(|| format!("{url}/attempts/{}", run.attempt - 1));
    // The suite's number plays no part in this simulation, it only has to be steady.
    let suite = run.id.0 + 17_000_000_000;
    let base = json!({
        "id": run.id,
        "name": run.workflow_name,
        "node_id": node_id("WorkflowRun", run.id.0),
        "head_branch": run.head_branch,
        "head_sha": run.head_sha,
        "path": run.path,
        "display_title": run.display_title,
        "run_number": run.number,
        "event": run.event,
        "status": run.status.as_str(),
        "conclusion": run.conclusion,
        "workflow_id": run.workflow,
        "check_suite_id": suite,
        "check_suite_node_id": node_id("CheckSuite", suite),
        "check_suite_url": state.api_url(&format!("/repos/{name}/check-suites/{suite}")),
        "html_url": state.html_url(&format!("/{name}/actions/runs/{}", run.id)),
        "pull_requests": [],
        "created_at": time(run.created_at),
        "updated_at": time(run.updated_at),
        "run_started_at": time(run.started_at),
        "actor": account::simple(state, run.actor),
        "triggering_actor": account::simple(state, run.triggering_actor),
        "run_attempt": run.attempt,
        "referenced_workflows": [],
        "previous_attempt_url": previous,
        "workflow_url": state.api_url(&format!("/repos/{name}/actions/workflows/{}", run.workflow)),
        "head_commit": repository.commits.get(&run.head_sha).map(|c| repositories::head_commit(state, c)),
        "repository": repositories::minimal(state, repository),
        "head_repository": head_repository,
    });
    extended(base, Value::Object(more))
}

/// A job of one attempt of a run.
pub(crate) fn job(state: &State, repository: &Repository, run: &Run, job: &Job) -> Value {
    let name = state.full_name(repository.id);
    json!({
        "id": job.id,
        "run_id": run.id,
        "run_url": state.api_url(&format!("/repos/{name}/actions/runs/{}", run.id)),
        "run_attempt": job.attempt,
        "node_id": node_id("CheckRun", job.id.0),
        "head_sha": run.head_sha,
        "head_branch": run.head_branch,
        "url": state.api_url(&format!("/repos/{name}/actions/jobs/{}", job.id)),
        "html_url": state.html_url(&format!("/{name}/actions/runs/{}/job/{}", run.id, job.id)),
        "check_run_url": state.api_url(&format!("/repos/{name}/check-runs/{}", job.id)),
        "status": job.status.as_str(),
        "conclusion": job.conclusion,
        "created_at": time(job.created_at),
        "started_at": maybe_time(job.started_at),
        "completed_at": maybe_time(job.completed_at),
        "name": job.name,
        "workflow_name": run.workflow_name,
        "labels": ["ubuntu-latest"],
        "runner_id": 1,
        "runner_name": "simulated-1",
        "runner_group_id": 1,
        "runner_group_name": "GitHub Actions",
        "steps": [{
            "name": "make",
            "number": 1,
            "status": job.status.as_str(),
            "conclusion": job.conclusion,
            "started_at": maybe_time(job.started_at),
            "completed_at": maybe_time(job.completed_at),
        }],
    })
}
