//! What became of a send: told by the outbox, decided in the dispatch's lane.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Settlement, Work};

use crate::handlers::expire::ExpireOrder;
use crate::handlers::ledger::Ledger;
use crate::handlers::{EXPIRE, Relay, payload};
use crate::records::{TargetError, TargetState, keys, views};

/// What became of a send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sent {
    /// GitHub took it.
    Taken {
        /// The repository's id, as the token's answer told it.
        #[serde(default)]
        repository_id: Option<u64>,
    },
    /// Its answer was lost: nobody knows.
    Unconfirmed,
    /// It is sent a second time, since no trace of the first was found.
    Resent,
    /// It could not be sent.
    Failed(TargetError),
}

/// What the job `relay.sent` needs to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SentOrder {
    pub(crate) delivery_id: String,
    pub(crate) repo: RepoName,
    pub(crate) generation: u32,
    pub(crate) at: Timestamp,
    pub(crate) attempts: u32,
    pub(crate) outcome: Sent,
}

impl Relay {
    pub(super) async fn sent(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: SentOrder = payload(work)?;
        let opened = Ledger::open(self, context, &order.delivery_id, &order.repo).await?;
        let Some(mut ledger) = opened.filter(|ledger| ledger.target.generation == order.generation) else {
            return Ok(Settlement::done());
        };
        ledger.target.attempts = order.attempts;
        let (id, repo, kind) = (order.delivery_id.clone(), order.repo.clone(), ledger.dispatch.kind);
        let silent = ledger.target.silent;
        // What has reported was sent, whatever else is told.
        let open = matches!(ledger.target.state, TargetState::Unsent | TargetState::Unconfirmed | TargetState::Failed);
        match order.outcome {
            Sent::Taken { repository_id } => {
                ledger.target.sent_at.get_or_insert(order.at);
                // A report may have proven it already.
                if open || ledger.target.state == TargetState::Withdrawn {
                    ledger.taken(order.at, json!({ "attempts": order.attempts }));
                }
                if open {
                    ledger.believed_sent();
                }
                ledger.draft.pulse("send", self.last_pulse(context, "send").await?);
                if let Some(repository_id) = repository_id {
                    self.pin(&mut ledger, context, repository_id).await?;
                }
                self.await_report(&mut ledger);
            }
            Sent::Unconfirmed if open => {
                ledger.target.state = TargetState::Unconfirmed;
                ledger.target.sent_at.get_or_insert(order.at);
            }
            Sent::Resent if open && !ledger.target.resent => {
                ledger.target.resent = true;
                ledger.draft.fact_of("target.resent", &id, &repo, json!({ "attempts": order.attempts }));
            }
            Sent::Failed(error) if open => {
                let data = json!({ "code": error.code, "message": error.message, "hint": error.hint });
                ledger.draft.fact_of("target.failed", &id, &repo, data);
                let failed = json!({ "deliveryId": id, "error": error, "at": context.now });
                ledger.draft.put(views::FAILED, keys::failed(&repo, ledger.dispatch.seq), &failed);
                ledger.target.state = TargetState::Failed;
                ledger.target.error = Some(error);
                if !silent {
                    ledger.draft.count(kind, &repo, context.now, "send_failed", 1);
                }
            }
            Sent::Unconfirmed | Sent::Resent | Sent::Failed(_) => {}
        }
        ledger.close(context).await
    }

    /// Sets the timer after which a target that has not reported never will.
    pub(super) fn await_report(&self, ledger: &mut Ledger<'_>) {
        if !ledger.entry.as_ref().is_some_and(|entry| entry.level.reports()) || ledger.target.has_reported() {
            return;
        }
        let Some(due) = ledger.target.report_due() else { return };
        let (delivery_id, repo) = (ledger.dispatch.delivery_id.clone(), ledger.target.repo.clone());
        let key = format!("expire/{delivery_id}/{}", repo.key());
        let order = ExpireOrder { delivery_id, repo, result: None, reads: 0 };
        let timer = ledger.timer(EXPIRE, key, due, &order);
        ledger.draft.job(timer);
    }
}
