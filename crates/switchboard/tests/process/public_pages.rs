//! What visitors may read where an operator made pages public, and that it is nothing else: every route of the sources is
//! walked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Method;

use crate::support::github::{GitHub, post};
use crate::support::server::Server;
use crate::support::{client, until};

const TOKEN: &str = "an-operators-token-of-enough-length";

/// Routes that ask nobody who they are.
const OPEN: [&str; 7] =
    ["/sign-in", "/sign-in/github", "/theme", "/zone", "/assets/{name}", "/sign-in/github/callback", "/keys"];

/// Routes that `public_pages` opens.
const PUBLIC: [&str; 18] = [
    "/",
    "/deliveries",
    "/deliveries/{id}",
    "/api/v1/deliveries",
    "/api/v1/deliveries/{id}",
    "/dispatcher",
    "/dispatcher/runs",
    "/dispatcher/runs/{repository}/{run}/{attempt}",
    "/dispatcher/repos",
    "/dispatcher/assets/{name}",
    "/api/v1/dispatcher/summary",
    "/api/v1/dispatcher/health",
    "/api/v1/dispatcher/trend",
    "/api/v1/dispatcher/runs",
    "/api/v1/dispatcher/problems",
    "/api/v1/dispatcher/repos",
    "/api/v1/dispatcher/runs/{repository}/{run}/{attempt}",
    "/api/v1/dispatcher/journey",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            sources(&entry.path(), found);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            found.push(entry.path());
        }
    }
}

/// Every path that the panel and the automations register, as the sources spell them.
fn routes() -> BTreeSet<String> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for name in ["panel/src", "dispatcher/src"] {
        sources(&crates.join(name), &mut files);
    }
    let mut routes = BTreeSet::new();
    for text in files.iter().map(|file| fs::read_to_string(file).unwrap()) {
        for mark in [".route(", "path = "] {
            let literals = text.split(mark).skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
            routes.extend(literals.filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
    }
    routes.retain(|route| route.starts_with('/') && !route.starts_with("/schemas/"));
    assert!(routes.len() > 40 && routes.contains("/settings") && routes.contains("/live"), "{routes:?}");
    routes
}

/// The route with a delivery and a run that are there, and otherwise with things that could be.
fn filled(route: &str, delivery: &str, run: &str) -> String {
    let id = if route.contains("deliveries") { delivery } else { "1" };
    let path = route.replace("{id}", id).replace("{repository}/{run}/{attempt}", run);
    let path = path.replace("{owner}", "acme").replace("{name}", "api").replace("{kind}", "pull");
    path.replace("{detail}", "1").replace("{*rest}", "x")
}

async fn story(public: &str) -> (GitHub, Server, tempfile::TempDir, String) {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    variables.push(("SWITCHBOARD_PUBLIC_PAGES".to_owned(), public.to_owned()));
    let server = Server::start(folder.path(), &variables).await;
    let (_, delivery) = github.complete_run();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    until("the dispatch arrives", async || (github.deploy.runs().len() == 1).then_some(())).await;
    let found = signed_in(&server, &format!("/deliveries/{}", delivery.guid)).await;
    let id = found.headers()["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned();
    (github, server, folder, id)
}

async fn signed_in(server: &Server, path: &str) -> reqwest::Response {
    client().get(format!("{}{path}", server.url)).bearer_auth(TOKEN).send().await.unwrap()
}

#[tokio::test]
async fn a_visitor_walks_every_route_and_sees_what_is_public_alone() {
    let (_github, server, _folder, id) = story("overview, deliveries, dispatcher").await;
    // Something that operators did, which is nobody else's business.
    let replay = client().post(format!("{}/api/v1/deliveries/{id}/replay", server.url)).bearer_auth(TOKEN);
    let replay: serde_json::Value = serde_json::from_str(&replay.send().await.unwrap().text().await.unwrap()).unwrap();
    let replay = format!("/deliveries/{}", replay["id"].as_str().unwrap());
    let told =
        async || signed_in(&server, &replay).await.text().await.unwrap().contains("Replayed by operator").then_some(());
    until("the replay is told", told).await;
    for path in [replay.clone(), format!("/api/v1{replay}")] {
        assert_eq!(client().get(format!("{}{path}", server.url)).send().await.unwrap().status(), 404, "{path}");
    }
    let whole = signed_in(&server, &format!("/deliveries/{id}")).await.text().await.unwrap();
    assert!(whole.contains("x-github-hook-id") && whole.contains("raw body") && whole.contains("name=\"csrf\""));

    let runs = signed_in(&server, "/dispatcher/runs").await.text().await.unwrap();
    let run = runs.split("href=\"/dispatcher/runs/").nth(1).and_then(|rest| rest.split('"').next()).unwrap();

    for route in routes() {
        let path = filled(&route, &id, run);
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE] {
            let reads = matches!(method, Method::GET | Method::HEAD);
            if OPEN.contains(&route.as_str()) {
                continue;
            }
            let request = client().request(method.clone(), format!("{}{path}", server.url));
            let answer =
                request.header("content-type", "application/x-www-form-urlencoded").body("id=x").send().await.unwrap();
            let (status, location) = (answer.status().as_u16(), answer.headers().get("location").cloned());
            let body = answer.text().await.unwrap();
            let told = format!("{method} {path}: {status} {body}");
            if PUBLIC.contains(&route.as_str()) && reads {
                assert!(matches!(status, 200 | 400 | 404), "{told}");
            } else {
                let to_sign_in = location.is_some_and(|to| to.to_str().unwrap().starts_with("/sign-in"));
                assert!(to_sign_in || status == 401 || status == 405, "{told}");
            }
            for hidden in [
                "x-github-hook-id",
                "GitHub-Hookshot",
                "raw body",
                "/body\"",
                "csrf",
                "Sign out",
                "data-topics",
                "operator",
                "engine.replay",
                "SWITCHBOARD_OPERATOR_TOKEN",
                "/audit\"",
                "/settings\"",
            ] {
                assert!(!body.contains(hidden), "{hidden} in {told}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_public_page_leads_to_the_sign_in_and_back() {
    let (_github, server, _folder, id) = story("deliveries").await;
    let get = async |path: &str| client().get(format!("{}{path}", server.url)).send().await.unwrap();
    let list = get("/deliveries?event=workflow_run").await.text().await.unwrap();
    assert!(
        list.contains("acme/api") && list.contains("href=\"/sign-in?next=%2Fdeliveries%3Fevent%3Dworkflow_run\""),
        "{list}"
    );
    assert!(!list.contains("href=\"/jobs\""), "no tab that leads nowhere: {list}");
    assert_eq!(get("/").await.status(), 303);
    assert_eq!(get("/dispatcher").await.status(), 303);
    let api: serde_json::Value =
        serde_json::from_str(&get(&format!("/api/v1/deliveries/{id}")).await.text().await.unwrap()).unwrap();
    let none = serde_json::json!([]);
    assert_eq!((&api["event"], &api["headers"], &api["facts"]), (&"workflow_run".into(), &none, &none));
    let wrong = client().get(format!("{}/deliveries", server.url)).bearer_auth("guess").send().await.unwrap();
    assert_eq!(wrong.status(), 401, "a wrong token is not a visitor");
    server.stop().await;
}
