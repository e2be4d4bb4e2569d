//! `GET /metrics`, in the OpenMetrics text format.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{StatusCode, header};
use prometheus_client::encoding::text::{encode_eof, encode_registry};

use super::{Metrics, Watched};

/// The media type of OpenMetrics 1.0.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The one route.
pub fn router(metrics: Arc<Metrics>, watched: Watched) -> Router {
    Router::new().route("/metrics", get(answer)).with_state(Arc::new((metrics, watched)))
}

async fn answer(State(source): State<Arc<(Arc<Metrics>, Watched)>>) -> Response {
    let (metrics, watched) = &*source;
    let mut text = String::new();
    // Half an answer would look as if the rest had never been.
    let looked = watched.look().await;
    let encoded = looked.map_err(|error| error.to_string()).and_then(|gauges| {
        encode_registry(&mut text, metrics.registry())
            .and_then(|()| encode_registry(&mut text, &gauges))
            .and_then(|()| encode_eof(&mut text))
            .map_err(|error| error.to_string())
    });
    match encoded {
        Ok(()) => ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response(),
        Err(error) => {
            tracing::error!(error, "the metrics cannot be told");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
