//! What becomes of one candidate: its record, its fact, its place among the problems, and its intent or job.

use std::time::Duration;

use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_store::{Coalesce, Key, Lane, NewIntent};

use crate::candidates::{Allowed, Denial, Survivor};
use crate::chains::{ExpectedRun, Lineage};
use crate::facts::{Event, Target};
use crate::file::Line;
use crate::handlers::draft::Draft;
use crate::handlers::plan::{Plan, installation};
use crate::handlers::records::{ExpectedRecord, ProblemRow, RunRecord, TargetRecord, TargetState};
use crate::handlers::tally::Count;
use crate::handlers::{DISPATCH_WORKFLOW, NAME, TARGET, job};
use crate::keys::{self, views};
use crate::matching::CandidateNumber;
use crate::names::{InputKey, RepositoryName, WorkflowFile};
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// A candidate that a rule denies.
pub(super) fn denied(
    draft: &mut Draft,
    source: &Source<'_>,
    denial: &Denial,
    known: TargetRecord,
    now: Timestamp,
) -> TargetRecord {
    let Denial { repository, workflow, reason, detail, .. } = denial;
    let target = Target { target_repo: repository, target_workflow: workflow };
    draft.fact(&Event::TargetDenied { target, reason: *reason, detail, hint: reason.hint() });
    draft.tally.one(Count::Denied);
    draft.tally.reason(*reason, 1);
    draft.tally.edge(Count::Denied, source.workflow, repository, workflow);
    let record = TargetRecord {
        state: TargetState::Denied,
        reason: Some(*reason),
        detail: Some(detail.clone()).filter(|detail| !detail.is_empty()),
        hint: Some(reason.hint().to_owned()),
        settled_at: Some(now),
        ..known
    };
    problem(draft, source, &record, now);
    record
}

/// The record of a candidate that was denied before anything else was noted about it.
pub(super) fn denied_record(denial: &Denial) -> TargetRecord {
    target_record(denial.number, &denial.repository, &denial.workflow, &denial.line)
}

/// A dry run: everything but the dispatch.
pub(super) fn simulated(draft: &mut Draft, allowed: &Allowed, now: Timestamp) -> TargetRecord {
    let input_keys = input_keys(&allowed.survivor);
    draft.fact(&Event::TargetSimulated {
        target: named(allowed),
        dispatch_ref: &allowed.git_ref,
        input_keys: &input_keys,
        line: allowed.survivor.candidate.line.number,
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
    pub(super) fn of(plan: &Plan<'s>) -> Self {
        Self { key: plan.key, repository: &plan.run.repository, workflow: &plan.run.workflow }
    }

    pub(super) fn recorded(run: &'s RunRecord) -> Self {
        Self { key: run.key, repository: &run.source.repository, workflow: &run.source.workflow }
    }
}

/// Both sides consent: puts the dispatch into the outbox, and expects its run.
pub(super) fn queue(draft: &mut Draft, source: &Source<'_>, lineage: &Lineage, allowed: &Allowed) -> TargetRecord {
    let candidate = &allowed.survivor.candidate;
    let input_keys = input_keys(&allowed.survivor);
    draft.fact(&Event::TargetQueued {
        target: named(allowed),
        dispatch_ref: &allowed.git_ref,
        input_keys: &input_keys,
        line: candidate.line.number,
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
pub(super) fn wait(draft: &mut Draft, plan: &Plan<'_>, survivor: &Survivor) -> TargetRecord {
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

/// A target that can never be read: an infrastructure failure, not a denial.
pub(super) fn unreadable(
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
        inbound_line: Some(allowed.inbound.number),
        inbound_text: Some(allowed.inbound.text.to_string()),
        inbound_path: Some(allowed.inbound_path.to_owned()),
        ..survivor_record(&allowed.survivor)
    }
}

fn survivor_record(survivor: &Survivor) -> TargetRecord {
    let candidate = &survivor.candidate;
    let inputs = survivor.inputs.iter().map(|(key, value)| (key.as_str().to_owned(), value.to_string())).collect();
    TargetRecord {
        inputs,
        wanted_ref: candidate.git_ref.clone(),
        ..target_record(candidate.number, &candidate.repository, &candidate.workflow, &candidate.line)
    }
}

fn target_record(
    number: CandidateNumber,
    repository: &RepositoryName,
    workflow: &WorkflowFile,
    line: &Line,
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
        line: line.number,
        line_text: line.text.to_string(),
        inbound_line: None,
        inbound_text: None,
        inbound_path: None,
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
