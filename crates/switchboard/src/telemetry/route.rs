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

/// Whether OpenMetrics is accepted, and the older format is not liked better.
fn wants_openmetrics(headers: &HeaderMap) -> bool {
    let openmetrics = quality(headers, "application/openmetrics-text");
    openmetrics > 0.0 && openmetrics >= quality(headers, "text/plain")
}

/// How much a media type is liked that is named as such, from 0 to 1 (RFC 9110, section 12.4.2).
fn quality(headers: &HeaderMap, kind: &str) -> f32 {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges = accepted.flat_map(|value| value.split(',')).map(|range| range.split(';').map(str::trim));
    let named = ranges.find_map(|mut range| range.next().filter(|it| it.eq_ignore_ascii_case(kind)).map(|_| range));
    let Some(mut parameters) = named else { return 0.0 };
    let weight = parameters.find_map(|parameter| parameter.strip_prefix("q=").or(parameter.strip_prefix("Q=")));
    weight.map_or(1.0, |weight| weight.parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn openmetrics_is_for_who_accepts_it_and_does_not_like_the_older_format_better() {
        for (accept, openmetrics) in [
            // Prometheus 2 and 3, curl, a browser.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                true,
            ),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                true,
            ),
            ("*/*", false),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", false),
            ("Application/OpenMetrics-Text", true),
            ("application/openmetrics-text;q=0", false),
            ("text/plain, application/openmetrics-text;q=0.1", false),
            ("application/openmetrics-text-and-more", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(wants_openmetrics(&headers), openmetrics, "{accept}");
        }
        assert!(!wants_openmetrics(&HeaderMap::new()));
    }
}
