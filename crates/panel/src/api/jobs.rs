//! `/api/v1/jobs`: jobs and intents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query};
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use switchboard_store::WorkId;

use super::deliveries::{action_id, asked};
use super::{limit, page, wire};
use crate::core::Core;
use crate::pages::actions::{self, Letter};
use crate::pages::job;
use crate::query::JobQuery;
use crate::{Fault, Operator};

/// `GET /api/v1/jobs?class=|state=|delivery=`
pub(super) async fn list(
    Extension(core): Extension<Arc<Core>>,
    Query(query): Query<JobQuery>,
) -> Result<Json<Value>, Fault> {
    let limit = limit(query.limit.as_deref())?;
    let rows = core.store.works(query.filter()?.0, query.cursor()?, limit + 1).await?;
    Ok(page(rows, limit, |work| work.id.to_string(), |work| wire::job(&work)))
}

/// `GET /api/v1/jobs/{id}`
pub(super) async fn one(Extension(core): Extension<Arc<Core>>, Path(id): Path<String>) -> Result<Json<Value>, Fault> {
    let work = match id.parse::<WorkId>() {
        Ok(id) => core.store.work(id).await?,
        Err(_) => None,
    };
    let work = work.ok_or_else(|| job::unknown(&id))?;
    let attempts = core.store.attempts(work.id).await?;
    let mut answer = wire::job(&work);
    if let Some(members) = answer.as_object_mut() {
        members.insert("payload".to_owned(), work.payload.clone());
        members.insert("tried".to_owned(), attempts.iter().map(wire::attempt).collect());
    }
    Ok(Json(answer))
}

/// `POST /api/v1/jobs/{id}/revive`
pub(super) async fn revive(
    core: Extension<Arc<Core>>,
    id: Path<String>,
    operator: Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Value>), Fault> {
    letter(&core, &id, &operator, &headers, Letter::Revive).await
}

/// `POST /api/v1/jobs/{id}/discard`
pub(super) async fn discard(
    core: Extension<Arc<Core>>,
    id: Path<String>,
    operator: Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Value>), Fault> {
    letter(&core, &id, &operator, &headers, Letter::Discard).await
}

async fn letter(
    core: &Core,
    id: &str,
    operator: &Operator,
    headers: &HeaderMap,
    letter: Letter,
) -> Result<(StatusCode, Json<Value>), Fault> {
    let action = action_id(headers);
    Ok(asked(&action, actions::ask_letter(core, id, letter, &operator.0, action.clone()).await?))
}
