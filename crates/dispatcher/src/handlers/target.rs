//! `dispatcher.target`: a candidate whose target could not be read when the run was planned, looked at again.

use std::sync::Arc;

use serde::Deserialize;
use switchboard_engine::{Context, Trouble};
use switchboard_store::{Failure, KeyRange, Settlement, Work};

use crate::candidates::{Decision, Survivor, Taken};
use crate::file::Line;
use crate::handlers::draft::Draft;
use crate::handlers::evaluate::{Case, judge_one};
use crate::handlers::outcome::{self, Source};
use crate::handlers::plan::Arrived;
use crate::handlers::records::{RunRecord, TargetRecord, TargetState};
use crate::handlers::report::{ReportOrder, report_job};
use crate::handlers::{Dispatcher, payload};
use crate::keys::{self, views};
use crate::matching::{Candidate, CandidateNumber, MAX_JUDGED};
use crate::payload as webhook;
use crate::reasons::Reason;
use crate::run_key::RunKey;

/// Which candidate a job or intent is about.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CandidateOrder {
    pub run_key: RunKey,
    pub n: u16,
}

impl CandidateOrder {
    pub(super) fn number(self) -> CandidateNumber {
        CandidateNumber(self.n)
    }

    /// The run and the target, as they are recorded now.
    pub(super) async fn read(self, context: &Context) -> Result<(RunRecord, TargetRecord), Trouble> {
        let missing = || Trouble::permanent("record_expired", format!("run {} is no longer recorded", self.run_key));
        let run = context.store.get(&views::RUN, &keys::run(self.run_key)).await?.ok_or_else(missing)?;
        let key = keys::target(self.run_key, self.number());
        let target = context.store.get(&views::TARGET, &key).await?.ok_or_else(missing)?;
        Ok((run, target))
    }
}

impl Dispatcher {
    pub(super) async fn target(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: CandidateOrder = payload(job)?;
        let (record, target) = order.read(context).await?;
        if target.state != TargetState::Waiting {
            return Ok(Settlement::done());
        }
        let Arrived { body, .. } = Arrived::read(job, context).await?;
        let Ok(run) = webhook::read(&body) else {
            return Err(Trouble::permanent("payload_unusable", "the payload was readable when the run was planned"));
        };
        let Some(survivor) = survivor(&target) else {
            return Err(Trouble::permanent("record_unusable", "the recorded candidate does not read back"));
        };
        let mut taken = taken(order, context).await?;
        let case = Case { run: &run, config: &self.config, chain: None, succeeded: &[] };
        let decision = judge_one(&context.github, &case, &survivor, &mut taken).await?;

        let mut draft = Draft::of(&record, context.now);
        let source = Source::recorded(&record);
        let target = match decision {
            Decision::Allowed(allowed) => outcome::queue(&mut draft, &source, &record.lineage, &allowed),
            Decision::Denied(denial) => {
                let target = outcome::denied(&mut draft, &source, &denial, target, context.now);
                draft.job(report_job(record.source.installation_id, &ReportOrder::run(record.key)));
                target
            }
            Decision::Waiting => return Err(Trouble::again("target_unread", "the target could not be read whole")),
        };
        draft.put(views::TARGET, keys::target(order.run_key, order.number()), &target);
        Ok(draft.finish())
    }

    pub(super) async fn target_given_up(
        &self,
        job: &Work,
        failure: &Failure,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let order: CandidateOrder = payload(job)?;
        let (record, target) = order.read(context).await?;
        if target.state != TargetState::Waiting {
            return Ok(Settlement::done());
        }
        let mut draft = Draft::of(&record, context.now);
        let target = outcome::failed(
            &mut draft,
            &Source::recorded(&record),
            target,
            Reason::TargetConfigUnavailable,
            &failure.message,
            failure.hint.clone(),
            context.now,
        );
        draft.put(views::TARGET, keys::target(order.run_key, order.number()), &target);
        draft.job(report_job(record.source.installation_id, &ReportOrder::run(record.key)));
        Ok(draft.finish())
    }
}

/// The candidate as the plan screened it.
fn survivor(target: &TargetRecord) -> Option<Survivor> {
    let inputs: Option<Vec<_>> =
        target.inputs.iter().map(|(key, value)| Some((key.parse().ok()?, Arc::from(value.as_str())))).collect();
    Some(Survivor {
        candidate: Candidate {
            number: CandidateNumber(target.n),
            line: Line { number: target.line, text: target.line_text.as_str().into() },
            repository: target.repository.clone(),
            workflow: target.workflow.clone(),
            git_ref: target.wanted_ref.clone(),
            inputs: Vec::new(),
        },
        inputs: inputs?,
    })
}

/// What the other candidates of the run have taken.
async fn taken(order: CandidateOrder, context: &Context) -> Result<Taken, Trouble> {
    let range = KeyRange::prefix(&format!("{}/", order.run_key));
    let mut taken = Taken::default();
    for (_, other) in context.store.list::<TargetRecord>(&views::TARGET, range, MAX_JUDGED.into()).await? {
        if let Some(id) = other.repository_id
            && other.state != TargetState::Denied
        {
            taken.take(id, other.workflow, CandidateNumber(other.n));
        }
    }
    Ok(taken)
}
