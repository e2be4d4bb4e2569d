//! Workflows and their runs.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use switchboard_clock::Timestamp;

use super::{DEFAULT_ACTOR, Repository};
use crate::ids::{AccountId, JobId, RunId, WorkflowId};
use crate::state::actions::{self, Input, Script, Trigger, workflow_file};
use crate::state::git::Entry;
use crate::state::jobs::Job;
use crate::state::runs::{HeadRepository, NewRun, Run, RunStatus};
use crate::state::{AccountKind, State};

/// How a workflow is made.
#[derive(Debug, Clone)]
pub struct WorkflowSpec {
    file: String,
    name: String,
    triggers: Vec<Trigger>,
    script: Script,
}

impl From<&str> for WorkflowSpec {
    fn from(file: &str) -> Self {
        Self::new(file)
    }
}

impl WorkflowSpec {
    /// A workflow that nothing starts by itself.
    #[must_use]
    pub fn new(file: &str) -> Self {
        let name = file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned();
        Self { file: file.to_owned(), name, triggers: Vec::new(), script: Script::default() }
    }

    /// With this display name.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        Self { name: name.to_owned(), ..self }
    }

    /// Started by this as well.
    #[must_use]
    pub fn on(mut self, trigger: Trigger) -> Self {
        self.triggers.push(trigger);
        self
    }

    /// May be dispatched, with these optional inputs.
    #[must_use]
    pub fn dispatchable(self, inputs: &[&str]) -> Self {
        self.on(Trigger::WorkflowDispatch(inputs.iter().map(|name| Input::optional(name)).collect()))
    }

    /// How long its runs wait and run.
    #[must_use]
    pub fn takes(mut self, queued: Duration, running: Duration) -> Self {
        (self.script.queued, self.script.running) = (queued, running);
        self
    }

    /// How its next runs end; the last conclusion stays.
    #[must_use]
    pub fn concludes(mut self, conclusions: &[&str]) -> Self {
        self.script.conclusions = conclusions.iter().map(|c| (*c).to_owned()).collect();
        self
    }
}

/// A run that a story starts.
#[derive(Debug, Clone)]
pub struct RunSpec {
    /// How it ends; `None` is `null`.
    pub conclusion: Option<String>,
    /// What started it.
    pub event: String,
    /// The branch or tag; `None` is `null`.
    pub branch: Option<String>,
    /// Login of who started it.
    pub actor: String,
    /// Where its head commit is from.
    pub head_repository: HeadRepository,
    /// Another path than the workflow's, for example with `@refs/heads/main` behind it; `Some(None)` is `null`.
    pub path: Option<Option<String>>,
    /// Commit message to put on the branch first, if any.
    pub message: Option<String>,
}

impl Default for RunSpec {
    /// A push to `main` that succeeds.
    fn default() -> Self {
        Self {
            conclusion: Some("success".to_owned()),
            event: "push".to_owned(),
            branch: Some("main".to_owned()),
            actor: DEFAULT_ACTOR.to_owned(),
            head_repository: HeadRepository::Same,
            path: None,
            message: None,
        }
    }
}

impl RunSpec {
    /// With this conclusion.
    #[must_use]
    pub fn concluding(conclusion: &str) -> Self {
        Self { conclusion: Some(conclusion.to_owned()), ..Self::default() }
    }

    /// On this branch.
    #[must_use]
    pub fn on(self, branch: &str) -> Self {
        Self { branch: Some(branch.to_owned()), ..self }
    }
}

/// A run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// Its present attempt, from 1.
    pub attempt: u64,
    /// What started it.
    pub event: String,
    /// The branch or tag it runs on.
    pub branch: Option<String>,
    /// Its commit.
    pub head_sha: String,
    /// Login of who started it.
    pub actor: String,
    /// How far it is.
    pub status: RunStatus,
    /// How it ended.
    pub conclusion: Option<String>,
    /// What it was given.
    pub inputs: Map<String, Value>,
    /// When it came to be.
    pub created_at: Timestamp,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobView {
    /// Its id.
    pub id: JobId,
    /// Of which attempt.
    pub attempt: u64,
    /// Its name.
    pub name: String,
    /// How far it is.
    pub status: RunStatus,
    /// How it ended.
    pub conclusion: Option<String>,
}

/// A workflow of a repository.
#[derive(Debug, Clone)]
pub struct Workflow {
    repository: Repository,
    id: WorkflowId,
}

impl Repository {
    /// Adds a workflow, with its file on the default branch; the present one if there is one of that file name.
    pub fn workflow(&self, spec: impl Into<WorkflowSpec>) -> Workflow {
        let spec = spec.into();
        let id = self.simulator.with(|state| {
            if let Some(known) = state.repositories.get(&self.id).and_then(|r| r.workflow_named(&spec.file)) {
                return known.id;
            }
            let (id, now) = (state.next_id(), state.now);
            let workflow = actions::Workflow {
                id,
                file: spec.file,
                name: spec.name,
                triggers: spec.triggers,
                enabled: true,
                script: spec.script,
                downstream: None,
                runs: 0,
                created_at: now,
            };
            let text = Bytes::from(workflow_file(&workflow.name, &workflow.triggers));
            let (path, message) = (workflow.path(), format!("Add {}", workflow.path()));
            let head = state.update_repository(self.id, |r| {
                r.workflows.push(workflow);
                (r.owner, r.default_branch.clone())
            });
            if let Some((owner, branch)) = head {
                state.commit(self.id, &branch, owner, &message, |tree| {
                    tree.insert(path, Entry::File(text));
                });
            }
            id
        });
        Workflow { repository: self.clone(), id }
    }

    /// All runs of all workflows, oldest first.
    #[must_use]
    pub fn runs(&self) -> Vec<RunView> {
        self.simulator.with(|state| views(state, self, |_| true))
    }
}

impl Repository {
    /// The jobs of all attempts of a run.
    #[must_use]
    pub fn jobs(&self, run: RunId) -> Vec<JobView> {
        let view = |job: &Job| JobView {
            id: job.id,
            attempt: job.attempt,
            name: job.name.clone(),
            status: job.status,
            conclusion: job.conclusion.clone(),
        };
        self.change(|r| r.runs.get(&run).map(|run| run.jobs.iter().map(view).collect())).flatten().unwrap_or_default()
    }

    /// A person cancels a run, unless it has completed.
    pub fn cancel_run(&self, run: RunId) {
        self.simulator.with(|state| {
            let open = state.update_run(self.id, run, |run| run.status != RunStatus::Completed);
            if open == Some(true) {
                state.cancel_run(self.id, run);
            }
        });
    }
}

impl Workflow {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> WorkflowId {
        self.id
    }

    /// Its runs, oldest first.
    #[must_use]
    pub fn runs(&self) -> Vec<RunView> {
        self.repository.simulator.with(|state| views(state, &self.repository, |run| run.workflow == self.id))
    }

    /// A run comes to be and completes at once; its three webhooks follow each other.
    pub fn complete_run(&self, spec: &RunSpec) -> Option<RunId> {
        let repo = self.repository.id;
        self.repository.simulator.with(|state| {
            let run = self.queue(state, spec)?;
            state.complete_run(repo, run, spec.conclusion.clone());
            Some(run)
        })
    }

    /// A run comes to be and proceeds by the workflow's script; `spec`'s conclusion plays no part.
    pub fn start_run(&self, spec: &RunSpec) -> Option<RunId> {
        let repo = self.repository.id;
        self.repository.simulator.with(|state| {
            let run = self.queue(state, spec)?;
            state.schedule_run(repo, run);
            Some(run)
        })
    }

    /// A person runs it again; it proceeds by the workflow's script.
    pub fn rerun(&self, run: RunId) {
        let repo = self.repository.id;
        self.repository.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            state.rerun(repo, run, actor, false);
            state.schedule_run(repo, run);
        });
    }

    /// A person runs it again, and the new attempt completes at once.
    pub fn complete_rerun(&self, run: RunId, conclusion: &str) {
        let repo = self.repository.id;
        self.repository.simulator.with(|state| {
            let actor = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            state.rerun(repo, run, actor, false);
            state.complete_run(repo, run, Some(conclusion.to_owned()));
        });
    }

    /// Switches it on or off.
    pub fn set_enabled(&self, enabled: bool) {
        self.change(|workflow| workflow.enabled = enabled);
    }

    /// Changes how its next runs end; the last conclusion stays.
    pub fn set_conclusions(&self, conclusions: &[&str]) {
        let conclusions: VecDeque<String> = conclusions.iter().map(|c| (*c).to_owned()).collect();
        self.change(|workflow| workflow.script.conclusions = conclusions);
    }

    pub(super) fn change(&self, f: impl FnOnce(&mut actions::Workflow)) {
        self.repository.change(|r| r.workflows.iter_mut().find(|w| w.id == self.id).map(f));
    }

    fn queue(&self, state: &mut State, spec: &RunSpec) -> Option<RunId> {
        let repo = self.repository.id;
        let actor = state.account_named(&spec.actor, AccountKind::User);
        let head_branch = spec.branch.clone();
        let source = match spec.head_repository {
            HeadRepository::Other(id) => id,
            HeadRepository::Same | HeadRepository::Deleted => repo,
        };
        if let (Some(message), Some(branch)) = (&spec.message, &head_branch) {
            state.commit(source, branch, actor, message, |_| {});
        }
        let head_sha = head_sha(state, &self.repository, source, head_branch.as_deref(), actor);
        let event = spec.event.clone();
        let new = NewRun {
            workflow: self.id,
            event,
            head_branch,
            head_sha,
            head_repository: spec.head_repository,
            actor,
            title: None,
            inputs: Map::new(),
        };
        let run = match &spec.path {
            None => state.queue_run(repo, new)?,
            Some(path) => state.queue_run_at(repo, new, path.clone())?,
        };
        Some(run)
    }
}

/// The head of the branch; of one that does not exist yet it is made.
fn head_sha(
    state: &mut State,
    repository: &Repository,
    source: crate::ids::RepoId,
    branch: Option<&str>,
    actor: AccountId,
) -> String {
    let known = state.repositories.get(&source).and_then(|r| {
        let branch = branch.unwrap_or(&r.default_branch);
        r.resolve(branch).map(|commit| commit.sha.clone())
    });
    match (known, branch) {
        (Some(sha), _) => sha,
        (None, Some(branch)) => state.commit(source, branch, actor, "Work in progress", |_| {}).1,
        (None, None) => crate::keys::git_object_name("commit", repository.id.to_string().as_bytes()),
    }
}

fn views(state: &State, repository: &Repository, wanted: impl Fn(&Run) -> bool) -> Vec<RunView> {
    let view = |run: &Run| RunView {
        id: run.id,
        attempt: run.attempt,
        event: run.event.clone(),
        branch: run.head_branch.clone(),
        head_sha: run.head_sha.clone(),
        actor: state.login(run.actor).to_owned(),
        status: run.status,
        conclusion: run.conclusion.clone(),
        inputs: run.inputs.clone(),
        created_at: run.created_at,
    };
    let runs =
        state.repositories.get(&repository.id).map(|r| r.runs.values().filter(|run| wanted(run)).map(view).collect());
    runs.unwrap_or_default()
}
