//! Time is over: for a first report, or for a result's end.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_engine::{Context, Trouble};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, RepoName, RunId, Scope};
use switchboard_store::{Follows, Key, Lane, NewJob, Settlement, Work};

use crate::advance::{Input, Step, advance};
use crate::conclusion::Conclusion;
use crate::handlers::ledger::Ledger;
use crate::handlers::report::fact;
use crate::handlers::{EXPIRE, Relay, job, payload};
use crate::records::TargetState;

/// Whose time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ExpireOrder {
    pub(super) delivery_id: String,
    pub(super) repo: RepoName,
    /// The key of the result; `None` for the target's first report.
    #[serde(default)]
    pub(super) result: Option<String>,
    /// How often GitHub could not be asked.
    #[serde(default)]
    pub(super) reads: u32,
}

/// How often reading a run is tried before its silence counts as no answer.
pub(super) const READS_MAX: u32 = 3;
/// The wait before it is tried again; meanwhile the lane is free.
pub(super) const READ_AGAIN: Duration = Duration::from_secs(60);

/// What GitHub says of a run.
pub(super) enum RunState {
    /// It goes on, at this attempt.
    Going,
    /// It has ended so, at this attempt.
    Ended(Conclusion, u32),
    /// GitHub does not know it, or the App may not look.
    Unknown,
}

impl Relay {
    pub(super) async fn expire(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: ExpireOrder = payload(work)?;
        let Some(ledger) = Ledger::open(self, context, &order.delivery_id, &order.repo).await? else {
            return Ok(Settlement::done());
        };
        match order.result.clone() {
            None => self.no_report(ledger, context).await,
            Some(result) => self.result_expired(ledger, &order, &Key::from(result), work, context).await,
        }
    }

    /// Nothing was reported in time.
    async fn no_report(&self, mut ledger: Ledger<'_>, context: &Context) -> Result<Settlement, Trouble> {
        let waits = matches!(ledger.target.state, TargetState::Sent | TargetState::Unconfirmed);
        if !waits || ledger.target.has_reported() {
            return Ok(Settlement::done());
        }
        // It may have been sent again since the timer was set.
        if ledger.target.report_due().is_some_and(|due| due > context.now) {
            self.await_report(&mut ledger);
            return ledger.close(context).await;
        }
        ledger.target.state = TargetState::NeverReported;
        let (id, repo, kind) = (ledger.dispatch.delivery_id.clone(), ledger.target.repo.clone(), ledger.dispatch.kind);
        let minutes = ledger.target.start_timeout_minutes;
        ledger.draft.fact_of("target.never_reported", &id, &repo, json!({ "afterMinutes": minutes }));
        if !ledger.target.silent {
            let now = ledger.draft.now;
            ledger.draft.count(kind, &repo, now, "never_reported", 1);
        }
        ledger.close(context).await
    }

    async fn result_expired(
        &self,
        mut ledger: Ledger<'_>,
        order: &ExpireOrder,
        key: &Key,
        work: &Work,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let place = (0..ledger.results.len()).find(|place| ledger.key(&ledger.results[*place]) == *key);
        let Some(place) = place.filter(|place| ledger.results[*place].is_open()) else { return Ok(Settlement::done()) };
        let (run, attempt) = (ledger.results[place].run_id.clone(), ledger.results[place].attempt);
        let read = match run.parse() {
            Ok(run) => self.run_state(context, &order.repo, RunId(run)).await,
            Err(_) => Ok(RunState::Unknown),
        };
        let input = match read {
            Ok(RunState::Ended(conclusion, ended)) if ended >= attempt => Input::RunEnded(conclusion),
            Ok(_) => Input::Expired,
            Err(_) if order.reads < READS_MAX => {
                let again = ExpireOrder { reads: order.reads + 1, ..order.clone() };
                return Ok(later(work, EXPIRE, &again, context));
            }
            Err(error) => {
                let text = format!("GitHub could not be asked about the run: {error}");
                ledger.results[place].notes.push(text);
                Input::Expired
            }
        };
        if let Step::Became(state, _) = advance(Some(ledger.results[place].state), input) {
            let result = &ledger.results[place];
            let about = json!({
                "workflow": result.workflow, "result": result.result, "run": result.run_id, "attempt": result.attempt,
            });
            ledger.complete(place, state, context.now, false);
            let kind = if input == Input::Expired { "result.timed_out" } else { "result.corrected" };
            ledger.target.flagged |= input != Input::Expired;
            fact(&mut ledger, kind, &about, &json!({ "state": state }));
        }
        // GitHub has said how the run ended; whether the whole of it is known now is the next look's to say.
        if matches!(input, Input::RunEnded(_)) {
            ledger.look_at(run, context.now);
        }
        ledger.close(context).await
    }

    /// What GitHub says of a run.
    pub(super) async fn run_state(&self, context: &Context, repo: &RepoName, run: RunId) -> Result<RunState, Error> {
        let Some(installation) = self.installed.of(context, repo).await? else { return Ok(RunState::Unknown) };
        let scope = Scope::new(installation, Permission::ACTIONS, Access::Read).on_named(repo.clone());
        let run = match context.github.run(scope, repo, run).fetch().await {
            Ok(fetched) => fetched.value,
            Err(error) if matches!(error.status(), Some(404 | 403 | 422)) => return Ok(RunState::Unknown),
            Err(error) => return Err(error),
        };
        let attempt = run.run_attempt.and_then(|attempt| u32::try_from(attempt).ok()).unwrap_or(1);
        Ok(match run.conclusion.as_deref().and_then(Conclusion::of_run) {
            Some(conclusion) if run.status.as_deref() == Some("completed") => RunState::Ended(conclusion, attempt),
            _ => RunState::Going,
        })
    }
}

/// Nothing now; the same again a little later, and the lane is free meanwhile.
pub(super) fn later(work: &Work, kind: &str, order: &impl Serialize, context: &Context) -> Settlement {
    let again = job(kind, Lane::from(work.lane.as_str()), None, order);
    let again =
        NewJob { key: work.key.clone(), due: Some(context.now + READ_AGAIN), follows: Follows::Nothing, ..again };
    Settlement { jobs: vec![again], ..Settlement::done() }
}
