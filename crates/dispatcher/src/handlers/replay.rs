//! `dispatcher.replay`: an operator has a run planned again, on the stored delivery and under a run key of its own.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_engine::{Context, Trouble, audit};
use switchboard_store::{Follows, Settlement, Work};

use crate::handlers::plan::{PlanOrder, PlanReplay, installation};
use crate::handlers::records::RunRecord;
use crate::handlers::{Dispatcher, PLAN, job, payload};
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

impl Dispatcher {
    pub(super) async fn replay(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let ReplayAction { run_key, n, only } = payload(work)?;
        // The acceptor adds who asks.
        let actor = work.payload["actor"].as_str().unwrap_or_default();
        let base = RunKey { replay: None, ..run_key };
        let Some(run) = context.store.get::<RunRecord>(&views::RUN, &keys::run(base)).await? else {
            return Err(Trouble::permanent("unknown_run", format!("there is no run {base}")));
        };
        if context.store.get::<RunRecord>(&views::RUN, &keys::run(base.replayed(n))).await?.is_some() {
            // A second click: the first one has been planned.
            return Ok(Settlement::done());
        }
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
