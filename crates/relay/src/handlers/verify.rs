//! What GitHub itself says of a run: it ends runs, closes open results, and corrects what claims too much.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::actions::Job;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, RepoName, RunId, Scope};
use switchboard_store::{Settlement, Work};

use crate::advance::{By, Input, State, Step, advance};
use crate::conclusion::Conclusion;
use crate::handlers::expire::{READS_MAX, RunState, later};
use crate::handlers::ledger::Ledger;
use crate::handlers::report::fact;
use crate::handlers::{Relay, VERIFY, context, job, payload};
use crate::records::{keys, views};
use crate::verify::{SILENT_RUN_ENDS_AFTER, next_look};

/// Pages of jobs that are read of one attempt, of 100 jobs each.
const JOB_PAGES_MAX: u32 = 3;

/// Which run to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VerifyOrder {
    pub(super) delivery_id: String,
    pub(super) repo: RepoName,
    pub(super) run: String,
    /// Whether GitHub told that the run has ended.
    #[serde(default)]
    pub(super) told: bool,
    /// How often GitHub could not be asked.
    #[serde(default)]
    pub(super) reads: u32,
}

/// A run that has ended, as the router read it.
#[derive(Deserialize)]
struct RunOrder {
    repo: RepoName,
    run: String,
}

impl Relay {
    /// A run somewhere has ended: if it has reported, its dispatch's lane looks at it.
    pub(super) async fn run_ended(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let RunOrder { repo, run } = payload(work)?;
        // What the run has spoken for is known from the moment on that its first report was answered; the report itself may
        // still wait in the lane that this is put into, too.
        let bound: Option<Value> = context.store.get(&views::BOUND, &keys::bound_run(&repo, &run)).await?;
        let delivery_id = bound.as_ref().and_then(|bound| bound["for"].as_str());
        let Some(delivery_id) = delivery_id.map(str::to_owned) else { return Ok(Settlement::done()) };
        let Some(dispatch) = context::dispatch(context, &delivery_id).await? else { return Ok(Settlement::done()) };
        let order = VerifyOrder { delivery_id, repo, run, told: true, reads: 0 };
        Ok(Settlement { jobs: vec![job(VERIFY, dispatch.lane.into(), None, &order)], ..Settlement::done() })
    }

    pub(super) async fn verify(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: VerifyOrder = payload(work)?;
        let opened = Ledger::open(self, context, &order.delivery_id, &order.repo).await?;
        let Some(mut ledger) = opened else { return Ok(Settlement::done()) };
        let Some(place) = ledger.target.runs.iter().position(|run| run.id == order.run && !run.ended) else {
            return Ok(Settlement::done());
        };
        let Ok(id) = order.run.parse::<u64>() else {
            // Nobody can be asked about it; it has ended when it has been silent for long enough.
            let run = &mut ledger.target.runs[place];
            let silent = run.closed_at.is_some_and(|closed| context.now.since(closed) >= SILENT_RUN_ENDS_AFTER);
            run.ended = run.open == 0 && silent;
            return ledger.close(context).await;
        };
        let newest = ledger.target.runs[place].attempt;
        let (conclusion, attempt) = match self.run_state(context, &order.repo, RunId(id)).await {
            Ok(RunState::Ended(conclusion, attempt)) if attempt >= newest => (conclusion, attempt),
            // The end of an earlier attempt than the one that reports says nothing about it.
            Ok(_) => return self.look_again(ledger, place, context).await,
            Err(_) if order.reads < READS_MAX => {
                return Ok(later(work, VERIFY, &VerifyOrder { reads: order.reads + 1, ..order.clone() }, context));
            }
            Err(_) => return self.look_again(ledger, place, context).await,
        };
        let checks = ledger.entry.as_ref().is_some_and(|entry| entry.level.checks());
        let jobs = if checks {
            match self.jobs(context, &order.repo, RunId(id), attempt).await {
                Ok(jobs) => jobs,
                Err(_) if order.reads < READS_MAX => {
                    return Ok(later(work, VERIFY, &VerifyOrder { reads: order.reads + 1, ..order.clone() }, context));
                }
                Err(_) => Vec::new(),
            }
        } else {
            Vec::new()
        };
        correct(&mut ledger, &order.run, attempt, conclusion, &jobs, context);
        let run = &mut ledger.target.runs[place];
        (run.ended, run.conclusion) = (true, Some(conclusion));
        ledger.close(context).await
    }

    /// The run goes on, or nobody can say: another look, until its time is over. A run that nobody says has ended stays open: what is
    /// unknown must not open the gate.
    async fn look_again(&self, mut ledger: Ledger<'_>, place: usize, context: &Context) -> Result<Settlement, Trouble> {
        let timeout = Duration::from_secs(u64::from(ledger.target.timeout_minutes) * 60);
        let run = &mut ledger.target.runs[place];
        if let Some(closed) = run.closed_at.filter(|_| run.open == 0) {
            run.looks += 1;
            let mut due = next_look(closed, run.looks, timeout);
            // Looks whose time has passed while GitHub could not be asked are one look.
            while due.is_some_and(|due| due <= context.now) {
                run.looks += 1;
                due = next_look(closed, run.looks, timeout);
            }
            let id = run.id.clone();
            if let Some(due) = due {
                ledger.look_at(id, due);
            }
        }
        ledger.close(context).await
    }

    async fn jobs(&self, context: &Context, repo: &RepoName, run: RunId, attempt: u32) -> Result<Vec<Job>, Error> {
        let Some(installation) = self.installed.of(context, repo).await? else { return Ok(Vec::new()) };
        let scope = Scope::new(installation, Permission::ACTIONS, Access::Read).on_named(repo.clone());
        let mut jobs = Vec::new();
        for page in 1..=JOB_PAGES_MAX {
            let read = context.github.run_jobs(scope.clone(), repo, run, attempt, page).fetch().await?.value;
            let all = usize::try_from(read.total_count).unwrap_or(usize::MAX);
            let empty = read.jobs.is_empty();
            jobs.extend(read.jobs);
            if empty || jobs.len() >= all {
                break;
            }
        }
        Ok(jobs)
    }
}

/// Brings the results of an ended run in line with what GitHub says.
fn correct(ledger: &mut Ledger<'_>, run: &str, attempt: u32, conclusion: Conclusion, jobs: &[Job], context: &Context) {
    for place in 0..ledger.results.len() {
        let result = &ledger.results[place];
        if result.run_id != run || result.attempt > attempt {
            continue;
        }
        if result.attempt < attempt && !result.is_open() {
            // What the run has come to since says nothing about an attempt that had ended.
            continue;
        }
        let job = result.check_run_id.as_ref().and_then(|id| jobs.iter().find(|job| job.id.to_string() == *id));
        let job = job.and_then(|job| job.conclusion.as_deref().and_then(Conclusion::of_run));
        let mut state = result.state;
        for input in [Some(Input::RunEnded(conclusion)), job.map(Input::JobEnded)].into_iter().flatten() {
            if let Step::Became(next, _) = advance(Some(state), input) {
                state = next;
            }
        }
        if state == result.state {
            continue;
        }
        let about = json!({
            "workflow": result.workflow, "result": result.result, "run": result.run_id, "attempt": result.attempt,
        });
        let was = result.state;
        ledger.complete(place, state, context.now, false);
        ledger.target.flagged |= matches!(was, State::Completed { by: By::Report, .. });
        fact(ledger, "result.corrected", &about, &json!({ "was": was, "state": state }));
    }
}
