//! The same for programs: JSON under `/api/v1/dispatcher/`.
//!
//! Lists are `{"items": […], "next": "<cursor>" | null}` and take `cursor` and `limit` (1 to 100, 50 unless said); names are
//! `camelCase`, times RFC 3339 in UTC; problems are told as RFC 9457 does. What is unknown is 404, a bad parameter 422. Like the pages,
//! each endpoint reads by key or one range of keys.

mod ask;
mod figures;
mod lists;
mod run;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::pages::Desk;

pub(crate) fn routes() -> Router<Arc<Desk>> {
    Router::new()
        .route("/api/v1/dispatcher/summary", get(figures::summary))
        .route("/api/v1/dispatcher/health", get(figures::health))
        .route("/api/v1/dispatcher/trend", get(figures::trend))
        .route("/api/v1/dispatcher/runs", get(lists::runs))
        .route("/api/v1/dispatcher/problems", get(lists::problems))
        .route("/api/v1/dispatcher/repos", get(lists::repos))
        .route("/api/v1/dispatcher/repos/{owner}/{name}", get(lists::repo))
        .route("/api/v1/dispatcher/runs/{repository}/{run}/{attempt}", get(run::one))
        .route("/api/v1/dispatcher/runs/{repository}/{run}/{attempt}/replay", post(run::replay))
        .route("/api/v1/dispatcher/journey", get(run::journey))
        .route("/api/v1/dispatcher/lint", post(ask::lint))
        .route("/api/v1/dispatcher/simulate", post(ask::simulate))
}
