//! `/relay/setup`: what a downstream repository writes to take part.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, header};
use switchboard_panel::{Fault, Shell};

use super::{Desk, assets};

const WORKFLOW: &str = include_str!("../../templates/relay/workflow.yml");

#[derive(Template)]
#[template(path = "relay/setup.html")]
struct SetupPage {
    stylesheet: String,
    up: String,
    workflow: String,
    nightly_refs: Vec<String>,
}

/// `GET /relay/setup`
pub(super) async fn page(State(desk): State<Arc<Desk>>, shell: Shell, headers: HeaderMap) -> Result<Response, Fault> {
    let config = desk.relay.config();
    // The reader has just reached this server under this name; GitHub's runners may as well.
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    let callback = format!("https://{}/github/callback", host.unwrap_or("switchboard.example"));
    let audience = config.oidc_audience.first().map_or("", String::as_str);
    let page = SetupPage {
        stylesheet: assets::stylesheet(),
        up: desk.relay.upstream().to_string(),
        workflow: workflow(desk.relay.upstream().as_str(), &callback, audience, &desk.relay.web),
        nightly_refs: config.nightly_refs.clone(),
    };
    shell.page("Set up a downstream repository", &page).await
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

fn workflow(up: &str, callback: &str, audience: &str, web: &str) -> String {
    WORKFLOW
        .replace("__UP__", up)
        .replace("__CALLBACK__", callback)
        .replace("__AUDIENCE__", audience)
        .replace("__WEB__", web)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jobs_that_run_no_foreign_code_may_speak_for_the_repository() {
        let text = workflow("org/up", "https://x.example/github/callback", "aud", "https://github.com");
        assert!(!text.contains("__"), "every placeholder is filled in");
        let jobs: Vec<&str> = text.split("\n  ").filter(|part| !part.starts_with(' ')).collect();
        assert!(jobs.len() > 3);
        let (_, build) = text.split_once("\n  build:").unwrap();
        let (build, ended) = build.split_once("\n  ended:").unwrap();
        assert!(!build.contains("id-token") && ended.contains("id-token: write"));
        // Scripts hold no expression: what strangers wrote reaches them through the environment.
        for script in text.split("run: |").skip(1) {
            let script = script.split("\n\n").next().unwrap();
            assert!(!script.contains("${{"), "{script}");
        }
    }
}
