//! Commands as the writer takes them. Compressing, hashing and encoding happen here, on the caller's thread, because
//! there are many callers and one writer.

use switchboard_clock::Timestamp;

use super::code::{self, Json};
use super::print;
use crate::{
    Binding, Class, Coalesce, CounterAdd, DeliveryKey, Digest, Follows, Hold, Key, LARGE_CHANGES_MAX, NewDelivery,
    NewIntent, NewJob, Outcome, Queue, RecordChange, Result, SETTLEMENT_BYTES_MAX, Settlement, StoreError, Subject,
    View, Withdrawal, WorkId,
};

/// A job or intent that is to wait.
#[derive(Debug, Clone)]
pub(super) struct Wish {
    pub(super) class: Class,
    pub(super) queue: Queue,
    pub(super) automation: &'static str,
    pub(super) kind: String,
    pub(super) lane: String,
    pub(super) lane_print: i64,
    pub(super) key: Option<String>,
    pub(super) installation: i64,
    pub(super) payload: Json,
    pub(super) order: Option<String>,
    pub(super) due: Option<Timestamp>,
    pub(super) follows: Follows,
}

impl Wish {
    fn job(job: NewJob, bytes: &mut usize) -> Self {
        let lane = job.lane.as_str();
        let (payload, size) = Json::sized(&job.payload);
        *bytes += size + job.key.as_deref().map_or(0, str::len) + lane.len();
        Self {
            class: Class::Job,
            lane_print: print::of_lane(Class::Job, job.automation, lane),
            lane: lane.to_owned(),
            queue: job.queue,
            automation: job.automation,
            kind: job.kind,
            key: job.key,
            installation: code::installation_code(job.installation),
            payload,
            order: None,
            due: job.due,
            follows: job.follows,
        }
    }

    fn intent(intent: NewIntent, bytes: &mut usize) -> (Self, Coalesce) {
        let lane = intent.lane.map_or_else(|| intent.key.clone(), |lane| lane.as_str().to_owned());
        let (payload, size) = Json::sized(&intent.payload);
        *bytes += size + intent.key.len() + lane.len();
        let wish = Self {
            class: Class::Intent,
            lane_print: print::of_lane(Class::Intent, intent.automation, &lane),
            lane,
            queue: Queue::OUTBOX,
            automation: intent.automation,
            kind: intent.kind,
            key: Some(intent.key),
            installation: code::installation_code(intent.installation),
            payload,
            order: intent.order,
            due: intent.due,
            follows: Follows::Inherited,
        };
        (wish, intent.coalesce)
    }
}

/// A delivery, ready to be written.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) key: DeliveryKey,
    pub(super) key_print: i64,
    pub(super) digest: Digest,
    pub(super) headers: String,
    pub(super) body: Vec<u8>,
    pub(super) body_bytes: usize,
    pub(super) installation: Option<i64>,
    pub(super) repository: Option<String>,
    pub(super) subject: Option<Subject>,
    pub(super) jobs: Vec<Wish>,
    pub(super) bindings: Vec<Binding>,
}

impl Arrival {
    pub(super) fn of(delivery: NewDelivery) -> Result<Self> {
        let body_bytes = delivery.body.len();
        Ok(Self {
            bindings: delivery.bindings,
            key_print: print::of_key(&delivery.key.platform, &delivery.key.delivery_id),
            key: delivery.key,
            digest: delivery.digest,
            headers: serde_json::to_string(&delivery.headers).map_err(StoreError::unavailable)?,
            body: code::compress(&delivery.body).unwrap_or_else(|| delivery.body.to_vec()),
            body_bytes,
            installation: delivery.installation.map(|installation| installation.0.cast_signed()),
            repository: delivery.repository,
            subject: delivery.subject,
            jobs: delivery.jobs.into_iter().map(|job| Wish::job(job, &mut 0)).collect(),
        })
    }
}

#[derive(Debug)]
pub(super) struct FactRow {
    pub(super) automation: &'static str,
    pub(super) subject: Subject,
    pub(super) kind: String,
    pub(super) data: Json,
}

#[derive(Debug)]
pub(super) enum RecordRow {
    Put(View, Key, Json),
    Delete(View, Key),
    DeleteCounters(View, Key),
}

/// A settlement, ready to be written.
#[derive(Debug)]
pub(super) struct Changes {
    pub(super) outcome: Outcome,
    pub(super) facts: Vec<FactRow>,
    pub(super) records: Vec<RecordRow>,
    pub(super) counters: Vec<CounterAdd>,
    pub(super) jobs: Vec<Wish>,
    pub(super) intents: Vec<(Wish, Coalesce)>,
    pub(super) withdraw: Vec<Withdrawal>,
    pub(super) revive: Vec<WorkId>,
    pub(super) discard: Vec<WorkId>,
    pub(super) hold: Option<Hold>,
    pub(super) calls: Json,
    pub(super) bytes: usize,
}

impl Changes {
    /// Checks a settlement against the limits and encodes it.
    pub(super) fn of(settlement: Settlement) -> Result<Self> {
        let changes = settlement.changes();
        if changes > LARGE_CHANGES_MAX {
            // Not encoded only to be refused; whoever splits it up needs to know the changes.
            return Err(StoreError::TooLarge { changes, bytes: 0 });
        }
        let mut bytes = 0;
        let facts = settlement.facts.into_iter().map(|fact| {
            let (data, size) = Json::sized(&fact.data);
            bytes += size + fact.subject.as_str().len() + fact.kind.len();
            FactRow { automation: fact.automation, subject: fact.subject, kind: fact.kind, data }
        });
        let facts = facts.collect();
        let records = settlement.records.into_iter().map(|change| match change {
            RecordChange::Put(view, key, value) => {
                let (value, size) = Json::sized(&value);
                bytes += size + key.as_str().len();
                RecordRow::Put(view, key, value)
            }
            RecordChange::Delete(view, key) => RecordRow::Delete(view, key),
            RecordChange::DeleteCounters(view, key) => RecordRow::DeleteCounters(view, key),
        });
        let records = records.collect();
        let jobs = settlement.jobs.into_iter().map(|job| Wish::job(job, &mut bytes)).collect();
        let intents = settlement.intents.into_iter().map(|intent| Wish::intent(intent, &mut bytes)).collect();
        let (calls, size) = Json::sized(&settlement.calls);
        bytes += size;
        if bytes > SETTLEMENT_BYTES_MAX {
            return Err(StoreError::TooLarge { changes, bytes });
        }
        Ok(Self {
            outcome: settlement.outcome,
            facts,
            records,
            counters: settlement.counters,
            jobs,
            intents,
            withdraw: settlement.withdraw,
            revive: settlement.revive,
            discard: settlement.discard,
            hold: settlement.hold,
            calls,
            bytes,
        })
    }
}
