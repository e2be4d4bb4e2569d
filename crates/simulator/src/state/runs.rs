//! Workflow runs: how one comes to be, proceeds by itself and completes, each step with its webhook.

use serde_json::{Map, Value, json};
use switchboard_clock::Timestamp;

use super::actions::Trigger;
use super::jobs::Job;
use super::{State, Timer};
use crate::ids::{AccountId, RepoId, RunId, WorkflowId};
use crate::render;

/// Where the head commit of a run comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeadRepository {
    /// The repository whose workflow runs.
    #[default]
    Same,
    /// Another one, usually a fork.
    Other(RepoId),
    /// One that has been deleted since: `null` in answers and payloads.
    Deleted,
}

/// How far an attempt of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// Waiting for a runner.
    Queued,
    /// Running.
    InProgress,
    /// Ended with a conclusion.
    Completed,
}

impl RunStatus {
    /// As the API writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
        }
    }
}

/// A workflow run, in its latest attempt.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub id: RunId,
    pub workflow: WorkflowId,
    pub workflow_name: String,
    /// `null` for runs whose workflow file GitHub does not name.
    pub path: Option<String>,
    pub number: u64,
    pub attempt: u64,
    pub event: String,
    pub head_branch: Option<String>,
    pub head_sha: String,
    pub head_repository: HeadRepository,
    pub actor: AccountId,
    pub triggering_actor: AccountId,
    pub status: RunStatus,
    pub conclusion: Option<String>,
    pub display_title: String,
    /// What a dispatch gave it: the inputs, or the members of `client_payload`.
    pub inputs: Map<String, Value>,
    /// Of all attempts.
    pub jobs: Vec<Job>,
    pub created_at: Timestamp,
    pub started_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What a new run needs to know.
#[derive(Debug, Clone)]
pub(crate) struct NewRun {
    pub workflow: WorkflowId,
    pub event: String,
    pub head_branch: Option<String>,
    pub head_sha: String,
    pub head_repository: HeadRepository,
    pub actor: AccountId,
    /// What lists show; none: the commit's message or the workflow's name.
    pub title: Option<String>,
    pub inputs: Map<String, Value>,
}

impl Run {
    /// Whether a workflow that cancels what is superseded has nothing to do but that.
    fn does_nothing(&self) -> bool {
        let action = self.inputs.get("payload").and_then(|payload| payload.get("action"));
        action.and_then(Value::as_str) == Some("closed")
    }
}

impl State {
    /// Queues a run and announces it. It proceeds by itself only once [`State::schedule_run`] is called.
    pub(crate) fn queue_run(&mut self, repo: RepoId, new: NewRun) -> Option<RunId> {
        let path = self.repositories.get(&repo)?.workflow(new.workflow)?.path();
        self.queue_run_at(repo, new, Some(path))
    }

    /// As [`State::queue_run`], with another path than the workflow's.
    pub(crate) fn queue_run_at(&mut self, repo: RepoId, new: NewRun, path: Option<String>) -> Option<RunId> {
        let (id, jobs, now) = (self.next_id(), self.fresh_jobs(repo, new.workflow, 1), self.now);
        let queue = |repository: &mut super::Repository| {
            let display_title = repository.commits.get(&new.head_sha).map(|c| c.message.clone());
            let workflow = repository.workflows.iter_mut().find(|w| w.id == new.workflow)?;
            workflow.runs += 1;
            let by_commit = matches!(new.event.as_str(), "push" | "pull_request");
            let run = Run {
                id,
                workflow: workflow.id,
                workflow_name: workflow.name.clone(),
                path,
                number: workflow.runs,
                attempt: 1,
                display_title: new
                    .title
                    .or_else(|| display_title.filter(|_| by_commit))
                    .unwrap_or_else(|| workflow.name.clone()),
                event: new.event,
                head_branch: new.head_branch,
                head_sha: new.head_sha,
                head_repository: new.head_repository,
                actor: new.actor,
                triggering_actor: new.actor,
                status: RunStatus::Queued,
                conclusion: None,
                inputs: new.inputs,
                jobs,
                created_at: now,
                started_at: now,
                updated_at: now,
            };
            repository.runs.insert(id, run);
            Some(())
        };
        self.update_repository(repo, queue)??;
        self.announce_run(repo, id, "requested");
        Some(id)
    }

    /// Lets the present attempt of a run proceed by its workflow's script.
    pub(crate) fn schedule_run(&mut self, repo: RepoId, run: RunId) {
        let plan = self.repositories.get(&repo).and_then(|r| {
            let run = r.runs.get(&run)?;
            let workflow = r.workflow(run.workflow)?;
            Some((run.attempt, workflow.script.clone(), workflow.downstream.clone(), run.does_nothing()))
        });
        let Some((attempt, script, downstream, does_nothing)) = plan else { return };
        if let Some(downstream) = downstream {
            if downstream.cancels {
                self.cancel_superseded(repo, run);
            }
            if downstream.cancels && does_nothing {
                self.complete_run(repo, run, Some("skipped".to_owned()));
            } else {
                self.schedule_jobs(repo, run);
            }
        } else {
            self.set_timer(script.queued, Timer::RunStarts { repo, run, attempt });
            self.set_timer(script.queued + script.running, Timer::RunCompletes { repo, run, attempt });
        }
    }

    /// The attempt gets its runner, unless it is past that.
    pub(crate) fn run_starts(&mut self, repo: RepoId, run: RunId, attempt: u64) {
        let now = self.now;
        let scripted = self.repositories.get(&repo).is_some_and(|r| {
            r.runs.get(&run).and_then(|run| r.workflow(run.workflow)).is_some_and(|w| w.downstream.is_some())
        });
        let changed = self.update_run(repo, run, |run| {
            let starts = run.attempt == attempt && run.status == RunStatus::Queued;
            if starts {
                (run.status, run.started_at, run.updated_at) = (RunStatus::InProgress, now, now);
            }
            if starts && !scripted {
                run.start_jobs(now);
            }
            starts
        });
        if changed == Some(true) {
            self.announce_run(repo, run, "in_progress");
        }
    }

    /// The attempt completes with the conclusion its workflow's script says, unless it already has.
    pub(crate) fn run_completes(&mut self, repo: RepoId, run: RunId, attempt: u64) {
        let running = |r: &super::Repository| {
            r.runs.get(&run).filter(|r| r.attempt == attempt && r.status != RunStatus::Completed).map(|r| r.workflow)
        };
        let conclusion = self.update_repository(repo, |r| {
            let workflow = running(r)?;
            r.workflows.iter_mut().find(|w| w.id == workflow).map(|w| w.script.next_conclusion())
        });
        if let Some(Some(conclusion)) = conclusion {
            self.complete_run(repo, run, Some(conclusion));
        }
    }

    /// Completes the present attempt of a run, passing through every step before.
    pub(crate) fn complete_run(&mut self, repo: RepoId, run: RunId, conclusion: Option<String>) {
        let attempt = self.update_run(repo, run, |run| run.attempt).unwrap_or_default();
        self.run_starts(repo, run, attempt);
        let now = self.now;
        let changed = self.update_run(repo, run, |run| {
            run.complete_jobs(conclusion.as_deref(), now);
            (run.status, run.conclusion, run.updated_at) = (RunStatus::Completed, conclusion, now);
        });
        if changed.is_some() {
            self.announce_run(repo, run, "completed");
        }
    }

    /// Starts the next attempt of a run, with all jobs or with those that failed.
    pub(crate) fn rerun(&mut self, repo: RepoId, run: RunId, actor: AccountId, only_failed: bool) {
        let (now, jobs) = (self.now, self.jobs_again(repo, run, only_failed));
        self.update_run(repo, run, |run| {
            run.attempt += 1;
            run.jobs.extend(jobs);
            (run.status, run.conclusion, run.triggering_actor) = (RunStatus::Queued, None, actor);
            (run.started_at, run.updated_at) = (now, now);
        });
        self.announce_run(repo, run, "requested");
    }

    /// Starts every enabled workflow that `starts` picks, and lets the runs proceed by themselves.
    pub(crate) fn trigger(&mut self, repo: RepoId, starts: impl Fn(&[Trigger]) -> bool, new: &NewRun) -> Vec<RunId> {
        let picked: Vec<WorkflowId> = self.repositories.get(&repo).map_or_else(Vec::new, |r| {
            r.workflows.iter().filter(|w| w.enabled && starts(&w.triggers)).map(|w| w.id).collect()
        });
        let mut started = Vec::new();
        for workflow in picked {
            if let Some(run) = self.queue_run(repo, NewRun { workflow, ..new.clone() }) {
                self.schedule_run(repo, run);
                started.push(run);
            }
        }
        started
    }

    pub(crate) fn update_run<R>(&mut self, repo: RepoId, run: RunId, change: impl FnOnce(&mut Run) -> R) -> Option<R> {
        self.update_repository(repo, |r| r.runs.get_mut(&run).map(change))?
    }

    fn announce_run(&mut self, repo: RepoId, run: RunId, action: &str) {
        let Some((sender, members)) = self.repositories.get(&repo).and_then(|r| {
            let run = r.runs.get(&run)?;
            let workflow = r.workflow(run.workflow)?;
            let members = json!({
                "workflow_run": render::actions::run(self, r, run),
                "workflow": render::actions::workflow(self, r, workflow),
            });
            Some((run.triggering_actor, members))
        }) else {
            return;
        };
        self.emit(repo, sender, "workflow_run", Some(action), &members);
    }
}
