use std::path::Path;
use std::{env, fs};

use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use switchboard_clock::{SeededEntropy, SimulatedClock};
use switchboard_simulator::SIMULATOR_ONLY_PRIVATE_KEY;
use switchboard_store::sqlite::{self, SqliteStore};
use tower::ServiceExt as _;

use super::*;
use crate::serve;
use crate::settings::{Purpose, Settings, Sources};

/// Switches the relay on, which needs to know whose events to relay.
const RELAY: &str = "[relay]\nenabled = true\nupstream = \"org/up\"\n";

/// Everything that a server with all automations answers to.
fn router(folder: &Path) -> Router {
    router_of(&folder.join("store.db"), RELAY)
}

/// The same with a settings file.
fn router_of(store: &Path, file: &str) -> Router {
    let sources = Sources::default()
        .with_file("switchboard.toml", file)
        .with_variable("GITHUB_APP_ID", "7")
        .with_variable("GITHUB_WEBHOOK_SECRET", "a secret of the tests")
        .with_variable("GITHUB_APP_PRIVATE_KEY", SIMULATOR_ONLY_PRIVATE_KEY);
    let settings = Settings::load(&sources, Purpose::Serve).unwrap();
    let options = sqlite::Options::new(Arc::new(SimulatedClock::default()), Arc::new(SeededEntropy::new(1)));
    let store = SqliteStore::open(store, &options).unwrap();
    let components = serve::components(&settings, store as Arc<dyn Store>).unwrap();
    Server::new(components, CancellationToken::new()).into_router()
}

async fn get(router: &Router, path: &str) -> (StatusCode, String) {
    let answer = router.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn the_api_is_what_its_document_says() {
    let folder = tempfile::tempdir().unwrap();
    let (status, served) = get(&router(folder.path()), "/api/v1/openapi.json").await;
    assert_eq!(status, StatusCode::OK);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let served = served + "\n";
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &served).unwrap();
    }
    let known = fs::read_to_string(&golden).unwrap_or_default();
    assert!(known == served, "docs/openapi.json is out of date: run `cargo xtask generate`");
}

#[tokio::test]
async fn every_operation_is_named_described_and_refuses_in_the_same_form() {
    let folder = tempfile::tempdir().unwrap();
    let (_, document) = get(&router(folder.path()), "/api/v1/openapi.json").await;
    let document: Value = serde_json::from_str(&document).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let tags: Vec<&str> =
        document["tags"].as_array().unwrap().iter().map(|tag| tag["name"].as_str().unwrap()).collect();
    let mut operations = 0;
    let mut names = std::collections::BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        assert!(path.starts_with("/api/v1/"), "{path}");
        for (method, operation) in methods.as_object().unwrap() {
            operations += 1;
            assert!(names.insert(operation["operationId"].to_string()), "{method} {path} shares its name");
            assert!(operation["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{method} {path}");
            assert!(tags.contains(&operation["tags"][0].as_str().unwrap()), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            for (status, response) in responses.iter().filter(|(status, _)| status.starts_with(['4', '5'])) {
                let content = &response["content"]["application/problem+json"];
                assert!(content.is_object(), "{method} {path} {status}");
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].as_str().is_some_and(|text| !text.is_empty()), "{path} {parameter}");
            }
        }
    }
    assert!(operations >= 30, "{operations} operations");
}

#[tokio::test]
async fn what_nobody_serves_is_refused_as_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let router = router(folder.path());
    for (method, path, status) in [
        ("GET", "/api/v1/nothing", 404),
        ("DELETE", "/api/v1/jobs", 405),
        ("GET", "/api/v1/jobs?limit=x", 422),
        ("GET", "/api/v1/letters", 400),
        ("POST", "/api/v1/letters", 422),
        ("GET", "/api/v1/deliveries/unknown/body", 404),
    ] {
        let request = Request::builder().method(method).uri(path).header("host", "localhost");
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{method} {path}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        let problem: Value = serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!((&problem["type"], &problem["status"]), (&"about:blank".into(), &status.into()), "{method} {path}");
        assert!(problem["code"].is_string() && problem["detail"].is_string() && problem["title"].is_string());
    }
}

#[tokio::test]
async fn reports_are_taken_only_while_the_relay_runs() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let off = router_of(&folders[0].path().join("store.db"), "");
    let on = router(folders[1].path());
    for (router, expected) in [(off, StatusCode::NOT_FOUND), (on, StatusCode::UNAUTHORIZED)] {
        for path in ["/github/callback", "/github/callback/"] {
            let request = Request::post(path).header("content-type", "application/json").body(Body::from("{}"));
            let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
            assert_eq!(answer.status(), expected, "{path}");
        }
        let (status, schema) = get(&router, "/schemas/allowlist.json").await;
        let schema: Value = serde_json::from_str(&schema).unwrap();
        assert_eq!((status, schema["title"].as_str()), (StatusCode::OK, Some("allowlist.yml")));
    }
}
