//! A target while something about it is decided: its results, what follows for the target, and everything that is written for it.
//!
//! Whoever changes a result says so to the ledger; [`Ledger::close`] draws the consequences once: runs, numbers, row, timers, checks.

mod counting;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Follows, NewJob, Settlement};

use crate::advance::State;
use crate::allowlist::{Entry, Level};
use crate::conclusion::Conclusion;
use crate::handlers::draft::Draft;
use crate::handlers::expire::ExpireOrder;
use crate::handlers::plan::put_row;
use crate::handlers::project::Seen;
use crate::handlers::verify::VerifyOrder;
use crate::handlers::{EXPIRE, Relay, VERIFY, context, job};
use crate::records::{Cell, DispatchRecord, ResultRecord, RowRecord, RunRecord, TargetRecord, keys, views};
use crate::verify::{SILENT_RUN_ENDS_AFTER, next_look};

/// A target with everything that hangs on it, and what has changed.
pub(super) struct Ledger<'l> {
    relay: &'l Relay,
    pub(super) draft: Draft<'l>,
    pub(super) dispatch: DispatchRecord,
    before: TargetRecord,
    pub(super) target: TargetRecord,
    pub(super) results: Vec<ResultRecord>,
    /// The results as they stood, by place.
    stood: Vec<Option<ResultRecord>>,
    row: Option<RowRecord>,
    /// The entry as it is listed now.
    pub(super) entry: Option<Entry>,
}

impl<'l> Ledger<'l> {
    /// Opens the books of a target; `None` if it is not known (any more).
    pub(super) async fn open(
        relay: &'l Relay,
        context: &Context,
        delivery_id: &str,
        repo: &RepoName,
    ) -> Result<Option<Self>, Trouble> {
        let Some(dispatch) = context::dispatch(context, delivery_id).await? else { return Ok(None) };
        let Some(target) = context::target(context, delivery_id, repo).await? else { return Ok(None) };
        let results = context::results(context, delivery_id, repo).await?;
        let row = relay.row(context, &dispatch).await?;
        let entry = relay.entry(context, repo).await?.map(|level| level.entry);
        let draft = Draft::of(&relay.up, context.now, &dispatch);
        let stood = results.iter().cloned().map(Some).collect();
        Ok(Some(Self { relay, draft, dispatch, before: target.clone(), target, results, stood, row, entry }))
    }

    /// New books, of a target that nobody has written down yet.
    pub(super) fn begun(
        relay: &'l Relay,
        draft: Draft<'l>,
        dispatch: DispatchRecord,
        target: TargetRecord,
        row: RowRecord,
        entry: Entry,
    ) -> Self {
        let (results, stood) = (Vec::new(), Vec::new());
        Self {
            relay,
            draft,
            dispatch,
            before: target.clone(),
            target,
            results,
            stood,
            row: Some(row),
            entry: Some(entry),
        }
    }

    /// Where a result stands; a new one is put there if it is not known.
    pub(super) fn find(&self, workflow: &str, result: &str, run: &str, attempt: u32) -> Option<usize> {
        self.results.iter().position(|known| {
            (known.workflow.as_str(), known.result.as_str(), known.run_id.as_str(), known.attempt)
                == (workflow, result, run, attempt)
        })
    }

    /// Adds a result.
    pub(super) fn add(&mut self, result: ResultRecord) -> usize {
        self.results.push(result);
        self.stood.push(None);
        self.target.results += 1;
        self.results.len() - 1
    }

    /// The run of this id; a new one if it has not reported before.
    pub(super) fn run(&mut self, id: &str, attempt: u32, at: Timestamp) -> &mut RunRecord {
        let place = self.target.runs.iter().position(|run| run.id == id).unwrap_or_else(|| {
            self.target.runs.push(RunRecord {
                id: id.to_owned(),
                first_at: at,
                attempt,
                open: 0,
                closed_at: None,
                looks: 0,
                ended: false,
                conclusion: None,
                outdone: false,
                e2e: None,
                delivery_id: None,
            });
            self.target.runs.len() - 1
        });
        let run = &mut self.target.runs[place];
        if attempt > run.attempt {
            // What was known of the last attempt says nothing about this one.
            (run.attempt, run.ended, run.conclusion, run.closed_at, run.looks) = (attempt, false, None, None, 0);
        }
        run
    }

    /// Ends a result, and notes how long it took.
    pub(super) fn complete(&mut self, place: usize, state: State, at: Timestamp, reported: bool) {
        let result = &mut self.results[place];
        result.state = state;
        if !reported {
            // When GitHub was asked is not when it ended.
            result.completed_at.get_or_insert(at);
            return;
        }
        result.completed_at = Some(at);
        if let Some(started) = result.started_at.filter(|_| result.execution_ms.is_none()) {
            let took = millis(at.since(started));
            result.execution_ms = Some(took);
            self.average("exec", self.results[place].first_at, took);
        }
    }

    /// Starts a result, and notes how long it waited.
    pub(super) fn start(&mut self, place: usize, at: Timestamp) {
        self.results[place].started_at = Some(at);
        if let (1, Some(sent)) = (self.results[place].attempt, self.target.sent_at) {
            let waited = millis(at.since(sent));
            self.results[place].queue_ms = Some(waited);
            self.average("queue", at, waited);
        }
    }

    /// A job about this target, in its lane, later.
    pub(super) fn timer(&self, kind: &str, key: String, due: Timestamp, payload: &impl serde::Serialize) -> NewJob {
        let lane = self.dispatch.lane.clone().into();
        // A delivery is not unfinished because something may still time out.
        NewJob { key: Some(key), due: Some(due), follows: Follows::Nothing, ..job(kind, lane, None, payload) }
    }

    /// Sets the timer after which a result that started at `at` has timed out.
    pub(super) fn time_out(&mut self, place: usize, at: Timestamp) {
        let result = &self.results[place];
        let due = at + Duration::from_secs(u64::from(self.target.timeout_minutes) * 60);
        let key = self.key(result);
        let order = ExpireOrder {
            delivery_id: self.dispatch.delivery_id.clone(),
            repo: self.target.repo.clone(),
            result: Some(key.as_str().to_owned()),
            reads: 0,
        };
        let timer = self.timer(EXPIRE, format!("expire/{key}"), due, &order);
        self.draft.put(
            views::OPEN,
            keys::open(&self.target.repo, due, &key),
            &json!({ "deliveryId": order.delivery_id }),
        );
        self.draft.job(timer);
    }

    pub(super) fn key(&self, result: &ResultRecord) -> switchboard_store::Key {
        let (delivery_id, repo) = (&self.dispatch.delivery_id, &self.target.repo);
        keys::result(delivery_id, repo, &result.workflow, &result.result, &result.run_id, result.attempt)
    }

    /// Draws the consequences of everything that has changed, and hands the settlement over.
    pub(super) async fn close(mut self, context: &Context) -> Result<Settlement, Trouble> {
        self.settle_runs();
        self.settle_results();
        self.settle_counts();
        let changed: Vec<usize> = (0..self.results.len())
            .filter(|place| self.stood[*place].as_ref() != Some(&self.results[*place]))
            .collect();
        let names = changed.iter().map(|place| {
            let result = &self.results[*place];
            (result.workflow.clone(), result.result.clone())
        });
        let names: BTreeSet<(String, String)> = names.collect();
        for place in changed {
            let result = &self.results[place];
            let key = self.key(result);
            if self.stood[place].is_none() {
                let column = keys::column(&self.relay.up, &self.target.repo, &result.workflow, &result.result);
                self.draft.put(views::COLUMN, column, &json!({ "day": result.first_at.format("%Y-%m-%d") }));
            }
            let was_open = self.stood[place].as_ref().is_some_and(ResultRecord::is_open);
            if was_open && !result.is_open() {
                let timeout = Duration::from_secs(u64::from(self.target.timeout_minutes) * 60);
                let due = result.started_at.unwrap_or(result.first_at) + timeout;
                self.draft.delete(views::OPEN, keys::open(&self.target.repo, due, &key));
            }
            self.draft.put(views::RESULT, key, result);
        }
        for run in &self.target.runs {
            if self.before.runs.contains(run) {
                continue;
            }
            let own = RunRecord { delivery_id: Some(self.dispatch.delivery_id.clone()), ..run.clone() };
            self.draft.put(views::RUN, keys::run(&self.target.repo, &run.id), &own);
        }
        let target_changed = self.target != self.before;
        if target_changed {
            self.draft.target(&self.dispatch.delivery_id, Some(&self.before), &self.target);
        }
        if let Some(number) = self.dispatch.number
            && let Some(record) = self.relay.pull_record(context, number).await?
        {
            let seen =
                Seen { dispatch: &self.dispatch, target: &self.target, results: &self.results, changed: Some(&names) };
            self.relay.project_target(&mut self.draft, context, self.entry.as_ref(), &record, &seen).await?;
            let gates = self.entry.as_ref().is_some_and(|entry| entry.level == Level::L4);
            if gates && target_changed && record.info.head_sha.as_str() == self.dispatch.head {
                let list = self.relay.list(context).await?;
                let unsettled = [(self.dispatch.delivery_id.as_str(), &self.target)];
                self.relay.project_gate(&mut self.draft, context, &list, &record, &unsettled).await?;
                if let (Some((gate, _)), Some(row)) =
                    (self.relay.gate_of(context, &list, &record, &unsettled).await?, &mut self.row)
                {
                    if row.gate.as_ref().map(|known| known.progress) != Some(gate.progress) {
                        self.draft.fact("gate.changed", json!({ "head": self.dispatch.head, "gate": gate }));
                    }
                    row.gate = Some(gate);
                }
            }
        }
        if let Some(mut row) = self.row {
            let bad = row.is_bad();
            let cell = Cell::of(&self.target);
            if row.cells.insert(self.target.repo.clone(), cell.clone()).as_ref() != Some(&cell) || row.gate.is_some() {
                put_row(&mut self.draft, &row, Some(bad), [&self.target.repo]);
            }
        }
        Ok(self.draft.finish())
    }

    /// Open results by run, and the timers that follow when the last one closes.
    fn settle_runs(&mut self) {
        let now = self.draft.now;
        let numeric = |run: &RunRecord| run.id.parse::<u64>().is_ok();
        let asks = self.entry.as_ref().is_some_and(|entry| entry.level.checks());
        let timeout = Duration::from_secs(u64::from(self.target.timeout_minutes) * 60);
        let mut timers = Vec::new();
        for run in &mut self.target.runs {
            let of_attempt =
                self.results.iter().filter(|result| result.run_id == run.id && result.attempt == run.attempt);
            let open = of_attempt.filter(|result| result.is_open()).count();
            let was_open = run.open > 0 || run.closed_at.is_none();
            run.open = u32::try_from(open).unwrap_or(u32::MAX);
            if open > 0 {
                run.closed_at = None;
                continue;
            }
            if was_open && !run.ended {
                (run.closed_at, run.looks) = (Some(now), 0);
                let due = match (numeric(run), asks) {
                    (true, true) => next_look(now, 0, timeout),
                    (true, false) => None,
                    (false, _) => Some(now + SILENT_RUN_ENDS_AFTER),
                };
                timers.extend(due.map(|due| (run.id.clone(), due)));
            }
        }
        for (run, due) in timers {
            self.look_at(run, due);
        }
    }

    /// Asks for a look at a run.
    pub(super) fn look_at(&mut self, run: String, due: Timestamp) {
        let order = VerifyOrder {
            delivery_id: self.dispatch.delivery_id.clone(),
            repo: self.target.repo.clone(),
            run,
            told: false,
            reads: 0,
        };
        let key = format!("verify/{}/{}/{}", order.delivery_id, order.repo.key(), order.run);
        let timer = self.timer(VERIFY, key, due, &order);
        self.draft.job(timer);
    }

    /// The newest attempt of each result: what the target shows.
    fn settle_results(&mut self) {
        let shown = self.newest(|_| true);
        let ends = shown.values().filter_map(|place| match self.results[*place].state {
            State::Completed { conclusion, .. } => Some(conclusion),
            State::Running => None,
        });
        let ends: Vec<Conclusion> = ends.collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.target.total = count(shown.len());
        self.target.passed = count(ends.iter().filter(|end| **end == Conclusion::Success).count());
        self.target.worst = ends.into_iter().max();
        for run in &mut self.target.runs {
            let of_run = |result: &&ResultRecord| result.run_id == run.id;
            run.outdone = self.results.iter().any(|result| of_run(&result))
                && !shown.values().any(|place| of_run(&&self.results[*place]));
        }
    }

    /// Each name's newest attempt among those that `counts`, by place.
    fn newest(&self, counts: impl Fn(&ResultRecord) -> bool) -> BTreeMap<(String, String), usize> {
        let mut newest: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (place, result) in self.results.iter().enumerate().filter(|(_, result)| counts(result)) {
            let name = (result.workflow.clone(), result.result.clone());
            let known = newest.entry(name).or_insert(place);
            if result.order() > self.results[*known].order() {
                *known = place;
            }
        }
        newest
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
