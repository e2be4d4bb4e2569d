//! A verified report: a result moves on.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Arrival, Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{NewJob, Settlement, Work};

use crate::advance::{Input, State, Step, Turn, advance};
use crate::handlers::ledger::Ledger;
use crate::handlers::{REPORT, Relay, job};
use crate::names::same_label;
use crate::records::{DispatchRecord, ResultRecord, TargetState, keys, views};
use crate::report::{Decorations, Echo, Report, Status};

/// What is stored of an accepted report: the body of its delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedReport {
    /// Who reports.
    pub repository: RepoName,
    /// The repository's id, if the token tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<u64>,
    /// The lane in which it is decided.
    pub lane: String,
    /// The attempt reported on.
    pub attempt: u32,
    /// What is reported.
    pub report: Report,
}

/// The job of an accepted report.
pub(super) fn route(arrival: &Arrival<'_>) -> Vec<NewJob> {
    let Ok(accepted) = serde_json::from_slice::<AcceptedReport>(arrival.body) else { return Vec::new() };
    vec![job(REPORT, accepted.lane.into(), None, &json!({}))]
}

impl Relay {
    pub(super) async fn report(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let gone = || Trouble::permanent("delivery_gone", "the report of this job is no longer kept");
        let id = work.delivery.ok_or_else(gone)?;
        let delivery = context.store.delivery(id).await?.ok_or_else(gone)?;
        let body = context.store.body(id).await?.ok_or_else(gone)?;
        let accepted: AcceptedReport =
            serde_json::from_slice(&body).map_err(|error| Trouble::permanent("payload_unusable", error.to_string()))?;
        if accepted.report.kind.is_nightly() {
            return self.nightly(accepted, delivery.accepted_at, id, context).await;
        }
        let opened = Ledger::open(self, context, &accepted.report.delivery_id, &accepted.repository).await?;
        let Some(mut ledger) = opened else { return Ok(Settlement::done()) };
        ledger.draft.pulse("report", self.last_pulse(context, "report").await?);
        ledger.draft.count_all(ledger.dispatch.kind, "reports");
        // The level in force is the one at the moment of deciding.
        if !ledger.entry.as_ref().is_some_and(|entry| entry.level.reports()) {
            return Ok(ledger.draft.finish());
        }
        if let Some(id) = accepted.repository_id {
            self.pin(&mut ledger, context, id).await?;
        }
        self.take(&mut ledger, &accepted, delivery.accepted_at);
        ledger.close(context).await
    }

    pub(super) async fn pin(&self, ledger: &mut Ledger<'_>, context: &Context, id: u64) -> Result<(), Trouble> {
        let key = keys::identity(&ledger.target.repo);
        if context.store.get::<serde_json::Value>(&views::IDENTITY, &key).await?.is_none() {
            ledger.draft.put(views::IDENTITY, key, &json!({ "id": id }));
        }
        Ok(())
    }

    /// Moves the result on that the report speaks of.
    pub(super) fn take(&self, ledger: &mut Ledger<'_>, accepted: &AcceptedReport, at: Timestamp) {
        let (report, attempt) = (&accepted.report, accepted.attempt);
        let found = ledger.find(&report.workflow, &report.result, &report.run_id, attempt);
        let most = usize::try_from(self.config.max_results_per_target).unwrap_or(usize::MAX);
        let about = json!({
            "workflow": report.workflow, "result": report.result, "run": report.run_id, "attempt": attempt,
        });
        if found.is_none() && ledger.results.len() >= most {
            fact(ledger, "report.rejected", &about, &json!({ "reason": "max_results_per_target" }));
            return;
        }
        let input = match report.status {
            Status::InProgress => Input::Started,
            Status::Completed(conclusion) => Input::Completed(conclusion),
        };
        let step = advance(found.map(|place| ledger.results[place].state), input);
        // What was sent anew is not proven by a run that had reported before.
        let known = ledger.target.runs.iter().any(|run| run.id == report.run_id);
        if !known || ledger.target.state == TargetState::NeverReported {
            ledger.proven();
        }
        ledger.target.first_report_at.get_or_insert(at);
        let run_first_at = ledger.run(&report.run_id, attempt, at).first_at;
        let place = match (found, step) {
            (Some(place), _) => place,
            (None, Step::Became(state, _)) => ledger.add(ResultRecord {
                workflow: report.workflow.clone(),
                result: report.result.clone(),
                run_id: report.run_id.clone(),
                attempt,
                state,
                head: ledger.dispatch.head.clone(),
                seq: ledger.dispatch.seq,
                run_first_at,
                first_at: at,
                started_at: None,
                completed_at: None,
                queue_ms: None,
                execution_ms: None,
                check_run_id: report.check_run_id.clone(),
                decorations: Decorations::default(),
                notes: Vec::new(),
                echo_differs: false,
                counted: None,
            }),
            (None, _) => return,
        };
        if differs(&report.echo, &ledger.dispatch) && !ledger.results[place].echo_differs {
            ledger.results[place].echo_differs = true;
            ledger.target.flagged = true;
            fact(ledger, "report.echo_differs", &about, &json!({ "echo": report.echo }));
        }
        if !matches!(step, Step::Contradicted { .. }) && ledger.results[place].check_run_id.is_none() {
            ledger.results[place].check_run_id.clone_from(&report.check_run_id);
        }
        for member in &report.decorations.dropped {
            note(&mut ledger.results[place], &format!("`{member}` broke its rule and was left out"));
        }
        match step {
            Step::Unchanged => {}
            Step::Late => note(&mut ledger.results[place], "late: a start was reported after the end"),
            Step::Decorated => decorate(&mut ledger.results[place].decorations, &report.decorations),
            Step::Contradicted { stood } => {
                let said = report.status;
                let text = match said {
                    Status::Completed(said) => format!("contradicted: {said} was reported after {stood}"),
                    Status::InProgress => String::new(),
                };
                note(&mut ledger.results[place], &text);
                fact(ledger, "report.contradicted", &about, &json!({ "stood": stood, "said": said }));
            }
            Step::Became(state @ State::Running, _) => {
                ledger.results[place].state = state;
                decorate(&mut ledger.results[place].decorations, &report.decorations);
                ledger.start(place, at);
                ledger.time_out(place, at);
                fact(ledger, "result.started", &about, &json!({}));
            }
            Step::Became(state @ State::Completed { conclusion, .. }, turn) => {
                decorate(&mut ledger.results[place].decorations, &report.decorations);
                ledger.complete(place, state, at, true);
                let kind = if turn == Turn::Revived { "result.revived" } else { "result.completed" };
                fact(ledger, kind, &about, &json!({ "conclusion": conclusion }));
            }
        }
    }
}

/// Appends a fact about a result of the target.
pub(super) fn fact(ledger: &mut Ledger<'_>, kind: &str, about: &serde_json::Value, more: &serde_json::Value) {
    let mut data = about.clone();
    if let (Some(members), Some(more)) = (data.as_object_mut(), more.as_object()) {
        members.extend(more.clone());
    }
    let (delivery_id, repo) = (ledger.dispatch.delivery_id.clone(), ledger.target.repo.clone());
    ledger.draft.fact_of(kind, &delivery_id, &repo, data);
}

/// Notes that are kept of one result; what comes after them is in the facts.
const NOTES_MAX: usize = 8;

fn note(result: &mut ResultRecord, text: &str) {
    if result.notes.len() < NOTES_MAX && !result.notes.iter().any(|known| known == text) {
        result.notes.push(text.to_owned());
    }
}

/// Takes over decorations that are not there yet.
fn decorate(known: &mut Decorations, said: &Decorations) {
    fn fill<T: Clone>(known: &mut Option<T>, said: &Option<T>) {
        if known.is_none() {
            known.clone_from(said);
        }
    }
    fill(&mut known.url, &said.url);
    fill(&mut known.artifact_url, &said.artifact_url);
    fill(&mut known.started_at, &said.started_at);
    fill(&mut known.completed_at, &said.completed_at);
    fill(&mut known.tests, &said.tests);
    fill(&mut known.environment, &said.environment);
    fill(&mut known.verdict, &said.verdict);
    if known.failed_tests.is_empty() {
        known.failed_tests.clone_from(&said.failed_tests);
    }
    for dropped in &said.dropped {
        if !known.dropped.contains(dropped) {
            known.dropped.push(dropped.clone());
        }
    }
}

/// Whether the echo tells something else than what was dispatched.
fn differs(echo: &Echo, dispatch: &DispatchRecord) -> bool {
    let number = echo.number.is_some_and(|number| Some(number) != dispatch.number);
    let head = echo.head.as_ref().is_some_and(|head| !head.eq_ignore_ascii_case(&dispatch.head));
    let labels = echo.labels.as_ref().is_some_and(|labels| {
        let known = |label: &String| dispatch.labels.iter().any(|known| same_label(known, label));
        dispatch.number.is_some() && (labels.len() != dispatch.labels.len() || !labels.iter().all(known))
    });
    number || head || labels
}
