//! `/relay/setup`: what a downstream repository writes to take part.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, header};
use switchboard_panel::{Fault, Shell};

use super::{Desk, assets};

/// What `actions/report` comes with.
const WORKFLOW: &str = include_str!("../../../../actions/report/example.yml");
/// Whom the action's tokens are for unless it is told.
const USUAL_AUDIENCE: &str = "pytorch-cross-repo-ci-relay";
/// What stands in it for the address of the callback.
const CALLBACK: &str = "https://relay.example.com/github/callback # change";

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
        workflow: workflow(&callback, audience),
        nightly_refs: config.nightly_refs.clone(),
    };
    shell.page("Set up a downstream repository", &page).await
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

/// The workflow with this server's address; an audience is named where it is not the usual one.
fn workflow(callback: &str, audience: &str) -> String {
    let audience = if audience == USUAL_AUDIENCE { String::new() } else { format!("\n          audience: {audience}") };
    WORKFLOW.replace(CALLBACK, &format!("{callback}{audience}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_jobs_that_run_no_foreign_code_may_speak_for_the_repository() {
        let text = workflow("https://x.example/github/callback", "aud");
        assert_eq!(
            text.matches("relay-url: https://x.example/github/callback\n          audience: aud\n").count(),
            2,
            "{text}"
        );
        let (_, build) = text.split_once("\n  build:").unwrap();
        let (build, finished) = build.split_once("\n  finished:").unwrap();
        assert!(!build.contains("id-token") && finished.contains("id-token: write"));
        // Scripts hold no expression: what strangers wrote reaches them through the environment.
        assert!(text.lines().filter(|line| line.contains("run: ")).all(|line| !line.contains("${{")), "{text}");
        assert!(!workflow("x", USUAL_AUDIENCE).contains("audience"));
    }
}
