use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post as route;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::net::TcpListener;

use super::{dispatch, with};
use crate::support::github::{GitHub, post};
use crate::support::server::Server;
use crate::support::{client, until};

/// What a collector was sent.
#[derive(Debug, Default)]
struct Sent {
    spans: Vec<Span>,
    resource: BTreeMap<String, String>,
    headers: HeaderMap,
}

/// A collector that keeps what it is sent.
async fn collector(path: &str) -> (String, Arc<Mutex<Sent>>) {
    async fn take(State(sent): State<Arc<Mutex<Sent>>>, headers: HeaderMap, body: Bytes) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.headers = headers;
        for resource in request.resource_spans {
            sent.resource = attributes(&resource.resource.unwrap().attributes);
            sent.spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
    }
    let sent = Arc::default();
    let router = Router::new().route(path, route(take)).with_state(Arc::clone(&sent));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, sent)
}

fn attributes(attributes: &[KeyValue]) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::StringValue(text) => text.clone(),
        Value::IntValue(number) => number.to_string(),
        other => panic!("{other:?}"),
    };
    let pair = |pair: &KeyValue| {
        let value = pair.value.as_ref().and_then(|value| value.value.as_ref()).unwrap();
        (pair.key.clone(), text(value))
    };
    attributes.iter().map(pair).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_delivery_and_all_that_follows_is_one_trace_under_its_own_id() {
    let (collector, sent) = collector("/v1/traces").await;
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let more = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=testing"),
    ];
    let server = Server::start(folder.path(), &with(&github, &more)).await;
    let delivery = dispatch(&github, &server).await;
    until("the issue of the denied target is written", async || (!github.api.issues().is_empty()).then_some(())).await;
    // What is left is sent at the end.
    server.stop().await;

    let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    assert_eq!(sent.resource["service.name"], "switchboard");
    assert!(!sent.resource["service.version"].is_empty());
    assert_eq!(sent.resource["deployment.environment.name"], "testing");
    assert_eq!(sent.headers["x-tenant"], "acme");
    let id: String = delivery.split('-').collect();
    let trace: Vec<&Span> = sent.spans.iter().filter(|span| hex(&span.trace_id) == id).collect();
    let ids: BTreeSet<&[u8]> = trace.iter().map(|span| span.span_id.as_slice()).collect();
    assert_eq!(ids.len(), trace.len(), "no two spans share an id");
    let roots: Vec<&str> =
        trace.iter().filter(|span| span.parent_span_id.is_empty()).map(|span| span.name.as_str()).collect();
    assert_eq!(roots, ["accept"]);
    let parent = |span: &Span| trace.iter().find(|other| other.span_id == span.parent_span_id).map(|it| &*it.name);
    let of = |name: &str| trace.iter().copied().filter(|span| span.name == name).collect::<Vec<&Span>>();
    for span in [of("decide"), of("deliver")].concat() {
        assert_eq!(parent(span), Some("accept"));
        assert_eq!(attributes(&span.attributes)["switchboard.delivery"], delivery);
    }
    assert!(!of("decide").is_empty() && of("deliver").len() >= 2);
    let posts = of("POST /repos/{owner}/{repo}/actions/workflows/{workflow}/dispatches");
    let [dispatched] = posts.as_slice() else {
        panic!("{:?}", trace.iter().map(|span| &span.name).collect::<Vec<_>>())
    };
    assert_eq!(parent(dispatched), Some("deliver"));
    let said = attributes(&dispatched.attributes);
    assert_eq!((said["switchboard.call"].as_str(), said["http.request.method"].as_str()), ("write", "POST"));
    let mints = of("POST /app/installations/{installation}/access_tokens");
    assert!(!mints.is_empty() && mints.iter().all(|mint| attributes(&mint.attributes)["switchboard.call"] == "mint"));
    assert!(!format!("{:?}", sent.spans).contains("ghs_"), "a span tells a token");
    for span in &sent.spans {
        assert!(span.start_time_unix_nano > 0 && span.end_time_unix_nano >= span.start_time_unix_nano);
        let known = sent.spans.iter().any(|it| it.trace_id == span.trace_id && it.span_id == span.parent_span_id);
        assert!(span.parent_span_id.is_empty() || known, "{} hangs in the air", span.name);
    }
}

#[tokio::test]
async fn traces_may_have_an_address_and_the_server_a_name_of_their_own() {
    let (collector, sent) = collector("/elsewhere").await;
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let own = format!("{collector}/elsewhere");
    let more = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", own.as_str()),
        ("OTEL_SERVICE_NAME", "switchboard-tested"),
    ];
    let server = Server::start(folder.path(), &with(&github, &more)).await;
    dispatch(&github, &server).await;
    server.stop().await;
    let sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(sent.spans.iter().any(|span| span.name == "accept"));
    assert_eq!(sent.resource["service.name"], "switchboard-tested");
}

/// Webhooks are answered, work is done and the server ends, as if nobody listened; `collector` takes nothing.
async fn goes_on_without(collector: &str) {
    /// For a hundred answers on a busy machine; one that waited for the collector would take as long alone.
    const ANSWERS_MAX: Duration = Duration::from_secs(10);
    /// Longer than a flush may take, with room for a busy machine; much shorter than an export's own retries.
    const END_MAX: Duration = Duration::from_secs(12);
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let more = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector), ("OTEL_BSP_MAX_QUEUE_SIZE", "20")];
    let server = Server::start(folder.path(), &with(&github, &more)).await;
    dispatch(&github, &server).await;
    // More spans than are kept for a collector that takes none.
    let (_, delivery) = github.complete_run();
    let client = client();
    let began = Instant::now();
    for _ in 0..100 {
        assert_eq!(post(&client, &server.url, &delivery).send().await.unwrap().status(), 202);
    }
    assert!(began.elapsed() < ANSWERS_MAX, "the answers took {:?}", began.elapsed());
    let began = Instant::now();
    server.stop().await;
    assert!(began.elapsed() < END_MAX, "the end took {:?}", began.elapsed());
}

#[tokio::test]
async fn a_collector_that_is_away_delays_nothing() {
    goes_on_without("http://127.0.0.1:9").await;
}

#[tokio::test]
async fn a_collector_that_never_answers_delays_nothing_but_the_end_and_that_not_for_long() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let held = tokio::spawn(async move {
        let mut connections = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            connections.push(connection);
        }
    });
    goes_on_without(&url).await;
    held.abort();
}
