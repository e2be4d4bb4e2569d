//! `/api/v1/deliveries`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use switchboard_engine::GITHUB;
use switchboard_store::{Acceptance, FactsOf, WorkFilter};

use super::limit;
use super::problem::{Refused, RefusedAction, RefusedOne};
use super::wire::{Asked, Delivery, DeliveryStory, Fact, Job, Page};
use crate::core::Core;
use crate::pages::{actions, delivery};
use crate::query::DeliveryQuery;
use crate::{Fault, Operator, Session};

/// Jobs and facts that come with one delivery.
const WORKS: usize = 100;
const FACTS: usize = 500;

/// Deliveries, newest first, by one filter at a time.
#[utoipa::path(
    get, path = "/api/v1/deliveries", tag = "deliveries",
    params(DeliveryQuery),
    responses((status = 200, body = Page<Delivery>), Refused)
)]
pub(super) async fn list(
    Extension(core): Extension<Arc<Core>>,
    Query(query): Query<DeliveryQuery>,
    session: Session,
) -> Result<Json<Page<Delivery>>, Fault> {
    let limit = limit(query.limit.as_deref())?;
    let (filter, _) = query.filter()?;
    let rows = core.store.deliveries(filter, query.cursor()?, limit + 1).await?;
    let mut page = Page::of(rows, limit, |delivery| delivery.id.to_string(), |delivery| Delivery::from(&delivery));
    page.items.retain(|delivery| !session.is_visitor() || delivery.platform == GITHUB);
    Ok(Json(page))
}

/// One delivery with its headers and what followed from it.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}", tag = "deliveries",
    params(("id" = String, Path, description = "Our id of it, or GitHub's (`X-GitHub-Delivery`).")),
    responses((status = 200, body = DeliveryStory), RefusedOne)
)]
pub(super) async fn one(
    Extension(core): Extension<Arc<Core>>,
    Path(id): Path<String>,
    session: Session,
) -> Result<Json<DeliveryStory>, Fault> {
    let (store, visitor) = (core.store.as_ref(), session.is_visitor());
    let found = delivery::find(store, &id).await?.filter(|found| !visitor || delivery::is_public_delivery(found));
    let found = found.ok_or_else(|| delivery::unknown(&id))?;
    if visitor {
        // What is public is that it came, and what became of it.
        let delivery = Delivery::from(&found);
        return Ok(Json(DeliveryStory { delivery, headers: Vec::new(), jobs: Vec::new(), facts: Vec::new() }));
    }
    let works = store.works(WorkFilter::Delivery(found.id), None, WORKS).await?;
    let facts = store.facts(FactsOf::Delivery(found.id), None, FACTS).await?;
    Ok(Json(DeliveryStory {
        delivery: Delivery::from(&found),
        headers: found.headers,
        jobs: works.iter().rev().map(Job::from).collect(),
        facts: facts.iter().map(Fact::from).collect(),
    }))
}

/// The raw body, byte for byte as it arrived.
#[utoipa::path(
    get, path = "/api/v1/deliveries/{id}/body", tag = "deliveries",
    params(("id" = String, Path, description = "Our id of it, or GitHub's.")),
    responses(
        (status = 200, content_type = "application/octet-stream", description = "The bytes.", body = Vec<u8>),
        RefusedAction
    )
)]
pub(super) async fn body(Extension(core): Extension<Arc<Core>>, Path(id): Path<String>) -> Result<Response, Fault> {
    let store = core.store.as_ref();
    let found = delivery::find(store, &id).await?.ok_or_else(|| delivery::unknown(&id))?;
    let body = store.body(found.id).await?.ok_or_else(delivery::body_expired)?;
    let mut response = body.into_response();
    let bytes = HeaderValue::from_static("application/octet-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, bytes);
    Ok(response)
}

/// Decides a stored delivery again, as it was received.
#[utoipa::path(
    post, path = "/api/v1/deliveries/{id}/replay", tag = "deliveries",
    params(
        ("id" = String, Path, description = "Our id of it, or GitHub's."),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    responses((status = 202, body = Asked), RefusedAction)
)]
pub(super) async fn replay(
    Extension(core): Extension<Arc<Core>>,
    Path(id): Path<String>,
    Operator(session): Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let action = action_id(&headers);
    let acceptance = actions::ask_replay(&core, &id, &session, action.clone()).await?;
    Ok(asked(action, &acceptance))
}

/// The id of an action: the one that the caller chose, so that sending it twice is asking once, or a new one.
pub(super) fn action_id(headers: &HeaderMap) -> String {
    match headers.get("idempotency-key") {
        Some(id) => String::from_utf8_lossy(id.as_bytes()).into_owned(),
        None => uuid::Builder::from_random_bytes(crate::access::random()).into_uuid().to_string(),
    }
}

/// The answer to an action that was taken in.
pub(super) fn asked(action: String, acceptance: &Acceptance) -> (StatusCode, Json<Asked>) {
    (StatusCode::ACCEPTED, Json(Asked::of(action, acceptance)))
}
