//! The engine's own automation: operators' actions, gap repair, housekeeping. It is built like any other, so that what
//! an operator does is durable, ordered, retried and audited like everything else.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::json;
use switchboard_github::webhook::envelope::Envelope;
use switchboard_store::{
    Delivery, DeliveryId, Follows, Lane, NewFact, NewJob, Queue, Retention, Settlement, Store, Subject, Work, WorkId,
};

use crate::accept::Acceptor;
use crate::automation::{API, Arrival, Automation, Patience, Schedule};
use crate::{Context, Trouble, audit, gaps, installations, sign_ins, subject};

/// The name under which the engine's own work and facts stand.
pub const NAME: &str = "engine";
/// The queue of the engine's own jobs.
pub const QUEUE: Queue = Queue::of("engine");

/// Plans a stored delivery again: `{"delivery": "<id>"}`.
pub const REPLAY: &str = "engine.replay";
/// Queues dead letters again: `{"work": "<id>"}` or `{"works": ["<id>", …]}`.
pub const REVIVE: &str = "engine.revive";
/// Closes dead letters for good: `{"work": "<id>"}` or `{"works": ["<id>", …]}`.
pub const DISCARD: &str = "engine.discard";

/// The actions that are the engine's own.
const KINDS: [&str; 6] = [REPLAY, REVIVE, DISCARD, sign_ins::SIGNED_IN, sign_ins::REFUSED, sign_ins::SIGNED_OUT];

/// Dead letters that one action may name.
pub const LETTERS_MAX: usize = 100;

const SWEEP: &str = "engine.sweep";
const SWEEP_EVERY: Duration = Duration::from_secs(600);
/// Rows that one transaction of the retention deletes, and transactions in a row. What is left waits for the next run.
const SWEEP_ROWS: usize = 500;
const SWEEP_BATCHES: usize = 200;

/// How the engine keeps house.
#[derive(Debug, Clone, Copy)]
pub struct Upkeep {
    /// How long bodies and history are kept.
    pub retention: Retention,
    /// How often the App's delivery list is compared with what has arrived; `None` switches that off.
    pub gap_repair: Option<Duration>,
}

impl Default for Upkeep {
    /// Bodies for 30 days, history for 400; a look at the delivery list every ten minutes.
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            retention: Retention { bodies: DAY * 30, history: DAY * 400 },
            gap_repair: Some(Duration::from_secs(600)),
        }
    }
}

/// The engine's own automation.
pub struct Operations {
    store: Arc<dyn Store>,
    acceptor: Acceptor,
    upkeep: Upkeep,
}

#[derive(Deserialize)]
struct ReplayOrder {
    delivery: DeliveryId,
    actor: String,
}

#[derive(Deserialize)]
struct LetterOrder {
    work: Option<WorkId>,
    #[serde(default)]
    works: Vec<WorkId>,
    actor: String,
}

impl Operations {
    /// The engine's own automation beside those that `acceptor` routes to.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, acceptor: Acceptor, upkeep: Upkeep) -> Self {
        Self { store, acceptor, upkeep }
    }

    async fn replay(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: ReplayOrder = order(job, context).await?;
        let Some(delivery) = context.store.delivery(order.delivery).await? else {
            return Err(Trouble::permanent("unknown_delivery", format!("there is no delivery {}", order.delivery)));
        };
        let about = about(&delivery);
        let Some(body) = context.store.body(delivery.id).await? else {
            let data = json!({ "actor": order.actor, "delivery": delivery.key.delivery_id, "reason": "body_expired" });
            let records = vec![audit::entry(job, context.now, &order.actor, data.clone())];
            let facts = vec![fact(about, "engine.replay.refused", data)];
            return Ok(Settlement { facts, records, ..Settlement::done() });
        };
        // It was taken in, so it parses; an operator's action has no envelope.
        let envelope = Envelope::parse(&body).unwrap_or_default();
        let mut jobs = self.acceptor.jobs(&Arrival { key: &delivery.key, envelope: &envelope, body: &body });
        for job in &mut jobs {
            job.follows = Follows::Delivery(delivery.id);
        }
        let data = json!({ "actor": order.actor, "delivery": delivery.key.delivery_id, "jobs": jobs.len() });
        let records = vec![audit::entry(job, context.now, &order.actor, data.clone())];
        Ok(Settlement { facts: vec![fact(about, "engine.replayed", data)], records, jobs, ..Settlement::done() })
    }

    /// Revives or discards dead letters. Of several, those that are gone are passed over.
    async fn letter(&self, job: &Work, context: &Context, revive: bool) -> Result<Settlement, Trouble> {
        let order: LetterOrder = order(job, context).await?;
        if order.works.len() > LETTERS_MAX {
            let message = format!("an action may name {LETTERS_MAX} dead letters, not {}", order.works.len());
            return Err(Trouble::permanent("too_many_letters", message));
        }
        let kind = if revive { "engine.letter.revived" } else { "engine.letter.discarded" };
        let mut settlement = Settlement::done();
        let mut kinds = std::collections::BTreeSet::new();
        for id in order.work.iter().chain(&order.works) {
            let Some(work) = context.store.work(*id).await? else {
                if order.work.is_some() {
                    return Err(Trouble::permanent("unknown_work", format!("there is no job or intent {id}")));
                }
                continue;
            };
            let delivery = match work.delivery {
                Some(id) => context.store.delivery(id).await?,
                None => None,
            };
            let about = delivery.as_ref().map_or_else(|| Subject::from(format!("work/{}", work.id)), about);
            let data = json!({ "actor": order.actor, "work": work.id, "workKind": work.kind });
            settlement.facts.push(fact(about, kind, data));
            if revive { &mut settlement.revive } else { &mut settlement.discard }.push(work.id);
            kinds.insert(work.kind);
        }
        let data = json!({ "works": settlement.facts.len(), "work": order.work, "kinds": kinds });
        settlement.records.push(audit::entry(job, context.now, &order.actor, data));
        Ok(settlement)
    }

    async fn sweep(&self) -> Result<Settlement, Trouble> {
        for _ in 0..SWEEP_BATCHES {
            if self.store.sweep(self.upkeep.retention, SWEEP_ROWS).await? < SWEEP_ROWS {
                break;
            }
        }
        Ok(Settlement::done())
    }
}

#[async_trait]
impl Automation for Operations {
    fn name(&self) -> &'static str {
        NAME
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        if let Some(look) = installations::route(arrival) {
            return vec![look];
        }
        let kind = arrival.key.event.as_str();
        if arrival.key.platform != API || !KINDS.contains(&kind) {
            return Vec::new();
        }
        vec![NewJob {
            queue: QUEUE,
            automation: NAME,
            kind: kind.to_owned(),
            lane: Lane::of("operator"),
            key: None,
            installation: None,
            payload: serde_json::Value::Null,
            due: None,
            follows: Follows::Inherited,
        }]
    }

    fn patience(&self, kind: &str) -> Patience {
        match kind {
            gaps::TAKE_IN | gaps::REDELIVER => Patience { attempts: 3, ..Patience::default() },
            _ => Patience::default(),
        }
    }

    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match job.kind.as_str() {
            REPLAY => self.replay(job, context).await,
            REVIVE => self.letter(job, context, true).await,
            DISCARD => self.letter(job, context, false).await,
            sign_ins::SIGNED_IN | sign_ins::REFUSED | sign_ins::SIGNED_OUT => sign_ins::note(job, context).await,
            SWEEP => self.sweep().await,
            installations::CHECK => installations::look(job, context).await,
            installations::CHECK_ONE => installations::look_at_one(job, context).await,
            gaps::CHECK | gaps::PAGE => gaps::page(job, context).await,
            other => Err(Trouble::permanent("unknown_kind", format!("this release has no handler for {other}"))),
        }
    }

    async fn carry(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match intent.kind.as_str() {
            gaps::REDELIVER => gaps::redeliver(intent, context).await,
            gaps::TAKE_IN => gaps::take_in(intent, context, &self.acceptor).await,
            other => Err(Trouble::permanent("unknown_kind", format!("this release has no carrier for {other}"))),
        }
    }

    fn schedules(&self) -> Vec<Schedule> {
        let sweep =
            Schedule { kind: SWEEP, queue: QUEUE, lane: Lane::of("sweep"), every: SWEEP_EVERY, at_start: false };
        let gaps = self.upkeep.gap_repair.map(|every| Schedule {
            kind: gaps::CHECK,
            queue: QUEUE,
            lane: gaps::LANE,
            every,
            at_start: true,
        });
        [sweep, installations::schedule()].into_iter().chain(gaps).collect()
    }
}

/// Reads what the operator asked for from the delivery that the job follows from.
pub(crate) async fn order<T: serde::de::DeserializeOwned>(job: &Work, context: &Context) -> Result<T, Trouble> {
    let missing = || Trouble::permanent("order_expired", "the order's body is no longer kept");
    let body = context.store.body(job.delivery.ok_or_else(missing)?).await?.ok_or_else(missing)?;
    serde_json::from_slice(&body).map_err(|error| Trouble::permanent("order_unusable", error.to_string()))
}

fn about(delivery: &Delivery) -> Subject {
    delivery.subject.clone().unwrap_or_else(|| match delivery.installation {
        Some(id) => subject::installation(id),
        None => Subject::from(format!("delivery/{}", delivery.key.delivery_id)),
    })
}

fn fact(subject: Subject, kind: &str, data: serde_json::Value) -> NewFact {
    NewFact { automation: NAME, subject, kind: kind.to_owned(), data }
}
