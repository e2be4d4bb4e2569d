//! `dispatch.workflow`: starts a workflow, exactly once.
//!
//! A request whose answer was lost may have started the workflow all the same, and so may one whose lease ended without a
//! settlement. Before such a request is repeated, the workflow's runs are listed at 0, 5 and 20 s; a run on the same ref
//! that no record claims is ours. A run may also have completed and been adopted meanwhile: then its result is recorded.

use std::collections::BTreeMap;
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::actions::{DispatchRequest, RunFilter, dispatched_run};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Class, Error, InstallationId, Reason as Refusal, RepoId, RepoName, Scope, endpoint};
use switchboard_store::{Failure, Hold, Installation, Key, Outcome, Settlement, Work};

use crate::answers::{self, Refused};
use crate::chains::DISPATCH_EVENT;
use crate::facts::{Event, Target};
use crate::handlers::draft::Draft;
use crate::handlers::outcome::{self, Source, expected_key};
use crate::handlers::reads::repo_name;
use crate::handlers::records::{ExpectedRecord, ResultRecord, RunRecord, StartedRun, TargetRecord, TargetState};
use crate::handlers::report::{ReportOrder, report_job};
use crate::handlers::tally::Count;
use crate::handlers::target::CandidateOrder;
use crate::handlers::{Dispatcher, payload};
use crate::histogram::Latency;
use crate::keys::{self, views};
use crate::matching::CandidateNumber;
use crate::names::short_name;
use crate::reasons::Reason;
use crate::retry;

/// When the runs are listed after a request without a clear answer: the wait before each further look.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(5), Duration::from_secs(15)];
/// How much earlier than our own first request a run of ours may seem to have been created: clocks differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);

/// A dispatch under way.
struct Dispatch {
    order: CandidateOrder,
    run: RunRecord,
    target: TargetRecord,
    name: RepoName,
    scope: Scope,
    /// Requests sent before this attempt.
    sent_before: u32,
}

/// The run that a dispatch has started, as far as GitHub names it.
struct Started {
    id: Option<u64>,
    url: Option<String>,
}

impl Dispatcher {
    pub(super) async fn dispatch(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: CandidateOrder = payload(intent)?;
        let (run, target) = order.read(context).await?;
        if target.state.is_terminal() {
            return Ok(Settlement::done());
        }
        let unusable = || Trouble::permanent("record_unusable", "the recorded dispatch does not read back");
        let name = repo_name(&target.repository).ok_or_else(unusable)?;
        let repository = RepoId(target.repository_id.ok_or_else(unusable)?);
        let installation = InstallationId(target.installation_id.ok_or_else(unusable)?);
        let scope = Scope::new(installation, Permission::ACTIONS, Access::Write).on(repository);
        let sent_before = target.attempts;
        let dispatch = Dispatch { order, run, target, name, scope, sent_before };

        let result_key = keys::target(dispatch.run.key, order.number());
        if let Some(result) = context.store.get::<ResultRecord>(&views::RESULT, &result_key).await? {
            let started = Started { id: Some(result.run_id), url: result.run_url };
            return self.succeeded(dispatch, started, context);
        }
        if intent.unanswered {
            if let Some(started) = self.look(&dispatch, intent, context).await? {
                return self.succeeded(dispatch, started, context);
            }
            if let Some(wait) = LOOK_AGAIN.get(usize::from(dispatch.target.looks)) {
                return Ok(look_later(dispatch, context.now + *wait));
            }
        }
        if retry::is_expired(intent.created_at, context.now, self.config.dispatch_expiry) {
            let error = "GitHub took no dispatch in time";
            let Dispatch { run, target, .. } = dispatch;
            return Ok(failed(&run, target, Reason::Expired, error, None, context.now).finish());
        }
        match self.send(&dispatch, context).await {
            Ok(started) => self.succeeded(dispatch.counted(), started, context),
            Err(error) => Ok(self.refused(dispatch, &error, context)),
        }
    }

    /// Sends the request, once more without asking for the run's id where a server does not know that member.
    async fn send(&self, dispatch: &Dispatch, context: &Context) -> Result<Started, Error> {
        let target = &dispatch.target;
        let inputs: BTreeMap<String, String> = target.inputs.iter().cloned().collect();
        let git_ref = target.git_ref.as_deref().unwrap_or_default();
        let mut request = DispatchRequest { git_ref, inputs: &inputs, return_run_details: true };
        let file = target.workflow.as_str();
        let send = |request: &DispatchRequest<'_>| {
            context.github.dispatch_workflow(dispatch.scope.clone(), &dispatch.name, file, request).send()
        };
        let mut answer = send(&request).await;
        if let Err(error) = &answer
            && classify(error) == Some(Refused::WithoutRunDetails)
        {
            request.return_run_details = false;
            answer = send(&request).await;
        }
        let run = dispatched_run(answer?.body());
        Ok(Started { id: run.as_ref().map(|run| run.workflow_run_id.0), url: run.and_then(|run| run.html_url) })
    }

    /// Looks for the run of a request that had no clear answer.
    async fn look(&self, dispatch: &Dispatch, intent: &Work, context: &Context) -> Result<Option<Started>, Trouble> {
        let since = intent.first_leased_at.unwrap_or(intent.created_at) - CLOCK_TOLERANCE;
        let created = format!(">={}", since.rfc3339_seconds());
        let bot = self.bot(context).await?;
        let filter = RunFilter {
            event: Some(DISPATCH_EVENT),
            actor: Some(&bot),
            created: Some(&created),
            ..RunFilter::default()
        };
        let file = dispatch.target.workflow.as_str();
        let listed = context.github.workflow_runs(dispatch.scope.clone(), &dispatch.name, file, &filter);
        let wanted = dispatch.target.git_ref.as_deref().map(short_name);
        for run in listed.fetch().await?.value.workflow_runs {
            let on_ref = run.head_branch.as_deref() == wanted;
            if on_ref && !self.is_claimed(run.id.0, dispatch, context).await? {
                return Ok(Some(Started { id: Some(run.id.0), url: run.html_url }));
            }
        }
        Ok(None)
    }

    /// Whether another dispatch is known to have started this run.
    async fn is_claimed(&self, run_id: u64, dispatch: &Dispatch, context: &Context) -> Result<bool, Trouble> {
        let claim: Option<StartedRun> = context.store.get(&views::BY_TARGET_RUN, &keys::run_id(run_id)).await?;
        Ok(claim.is_some_and(|claim| (claim.run_key, claim.n) != (dispatch.run.key, dispatch.target.n)))
    }

    fn succeeded(&self, dispatch: Dispatch, started: Started, context: &Context) -> Result<Settlement, Trouble> {
        let Dispatch { order, run, target, .. } = dispatch;
        let now = context.now;
        let mut draft = Draft::of(&run, now);
        // A request whose answer was lost counts, though nothing was noted when it was sent.
        let attempts = target.attempts.max(1);
        draft.fact(&Event::TriggerSucceeded {
            target: named(&target),
            attempts,
            dispatch_ref: target.git_ref.as_deref().unwrap_or_default(),
            run_id: started.id,
            run_url: started.url.as_deref(),
        });
        draft.tally.one(Count::Succeeded);
        draft.tally.latency(Latency::EndToEnd, now.since(run.received_at));
        draft.tally.edge(Count::Succeeded, &run.source.workflow, &target.repository, &target.workflow);
        let repository_id = target.repository_id.unwrap_or_default();
        let expected_key = expected_key(repository_id, &target.workflow, run.key, order.number());
        let lineage = run.lineage.child(&target.repository, &target.workflow);
        match started.id {
            Some(id) => {
                let claim = StartedRun { run_key: run.key, n: target.n, lineage };
                draft.put(views::BY_TARGET_RUN, keys::run_id(id), &claim);
                draft.delete(views::EXPECTED_RUN, expected_key);
            }
            None => draft.put(views::EXPECTED_RUN, expected_key, &expected(&run, &target, now)),
        }
        let target = TargetRecord {
            state: TargetState::Succeeded,
            attempts,
            run_id: started.id,
            run_url: started.url,
            next_attempt_at: None,
            settled_at: Some(now),
            ..target
        };
        draft.put(views::TARGET, keys::target(run.key, order.number()), &target);
        draft.job(report_job(run.source.installation_id, &ReportOrder::run(run.key)));
        Ok(draft.finish())
    }

    /// What a refused, held or lost request leads to.
    fn refused(&self, dispatch: Dispatch, error: &Error, context: &Context) -> Settlement {
        let now = context.now;
        let failure = Failure {
            code: error.code().to_owned(),
            message: error.to_string(),
            hint: error.hint().map(ToString::to_string),
        };
        match error.class() {
            Class::RetryAfter { at, .. } => {
                let installation = Installation(dispatch.scope.installation.0);
                let mut settlement = dispatch.looked().later(TargetState::Held, at, now).finish();
                settlement.hold = Some(Hold { installation, until: at });
                settlement.outcome = Outcome::Retry { at, failure, counted: false, unanswered: false };
                settlement
            }
            Class::Transient | Class::Ambiguous => {
                let dispatch = dispatch.counted();
                if dispatch.target.attempts > self.config.max_retries {
                    let reason = Reason::GithubUnavailable;
                    let hint = failure.hint.clone();
                    let Dispatch { run, target, .. } = dispatch;
                    let draft = failed(&run, target, reason, &failure.message, hint, now);
                    let failure = Failure { code: reason.code().to_owned(), ..failure };
                    return Settlement { outcome: Outcome::Dead { failure }, ..draft.finish() };
                }
                let chance = context.entropy.fraction();
                let at = now + retry::delay(self.config.retry_base, dispatch.target.attempts, chance);
                let unanswered = error.class() == Class::Ambiguous;
                // Its run may have started, so it can be adopted from now on.
                let expected = unanswered.then(|| dispatch.expected(now));
                let mut draft = dispatch.later(TargetState::Queued, at, now);
                if let Some((key, expected)) = expected {
                    draft.put(views::EXPECTED_RUN, key, &expected);
                }
                draft.tally.one(Count::Retried);
                let outcome = Outcome::Retry { at, failure, counted: true, unanswered };
                Settlement { outcome, ..draft.finish() }
            }
            Class::Permanent(refusal) => {
                let reason = reason(refusal, error);
                let Dispatch { run, target, .. } = dispatch.counted();
                failed(&run, target, reason, error.internal(), failure.hint, now).finish()
            }
        }
    }

    /// The engine has given the intent up: it was lost too often.
    pub(super) async fn dispatch_given_up(
        &self,
        intent: &Work,
        failure: &Failure,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let order: CandidateOrder = payload(intent)?;
        let (run, target) = order.read(context).await?;
        if target.state.is_terminal() {
            return Ok(Settlement::done());
        }
        let (reason, hint) = (Reason::GithubUnavailable, failure.hint.clone());
        Ok(failed(&run, target, reason, &failure.message, hint, context.now).finish())
    }
}

impl Dispatch {
    /// The same with this attempt's request counted.
    fn counted(mut self) -> Self {
        self.target.attempts = self.sent_before.saturating_add(1);
        self.looked()
    }

    /// The same with nothing left to look for: what was sent before has been looked for, or never was anything.
    fn looked(mut self) -> Self {
        self.target.looks = 0;
        self
    }

    /// Where its run is expected, and as what once the request may have started it.
    fn expected(&self, sent_at: Timestamp) -> (Key, ExpectedRecord) {
        let Self { order, run, target, .. } = self;
        let repository_id = target.repository_id.unwrap_or_default();
        let key = expected_key(repository_id, &target.workflow, run.key, order.number());
        (key, expected(run, target, sent_at))
    }

    /// The record of a dispatch that goes on later.
    fn later(self, state: TargetState, at: Timestamp, now: Timestamp) -> Draft {
        let Self { order, run, target, .. } = self;
        let mut draft = Draft::of(&run, now);
        let target = TargetRecord { state, next_attempt_at: Some(at), ..target };
        draft.put(views::TARGET, keys::target(run.key, order.number()), &target);
        draft
    }
}

/// The end of a dispatch that did not happen.
fn failed(
    run: &RunRecord,
    target: TargetRecord,
    reason: Reason,
    error: &str,
    hint: Option<String>,
    now: Timestamp,
) -> Draft {
    let number = CandidateNumber(target.n);
    let mut draft = Draft::of(run, now);
    let target = outcome::failed(&mut draft, &Source::recorded(run), target, reason, error, hint, now);
    draft.put(views::TARGET, keys::target(run.key, number), &target);
    let repository_id = target.repository_id.unwrap_or_default();
    draft.delete(views::EXPECTED_RUN, expected_key(repository_id, &target.workflow, run.key, number));
    draft.job(report_job(run.source.installation_id, &ReportOrder::run(run.key)));
    draft
}

/// Nothing was found yet, which says little: GitHub's lists lag.
fn look_later(dispatch: Dispatch, at: Timestamp) -> Settlement {
    let Dispatch { order, run, mut target, .. } = dispatch;
    target.looks += 1;
    target.next_attempt_at = Some(at);
    let failure = Failure {
        code: "unanswered".to_owned(),
        message: "looking for the run of a request whose answer was lost".to_owned(),
        hint: None,
    };
    let mut draft = Draft::of(&run, at);
    draft.put(views::TARGET, keys::target(run.key, order.number()), &target);
    let outcome = Outcome::Retry { at, failure, counted: false, unanswered: true };
    Settlement { outcome, ..draft.finish() }
}

fn expected(run: &RunRecord, target: &TargetRecord, sent_at: Timestamp) -> ExpectedRecord {
    ExpectedRecord {
        expected: crate::chains::ExpectedRun {
            git_ref: target.git_ref.clone().unwrap_or_default(),
            sent_at: Some(sent_at),
            lineage: run.lineage.child(&target.repository, &target.workflow),
        },
        run_key: run.key,
        n: target.n,
    }
}

fn named(target: &TargetRecord) -> Target<'_> {
    Target { target_repo: &target.repository, target_workflow: &target.workflow }
}

/// What GitHub's refusal of a request says, where it was the request and not the client that decided.
fn classify(error: &Error) -> Option<Refused> {
    let status = error.status()?;
    let request = if error.route() == endpoint::ACCESS_TOKENS.route {
        answers::Request::Token
    } else {
        answers::Request::Dispatch
    };
    Some(answers::classify(request, status, error.internal()))
}

fn reason(refusal: Refusal, error: &Error) -> Reason {
    match refusal {
        Refusal::AuthFailed => Reason::AuthFailed,
        Refusal::RedirectRefused => Reason::RedirectRefused,
        Refusal::Suspended => Reason::InstallationSuspended,
        Refusal::Archived => Reason::TargetArchived,
        Refusal::NotInstalled | Refusal::PermissionNotGranted => Reason::TargetNotInstalled,
        _ => match classify(error) {
            Some(Refused::Permanent(reason)) => reason,
            _ => Reason::Rejected,
        },
    }
}
