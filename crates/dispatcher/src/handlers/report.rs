//! `dispatcher.report`: closes runs and asks for issues, one at a time per installation, so that the hourly budget of new
//! issues is exact.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_store::{Coalesce, Follows, Key, KeyRange, NewIntent, NewJob, Settlement, View, Work};

use crate::config::IssuePolicy;
use crate::facts::{Event, IssueStep};
use crate::handlers::draft::Draft;
use crate::handlers::plan::installation;
use crate::handlers::records::{IssueBudget, IssueRecord, RunRecord, RunState, TargetRecord, TargetState};
use crate::handlers::tally::Count;
use crate::handlers::{DISPATCH_ISSUE, Dispatcher, NAME, REPORT, job, payload};
use crate::keys::{self, views};
use crate::matching::MAX_JUDGED;
use crate::reasons::Reason;
use crate::report::{Issue, Row, RowResult, is_wanted};
use crate::run_key::RunKey;

/// What a report is about: a run, and at times its source's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReportOrder {
    pub run: RunKey,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigReport>,
}

/// What is wanted of the issue about a repository's file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ConfigReport {
    /// It is open and says this.
    Open(Issue),
    /// It is closed.
    Close,
}

impl ReportOrder {
    /// About a run's outcomes.
    pub(super) fn run(run: RunKey) -> Self {
        Self { run, config: None }
    }
}

/// A report that is due now. Reports of one run that wait stand for one another; those about files do not.
pub(super) fn report_job(installation_id: u64, order: &ReportOrder) -> NewJob {
    let lane = keys::report_lane(installation_id);
    let key = order.config.is_none().then(|| format!("report/{}", order.run));
    NewJob { key, ..job(REPORT, lane, installation(installation_id), json!(order)) }
}

impl Dispatcher {
    pub(super) async fn report(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: ReportOrder = payload(job)?;
        let Some(run) = context.store.get::<RunRecord>(&views::RUN, &keys::run(order.run)).await? else {
            return Err(Trouble::permanent("record_expired", format!("run {} is no longer recorded", order.run)));
        };
        let mut draft = Draft::of(&run, context.now);
        if job.delivery.is_none() {
            // The timer has rung. What is to be said is said by a job that belongs to the delivery, if it still matters.
            if run.state == RunState::Dispatching {
                let report = report_job(run.source.installation_id, &order);
                draft.job(NewJob { follows: Follows::Delivery(run.delivery), ..report });
            }
            return Ok(draft.finish());
        }
        match order.config {
            Some(config) => self.report_file(&mut draft, &run, &config, context).await?,
            None => self.report_run(&mut draft, run, context).await?,
        }
        Ok(draft.finish())
    }

    async fn report_run(&self, draft: &mut Draft, mut run: RunRecord, context: &Context) -> Result<(), Trouble> {
        let targets = targets(run.key, context).await?;
        let finished = targets.iter().all(|target| target.state.is_terminal());
        if finished && run.state == RunState::Dispatching {
            run.state = RunState::Finished;
            run.finished_at = Some(context.now);
            draft.put(views::RUN, keys::run(run.key), &run);
        }
        let waited = context.now >= run.planned_at + self.config.issue_wait;
        if !finished && !waited || !is_wanted(self.config.issues, &rows(&targets), run.counts.surplus) {
            return Ok(());
        }
        let key = keys::run(run.key);
        let known: Option<IssueRecord> = context.store.get(&views::ISSUE, &key).await?;
        if self.may_write(draft, &run, known, views::ISSUE, key, context).await? {
            draft.intent(issue_intent(&run, &keys::issue_intent(run.key), &ReportOrder::run(run.key)));
        }
        Ok(())
    }

    async fn report_file(
        &self,
        draft: &mut Draft,
        run: &RunRecord,
        config: &ConfigReport,
        context: &Context,
    ) -> Result<(), Trouble> {
        if self.config.issues == IssuePolicy::Off {
            return Ok(());
        }
        let id = run.source.repository_id;
        let key = keys::repository_id(id);
        let known: Option<IssueRecord> = context.store.get(&views::CONFIG_ISSUE, &key).await?;
        let open = |issue: &IssueRecord| issue.number.is_some() && !issue.closed;
        let wanted = match config {
            ConfigReport::Close => known.as_ref().is_some_and(open),
            // A closed issue is history: the next invalid file gets a new one, within the budget.
            ConfigReport::Open(_) => {
                let known = known.filter(|issue| !issue.closed && issue.failure.is_none() && !issue.suppressed);
                self.may_write(draft, run, known, views::CONFIG_ISSUE, key, context).await?
            }
        };
        if wanted {
            let order = ReportOrder { run: run.key, config: Some(config.clone()) };
            draft.intent(issue_intent(run, &keys::config_issue_intent(id), &order));
        }
        Ok(())
    }

    /// Whether an issue may be written: one that is there already, or a new one within the hour's budget.
    async fn may_write(
        &self,
        draft: &mut Draft,
        run: &RunRecord,
        known: Option<IssueRecord>,
        view: View,
        key: Key,
        context: &Context,
    ) -> Result<bool, Trouble> {
        if let Some(known) = known {
            return Ok(known.failure.is_none() && !known.suppressed);
        }
        let budget_key = keys::issue_budget(run.source.installation_id, context.now);
        let mut budget: IssueBudget = context.store.get(&views::ISSUE_BUDGET, &budget_key).await?.unwrap_or_default();
        let within = budget.created < self.config.issues_per_hour;
        if within {
            budget.created += 1;
        } else {
            budget.suppressed += 1;
            draft.tally.one(Count::IssuesSuppressed);
            draft.fact(&Event::Issue { step: IssueStep::Suppressed, issue: None, reason: Some("issues_per_hour") });
        }
        draft.put(views::ISSUE_BUDGET, budget_key, &budget);
        draft.put(view, key, &IssueRecord { suppressed: !within, ..IssueRecord::default() });
        Ok(within)
    }
}

fn issue_intent(run: &RunRecord, key: &Key, order: &ReportOrder) -> NewIntent {
    NewIntent {
        automation: NAME,
        kind: DISPATCH_ISSUE.to_owned(),
        key: key.as_str().to_owned(),
        lane: None,
        installation: installation(run.source.installation_id),
        payload: json!(order),
        coalesce: Coalesce::Latest,
        order: None,
        due: None,
    }
}

/// All recorded targets of a run, in file order.
pub(super) async fn targets(run: RunKey, context: &Context) -> Result<Vec<TargetRecord>, Trouble> {
    let range = KeyRange::prefix(&format!("{run}/"));
    let rows = context.store.list(&views::TARGET, range, MAX_JUDGED.into()).await?;
    Ok(rows.into_iter().map(|(_, target)| target).collect())
}

/// The issue's rows about these targets. What was only simulated is no outcome.
pub(super) fn rows(targets: &[TargetRecord]) -> Vec<Row> {
    targets.iter().filter_map(row).collect()
}

fn row(target: &TargetRecord) -> Option<Row> {
    let attempts = target.attempts;
    let reason = target.reason.unwrap_or(Reason::Rejected);
    let detail = target.detail.clone().unwrap_or_default();
    let result = match target.state {
        TargetState::Succeeded => RowResult::Success { attempts, run_url: target.run_url.clone() },
        TargetState::Failed => RowResult::Failed { attempts, reason, error: detail },
        TargetState::Denied => RowResult::Denied { reason, detail },
        TargetState::Waiting | TargetState::Queued | TargetState::Held => RowResult::Pending { attempts },
        TargetState::Simulated => return None,
    };
    Some(Row { repository: target.repository.clone(), workflow: target.workflow.clone(), result })
}

/// When the issue of a run was wanted at the earliest, for finding it again.
pub(super) fn wanted_since(run: &RunRecord) -> Timestamp {
    run.planned_at
}
