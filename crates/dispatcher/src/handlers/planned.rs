//! What a plan writes down: the run, its candidates, their intents, and everything by which they are found again.

use std::time::Duration;

use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_store::{Coalesce, Key, Lane, NewIntent};

use crate::candidates::{Allowed, Decision, Denial, Survivor};
use crate::chains::ExpectedRun;
use crate::config::IssuePolicy;
use crate::facts::{Event, Target};
use crate::handlers::draft::Draft;
use crate::handlers::evaluate::{Evaluation, Outcome};
use crate::handlers::plan::{Plan, installation};
use crate::handlers::reads::FileRead;
use crate::handlers::records::{
    ChainRecord, ExpectedRecord, IssueRecord, PlanCounts, ProblemRow, RepoRecord, RunRecord, RunRow, RunState,
    SourceRecord, TargetRecord, TargetState,
};
use crate::handlers::report::{ConfigReport, ReportOrder, report_job};
use crate::handlers::tally::Count;
use crate::handlers::{DISPATCH_WORKFLOW, Dispatcher, NAME, TARGET, job};
use crate::histogram::Latency;
use crate::keys::{self, views};
use crate::matching::CandidateNumber;
use crate::names::{InputKey, RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::report::config_issue;
use crate::run_key::RunKey;

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
    }
    created(draft, &record);
    draft.tally.one(Count::Planned);
    draft.tally.add(Count::Candidates, record.counts.candidates);
    draft.tally.latency(Latency::Plan, now.since(plan.delivery.accepted_at));

    let mut open = false;
    for outcome in &evaluation.outcomes {
        let target = match outcome {
            Outcome::Decided(Decision::Denied(denial)) => denied(draft, plan, denial, now),
            Outcome::Decided(Decision::Allowed(allowed)) => allow(draft, plan, allowed, dispatcher, now),
            Outcome::Unreadable(survivor, error) => {
                let hint = error.hint().map(ToString::to_string);
                unreadable(draft, plan, survivor, &error.to_string(), hint, now)
            }
            // A survivor with everything read is never undecided; should it be, the target job looks again.
            Outcome::Waiting(survivor, _) => wait(draft, plan, survivor),
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

fn denied(draft: &mut Draft, plan: &Plan<'_>, denial: &Denial, now: Timestamp) -> TargetRecord {
    let Denial { number, line, repository, workflow, reason, detail } = denial;
    let target = Target { target_repo: repository, target_workflow: workflow };
    draft.fact(&Event::TargetDenied { target, reason: *reason, detail, hint: reason.hint() });
    draft.tally.one(Count::Denied);
    draft.tally.reason(*reason, 1);
    draft.tally.edge(Count::Denied, &plan.run.workflow, repository, workflow);
    let record = TargetRecord {
        state: TargetState::Denied,
        reason: Some(*reason),
        detail: Some(detail.clone()).filter(|detail| !detail.is_empty()),
        hint: Some(reason.hint().to_owned()),
        settled_at: Some(now),
        ..target_record(*number, repository, workflow, *line)
    };
    problem(draft, &Source::of(plan), &record, now);
    record
}

fn allow(
    draft: &mut Draft,
    plan: &Plan<'_>,
    allowed: &Allowed,
    dispatcher: &Dispatcher,
    now: Timestamp,
) -> TargetRecord {
    let source = Source::of(plan);
    if dispatcher.config.dry_run {
        return simulated(draft, allowed, now);
    }
    queue(draft, &source, &plan.lineage, allowed)
}

fn simulated(draft: &mut Draft, allowed: &Allowed, now: Timestamp) -> TargetRecord {
    let input_keys = input_keys(&allowed.survivor);
    draft.fact(&Event::TargetSimulated {
        target: named(allowed),
        dispatch_ref: &allowed.git_ref,
        input_keys: &input_keys,
        line: allowed.survivor.candidate.line,
    });
    TargetRecord { state: TargetState::Simulated, settled_at: Some(now), ..allowed_record(allowed) }
}

/// The run on whose behalf something is dispatched or denied.
pub(super) struct Source<'s> {
    pub key: RunKey,
    pub repository: &'s RepositoryName,
    pub workflow: &'s WorkflowFile,
}

impl<'s> Source<'s> {
    fn of(plan: &Plan<'s>) -> Self {
        Self { key: plan.key, repository: &plan.run.repository, workflow: &plan.run.workflow }
    }

    pub(super) fn recorded(run: &'s RunRecord) -> Self {
        Self { key: run.key, repository: &run.source.repository, workflow: &run.source.workflow }
    }
}

/// Both sides consent: puts the dispatch into the outbox, and expects its run.
pub(super) fn queue(
    draft: &mut Draft,
    source: &Source<'_>,
    lineage: &crate::chains::Lineage,
    allowed: &Allowed,
) -> TargetRecord {
    let candidate = &allowed.survivor.candidate;
    let input_keys = input_keys(&allowed.survivor);
    draft.fact(&Event::TargetQueued {
        target: named(allowed),
        dispatch_ref: &allowed.git_ref,
        input_keys: &input_keys,
        line: candidate.line,
    });
    draft.tally.one(Count::Queued);
    let record = TargetRecord { state: TargetState::Queued, ..allowed_record(allowed) };
    let repository_id = allowed.repository.id;
    draft.intent(NewIntent {
        automation: NAME,
        kind: DISPATCH_WORKFLOW.to_owned(),
        key: keys::dispatch_intent(source.key, repository_id, &candidate.workflow).as_str().to_owned(),
        lane: Some(keys::workflow_lane(repository_id, &candidate.workflow)),
        installation: installation(allowed.installation_id),
        payload: json!({ "runKey": source.key, "n": record.n }),
        coalesce: Coalesce::Once,
        order: None,
        due: None,
    });
    let expected = ExpectedRecord {
        expected: ExpectedRun {
            git_ref: allowed.git_ref.clone(),
            sent_at: None,
            lineage: lineage.child(&allowed.repository.name, &candidate.workflow),
        },
        run_key: source.key,
        n: record.n,
    };
    let key = expected_key(repository_id, &candidate.workflow, source.key, candidate.number);
    draft.put(views::EXPECTED_RUN, key, &expected);
    record
}

/// Where the expected run of a dispatch stands.
pub(super) fn expected_key(repository_id: u64, workflow: &WorkflowFile, key: RunKey, number: CandidateNumber) -> Key {
    keys::expected_run(repository_id, workflow, &format!("{key}/{number}"))
}

/// A target that could not be read yet gets a job of its own, so that the others go on.
fn wait(draft: &mut Draft, plan: &Plan<'_>, survivor: &Survivor) -> TargetRecord {
    let candidate = &survivor.candidate;
    let lane: Lane = keys::target_lane(plan.key, candidate.number);
    let order = json!({ "runKey": plan.key, "n": candidate.number.0 });
    let mut waiting = job(TARGET, lane, installation(plan.run.installation_id), order);
    waiting.due = Some(draft_due(draft));
    draft.job(waiting);
    survivor_record(survivor)
}

/// The plan has just failed to read it, so the first further try waits a little.
fn draft_due(draft: &Draft) -> Timestamp {
    draft.tally.now() + Duration::from_secs(1)
}

fn unreadable(
    draft: &mut Draft,
    plan: &Plan<'_>,
    survivor: &Survivor,
    error: &str,
    hint: Option<String>,
    now: Timestamp,
) -> TargetRecord {
    let record = survivor_record(survivor);
    failed(draft, &Source::of(plan), record, Reason::TargetConfigUnavailable, error, hint, now)
}

/// A dispatch that will not happen because something failed.
pub(super) fn failed(
    draft: &mut Draft,
    source: &Source<'_>,
    record: TargetRecord,
    reason: Reason,
    error: &str,
    hint: Option<String>,
    now: Timestamp,
) -> TargetRecord {
    let target = Target { target_repo: &record.repository, target_workflow: &record.workflow };
    draft.fact(&Event::TriggerFailed {
        target,
        reason,
        error,
        attempts: record.attempts,
        dispatch_ref: record.git_ref.as_deref(),
        hint: reason.hint(),
    });
    draft.tally.one(Count::Failed);
    draft.tally.reason(reason, 1);
    draft.tally.edge(Count::Failed, source.workflow, &record.repository, &record.workflow);
    let record = TargetRecord {
        state: TargetState::Failed,
        reason: Some(reason),
        detail: Some(error.to_owned()),
        hint: Some(hint.unwrap_or_else(|| reason.hint().to_owned())),
        next_attempt_at: None,
        settled_at: Some(now),
        ..record
    };
    problem(draft, source, &record, now);
    record
}

/// Lists a denied or failed target among the problems.
pub(super) fn problem(draft: &mut Draft, source: &Source<'_>, record: &TargetRecord, now: Timestamp) {
    let Some(reason) = record.reason else { return };
    let number = CandidateNumber(record.n);
    let row = ProblemRow {
        key: source.key,
        n: record.n,
        source: source.repository.clone(),
        source_workflow: source.workflow.clone(),
        repository: record.repository.clone(),
        workflow: record.workflow.clone(),
        state: record.state,
        reason,
        at: now,
    };
    draft.put(views::PROBLEM, keys::problem(now, source.key, number), &row);
    draft.put(views::PROBLEM_REASON, keys::problem_of(reason, now, source.key, number), &row);
}

fn named(allowed: &Allowed) -> Target<'_> {
    Target { target_repo: &allowed.repository.name, target_workflow: &allowed.survivor.candidate.workflow }
}

fn input_keys(survivor: &Survivor) -> Vec<InputKey> {
    survivor.inputs.iter().map(|(key, _)| key.clone()).collect()
}

fn allowed_record(allowed: &Allowed) -> TargetRecord {
    TargetRecord {
        repository: allowed.repository.name.clone(),
        repository_id: Some(allowed.repository.id),
        installation_id: Some(allowed.installation_id),
        git_ref: Some(allowed.git_ref.clone()),
        inbound_line: Some(allowed.inbound_line),
        ..survivor_record(&allowed.survivor)
    }
}

fn survivor_record(survivor: &Survivor) -> TargetRecord {
    let candidate = &survivor.candidate;
    let inputs = survivor.inputs.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_string())).collect();
    TargetRecord {
        inputs,
        wanted_ref: candidate.git_ref.clone(),
        ..target_record(candidate.number, &candidate.repository, &candidate.workflow, candidate.line)
    }
}

fn target_record(
    number: CandidateNumber,
    repository: &RepositoryName,
    workflow: &WorkflowFile,
    line: u32,
) -> TargetRecord {
    TargetRecord {
        n: number.0,
        repository: repository.clone(),
        repository_id: None,
        installation_id: None,
        workflow: workflow.clone(),
        wanted_ref: None,
        git_ref: None,
        inputs: Vec::new(),
        line,
        inbound_line: None,
        state: TargetState::Waiting,
        reason: None,
        detail: None,
        hint: None,
        attempts: 0,
        looks: 0,
        next_attempt_at: None,
        run_id: None,
        run_url: None,
        settled_at: None,
    }
}
