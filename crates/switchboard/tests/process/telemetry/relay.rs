//! What the metrics say of a relay.

use std::time::Duration;

use switchboard_simulator::PullSpec;

use super::TOKEN;
use super::exposed::Exposed;
use crate::support::server::Server;
use crate::support::upstream::{AUDIENCE, Upstream, soon};
use crate::support::{client, until};

/// A line's value, if there is that line.
fn value(text: &str, line: &str) -> Option<f64> {
    text.lines()
        .find_map(|known| known.strip_prefix(&format!("switchboard_{line} ")))
        .map(|value| value.parse().unwrap())
}

/// A pull request whose result becomes a check, a forged report, and an allowlist that somebody breaks.
pub(super) async fn after_a_result() -> Exposed {
    let github = Upstream::start(soon("CI").result("build").succeeds_after(Duration::from_millis(500))).await;
    let folder = tempfile::tempdir().unwrap();
    let mut variables = github.variables();
    variables.push(("SWITCHBOARD_OPERATOR_TOKEN".to_owned(), TOKEN.to_owned()));
    let server = Server::start(folder.path(), &variables).await;
    github.sends_to(&server);
    let scrape = async || {
        let ask = client().get(format!("{}/metrics", server.url)).bearer_auth(TOKEN).send();
        ask.await.unwrap().text().await.unwrap()
    };
    let begun = scrape().await;
    assert_eq!(
        value(&begun, "relay_reports_total{outcome=\"token_invalid\"}"),
        Some(0.0),
        "so that the first one is a rise"
    );
    assert_eq!(value(&begun, "relay_pulse_age_seconds{of=\"report\"}"), None, "there was none");

    let head = github.up.open_pull(PullSpec::new("Add a kernel").by("alice").labels(&["ciflow/crcr/gpu"])).head_sha();
    github.check(&head, "crcr/vendor/backend/CI/build", "success").await;
    let run = github.run().await;
    let forged = github.backend_repo.id_token(run, AUDIENCE).unwrap().forged().mint();
    let report = client().post(format!("{}/github/callback", server.url)).bearer_auth(forged);
    let report = report.header("content-type", "application/json").body(github.report(run, "completed").to_string());
    assert_eq!(report.send().await.unwrap().status(), 401);
    // The push is relayed, by the last good list.
    github.up.push("main", "Break the allowlist", &[(".github/allowlist.yml", "L4: [")]);
    let text = until("everything of the story is told", async || {
        let text = scrape().await;
        let errors = value(&text, "relay_allowlist_errors_total{reason=\"invalid\"}")?;
        let calm = value(&text, "relay_targets_waiting")? + value(&text, "relay_results_open")?;
        let reports = value(&text, "relay_reports_total{outcome=\"accepted\"}")?;
        (errors > 0.0 && calm == 0.0 && reports >= 8.0 && value(&text, "relay_allowlist_refused_seconds")? > 0.0)
            .then_some(text)
    });
    let text = text.await;
    server.stop().await;
    for (line, expected) in [
        ("relay_reports_total{outcome=\"accepted\"}", 8.0),
        ("relay_reports_total{outcome=\"token_invalid\"}", 1.0),
        ("relay_allowlist_entries{level=\"L1\"}", 0.0),
        ("relay_allowlist_entries{level=\"L3\"}", 1.0),
        ("relay_allowlist_entries{level=\"L4\"}", 1.0),
        ("relay_targets_held", 0.0),
        ("relay_stale_after_seconds", 21_600.0),
        ("deliveries_total{via=\"callback\",event=\"report\",outcome=\"accepted\"}", 8.0),
    ] {
        assert_eq!(value(&text, line), Some(expected), "{line} in\n{text}");
    }
    for of in ["event", "send", "report"] {
        let age = value(&text, &format!("relay_pulse_age_seconds{{of=\"{of}\"}}"));
        assert!(age.is_some_and(|age| (0.0..60.0).contains(&age)), "{of}: {age:?}");
    }
    Exposed::read(&text)
}
