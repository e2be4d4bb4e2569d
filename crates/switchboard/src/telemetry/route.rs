//! `GET /metrics`, in the OpenMetrics text format for who asks for it, as Prometheus does, and in the older one otherwise.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};
use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::registry::Registry;
use switchboard_clock::Timestamp;

use super::text::classic;
use super::{Metrics, Watched, process};

/// The media type of OpenMetrics 1.0.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The media type of Prometheus's own text format.
const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

struct Source {
    metrics: Arc<Metrics>,
    watched: Watched,
    started_at: Timestamp,
}

/// The one route. `started_at` is when the process did.
pub fn router(metrics: Arc<Metrics>, watched: Watched, started_at: Timestamp) -> Router {
    Router::new().route("/metrics", get(answer)).with_state(Arc::new(Source { metrics, watched, started_at }))
}

async fn answer(State(source): State<Arc<Source>>, headers: HeaderMap) -> Response {
    // Half an answer would look as if the rest had never been.
    let gauges = match source.watched.look(&source.metrics).await {
        Ok(gauges) => gauges,
        Err(error) => {
            tracing::error!(%error, hint = error.hint(), "the store could not answer for the metrics");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let text = match encode([source.metrics.registry(), &gauges, &process::look(source.started_at)]) {
        Ok(text) => text,
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written down");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    if wants_openmetrics(&headers) {
        ([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response()
    } else {
        ([(header::CONTENT_TYPE, CLASSIC)], classic(&text)).into_response()
    }
}

fn encode(registries: [&Registry; 3]) -> Result<String, fmt::Error> {
    let mut text = String::new();
    for registry in registries {
        encode_registry(&mut text, registry)?;
    }
    encode_eof(&mut text)?;
    Ok(text)
}

fn wants_openmetrics(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.trim().starts_with("application/openmetrics-text"))
}
