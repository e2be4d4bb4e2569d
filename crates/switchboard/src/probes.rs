//! `GET /health`: the process is up. `GET /readyz`: deliveries can be accepted; other troubles stand in a list.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use switchboard_engine::gaps::{COMPLETENESS, CURRENT, Completeness};
use switchboard_engine::readiness::Readiness;
use switchboard_store::Store;

/// A backlog older than this is worth a word.
const LATE: Duration = Duration::from_secs(300);

/// The two routes, open to anybody: they say nothing that a stranger could use.
pub fn router(store: Arc<dyn Store>, readiness: Arc<Readiness>) -> Router {
    Router::new()
        .route("/health", get(|| async { Json(json!({ "status": "ok" })) }))
        .route("/readyz", get(ready))
        .with_state((store, readiness))
}

async fn ready(State((store, readiness)): State<(Arc<dyn Store>, Arc<Readiness>)>) -> (StatusCode, Json<Value>) {
    if let Err(error) = readiness.probe().await {
        tracing::error!(%error, hint = error.hint(), "deliveries cannot be accepted");
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable", "degraded": ["store"] })));
    }
    (StatusCode::OK, Json(json!({ "status": "ok", "degraded": degraded(store.as_ref()).await })))
}

/// What is amiss without keeping deliveries from being accepted.
async fn degraded(store: &dyn Store) -> Vec<&'static str> {
    let mut degraded = Vec::new();
    if let Ok(backlog) = store.backlog().await {
        let late = backlog.oldest_waiting.is_some_and(|since| store.now().since(since) > LATE);
        if late {
            degraded.push("backlog");
        }
        if backlog.dead.values().any(|count| *count > 0) {
            degraded.push("dead_letters");
        }
    }
    if store.holds().await.is_ok_and(|holds| holds.iter().any(|hold| hold.until > store.now())) {
        degraded.push("rate_limited");
    }
    let complete = store.record(&COMPLETENESS, &CURRENT).await.ok().flatten();
    let complete = complete.and_then(|value| serde_json::from_value::<Completeness>(value).ok());
    if complete.is_some_and(|complete| complete.missing > 0) {
        degraded.push("missing_deliveries");
    }
    degraded
}
