//! One run: what became of it, its facts, and its replay.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_panel::{Fault, Operator};
use switchboard_store::FactsOf;

use super::wire;
use crate::handlers::ReplayScope;
use crate::pages::Desk;
use crate::pages::reading::Recorded;
use crate::pages::replay::{self, RunPath, run_key, unknown};

/// Facts of a delivery that come at once: those of the largest plan, and of some replays.
const FACTS_MAX: usize = 1_000;

/// `GET /api/v1/dispatcher/runs/{repository id}/{run id}/{attempt}`
pub(super) async fn one(State(desk): State<Arc<Desk>>, Path(path): Path<RunPath>) -> Result<Json<Value>, Fault> {
    let recorded = Recorded::read(&desk.reader, run_key(&path)?).await?.ok_or_else(unknown)?;
    Ok(Json(wire::run(&recorded)))
}

#[derive(Deserialize)]
pub(super) struct JourneyQuery {
    #[serde(rename = "deliveryId")]
    delivery_id: Option<String>,
}

/// `GET /api/v1/dispatcher/journey?deliveryId=`: the facts of a delivery, or those of one replay of it (`<delivery>#replay-<n>`).
pub(super) async fn journey(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<JourneyQuery>,
) -> Result<Json<Value>, Fault> {
    let Some(asked) = query.delivery_id.filter(|id| !id.is_empty()) else {
        let fault = Fault::new(StatusCode::BAD_REQUEST, "parameter_missing", "The parameter `deliveryId` is missing.");
        return Err(fault.hint("It is the `X-GitHub-Delivery` of the webhook."));
    };
    let guid = asked.split_once("#replay-").map_or(asked.as_str(), |(guid, _)| guid);
    let delivery = desk.reader.delivery_by_key(switchboard_engine::GITHUB, guid).await?;
    let delivery = delivery.ok_or_else(|| Fault::not_found("There is no such delivery."))?;
    let facts = desk.reader.facts(FactsOf::Delivery(delivery.id), None, FACTS_MAX).await?;
    let of_replay = |fact: &&switchboard_store::Fact| guid == asked || fact.data["deliveryId"] == asked.as_str();
    let facts: Vec<Value> = facts.iter().filter(of_replay).map(wire::fact).collect();
    Ok(Json(json!({ "deliveryId": asked, "facts": facts })))
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReplayOrder {
    only: ReplayScope,
}

/// `POST /api/v1/dispatcher/runs/{…}/replay`: 202 with the run key of the new plan. An `Idempotency-Key` (a UUID) makes asking twice
/// the same as asking once.
pub(super) async fn replay(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<RunPath>,
    Operator(session): Operator,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let key = run_key(&path)?;
    let order = if body.is_empty() {
        ReplayOrder::default()
    } else {
        serde_json::from_slice(&body)
            .map_err(|_| Fault::parameter("The body is `{\"only\": \"unsuccessful\"}` or `{\"only\": \"all\"}`."))?
    };
    let id = match headers.get("idempotency-key").and_then(|value| value.to_str().ok()) {
        Some(id) => id.to_owned(),
        None => desk.new_id(),
    };
    let key = replay::ask(&desk, key, order.only, &session, id).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "runKey": key }))))
}
