//! What operators ask for by hand. It enters as a delivery, so that it is durable, ordered and audited like any other.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_engine::{Arrival, Context, Trouble, audit};
use switchboard_github::RepoName;
use switchboard_store::{NewJob, Settlement, Work};

use crate::handlers::draft::Draft;
use crate::handlers::ledger::Ledger;
use crate::handlers::{ALLOWLIST, OPERATE, Relay, job, payload, plan};
use crate::records::{HealthRecord, TargetState, keys, views};

/// Reads the allowlist now.
pub const REFRESH: &str = "relay.allowlist.refresh";
/// Sends a target again.
pub const REDISPATCH: &str = "relay.redispatch";
/// Lets a name stand for another repository.
pub const IDENTITY_RESET: &str = "relay.identity.reset";
/// Lifts the consequences of a due demotion.
pub const DEMOTION_LIFT: &str = "relay.demotion.lift";

/// Ends that a due demotion has no consequences.
pub const DEMOTION_SUPPRESS: &str = "relay.demotion.suppress";

/// How long a lifted demotion has no consequences.
const LIFTED_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// What an operator asks for: the body of the action.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OperatorOrder {
    /// The entry.
    pub repo: Option<RepoName>,
    /// The dispatch.
    pub delivery_id: Option<String>,
    /// The lane in which it is decided, where it concerns a dispatch.
    pub lane: Option<String>,
    /// Who asks.
    pub actor: String,
    /// The action's name; set by the router.
    pub action: String,
}

impl Relay {
    pub(super) fn of_operators(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        let action = arrival.key.event.as_str();
        if action == REFRESH {
            let order: OperatorOrder = serde_json::from_slice(arrival.body).unwrap_or_default();
            let order = OperatorOrder { action: action.to_owned(), ..order };
            return vec![job(ALLOWLIST, keys::ALLOWLIST_LANE, None, &order)];
        }
        if ![REDISPATCH, IDENTITY_RESET, DEMOTION_LIFT, DEMOTION_SUPPRESS].contains(&action) {
            return Vec::new();
        }
        let Ok(order) = serde_json::from_slice::<OperatorOrder>(arrival.body) else { return Vec::new() };
        let lane =
            order.lane.clone().unwrap_or_else(|| format!("relay:operate:{}", keys::repo_of(order.repo.as_ref())));
        vec![job(OPERATE, lane.into(), None, &OperatorOrder { action: action.to_owned(), ..order })]
    }

    /// With the line of the audit that tells who asked for what was done, if an operator did.
    pub(super) fn audited(&self, mut settlement: Settlement, work: &Work, context: &Context) -> Settlement {
        let order: OperatorOrder = payload(work).unwrap_or_default();
        // What is only passed on to another lane is done, and told, there.
        if order.actor.is_empty() || settlement.jobs.iter().any(|job| job.kind == OPERATE) {
            return settlement;
        }
        if order.action == REFRESH {
            let subject = switchboard_engine::subject::repository(self.up.as_str());
            let mut draft = Draft::new(&self.up, context.now, subject);
            draft.fact("allowlist.refreshed", json!({ "by": order.actor }));
            settlement.facts.extend(draft.finish().facts);
        }
        let data = json!({ "repo": order.repo, "deliveryId": order.delivery_id });
        let action = Work { kind: order.action.clone(), ..work.clone() };
        settlement.records.push(audit::entry(&action, context.now, &order.actor, data));
        settlement
    }

    pub(super) async fn operate(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: OperatorOrder = payload(work)?;
        let unusable = || Trouble::permanent("payload_unusable", "the action names no repository");
        let repo = order.repo.as_ref().ok_or_else(unusable)?;
        let subject = switchboard_engine::subject::repository(repo.as_str());
        let mut draft = Draft::new(&self.up, context.now, subject);
        let by = json!({ "repo": repo, "by": order.actor });
        match order.action.as_str() {
            IDENTITY_RESET => {
                draft.delete(views::IDENTITY, keys::identity(repo));
                draft.fact("identity.reset", by);
            }
            action @ (DEMOTION_LIFT | DEMOTION_SUPPRESS) => {
                let key = keys::entry(&self.up, repo);
                let mut health: HealthRecord = context.store.get(&views::HEALTH, &key).await?.unwrap_or_default();
                health.lifted_until = (action == DEMOTION_LIFT).then(|| context.now + LIFTED_FOR);
                draft.put(views::HEALTH, key, &health);
                draft.fact(if action == DEMOTION_LIFT { "demotion.lifted" } else { "demotion.suppressed" }, by);
            }
            _ => return self.redispatch(work, &order, repo, context).await,
        }
        Ok(draft.finish())
    }

    /// Sends a target once more, under the same delivery id.
    async fn redispatch(
        &self,
        work: &Work,
        order: &OperatorOrder,
        repo: &RepoName,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let delivery_id = order.delivery_id.as_deref().unwrap_or_default();
        let Some(mut ledger) = Ledger::open(self, context, delivery_id, repo).await? else {
            return Err(Trouble::permanent("unknown_dispatch", "this was not dispatched to that repository"));
        };
        if work.lane.as_str() != ledger.dispatch.lane {
            // What becomes of a target is decided in its dispatch's lane, and nowhere else.
            let there = job(OPERATE, ledger.dispatch.lane.into(), None, order);
            return Ok(Settlement { jobs: vec![there], ..Settlement::done() });
        }
        let target = &mut ledger.target;
        (target.state, target.error, target.resent) = (TargetState::Unsent, None, false);
        (target.generation, target.attempts) = (target.generation + 1, 0);
        (target.planned_at, target.sent_at) = (context.now, None);
        plan::send(&mut ledger.draft, &ledger.dispatch, &ledger.target);
        ledger.draft.fact_of("target.redispatched", delivery_id, repo, json!({ "by": order.actor }));
        ledger.close(context).await
    }
}
