//! Jobs: what the attempts of a run consist of.

use serde_json::{Map, Value};
use switchboard_clock::Timestamp;

use super::runs::{Run, RunStatus};
use super::{State, Timer};
use crate::ids::{JobId, RepoId, RunId, WorkflowId};

/// The name of the one job of runs whose workflow has no script.
const ONLY_JOB: &str = "build";

/// A job of one attempt of a run.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub id: JobId,
    pub attempt: u64,
    pub name: String,
    pub status: RunStatus,
    pub conclusion: Option<String>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub completed_at: Option<Timestamp>,
}

impl Job {
    fn starts(&mut self, now: Timestamp) {
        (self.status, self.started_at) = (RunStatus::InProgress, Some(now));
    }

    fn completes(&mut self, conclusion: Option<String>, now: Timestamp) {
        (self.status, self.conclusion, self.completed_at) = (RunStatus::Completed, conclusion, Some(now));
    }

    /// Whether running the failed jobs again runs this one again.
    fn failed(&self) -> bool {
        !matches!(self.conclusion.as_deref(), Some("success" | "skipped" | "neutral"))
    }
}

impl Run {
    /// The jobs of an attempt.
    pub(crate) fn jobs_of(&self, attempt: u64) -> impl Iterator<Item = &Job> {
        self.jobs.iter().filter(move |job| job.attempt == attempt)
    }

    /// The jobs of the present attempt.
    pub(crate) fn current_jobs(&self) -> impl Iterator<Item = &Job> {
        self.jobs_of(self.attempt)
    }

    fn current_jobs_mut(&mut self) -> impl Iterator<Item = &mut Job> {
        let attempt = self.attempt;
        self.jobs.iter_mut().filter(move |job| job.attempt == attempt)
    }

    /// Whether running its failed jobs again would run anything.
    pub(crate) fn any_failed(&self) -> bool {
        self.current_jobs().any(Job::failed)
    }

    /// All jobs of the present attempt that wait start.
    pub(super) fn start_jobs(&mut self, now: Timestamp) {
        self.current_jobs_mut().filter(|job| job.status == RunStatus::Queued).for_each(|job| job.starts(now));
    }

    /// All jobs of the present attempt that have not completed do so.
    pub(super) fn complete_jobs(&mut self, conclusion: Option<&str>, now: Timestamp) {
        let open = self.current_jobs_mut().filter(|job| job.status != RunStatus::Completed);
        open.for_each(|job| job.completes(conclusion.map(str::to_owned), now));
    }

    /// How an attempt ends whose jobs have all completed; none while one has not.
    fn verdict(&self) -> Option<&'static str> {
        if self.current_jobs().any(|job| job.status != RunStatus::Completed) {
            return None;
        }
        let any =
            |wanted: &[&str]| self.current_jobs().any(|job| wanted.contains(&job.conclusion.as_deref().unwrap_or("")));
        Some(match () {
            () if any(&["failure", "timed_out"]) => "failure",
            () if any(&["cancelled"]) => "cancelled",
            () if any(&["success"]) => "success",
            () => "skipped",
        })
    }
}

impl State {
    /// The jobs that a new attempt of a run consists of: those that the workflow's script names, or the only one.
    pub(super) fn fresh_jobs(&mut self, repo: RepoId, workflow: WorkflowId, attempt: u64) -> Vec<Job> {
        let scripted = self.repositories.get(&repo).and_then(|r| {
            let script = r.workflow(workflow)?.downstream.as_ref()?;
            Some(script.results.iter().map(|result| result.name.clone()).collect())
        });
        let names: Vec<String> = scripted.unwrap_or_else(|| vec![ONLY_JOB.to_owned()]);
        let now = self.now;
        let job = |(id, name)| Job {
            id,
            attempt,
            name,
            status: RunStatus::Queued,
            conclusion: None,
            created_at: now,
            started_at: None,
            completed_at: None,
        };
        let ids: Vec<JobId> = names.iter().map(|_| self.next_id()).collect();
        ids.into_iter().zip(names).map(job).collect()
    }

    /// The jobs of the attempt that follows. Those that had not failed are carried over if only the failed ones run again.
    pub(super) fn jobs_again(&mut self, repo: RepoId, run: RunId, only_failed: bool) -> Vec<Job> {
        let Some(old) = self.repositories.get(&repo).and_then(|r| r.runs.get(&run)).cloned() else { return Vec::new() };
        let mut jobs = self.fresh_jobs(repo, old.workflow, old.attempt + 1);
        for job in &mut jobs {
            let before = old.current_jobs().find(|before| before.name == job.name);
            if let Some(before) = before.filter(|before| only_failed && !before.failed()) {
                *job = Job { id: job.id, attempt: job.attempt, ..before.clone() };
            }
        }
        jobs
    }

    /// Lets the jobs of the present attempt of a scripted run proceed by themselves.
    pub(super) fn schedule_jobs(&mut self, repo: RepoId, run: RunId) {
        let waiting = self.repositories.get(&repo).and_then(|r| {
            let run = r.runs.get(&run)?;
            let script = r.workflow(run.workflow)?.downstream.clone()?;
            let queued = run.current_jobs().filter(|job| job.status == RunStatus::Queued);
            let jobs: Vec<(JobId, String)> = queued.map(|job| (job.id, job.name.clone())).collect();
            Some((run.attempt, script, jobs))
        });
        let Some((attempt, script, jobs)) = waiting else { return };
        for (job, name) in jobs {
            let Some(result) = script.result(&name) else { continue };
            let start = script.waits + result.starts_after;
            self.set_timer(start, Timer::JobStarts { repo, run, job });
            if let Some(takes) = result.outcome(attempt).takes {
                self.set_timer(start + takes, Timer::JobCompletes { repo, run, job });
            }
        }
    }

    /// A scripted job gets its runner, and says so if that is in its script.
    pub(super) fn job_starts(&mut self, repo: RepoId, run: RunId, job: JobId) {
        let (now, attempt) = (self.now, self.attempt_of(repo, run, job, RunStatus::Queued));
        let Some(attempt) = attempt else { return };
        self.run_starts(repo, run, attempt);
        self.update_job(repo, run, job, |job| job.starts(now));
        self.call_back(repo, run, job, None);
    }

    /// A scripted job says how it ended, as far as that is in its script, and ends. The last one ends the run.
    pub(super) fn job_completes(&mut self, repo: RepoId, run: RunId, job: JobId) {
        let (now, attempt) = (self.now, self.attempt_of(repo, run, job, RunStatus::InProgress));
        let ended = attempt.and_then(|attempt| {
            let repository = self.repositories.get(&repo)?;
            let run = repository.runs.get(&run)?;
            let name = &run.jobs.iter().find(|known| known.id == job)?.name;
            let script = repository.workflow(run.workflow)?.downstream.as_ref()?;
            let result = script.result(name)?;
            Some((result.outcome(attempt).conclusion.clone(), result.job_conclusion(attempt)))
        });
        let Some((reported, conclusion)) = ended else { return };
        self.call_back(repo, run, job, Some(&reported));
        self.update_job(repo, run, job, |job| job.completes(Some(conclusion), now));
        if let Some(verdict) = self.update_run(repo, run, |run| run.verdict()).flatten() {
            self.complete_run(repo, run, Some(verdict.to_owned()));
        }
    }

    /// Ends a run before its time. Scripted jobs that run get to say so.
    pub(crate) fn cancel_run(&mut self, repo: RepoId, run: RunId) {
        const CANCELLED: &str = "cancelled";
        let running: Vec<JobId> =
            self.repositories.get(&repo).and_then(|r| r.runs.get(&run)).map_or_else(Vec::new, |run| {
                run.current_jobs().filter(|job| job.status == RunStatus::InProgress).map(|job| job.id).collect()
            });
        for job in running {
            self.call_back(repo, run, job, Some(CANCELLED));
        }
        self.complete_run(repo, run, Some(CANCELLED.to_owned()));
    }

    /// Cancels what still runs of the same workflow for the same pull request or ref, other than `newest`.
    pub(super) fn cancel_superseded(&mut self, repo: RepoId, newest: RunId) {
        let Some(repository) = self.repositories.get(&repo) else { return };
        let Some(new) = repository.runs.get(&newest) else { return };
        let older = repository.runs.values().filter(|run| {
            run.id != newest
                && run.workflow == new.workflow
                && run.status != RunStatus::Completed
                && group(&run.inputs) == group(&new.inputs)
        });
        let older: Vec<RunId> = older.map(|run| run.id).collect();
        for run in older {
            self.cancel_run(repo, run);
        }
    }

    /// The attempt of a job, if that is the run's present one, has not completed, and the job stands as said.
    fn attempt_of(&self, repo: RepoId, run: RunId, job: JobId, status: RunStatus) -> Option<u64> {
        let run = self.repositories.get(&repo)?.runs.get(&run)?;
        let stands = run.current_jobs().any(|known| known.id == job && known.status == status);
        (stands && run.status != RunStatus::Completed).then_some(run.attempt)
    }

    fn update_job(&mut self, repo: RepoId, run: RunId, job: JobId, change: impl FnOnce(&mut Job)) {
        self.update_run(repo, run, |run| run.jobs.iter_mut().find(|known| known.id == job).map(change));
    }
}

/// What runs of which the newest is wanted have in common.
fn group(inputs: &Map<String, Value>) -> Option<&Value> {
    let payload = inputs.get("payload")?;
    payload.pointer("/pull_request/number").or_else(|| payload.get("ref"))
}
