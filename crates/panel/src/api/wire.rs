//! How things look on the wire: `camelCase` names, times as RFC 3339 in UTC.

use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_store::{Attempt, Delivery, Fact, Failure, Work};

pub(super) fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}

pub(super) fn delivery(delivery: &Delivery) -> Value {
    json!({
        "id": delivery.id,
        "platform": delivery.key.platform,
        "deliveryId": delivery.key.delivery_id,
        "event": delivery.key.event,
        "action": Some(&delivery.key.action).filter(|action| !action.is_empty()),
        "repository": delivery.repository,
        "subject": delivery.subject,
        "installation": delivery.installation,
        "state": delivery.state,
        "acceptedAt": delivery.accepted_at.rfc3339(),
        "settledAt": time(delivery.settled_at),
        "bodyBytes": delivery.body_bytes,
        "bodyKept": delivery.body_kept,
        "duplicates": delivery.duplicates,
    })
}

pub(super) fn job(work: &Work) -> Value {
    json!({
        "id": work.id,
        "class": work.class,
        "automation": work.automation,
        "kind": work.kind,
        "queue": work.queue,
        "lane": work.lane,
        "key": work.key,
        "installation": work.installation,
        "delivery": work.delivery,
        "state": work.state,
        "attempts": work.attempts,
        "createdAt": work.created_at.rfc3339(),
        "dueAt": work.due.rfc3339(),
        "settledAt": time(work.settled_at),
        "failure": work.failure.as_ref().map(failure),
    })
}

pub(super) fn attempt(attempt: &Attempt) -> Value {
    json!({
        "worker": attempt.worker,
        "startedAt": attempt.started_at.rfc3339(),
        "endedAt": attempt.ended_at.rfc3339(),
        "outcome": attempt.outcome,
        "failure": attempt.failure.as_ref().map(failure),
        "calls": attempt.calls,
    })
}

pub(super) fn fact(fact: &Fact) -> Value {
    json!({
        "id": fact.id,
        "at": fact.at.rfc3339(),
        "automation": fact.automation,
        "subject": fact.subject,
        "kind": fact.kind,
        "work": fact.work,
        "data": fact.data,
    })
}

fn failure(failure: &Failure) -> Value {
    json!({ "code": failure.code, "message": failure.message, "hint": failure.hint })
}
