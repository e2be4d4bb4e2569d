//! `/api/v1/deliveries`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use switchboard_store::{Acceptance, FactsOf, WorkFilter};

use super::{limit, page, wire};
use crate::core::Core;
use crate::pages::{actions, delivery};
use crate::query::DeliveryQuery;
use crate::{Fault, Operator};

/// Jobs and facts that come with one delivery.
const WORKS: usize = 100;
const FACTS: usize = 500;

/// `GET /api/v1/deliveries?event=|repository=|installation=|subject=|state=`
pub(super) async fn list(
    Extension(core): Extension<Arc<Core>>,
    Query(query): Query<DeliveryQuery>,
) -> Result<Json<Value>, Fault> {
    let limit = limit(query.limit.as_deref())?;
    let (filter, _) = query.filter()?;
    let rows = core.store.deliveries(filter, query.cursor()?, limit + 1).await?;
    Ok(page(rows, limit, |delivery| delivery.id.to_string(), |delivery| wire::delivery(&delivery)))
}

/// `GET /api/v1/deliveries/{id}`, by our id or the platform's.
pub(super) async fn one(Extension(core): Extension<Arc<Core>>, Path(id): Path<String>) -> Result<Json<Value>, Fault> {
    let store = core.store.as_ref();
    let delivery = delivery::find(store, &id).await?.ok_or_else(|| delivery::unknown(&id))?;
    let works = store.works(WorkFilter::Delivery(delivery.id), None, WORKS).await?;
    let facts = store.facts(FactsOf::Delivery(delivery.id), None, FACTS).await?;
    let mut answer = wire::delivery(&delivery);
    if let Some(members) = answer.as_object_mut() {
        let headers = delivery.headers.iter().map(|(name, value)| json!([name, value])).collect();
        members.insert("headers".to_owned(), Value::Array(headers));
        members.insert("jobs".to_owned(), works.iter().rev().map(wire::job).collect());
        members.insert("facts".to_owned(), facts.iter().map(wire::fact).collect());
    }
    Ok(Json(answer))
}

/// `POST /api/v1/deliveries/{id}/replay`
pub(super) async fn replay(
    Extension(core): Extension<Arc<Core>>,
    Path(id): Path<String>,
    Operator(session): Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let action = action_id(&headers);
    Ok(asked(&action, actions::ask_replay(&core, &id, &session, action.clone()).await?))
}

/// The id of an action: the one that the caller chose, so that sending it twice is asking once, or a new one.
pub(super) fn action_id(headers: &HeaderMap) -> String {
    match headers.get("idempotency-key").and_then(|value| value.to_str().ok()) {
        Some(id) => id.to_owned(),
        None => uuid::Builder::from_random_bytes(crate::access::random()).into_uuid().to_string(),
    }
}

/// The answer to an action that was taken in.
pub(super) fn asked(action: &str, acceptance: Acceptance) -> (StatusCode, Json<Value>) {
    let duplicate = acceptance.verdict == switchboard_store::Verdict::Duplicate;
    let answer = json!({ "accepted": true, "duplicate": duplicate, "delivery": action, "id": acceptance.id });
    (StatusCode::ACCEPTED, Json(answer))
}
