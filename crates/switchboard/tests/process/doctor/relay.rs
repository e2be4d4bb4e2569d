//! What only the relay needs, made wrong.

use serde_json::json;
use switchboard_simulator::{Access, AppSpec};

use super::report::doctor;
use super::{NOBODY, changed};
use crate::support::server::Server;
use crate::support::until;
use crate::support::upstream::{Upstream, soon};

const LIST: &str = ".github/allowlist.yml";

#[tokio::test]
async fn an_allowlist_and_its_entries_are_looked_at_as_the_server_last_read_them() {
    let github = Upstream::start(soon("CI").result("build").never_ends()).await;
    let folder = tempfile::tempdir().unwrap();
    let (code, before) = doctor(folder.path(), &github.variables(), &[]).await;
    assert_eq!((code, before.with("error")), (Some(0), vec![]), "{before:#?}");
    assert_eq!(before.one("relay-cache").found, "in the server's memory");
    assert_eq!(before.one("relay-allowlist").verdict, "skipped");
    assert_eq!(before.one("repositories").found, "1 is named, and the App is installed on all");
    let issuer = before.one("relay-issuers");
    assert_eq!(
        (issuer.verdict.as_str(), issuer.about.clone()),
        ("ok", Some(format!("{}/_services/token", github.url)))
    );

    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    let variables = changed(github.variables(), &[("PORT", &server.port().1)]);
    let look = async |verdict: &str| {
        until("the server reads the list", async || {
            let (_, report) = doctor(folder.path(), &variables, &[]).await;
            (report.one("relay-allowlist").verdict == verdict).then_some(report)
        })
        .await
    };
    let well = look("ok").await;
    let list = well.one("relay-allowlist");
    assert!(list.found.starts_with("2 entries (1 on L3, 1 on L4), in force since "), "{list:?}");
    assert_eq!(list.figures.as_ref().unwrap()["entries"], 2);
    assert_eq!(well.one("repositories").found, "3 are named, and the App is installed on all");

    github.up.push(
        "main",
        "Add two, and a typo",
        &[(LIST, "L1: [ stranger/backend ]\nL4:\n  - vendor/required\n  - a/b/c\n")],
    );
    let refused = look("warning").await;
    let list = refused.one("relay-allowlist");
    assert!(list.found.starts_with("invalid: 4:") && list.found.contains("stays in force"), "{list:?}");
    assert_eq!(list.link, format!("{}/org/up/blob/HEAD/{LIST}#L4", github.url));
    let file = refused.one("repository-files");
    assert_eq!((file.verdict.as_str(), file.about.as_deref()), ("warning", Some("org/up")), "{file:?}");
    assert_eq!(file.figures.as_ref().unwrap()["line"], json!(4));

    github.up.push("main", "Mend it", &[(LIST, "L1: [ stranger/backend ]\nL4:\n  - vendor/required\n")]);
    let mended = look("ok").await;
    let entry = mended.one("repositories");
    assert_eq!((entry.verdict.as_str(), entry.about.as_deref()), ("warning", Some("stranger/backend")), "{entry:?}");
    assert!(entry.found.contains("it is an entry of the allowlist of the relay"), "{entry:?}");
    server.stop().await;
}

#[tokio::test]
async fn what_the_relay_lacks_at_github_is_named_with_what_it_is_for() {
    let github = Upstream::start(soon("CI").result("build").never_ends()).await;
    let folder = tempfile::tempdir().unwrap();
    let spec = AppSpec::new("lacking").permissions(&[("contents", Access::Read)]).events(&["push", "pull_request"]);
    let id = github.simulator.app(spec).unwrap().id().to_string();
    let variables = [("GITHUB_APP_ID", id.as_str()), ("SWITCHBOARD__RELAY__OIDC_ISSUER", NOBODY)];
    let (code, report) = doctor(folder.path(), &changed(github.variables(), &variables), &[]).await;
    assert_eq!(code, Some(1));
    let errors = report.with("error");
    for error in [
        "permissions actions",
        "permissions checks",
        "permissions contents",
        "permissions pull_requests",
        "events check_run",
        "events check_suite",
        "events workflow_run",
        "repositories org/up",
        &format!("relay-issuers {NOBODY}"),
    ] {
        assert!(errors.iter().any(|found| found == error), "{error} in {errors:?}");
    }
    let contents =
        report.all("permissions").into_iter().find(|check| check.about.as_deref() == Some("contents")).unwrap();
    assert!(contents.found.contains("contents: write, needed by the relay to"), "{contents:?}");
    let issuer = report.one("relay-issuers");
    assert!(issuer.found.starts_with("no report can be verified: ") && issuer.hint.is_some(), "{issuer:?}");
}
