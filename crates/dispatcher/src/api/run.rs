//! One run: what became of it, its facts, and its replay.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use switchboard_panel::api::{RefusedAction, RefusedOne};
use switchboard_panel::{Fault, Operator};
use switchboard_store::FactsOf;
use utoipa::{IntoParams, ToSchema};

use super::run_wire::{DispatcherFact, DispatcherRun};
use crate::handlers::ReplayScope;
use crate::pages::Desk;
use crate::pages::reading::Recorded;
use crate::pages::replay::{self, RunPath, run_key, unknown};
use crate::run_key::RunKey;

/// Facts of a delivery that come at once: those of the largest plan, and of some replays.
const FACTS_MAX: usize = 1_000;

/// One run with what became of its targets.
#[utoipa::path(
    get, path = "/api/v1/dispatcher/runs/{repository}/{run}/{attempt}", tag = "dispatcher",
    params(
        ("repository" = u64, Path, description = "The repository's id."),
        ("run" = u64, Path, description = "The run's id."),
        ("attempt" = String, Path, description = "The attempt, with `~<n>` for the n-th replay.", example = "1"),
    ),
    responses((status = 200, body = DispatcherRun), RefusedOne)
)]
pub(super) async fn one(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<RunPath>,
) -> Result<Json<DispatcherRun>, Fault> {
    let recorded = Recorded::read(&desk.reader, run_key(&path)?).await?.ok_or_else(unknown)?;
    Ok(Json(DispatcherRun::from(&recorded)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct JourneyQuery {
    /// `X-GitHub-Delivery` of the webhook, with `#replay-<n>` for its n-th replay alone.
    #[serde(rename = "deliveryId")]
    #[param(required)]
    delivery_id: Option<String>,
}

/// The facts of a delivery.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Journey {
    /// What was asked for.
    delivery_id: String,
    /// Oldest first, at most 1,000.
    facts: Vec<DispatcherFact>,
}

/// The facts of a delivery, or those of one replay of it.
#[utoipa::path(get, path = "/api/v1/dispatcher/journey", tag = "dispatcher", params(JourneyQuery), responses((status = 200, body = Journey), RefusedOne))]
pub(super) async fn journey(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<JourneyQuery>,
) -> Result<Json<Journey>, Fault> {
    let Some(asked) = query.delivery_id.filter(|id| !id.is_empty()) else {
        let fault = Fault::new(StatusCode::BAD_REQUEST, "parameter_missing", "The parameter `deliveryId` is missing.");
        return Err(fault.hint("It is the `X-GitHub-Delivery` of the webhook."));
    };
    let guid = asked.split_once("#replay-").map_or(asked.as_str(), |(guid, _)| guid);
    let delivery = desk.reader.delivery_by_key(switchboard_engine::GITHUB, guid).await?;
    let delivery = delivery.ok_or_else(|| Fault::not_found("There is no such delivery."))?;
    let facts = desk.reader.facts(FactsOf::Delivery(delivery.id), None, FACTS_MAX).await?;
    let of_replay = |fact: &&switchboard_store::Fact| guid == asked || fact.data["deliveryId"] == asked.as_str();
    let facts = facts.iter().filter(of_replay).map(DispatcherFact::from).collect();
    Ok(Json(Journey { delivery_id: asked, facts }))
}

/// What is to be replayed.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReplayOrder {
    /// `unsuccessful`, unless `all` is said.
    #[schema(value_type = Option<String>)]
    only: ReplayScope,
}

/// A replay that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Replayed {
    /// The key of the run that the new plan will have.
    #[schema(value_type = String)]
    run_key: RunKey,
}

/// Plans a run once more, and dispatches what has not been dispatched, or all.
#[utoipa::path(
    post, path = "/api/v1/dispatcher/runs/{repository}/{run}/{attempt}/replay", tag = "dispatcher",
    params(
        ("repository" = u64, Path, description = "The repository's id."),
        ("run" = u64, Path, description = "The run's id."),
        ("attempt" = String, Path, description = "The attempt, with `~<n>` for the n-th replay.", example = "1"),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    request_body = Option<ReplayOrder>,
    responses((status = 202, body = Replayed), RefusedAction)
)]
pub(super) async fn replay(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<RunPath>,
    Operator(session): Operator,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Replayed>), Fault> {
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
    Ok((StatusCode::ACCEPTED, Json(Replayed { run_key: key })))
}
