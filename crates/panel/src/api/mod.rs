//! The same for programs: JSON under `/api/v1/`. Lists are `{"items": […], "next": "<cursor>" | null}`, take `cursor` and
//! `limit` (1 to 100, 50 unless said), and problems are told as RFC 9457 does.

mod deliveries;
mod jobs;
mod subjects;
mod wire;

use std::sync::Arc;

use axum::extract::Extension;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::Fault;
use crate::core::Core;

/// Rows of a page unless said.
const LIMIT: usize = 50;
/// Most rows of a page.
const LIMIT_MAX: usize = 100;

/// The API that every automation shares.
pub(crate) fn routes() -> Router {
    Router::new()
        .route("/api/v1/version", get(version))
        .route("/api/v1/deliveries", get(deliveries::list))
        .route("/api/v1/deliveries/{id}", get(deliveries::one))
        .route("/api/v1/deliveries/{id}/replay", post(deliveries::replay))
        .route("/api/v1/subjects", get(subjects::one))
        .route("/api/v1/jobs", get(jobs::list))
        .route("/api/v1/jobs/{id}", get(jobs::one))
        .route("/api/v1/jobs/{id}/revive", post(jobs::revive))
        .route("/api/v1/jobs/{id}/discard", post(jobs::discard))
}

/// `GET /api/v1/version`
async fn version(Extension(core): Extension<Arc<Core>>) -> Json<Value> {
    let version = &core.version;
    Json(json!({
        "version": version.version,
        "imageSha": version.image,
        "startedAt": version.started_at.rfc3339(),
    }))
}

/// The `limit` of a list.
fn limit(text: Option<&str>) -> Result<usize, Fault> {
    match text {
        None | Some("") => Ok(LIMIT),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| Fault::parameter("The limit is a number from 1 to 100.")),
    }
}

/// A page of a list: what was read with one row more than asked for, and where the next page begins.
fn page<T>(mut rows: Vec<T>, limit: usize, id: impl Fn(&T) -> String, wire: impl FnMut(T) -> Value) -> Json<Value> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(id);
    let items: Vec<Value> = rows.into_iter().map(wire).collect();
    Json(json!({ "items": items, "next": next }))
}
