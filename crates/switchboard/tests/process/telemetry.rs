//! What machines are told by the running binary: metrics that dashboard and alerts know, and a trace for each delivery.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post as route;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use regex::Regex;
use tokio::net::TcpListener;

use crate::support::github::{GitHub, post};
use crate::support::server::Server;
use crate::support::{client, until};

const TOKEN: &str = "an-operators-token-of-some-length";

fn with(github: &GitHub, more: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    variables.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    variables
}

/// Lets a run complete, and waits for the dispatch that follows from it. Returns our id of the delivery.
async fn dispatch(github: &GitHub, server: &Server) -> String {
    let (_, delivery) = github.complete_run();
    let answer = post(&client(), &server.url, &delivery).send().await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    until("the dispatch arrives", async || (!github.deploy.runs().is_empty()).then_some(())).await;
    answer["id"].as_str().unwrap().to_owned()
}

/// Names of metrics with the labels that they have.
type Exposed = BTreeMap<String, BTreeSet<String>>;

fn exposed(text: &str) -> Exposed {
    let sample = Regex::new(r"(?m)^([a-z_]+)(?:\{([^}]*)\})? ").unwrap();
    let label = Regex::new(r#"([a-z_]+)=""#).unwrap();
    let mut exposed = Exposed::new();
    for found in sample.captures_iter(text) {
        let labels = found.get(2).map_or("", |labels| labels.as_str());
        exposed
            .entry(found[1].to_owned())
            .or_default()
            .extend(label.captures_iter(labels).map(|label| label[1].to_owned()));
    }
    exposed
}

/// What an expression asks for: metrics, the labels that it selects or groups by.
fn asked(expression: &str) -> Vec<(String, Vec<String>)> {
    let metric = Regex::new(r"(switchboard_[a-z_]+)(?:\{([^}]*)\})?").unwrap();
    let selected = Regex::new(r#"([a-z_]+)(?:=|!=|=~|!~)""#).unwrap();
    let grouped = Regex::new(r"by \(([a-z_, ]+)\)").unwrap();
    let groups: Vec<String> = grouped
        .captures_iter(expression)
        .flat_map(|found| found[1].split(", ").map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let of = |found: regex::Captures<'_>| {
        let labels = found.get(2).map_or("", |labels| labels.as_str());
        let selected = selected.captures_iter(labels).map(|label| label[1].to_owned());
        (found[1].to_owned(), selected.chain(groups.iter().cloned()).collect())
    };
    metric.captures_iter(expression).map(of).collect()
}

/// Labels that Prometheus itself adds.
const SCRAPED: [&str; 2] = ["job", "instance"];

#[tokio::test]
async fn the_dashboard_and_the_alerts_ask_only_for_what_the_metrics_have() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &with(&github, &[])).await;
    dispatch(&github, &server).await;

    let ask = client().get(format!("{}/metrics", server.url)).header("accept", "application/openmetrics-text");
    assert_eq!(ask.try_clone().unwrap().send().await.unwrap().status(), 401, "metrics tell about private repositories");
    let text = until("the attempt is counted, and the budget known", async || {
        let answer = ask.try_clone().unwrap().bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
        let text = answer.text().await.unwrap();
        let whole =
            ["beat=\"deliver\"", "github_budget_remaining{", "gap_check_age"].iter().all(|part| text.contains(part));
        whole.then_some(text)
    });
    let text = text.await;
    assert!(text.contains("switchboard_deliveries_total{event=\"workflow_run\",outcome=\"accepted\"} 1\n"), "{text}");
    assert!(text.contains("switchboard_token_mints_total{result=\"minted\"}"), "{text}");
    assert!(text.ends_with("# EOF\n"));
    let exposed = exposed(&text);

    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/observability");
    let dashboard = std::fs::read_to_string(root.join("dashboard.json")).unwrap();
    let dashboard: serde_json::Value = serde_json::from_str(&dashboard).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.filter_map(|panel| panel["targets"].as_array()).flatten();
    let mut expressions: Vec<String> = targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect();
    assert!(expressions.len() > 15);
    let alerts = std::fs::read_to_string(root.join("alerts.yml")).unwrap();
    let rules = alerts.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).map(str::to_owned);
    let before = expressions.len();
    expressions.extend(rules);
    assert!(expressions.len() >= before + 10);
    for expression in &expressions {
        let asked = asked(expression);
        assert!(!asked.is_empty(), "{expression}");
        for (metric, labels) in asked {
            let Some(known) = exposed.get(&metric) else { panic!("{metric} does not exist: {expression}") };
            for label in labels.iter().filter(|label| !SCRAPED.contains(&label.as_str())) {
                assert!(known.contains(label), "{metric} has no label {label}: {expression}");
            }
        }
    }

    // Each alert leads to a section that exists.
    let operating = std::fs::read_to_string(root.join("../../docs/operating.md")).unwrap();
    let headings: BTreeSet<String> = operating
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .collect();
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    for name in &names {
        assert!(headings.contains(&name.to_lowercase()), "docs/operating.md has no section {name}");
        assert!(alerts.contains(&format!("operating.md#{}\n", name.to_lowercase())), "{name} leads elsewhere");
    }
    for metric in exposed.keys() {
        let family = ["_bucket", "_sum", "_count", "_total"].iter().find_map(|suffix| metric.strip_suffix(suffix));
        let family = family.unwrap_or(metric);
        assert!(operating.contains(&format!("`{family}")), "docs/operating.md does not tell about {family}");
    }
    server.stop().await;
}

#[tokio::test]
async fn metrics_can_be_made_public() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let public = ("SWITCHBOARD__TELEMETRY__PUBLIC_METRICS", "true");
    let server = Server::start(folder.path(), &with(&github, &[public])).await;
    let ask = |path: &str| client().get(format!("{}{path}", server.url)).send();
    assert_eq!(ask("/metrics").await.unwrap().status(), 200);
    assert_eq!(ask("/api/v1/jobs").await.unwrap().status(), 401);
    server.stop().await;
}

/// A collector that keeps what it is sent.
async fn collector() -> (String, Arc<Mutex<Vec<Span>>>) {
    async fn take(State(spans): State<Arc<Mutex<Vec<Span>>>>, body: Bytes) {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let sent = request.resource_spans.into_iter().flat_map(|of| of.scope_spans).flat_map(|of| of.spans);
        spans.lock().unwrap_or_else(PoisonError::into_inner).extend(sent);
    }
    let spans = Arc::default();
    let router = Router::new().route("/v1/traces", route(take)).with_state(Arc::clone(&spans));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, spans)
}

#[tokio::test]
async fn a_delivery_and_all_that_follows_is_one_trace_under_its_own_id() {
    let (collector, spans) = collector().await;
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str());
    let server = Server::start(folder.path(), &with(&github, &[endpoint])).await;
    let delivery = dispatch(&github, &server).await;
    until("the issue of the denied target is written", async || (!github.api.issues().is_empty()).then_some(())).await;
    // What is left is sent at the end.
    server.stop().await;

    let id: String = delivery.split('-').collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let spans = spans.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let trace: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == id).collect();
    let ids: BTreeSet<&[u8]> = trace.iter().map(|span| span.span_id.as_slice()).collect();
    assert_eq!(ids.len(), trace.len(), "no two spans share an id");
    let roots: Vec<&str> =
        trace.iter().filter(|span| span.parent_span_id.is_empty()).map(|span| span.name.as_str()).collect();
    assert_eq!(roots, ["accept"]);
    assert!(trace.iter().all(|span| span.parent_span_id.is_empty() || ids.contains(span.parent_span_id.as_slice())));
    let of = |name: &str| trace.iter().filter(|span| span.name == name).count();
    assert!(of("decide") >= 1 && of("deliver") >= 2 && of("write") >= 2 && of("mint a token") >= 1);
    let ends = trace.iter().all(|span| span.end_time_unix_nano >= span.start_time_unix_nano);
    assert!(ends && trace.iter().all(|span| span.start_time_unix_nano > 0));
}

#[tokio::test]
async fn a_collector_that_is_away_delays_nothing() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let away = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let server = Server::start(folder.path(), &with(&github, &[away])).await;
    dispatch(&github, &server).await;
    server.stop().await;
}

#[tokio::test]
async fn every_line_of_the_log_about_a_delivery_names_it() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let debug = ("LOG_LEVEL", "info,switchboard_engine=debug,switchboard_github=debug,switchboard_dispatcher=debug");
    let mut server = Server::start(folder.path(), &with(&github, &[debug])).await;
    // A refused token is worth a line of the client.
    github.simulator.fault("POST", "/repos/acme/deploy/actions/workflows/deploy.yml/dispatches").status(401);
    let delivery = dispatch(&github, &server).await;
    server.process.line("the dispatch's end", |line| line.contains("dispatch.trigger.succeeded").then_some(())).await;
    server.process.terminate();
    server.process.ended().await;
    let printed = server.process.printed();
    let lines: Vec<serde_json::Value> = printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let about = |line: &&serde_json::Value| {
        let target = line["target"].as_str().unwrap_or_default();
        let work = line["spans"].as_array().is_some_and(|spans| spans.iter().any(|span| span["name"] == "attempt"));
        // The engine's own schedules follow from no webhook.
        let own = line.to_string().contains("engine.");
        (work || target.starts_with("switchboard_dispatcher")) && !own
    };
    let told: Vec<_> = lines.iter().filter(about).collect();
    assert!(told.len() >= 2, "{printed}");
    for line in told {
        assert!(line.to_string().contains(&delivery), "{line}");
    }
}
