use super::exposed::Exposed;
use super::{TOKEN, dispatch, relay, with};
use crate::support::github::GitHub;
use crate::support::server::Server;
use crate::support::{client, until};

/// Plays the stories of both automations, each with a server of its own, and returns what `/metrics` says when they are over.
pub(super) async fn after_the_story() -> Exposed {
    let (dispatcher, relay) = tokio::join!(after_a_dispatch(), relay::after_a_result());
    dispatcher.and(relay)
}

/// A dispatch, and a target that is denied.
async fn after_a_dispatch() -> Exposed {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &with(&github, &[])).await;
    dispatch(&github, &server).await;
    let text = until("the issue is written, and the gap check done", async || {
        let ask = client().get(format!("{}/metrics", server.url)).bearer_auth(TOKEN).send();
        let text = ask.await.unwrap().text().await.unwrap();
        let told = ["dispatch.issue.created", "github_budget_remaining{", "gap_check_age_seconds "];
        told.iter().all(|part| text.contains(part)).then_some(text)
    });
    let text = text.await;
    server.stop().await;
    for line in [
        r#"deliveries_total{via="webhook",event="workflow_run",outcome="accepted"} 1"#,
        r#"attempts_total{beat="decide",automation="dispatcher",kind="dispatcher.plan",outcome="done"} 1"#,
        r#"settlements_total{automation="dispatcher",kind="dispatch.workflow",result="committed"} 1"#,
        r#"facts_total{automation="dispatcher",kind="dispatch.target.denied"} 1"#,
        r#"accept_duration_seconds_count 1"#,
    ] {
        assert!(text.contains(&format!("\nswitchboard_{line}\n")), "{line} in\n{text}");
    }
    Exposed::read(&text)
}

#[tokio::test]
async fn every_metric_has_its_help_its_unit_and_its_base() {
    let exposed = after_the_story().await;
    assert!(exposed.families.len() > 25);
    for (name, family) in &exposed.families {
        assert!(family.help.len() > 10 && family.help.ends_with('.'), "{name}: {}", family.help);
        let counter = family.kind == "counter";
        assert_eq!(name.ends_with("_total"), counter, "{name} is a {}", family.kind);
        assert!(!name.contains("_ms") && !name.contains("minutes") && !name.contains("_kb"), "{name}: base units");
    }
}

#[tokio::test]
async fn who_asks_for_openmetrics_gets_it_and_who_does_not_gets_the_older_format() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &with(&github, &[])).await;
    let ask = async |accept: &str| {
        let ask = client().get(format!("{}/metrics", server.url)).bearer_auth(TOKEN).header("accept", accept);
        let answer = ask.send().await.unwrap();
        (answer.headers()["content-type"].to_str().unwrap().to_owned(), answer.text().await.unwrap())
    };
    // As Prometheus asks.
    let (kind, text) =
        ask("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2").await;
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(text.contains("# TYPE switchboard_token_mints counter\n") && text.ends_with("\n# EOF\n"), "{text}");
    let (kind, text) = ask("*/*").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    assert!(text.contains("# TYPE switchboard_token_mints_total counter\n") && !text.contains("EOF"), "{text}");
    server.stop().await;
}

#[tokio::test]
async fn metrics_are_for_who_has_signed_in_unless_they_are_made_public() {
    let github = GitHub::start().await;
    for (public, status) in [("false", 401), ("true", 200)] {
        let folder = tempfile::tempdir().unwrap();
        let public = ("SWITCHBOARD__TELEMETRY__PUBLIC_METRICS", public);
        let server = Server::start(folder.path(), &with(&github, &[public])).await;
        let ask = |path: &str| client().get(format!("{}{path}", server.url)).send();
        assert_eq!(ask("/metrics").await.unwrap().status(), status, "they tell about private repositories");
        assert_eq!(ask("/api/v1/jobs").await.unwrap().status(), 401);
        server.stop().await;
    }
}

#[tokio::test]
async fn public_metrics_are_for_the_allowed_addresses_only() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let variables = [("SWITCHBOARD__TELEMETRY__PUBLIC_METRICS", "true"), ("ADMIN_IP_ALLOWLIST", "192.0.2.0/24")];
    let server = Server::start(folder.path(), &with(&github, &variables)).await;
    let ask = |path: &str| client().get(format!("{}{path}", server.url)).send();
    assert_eq!(ask("/health").await.unwrap().status(), 200);
    let refused = ask("/metrics").await.unwrap();
    assert!(refused.status().is_client_error(), "{}", refused.status());
    server.stop().await;
}
