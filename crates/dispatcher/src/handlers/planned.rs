//! What a plan writes down: the run, its candidates, their intents, and everything by which they are found again.

use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_store::Follows;

use crate::candidates::Decision;
use crate::config::IssuePolicy;
use crate::facts::Event;
use crate::handlers::Dispatcher;
use crate::handlers::draft::Draft;
use crate::handlers::evaluate::{Evaluation, Outcome};
use crate::handlers::outcome::{self, Source};
use crate::handlers::plan::Plan;
use crate::handlers::reads::FileRead;
use crate::handlers::records::{
    ChainRecord, IssueRecord, PlanCounts, RepoRecord, RunRecord, RunRow, RunState, SourceRecord,
};
use crate::handlers::report::{ConfigReport, ReportOrder, report_job};
use crate::handlers::tally::Count;
use crate::histogram::Latency;
use crate::keys::{self, views};
use crate::matching::CandidateNumber;
use crate::reasons::Reason;
use crate::report::config_issue;

/// Settles a run whose source file is missing or invalid.
pub(super) async fn without_rules(
    draft: &mut Draft,
    plan: &Plan<'_>,
    file: &FileRead,
    dispatcher: &Dispatcher,
    context: &Context,
) -> Result<(), Trouble> {
    let invalid = matches!(file, FileRead::Invalid { .. });
    let reason = if invalid { Reason::InvalidSourceConfig } else { Reason::MissingSourceConfig };
    let mut record = run_record(plan, file, context.now);
    record.reason = Some(reason);
    record.state = if invalid { RunState::Invalid } else { RunState::Finished };
    record.finished_at = Some(context.now);
    note_file(draft, plan, file, dispatcher, context).await?;
    if let FileRead::Invalid { path, diagnostics } = file {
        draft.fact(&Event::ConfigInvalid { path, diagnostics: diagnostics.kept() });
        draft.tally.one(Count::Invalid);
    } else {
        created(draft, &record);
        draft.tally.one(Count::Empty);
    }
    draft.tally.reason(reason, 1);
    write_run(draft, plan, &record, context.now);
    Ok(())
}

/// Settles a run whose candidates have been decided.
pub(super) async fn with_rules(
    draft: &mut Draft,
    plan: &Plan<'_>,
    file: &FileRead,
    evaluation: &Evaluation,
    dispatched: u32,
    dispatcher: &Dispatcher,
    context: &Context,
) -> Result<(), Trouble> {
    let now = context.now;
    let mut record = run_record(plan, file, now);
    record.dry_run = dispatcher.config.dry_run;
    record.counts = counts(evaluation);
    note_file(draft, plan, file, dispatcher, context).await?;
    if record.counts.candidates == 0 {
        record.reason = Some(Reason::NoMatchingRule);
        draft.tally.one(Count::Empty);
        draft.tally.reason(Reason::NoMatchingRule, 1);
    } else {
        draft.tally.one(Count::Planned);
        draft.tally.add(Count::Candidates, record.counts.candidates);
    }
    created(draft, &record);
    draft.tally.latency(Latency::Plan, now.since(plan.delivery.accepted_at));

    let mut open = false;
    for outcome in &evaluation.outcomes {
        let target = match outcome {
            Outcome::Decided(Decision::Denied(denial)) => {
                outcome::denied(draft, &Source::of(plan), denial, outcome::denied_record(denial), now)
            }
            Outcome::Decided(Decision::Allowed(allowed)) if record.dry_run => outcome::simulated(draft, allowed, now),
            Outcome::Decided(Decision::Allowed(allowed)) => {
                outcome::queue(draft, &Source::of(plan), &plan.lineage, allowed)
            }
            Outcome::Unreadable(survivor, error) => {
                let hint = error.hint().map(ToString::to_string);
                outcome::unreadable(draft, plan, survivor, &error.to_string(), hint, now)
            }
            // A survivor with everything read is never undecided; should it be, the target job looks again.
            Outcome::Waiting(survivor, _) => outcome::wait(draft, plan, survivor),
            Outcome::Decided(Decision::Waiting) => continue,
        };
        open |= !target.state.is_terminal();
        let number = CandidateNumber(target.n);
        draft.put(views::TARGET, keys::target(plan.key, number), &target);
        let row = run_row(&record);
        draft.put(views::RECENT_TARGET, keys::recent_of(&target.repository, now, plan.key), &row);
    }
    if evaluation.surplus > 0 {
        let reason = Reason::MaxTargetsExceeded;
        draft.fact(&Event::SurplusDenied { reason, count: evaluation.surplus, hint: reason.hint() });
        draft.tally.add(Count::Denied, evaluation.surplus);
        draft.tally.reason(reason, evaluation.surplus);
    }
    if open {
        record.state = RunState::Dispatching;
        record.finished_at = None;
    }
    let started = u32::try_from(record.counts.allowed + record.counts.waiting).unwrap_or(u32::MAX);
    if started > 0 && !record.dry_run {
        let chain = ChainRecord { dispatches: dispatched.saturating_add(started) };
        draft.put(views::CHAIN, keys::run(plan.lineage.root), &chain);
    }
    write_run(draft, plan, &record, now);
    ask_for_report(draft, plan, &record, open, dispatcher, now);
    Ok(())
}

/// The report closes the run at once if nothing is open, and otherwise looks at it when it has waited long enough; each
/// outcome enqueues a report of its own.
fn ask_for_report(
    draft: &mut Draft,
    plan: &Plan<'_>,
    record: &RunRecord,
    open: bool,
    dispatcher: &Dispatcher,
    now: Timestamp,
) {
    if record.counts.candidates == 0 || record.dry_run || dispatcher.config.issues == IssuePolicy::Off && !open {
        return;
    }
    let mut report = report_job(record.source.installation_id, &ReportOrder::run(plan.key));
    if open {
        // A timer: the delivery is not kept pending by it.
        report.follows = Follows::Nothing;
        report.key = Some(format!("report-later/{}", plan.key));
        report.due = Some(now + dispatcher.config.issue_wait);
    }
    draft.job(report);
}

fn run_record(plan: &Plan<'_>, file: &FileRead, now: Timestamp) -> RunRecord {
    RunRecord {
        key: plan.key,
        delivery_id: plan.correlation.clone(),
        delivery: plan.delivery.id,
        source: SourceRecord::from(plan.run),
        lineage: plan.lineage.clone(),
        state: RunState::Finished,
        reason: None,
        config_path: file.path().map(str::to_owned),
        received_at: plan.delivery.accepted_at,
        planned_at: now,
        finished_at: Some(now),
        counts: PlanCounts::default(),
        dry_run: false,
    }
}

fn counts(evaluation: &Evaluation) -> PlanCounts {
    let count = |wanted: fn(&Outcome) -> bool| evaluation.outcomes.iter().filter(|outcome| wanted(outcome)).count();
    PlanCounts {
        candidates: evaluation.outcomes.len() + evaluation.surplus,
        allowed: count(|outcome| matches!(outcome, Outcome::Decided(Decision::Allowed(_)))),
        denied: count(|outcome| matches!(outcome, Outcome::Decided(Decision::Denied(_)))) + evaluation.surplus,
        waiting: count(|outcome| matches!(outcome, Outcome::Waiting(..))),
        surplus: evaluation.surplus,
    }
}

fn created(draft: &mut Draft, record: &RunRecord) {
    draft.fact(&Event::PlanCreated {
        candidate_targets: record.counts.candidates,
        allowed_targets: record.counts.allowed,
        denied_targets: record.counts.denied,
        waiting_targets: record.counts.waiting,
        config_path: record.config_path.as_deref(),
        reason: record.reason,
    });
}

fn write_run(draft: &mut Draft, plan: &Plan<'_>, record: &RunRecord, now: Timestamp) {
    let row = run_row(record);
    draft.put(views::RUN, keys::run(plan.key), record);
    draft.put(views::BY_RUN, keys::run_id(plan.run.run_id), &plan.key);
    draft.put(views::BY_DELIVERY, keys::delivery(&plan.correlation), &plan.key);
    draft.put(views::RECENT, keys::recent(now, plan.key), &row);
    draft.put(views::RECENT_SOURCE, keys::recent_of(&plan.run.repository, now, plan.key), &row);
}

fn run_row(record: &RunRecord) -> RunRow {
    RunRow {
        key: record.key,
        repository: record.source.repository.clone(),
        workflow: record.source.workflow.clone(),
        branch: record.source.branch.clone(),
        sha: record.source.sha.clone(),
        planned_at: record.planned_at,
        counts: record.counts,
        reason: record.reason,
        invalid: record.state == RunState::Invalid,
    }
}

/// Records the verdict on the source's file, and asks for its issue to be opened, edited or closed.
async fn note_file(
    draft: &mut Draft,
    plan: &Plan<'_>,
    file: &FileRead,
    dispatcher: &Dispatcher,
    context: &Context,
) -> Result<(), Trouble> {
    let record = RepoRecord {
        state: file.state().to_owned(),
        path: file.path().map(str::to_owned),
        diagnostics: file.diagnostics().map_or_else(Vec::new, |diagnostics| diagnostics.kept().to_vec()),
        checked_at: context.now,
    };
    draft.put(views::REPO, keys::repository(&plan.run.repository), &record);
    let id = plan.run.repository_id;
    let known: Option<IssueRecord> = context.store.get(&views::CONFIG_ISSUE, &keys::repository_id(id)).await?;
    let report = match file {
        FileRead::Invalid { path, diagnostics } if dispatcher.config.issues != IssuePolicy::Off => {
            ConfigReport::Open(config_issue(id, path, diagnostics))
        }
        FileRead::Invalid { .. } => return Ok(()),
        FileRead::Missing | FileRead::Found { .. } => {
            if !known.is_some_and(|issue| issue.number.is_some() && !issue.closed) {
                return Ok(());
            }
            draft.fact(&Event::ConfigRecovered { path: file.path() });
            ConfigReport::Close
        }
    };
    draft.job(report_job(plan.run.installation_id, &ReportOrder { run: plan.key, config: Some(report) }));
    Ok(())
}
