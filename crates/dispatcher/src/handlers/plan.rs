//! `dispatcher.plan`: from a completed run to its plan, or to the reason why there is none.
//!
//! A run that belongs to a chain is handed over to its chain's lane, where the size of the chain is counted. So one run
//! may take two jobs: the first on its own lane applies the source rules and finds out where the run comes from.
//!
//! Known race: a dispatched run may complete before our own settlement of its dispatch. The run then looks like one that
//! the App started and that nothing explains; it waits for the open dispatch, or is adopted by it.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_store::{Delivery, FactsOf, Installation, KeyRange, NewJob, Settlement, Work};

use crate::chains::{self, Evidence, Lineage, Origin};
use crate::facts::{About, Event, Target, kinds};
use crate::handlers::draft::Draft;
use crate::handlers::evaluate::{Case, evaluate};
use crate::handlers::reads::{self, FileRead};
use crate::handlers::records::{
    ChainRecord, ExpectedRecord, ResultRecord, RunRecord, StartedRun, TargetRecord, TargetState,
};
use crate::handlers::replay::ReplayScope;
use crate::handlers::tally::Count;
use crate::handlers::{Dispatcher, PLAN, job, outcome, payload, planned};
use crate::keys::{self, views};
use crate::matching::{self, CandidateNumber};
use crate::names::{RepositoryName, WorkflowFile};
use crate::payload::{self as webhook, SourceRun};
use crate::reasons::Reason;
use crate::run_key::RunKey;
use crate::source_rules;

/// Open dispatches to one workflow that are looked at when a run has no known origin.
const EXPECTED_MAX: usize = 500;
/// Earlier replays whose targets are looked at.
const TARGETS_MAX: usize = 2_000;
/// Facts of a delivery among which its acceptance is looked for: it is in the first settlement, beside those of other
/// automations.
const FIRST_FACTS: usize = 100;

/// What a plan job is told beside the delivery that it follows from.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct PlanOrder {
    /// An earlier job of this delivery has said that it was accepted.
    pub accepted: bool,
    /// The run has been handed over to the lane of this chain.
    pub chain: Option<RunKey>,
    /// How often the run has waited for an open dispatch.
    pub waits: usize,
    /// Which replay it is.
    pub replay: Option<PlanReplay>,
}

/// A replay's number and scope.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct PlanReplay {
    pub n: u32,
    pub only: ReplayScope,
}

/// The delivery of a plan, read back.
pub(super) struct Arrived {
    pub delivery: Delivery,
    pub body: bytes::Bytes,
}

impl Arrived {
    pub(super) async fn read(job: &Work, context: &Context) -> Result<Self, Trouble> {
        let missing = || Trouble::permanent("body_expired", "the delivery's body is no longer kept");
        let id = job.delivery.ok_or_else(missing)?;
        let delivery = context.store.delivery(id).await?.ok_or_else(missing)?;
        let body = context.store.body(id).await?.ok_or_else(missing)?;
        Ok(Self { delivery, body })
    }
}

/// A run on its way to a plan.
pub(super) struct Plan<'p> {
    pub run: &'p SourceRun,
    pub key: RunKey,
    pub delivery: &'p Delivery,
    /// The delivery id, with the replay's number behind it.
    pub correlation: String,
    pub lineage: Lineage,
}

impl Dispatcher {
    pub(super) async fn plan(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: PlanOrder = payload(job)?;
        let Arrived { delivery, body } = Arrived::read(job, context).await?;
        let run = match webhook::read(&body) {
            Ok(run) => run,
            Err(unusable) => {
                let first = order.is_first(&delivery, context).await?;
                return Ok(skip_unusable(&unusable, &delivery, first, context.now));
            }
        };
        let started: Option<StartedRun> = context.store.get(&views::BY_TARGET_RUN, &keys::run_id(run.run_id)).await?;
        let mut plan = Plan::of(&run, &delivery, &order, started.as_ref());
        let mut draft = plan.draft(context.now);
        let first = order.is_first(&delivery, context).await?;
        if first {
            accepted(&mut draft, &delivery);
        }
        // A run that waited for its dispatch may be known by now; it has not been handed over yet.
        let waited = order.waits > 0 && order.chain.is_none();
        if let Some(started) = started.as_ref().filter(|_| first || waited) {
            completed(&mut draft, &run, started.run_key, started.n, context.now);
        }

        let known = context.store.get::<RunRecord>(&views::RUN, &keys::run(plan.key)).await?;
        if let Err(skip) = source_rules::check(&run, &self.config, known.is_some()) {
            let source_rules::Skip { reason, detail } = skip;
            draft.fact(&Event::SourceSkipped { reason, detail: &detail, hint: reason.hint() });
            draft.tally.one(Count::Skipped);
            draft.tally.reason(reason, 1);
            return Ok(draft.finish());
        }
        if let Some(started) = &started
            && order.chain != Some(started.lineage.root)
        {
            return Ok(hand_over(draft, job, &order, started.lineage.root));
        }

        let file = reads::file(&context.github, run.installation_id, &run.repository).await?;
        let mut unverifiable = false;
        if let FileRead::Found { file, .. } = &file
            && started.is_none()
            && run.event == chains::DISPATCH_EVENT
            && !matching::candidates(file, &run).judged.is_empty()
        {
            let expected = self.expected(&run, context).await?;
            let rules: Vec<_> = expected.iter().map(|record| record.expected.clone()).collect();
            let app_slug = self.app_slug(context).await?;
            let evidence = Evidence { app_slug, recorded: None, expected: &rules, waits: order.waits };
            match chains::origin(&run, &evidence) {
                Origin::Root | Origin::Known(_) => {}
                Origin::Adopt(index) => {
                    let Some(adopter) = expected.get(index) else {
                        return Err(Trouble::again("adoption", "the open dispatch is gone"));
                    };
                    if order.chain != Some(adopter.expected.lineage.root) {
                        return Ok(hand_over(draft, job, &order, adopter.expected.lineage.root));
                    }
                    // Whatever is said of the run from here on names its chain; until now nothing was.
                    plan.lineage = adopter.expected.lineage.clone();
                    draft = plan.draft(context.now);
                    adopt(&mut draft, &run, adopter, context).await?;
                }
                Origin::Wait(wait) => {
                    let order = PlanOrder { accepted: true, waits: order.waits + 1, chain: None, ..order };
                    let mut again = plan_job(job, keys::run_lane(run.repository_id, run.run_id), &order);
                    again.due = Some(context.now + wait);
                    draft.job(again);
                    return Ok(draft.finish());
                }
                Origin::Unverifiable => unverifiable = true,
            }
        }

        let FileRead::Found { file: rules, .. } = &file else {
            planned::without_rules(&mut draft, &plan, &file, self, context).await?;
            return Ok(draft.finish());
        };
        let dispatched = self.dispatched(&plan, context).await?;
        let succeeded = match order.replay {
            Some(PlanReplay { only: ReplayScope::Unsuccessful, .. }) => succeeded(&run, context).await?,
            _ => Vec::new(),
        };
        let case = Case {
            run: &run,
            config: &self.config,
            chain: (!unverifiable).then_some((&plan.lineage, dispatched)),
            succeeded: &succeeded,
        };
        let evaluation = evaluate(&context.github, &case, rules).await;
        planned::with_rules(&mut draft, &plan, &file, &evaluation, dispatched, self, context).await?;
        Ok(draft.finish())
    }

    /// Dispatches that the run's root has caused so far.
    async fn dispatched(&self, plan: &Plan<'_>, context: &Context) -> Result<u32, Trouble> {
        let chain: Option<ChainRecord> = context.store.get(&views::CHAIN, &keys::run(plan.lineage.root)).await?;
        Ok(chain.unwrap_or_default().dispatches)
    }

    /// Dispatches to the run's workflow whose runs are not known, oldest first.
    async fn expected(&self, run: &SourceRun, context: &Context) -> Result<Vec<ExpectedRecord>, Trouble> {
        let prefix = keys::expected_runs(run.repository_id, &run.workflow);
        let rows = context.store.list(&views::EXPECTED_RUN, KeyRange::prefix(&prefix), EXPECTED_MAX).await?;
        let mut expected: Vec<ExpectedRecord> = rows.into_iter().map(|(_, record)| record).collect();
        expected.sort_by_key(|record| record.expected.sent_at.unwrap_or(Timestamp::MAX));
        Ok(expected)
    }

    /// The history of a plan that ran out of attempts.
    pub(super) async fn plan_given_up(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: PlanOrder = payload(job)?;
        let Arrived { delivery, body } = Arrived::read(job, context).await?;
        let Ok(run) = webhook::read(&body) else { return Ok(Settlement::done()) };
        let started: Option<StartedRun> = context.store.get(&views::BY_TARGET_RUN, &keys::run_id(run.run_id)).await?;
        let mut draft = Plan::of(&run, &delivery, &order, started.as_ref()).draft(context.now);
        if order.is_first(&delivery, context).await? {
            accepted(&mut draft, &delivery);
        }
        let reason = Reason::SourceConfigUnavailable;
        draft.fact(&Event::PlanFailed { reason, attempts: job.attempts });
        draft.tally.reason(reason, 1);
        Ok(draft.finish())
    }
}

impl PlanOrder {
    /// Whether this is the first settlement that a delivery leads to. One that is planned again, because its first plan
    /// was given up or an operator asked for it, has been accepted before.
    async fn is_first(&self, delivery: &Delivery, context: &Context) -> Result<bool, Trouble> {
        if self.accepted || self.replay.is_some() {
            return Ok(false);
        }
        let facts = context.store.facts(FactsOf::Delivery(delivery.id), None, FIRST_FACTS).await?;
        Ok(facts.iter().all(|fact| fact.kind != kinds::REQUEST_ACCEPTED))
    }
}

impl<'p> Plan<'p> {
    fn of(run: &'p SourceRun, delivery: &'p Delivery, order: &PlanOrder, started: Option<&StartedRun>) -> Self {
        let key = order.replay.map_or(run.key(), |replay| run.key().replayed(replay.n));
        let guid = &delivery.key.delivery_id;
        let lineage = match started {
            Some(started) => started.lineage.clone(),
            None => Lineage::root(key, &run.repository, &run.workflow),
        };
        let correlation = order.replay.map_or(guid.clone(), |replay| keys::replay_correlation(guid, replay.n));
        Self { run, key, delivery, correlation, lineage }
    }

    fn draft(&self, now: Timestamp) -> Draft {
        let about = About::run(&self.correlation, self.run, &self.lineage);
        Draft::new(now, about, keys::subject(&self.run.repository, &self.run.head_sha))
    }
}

/// Hands a run over to the lane of its chain.
fn hand_over(mut draft: Draft, plan: &Work, order: &PlanOrder, root: RunKey) -> Settlement {
    let order = PlanOrder { accepted: true, chain: Some(root), ..order.clone() };
    draft.job(plan_job(plan, keys::chain_lane(root), &order));
    draft.finish()
}

fn plan_job(plan: &Work, lane: switchboard_store::Lane, order: &PlanOrder) -> NewJob {
    job(PLAN, lane, plan.installation, json!(order))
}

/// Notes that a delivery was taken in.
fn accepted(draft: &mut Draft, delivery: &Delivery) {
    draft.fact(&Event::RequestAccepted { received_at: delivery.accepted_at });
    draft.tally.one(Count::Accepted);
}

/// Notes on the target that started a run how that run has ended.
fn completed(draft: &mut Draft, run: &SourceRun, starter: RunKey, n: u16, now: Timestamp) {
    let conclusion = run.conclusion.clone();
    let target = Target { target_repo: &run.repository, target_workflow: &run.workflow };
    draft.fact(&Event::RunCompleted { target, run_id: run.run_id, conclusion: conclusion.as_deref() });
    let result = ResultRecord { run_id: run.run_id, run_url: Some(run.url.clone()), conclusion, at: now };
    draft.put(views::RESULT, keys::target(starter, CandidateNumber(n)), &result);
}

/// Makes a run known as the one that an open dispatch has started. A dispatch that is still under way writes its own
/// record, and learns of its run from the result that is noted here.
async fn adopt(draft: &mut Draft, run: &SourceRun, adopter: &ExpectedRecord, context: &Context) -> Result<(), Trouble> {
    let number = CandidateNumber(adopter.n);
    let started = StartedRun { run_key: adopter.run_key, n: adopter.n, lineage: adopter.expected.lineage.clone() };
    draft.put(views::BY_TARGET_RUN, keys::run_id(run.run_id), &started);
    draft.delete(views::EXPECTED_RUN, outcome::expected_key(run.repository_id, &run.workflow, adopter.run_key, number));
    let key = keys::target(adopter.run_key, number);
    if let Some(target) = context.store.get::<TargetRecord>(&views::TARGET, &key).await?
        && target.state.is_terminal()
    {
        let target = TargetRecord { run_id: Some(run.run_id), run_url: Some(run.url.clone()), ..target };
        draft.put(views::TARGET, key, &target);
    }
    completed(draft, run, adopter.run_key, adopter.n, context.now);
    Ok(())
}

/// What earlier plans of the run have dispatched.
async fn succeeded(run: &SourceRun, context: &Context) -> Result<Vec<(RepositoryName, WorkflowFile)>, Trouble> {
    let mut succeeded = Vec::new();
    let key = run.key();
    for range in [KeyRange::prefix(&format!("{key}/")), KeyRange::prefix(&format!("{key}~"))] {
        for (_, target) in context.store.list::<TargetRecord>(&views::TARGET, range, TARGETS_MAX).await? {
            if matches!(target.state, TargetState::Succeeded | TargetState::Queued | TargetState::Held) {
                succeeded.push((target.repository, target.workflow));
            }
        }
    }
    Ok(succeeded)
}

fn skip_unusable(unusable: &webhook::UnusablePayload, delivery: &Delivery, first: bool, now: Timestamp) -> Settlement {
    let guid = &delivery.key.delivery_id;
    let about = About::known(guid, &unusable.known);
    let subject = match (&unusable.known.repository, &unusable.known.head_sha) {
        (Some(repository), Some(sha)) => keys::subject(repository, sha),
        _ => delivery.subject.clone().unwrap_or_else(|| format!("delivery/{guid}").into()),
    };
    let mut draft = Draft::new(now, about, subject);
    if first {
        accepted(&mut draft, delivery);
    }
    let reason = unusable.reason;
    draft.fact(&Event::SourceSkipped { reason, detail: &unusable.detail, hint: reason.hint() });
    draft.tally.one(Count::Skipped);
    draft.tally.reason(reason, 1);
    draft.finish()
}

/// Whose turn a run's jobs take.
pub(super) fn installation(id: u64) -> Option<Installation> {
    Some(Installation(id))
}
