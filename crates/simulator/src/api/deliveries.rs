//! The App's own list of webhook deliveries.

use serde_json::{Map, Value, json};

use super::{Answer, Exchange, Refusal};
use crate::ids::DeliveryId;
use crate::webhook::{Attempt, DELIVERIES_KEPT};

/// Newest first, paged by cursor: the cursor names the attempt that the next page begins after.
pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let cursor = match x.query.get("cursor") {
        None => None,
        Some(text) => {
            let number = text.strip_prefix("v1_").and_then(|id| id.parse().ok());
            Some(DeliveryId(number.ok_or_else(|| Refusal::new(422, "Invalid cursor"))?))
        }
    };
    let oldest = x.state.now - DELIVERIES_KEPT;
    let app = x.caller.app();
    let status = x.query.get("status").map(str::to_owned);
    let listed = |attempt: &&Attempt| {
        let failed = attempt.outcome.as_ref().is_some_and(|(_, outcome)| outcome.status() != "OK");
        attempt.app == app
            && attempt.sent_at.is_some_and(|at| at >= oldest)
            && cursor.is_none_or(|cursor| attempt.id < cursor)
            && match status.as_deref() {
                Some("success") => attempt.outcome.is_some() && !failed,
                Some("failure") => failed,
                _ => true,
            }
    };
    let per_page = x.per_page();
    let mut found: Vec<&Attempt> = x.state.hooks.attempts.values().rev().filter(listed).take(per_page + 1).collect();
    let more = found.len() > per_page;
    found.truncate(per_page);
    let last = found.last().map(|attempt| attempt.id);
    let answer = Answer::ok(found.into_iter().map(|attempt| Value::Object(summary(attempt))).collect());
    Ok(match last.filter(|_| more) {
        Some(last) => {
            answer.header("link", format!("<{}>; rel=\"next\"", x.address_with("cursor", &format!("v1_{last}"))))
        }
        None => answer,
    })
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let attempt = named(x)?;
    let mut delivery = summary(attempt);
    let headers: Map<String, Value> =
        attempt.headers.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect();
    let payload: Value = serde_json::from_slice(&attempt.body).unwrap_or(Value::Null);
    let url = x.state.apps.get(&attempt.app).map(|app| app.webhook_url.clone());
    delivery.insert("url".to_owned(), json!(url));
    delivery.insert("request".to_owned(), json!({ "headers": headers, "payload": payload }));
    delivery.insert("response".to_owned(), json!({ "headers": {}, "payload": "" }));
    Ok(Answer::ok(Value::Object(delivery)))
}

pub(super) fn redeliver(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let id = named(x)?.id;
    x.state.redeliver(id);
    Ok(Answer::json(202, json!({})))
}

fn named<'x>(x: &'x Exchange<'_>) -> Result<&'x Attempt, Refusal> {
    let oldest = x.state.now - DELIVERIES_KEPT;
    let attempt = x.state.hooks.attempts.get(&DeliveryId(x.number(0)?));
    let kept = attempt.filter(|a| a.app == x.caller.app() && a.sent_at.is_some_and(|at| at >= oldest));
    kept.ok_or_else(Refusal::not_found)
}

fn summary(attempt: &Attempt) -> Map<String, Value> {
    let duration = match (attempt.sent_at, &attempt.outcome) {
        (Some(sent), Some((ended, _))) => ended.since(sent).as_secs_f64(),
        _ => 0.0,
    };
    let outcome = attempt.outcome.as_ref().map(|(_, outcome)| outcome);
    let summary = json!({
        "id": attempt.id,
        "guid": attempt.guid,
        "delivered_at": attempt.sent_at.map(switchboard_clock::Timestamp::rfc3339),
        "redelivery": attempt.redelivery,
        "duration": duration,
        "status": outcome.map_or_else(|| "pending".to_owned(), crate::webhook::DeliveryOutcome::status),
        "status_code": outcome.map_or(0, crate::webhook::DeliveryOutcome::status_code),
        "event": attempt.event,
        "action": attempt.action,
        "installation_id": attempt.installation,
        "repository_id": attempt.repository,
        "throttled_at": null,
    });
    summary.as_object().cloned().unwrap_or_default()
}
