//! `dispatcher.replay`: an operator has a run planned again, on the stored delivery and under a run key of its own.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_engine::{Context, Reader, Trouble, audit};
use switchboard_store::{Class, DeliveryId, Follows, KeyRange, Settlement, StoreError, Work, WorkFilter};

use crate::handlers::plan::{PlanOrder, PlanReplay, installation};
use crate::handlers::records::RunRecord;
use crate::handlers::{Dispatcher, NAME, PLAN, job, payload};
use crate::keys::{self, views};
use crate::run_key::RunKey;

/// The operator's action: `{"runKey", "n", "only"}`.
pub const REPLAY: &str = "dispatcher.replay";

/// Which targets a replay dispatches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReplayScope {
    /// Those that have not been dispatched.
    #[default]
    Unsuccessful,
    /// All of them, once more.
    All,
}

/// What the operator's action says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplayAction {
    /// The run to plan again.
    pub run_key: RunKey,
    /// The number of the replay, from 1.
    pub n: u32,
    /// Which targets.
    #[serde(default)]
    pub only: ReplayScope,
}

/// Replays that a run's own page can name.
const REPLAYS_MAX: usize = 1_000;
/// Works of a delivery, or of a lane, among which unfinished replays are looked for.
const WORKS_MAX: usize = 500;

/// The number of the newest replay that was planned or waits to be; 0 if there is none.
async fn planned(store: &Reader, base: RunKey, delivery: DeliveryId) -> Result<u32, StoreError> {
    let rows: Vec<(_, RunRecord)> = store.list(&views::RUN, KeyRange::prefix(&format!("{base}~")), REPLAYS_MAX).await?;
    let recorded = rows.iter().filter_map(|(_, run)| run.key.replay);
    let works = store.works(WorkFilter::Delivery(delivery), None, WORKS_MAX).await?;
    let ordered = works.iter().filter(|work| work.kind == PLAN).filter_map(|work| {
        let order: PlanOrder = serde_json::from_value(work.payload.clone()).ok()?;
        order.replay.map(|replay| replay.n)
    });
    Ok(recorded.chain(ordered).max().unwrap_or(0))
}

/// The number that the next replay of a run gets, behind all that were asked for and not carried out yet.
///
/// # Errors
/// What the store says.
pub(crate) async fn next_number(store: &Reader, base: RunKey, delivery: DeliveryId) -> Result<u32, StoreError> {
    let lane = keys::run_lane(base.repository_id, base.run_id);
    let waiting = store.works(WorkFilter::Lane(Class::Job, NAME.to_owned(), lane), None, WORKS_MAX).await?;
    let asked = waiting.iter().filter(|work| work.kind == REPLAY).filter_map(|work| {
        let action: ReplayAction = serde_json::from_value(work.payload.clone()).ok()?;
        (RunKey { replay: None, ..action.run_key } == base).then_some(action.n)
    });
    let planned = planned(store, base, delivery).await?;
    Ok(asked.max().unwrap_or(0).max(planned).saturating_add(1))
}

impl Dispatcher {
    pub(super) async fn replay(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let ReplayAction { run_key, n, only } = payload(work)?;
        // The acceptor adds who asks.
        let actor = work.payload["actor"].as_str().unwrap_or_default();
        let base = RunKey { replay: None, ..run_key };
        let Some(run) = context.store.get::<RunRecord>(&views::RUN, &keys::run(base)).await? else {
            return Err(Trouble::permanent("unknown_run", format!("there is no run {base}")));
        };
        // Two orders may have been given the same number when they came at the same moment; each is carried out.
        let n = n.max(planned(&context.store, base, run.delivery).await?.saturating_add(1));
        let order = PlanOrder { accepted: true, replay: Some(PlanReplay { n, only }), ..PlanOrder::default() };
        let lane = keys::run_lane(base.repository_id, base.run_id);
        let mut plan = job(PLAN, lane, installation(run.source.installation_id), json!(order));
        plan.follows = Follows::Delivery(run.delivery);
        let repository = &run.source.repository;
        let data = json!({ "runKey": base, "n": n, "only": only, "repository": repository });
        let records = vec![audit::entry(work, context.now, actor, data)];
        Ok(Settlement { jobs: vec![plan], records, ..Settlement::done() })
    }
}
