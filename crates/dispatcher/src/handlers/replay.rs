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

/// The replays of a run that were planned or wait to be.
struct Planned {
    /// The number of the newest; 0 if there is none.
    newest: u32,
    ordered: Vec<PlanReplay>,
}

impl Planned {
    async fn read(store: &Reader, base: RunKey, delivery: DeliveryId) -> Result<Self, StoreError> {
        let range = KeyRange::prefix(&format!("{base}~"));
        let rows: Vec<(_, RunRecord)> = store.list(&views::RUN, range, REPLAYS_MAX).await?;
        let works = store.works(WorkFilter::Delivery(delivery), None, WORKS_MAX).await?;
        let plans = works.iter().filter(|work| work.kind == PLAN);
        let ordered: Vec<PlanReplay> =
            plans.filter_map(|work| serde_json::from_value::<PlanOrder>(work.payload.clone()).ok()?.replay).collect();
        let recorded = rows.iter().filter_map(|(_, run)| run.key.replay);
        let newest = recorded.chain(ordered.iter().map(|replay| replay.n)).max().unwrap_or(0);
        Ok(Self { newest, ordered })
    }

    /// What the replay of this number is to dispatch, if there is one and it is known.
    fn only(&self, n: u32) -> Option<ReplayScope> {
        self.ordered.iter().find(|replay| replay.n == n).map(|replay| replay.only)
    }
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
    let planned = Planned::read(store, base, delivery).await?;
    Ok(asked.max().unwrap_or(0).max(planned.newest).saturating_add(1))
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
        let planned = Planned::read(&context.store, base, run.delivery).await?;
        let n = match planned.only(n) {
            None if planned.newest < n => n,
            // Ordered once more: the first order has been, or is being, planned.
            Some(scope) if scope == only => return Ok(Settlement::done()),
            None => return Ok(Settlement::done()),
            // Another order that came at the same moment has taken the number; this one is carried out behind it.
            Some(_) => planned.newest.saturating_add(1),
        };
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
