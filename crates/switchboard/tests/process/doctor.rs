//! `switchboard doctor` through the binary: each thing that can be wrong, made wrong at the simulated GitHub or on this machine.

mod hints;
mod relay;
pub mod report;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use switchboard_clock::{Clock, SystemClock, Timestamp};
use switchboard_simulator::{Access, AppSpec, DeliveryOutcome, InstallationSpec};

use report::doctor;

use crate::support::github::{GitHub, post};
use crate::support::server::{Server, run};
use crate::support::{client, until};

/// A port that nobody listens on: reserved, and not to be bound without rights.
const NOBODY: &str = "http://127.0.0.1:1";

/// The variables with some replaced or added.
fn changed(variables: Vec<(String, String)>, changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut changed: Vec<_> =
        variables.into_iter().filter(|(name, _)| changes.iter().all(|(other, _)| name != other)).collect();
    changed.extend(changes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    changed
}

/// Names and sizes of what is in a folder.
fn listing(folder: &Path) -> BTreeSet<(String, u64)> {
    let of = |entry: fs::DirEntry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().len());
    fs::read_dir(folder).unwrap().map(|entry| of(entry.unwrap())).collect()
}

#[tokio::test]
async fn before_the_first_start_all_is_well_and_nothing_is_made() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (code, report) = doctor(folder.path(), &github.variables(), &[]).await;
    assert_eq!((code, report.with("error"), report.healthy), (Some(0), vec![], true), "{report:#?}");
    assert_eq!((report.verdict.as_str(), report.with("warning")), ("warning", vec!["sign-in".to_owned()]));
    assert!(report.one("database").found.ends_with("will be made at the first start"));
    assert_eq!(report.one("server").verdict, "skipped");
    assert!(report.one("clock").figures.as_ref().unwrap()["aheadMs"].as_i64().unwrap().abs() < 2_000);
    assert!(report.one("key").found.starts_with("SHA256:"));
    assert_eq!(report.one("installations").found, "1 installation: acme");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
    assert!(github.simulator.calls().iter().all(|call| call.method == "GET"), "nothing was changed");

    let names: BTreeSet<String> = report.checks.iter().map(|check| check.name.clone()).collect();
    let document = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/doctor.md")).unwrap();
    let explained: BTreeSet<String> =
        document.lines().filter_map(|line| line.strip_prefix("### ")).map(str::to_owned).collect();
    assert_eq!(names, explained, "every check is made, whatever it finds");

    let text = run(folder.path(), &github.variables(), &["doctor"]).await;
    assert_eq!((text.code, text.err.as_str()), (Some(0), ""), "no progress where nobody watches");
    assert!(text.out.contains("ok       clock"), "{}", text.out);
    let strict = run(folder.path(), &github.variables(), &["doctor", "--strict"]).await;
    assert_eq!(strict.code, Some(1), "sign-in is open, which is a warning: {}", strict.out);
}

#[tokio::test]
async fn beside_a_server_and_after_it_the_store_is_read_and_left_alone() {
    let github = GitHub::start().await;
    github.api.file("dispatching.yml", "outbound:\n  - source: { workflow: ci.yml }\n    target: []\n");
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    let (_, delivery) = github.complete_run();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    until("an issue tells of the file", async || (!github.api.issues().is_empty()).then_some(())).await;
    let reaching = changed(github.variables(), &[("PORT", &server.port().1)]);

    let (_, beside) = doctor(folder.path(), &reaching, &[]).await;
    assert!(beside.one("server").found.ends_with("takes deliveries"), "{:?}", beside.one("server"));
    assert!(beside.one("database").found.starts_with("switchboard.db, schema version 1"), "{beside:#?}");
    assert_eq!(beside.one("missing-deliveries").verdict, "ok");
    let file = beside.one("repository-files");
    assert_eq!((file.verdict.as_str(), file.about.as_deref()), ("warning", Some("acme/api")));
    assert!(file.found.starts_with("dispatching.yml:3:5: "), "{file:?}");
    let figures = file.figures.as_ref().unwrap();
    assert_eq!((&figures["line"], &figures["path"]), (&json!(3), &json!("dispatching.yml")));
    assert_eq!(file.link, format!("{}/acme/api/blob/HEAD/dispatching.yml#L3", github.url));
    server.stop().await;

    let before = listing(folder.path());
    let calls = github.simulator.calls().len();
    let (code, after) = doctor(folder.path(), &github.variables(), &["--offline"]).await;
    assert_eq!(code, Some(0), "{after:#?}");
    assert_eq!((after.one("server").verdict.as_str(), after.one("backlog").verdict.as_str()), ("warning", "ok"));
    assert!(after.one("repository-files").found.starts_with("dispatching.yml:3:5: "), "{after:#?}");
    assert!(after.all("github").iter().all(|check| check.verdict == "skipped"));
    assert_eq!((listing(folder.path()), github.simulator.calls().len()), (before, calls), "it only looked");
}

#[tokio::test]
async fn what_the_app_or_an_account_lacks_is_told_one_by_one_with_the_page_to_mend_it() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let globex = github.simulator.organization("globex");
    github.app.install(
        &globex,
        InstallationSpec::all().permissions(&[("contents", Access::Read), ("issues", Access::Write)]),
    );
    let initech = github.simulator.organization("initech");
    github.app.install(&initech, InstallationSpec::all()).suspend();
    let variables = changed(
        github.variables(),
        &[
            ("SWITCHBOARD__DISPATCHER__SOURCE_REPOS", "acme/api, acme/*"),
            ("SWITCHBOARD__DISPATCHER__TARGET_REPOS", "acme/deploy, umbrella/deploy"),
        ],
    );
    let (code, report) = doctor(folder.path(), &variables, &[]).await;
    assert_eq!(code, Some(1));
    assert_eq!(report.with("error"), ["approvals globex", "repositories umbrella/deploy"], "{report:#?}");
    let lacking = report.all("approvals")[0];
    assert!(lacking.found.starts_with("has not approved actions: write, needed by the dispatcher to"), "{lacking:?}");
    assert_eq!(lacking.figures.as_ref().unwrap()["permission"], "actions");
    assert!(lacking.link.ends_with("/permissions/update") && lacking.link.contains("/organizations/globex/"));
    let beyond = &report.all("approvals")[1];
    assert!(beyond.found.contains("members: read, which the App asks for and nothing needs"), "{beyond:?}");
    let suspended = report.one("suspensions");
    assert_eq!((suspended.about.as_deref(), suspended.verdict.as_str()), (Some("initech"), "warning"));

    let spec = AppSpec::new("lacking").permissions(&[("contents", Access::Read)]).events(&["push"]);
    let lacking = github.simulator.app(spec).unwrap();
    let id = lacking.id().to_string();
    let variables = changed(github.variables(), &[("GITHUB_APP_ID", id.as_str())]);
    let (_, report) = doctor(folder.path(), &variables, &[]).await;
    let errors = ["app", "permissions actions", "permissions issues", "events workflow_run", "installations"];
    assert_eq!(report.with("error"), errors, "{report:#?}");
    let page = format!("{}/organizations/simulated-operators/settings/apps/lacking/permissions", github.url);
    assert_eq!(report.all("permissions")[0].link, page);
}

/// A private key that is nobody's.
fn another_key() -> String {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = key.as_der().unwrap();
    let text = STANDARD.encode(der.as_ref());
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PRIVATE KEY-----\\n{}\\n-----END PRIVATE KEY-----", lines.join("\\n"))
}

#[tokio::test]
async fn a_key_that_is_not_the_apps_and_an_app_that_is_not_there_are_told_apart_from_a_silent_github() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = another_key();
    for change in [("GITHUB_APP_PRIVATE_KEY", key.as_str()), ("GITHUB_APP_ID", "987654")] {
        let (code, report) = doctor(folder.path(), &changed(github.variables(), &[change]), &[]).await;
        assert_eq!((code, report.with("error")), (Some(1), vec!["key".to_owned()]), "{report:#?}");
        assert_eq!((report.one("github").verdict.as_str(), report.one("clock").verdict.as_str()), ("ok", "ok"));
        assert!(report.one("key").hint.as_ref().unwrap().contains("App id and the private key belong together"));
        assert_eq!(report.one("installations").verdict, "skipped");
    }
    let (code, silent) = doctor(folder.path(), &changed(github.variables(), &[("GITHUB_API_URL", NOBODY)]), &[]).await;
    assert_eq!((code, silent.with("error")), (Some(1), vec!["github".to_owned()]), "{silent:#?}");
    assert!(silent.one("github").hint.as_ref().unwrap().contains("GITHUB_API_URL"));
}

/// The system's clock, off by so much.
#[derive(Debug)]
struct Off(i64);

#[async_trait]
impl Clock for Off {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(SystemClock.now().millis() + self.0)
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        tokio::time::sleep(deadline.since(self.now()).min(Duration::from_secs(1))).await;
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_told_with_how_far_and_keeps_nothing_from_being_checked() {
    let folder = tempfile::tempdir().unwrap();
    for off in [90_000, -90_000] {
        let github = GitHub::with_clock("switchboard-tested", Arc::new(Off(off))).await;
        let (code, report) = doctor(folder.path(), &github.variables(), &[]).await;
        assert_eq!((code, report.with("error")), (Some(0), vec![]), "{report:#?}");
        let clock = report.one("clock");
        assert_eq!(clock.verdict, "warning", "{clock:?}");
        let ahead = clock.figures.as_ref().unwrap()["aheadMs"].as_i64().unwrap();
        assert!((ahead - off).abs() < 5_000, "{clock:?}");
        let word = if off > 0 { "s behind GitHub's" } else { "s ahead of GitHub's" };
        assert!(clock.found.contains(word), "{clock:?}");
    }
}

#[tokio::test]
async fn a_webhook_that_is_set_up_wrong_or_does_not_arrive_is_told_by_githubs_own_list() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let (_, delivery) = github.complete_run();
    github.simulator.report(delivery.id, DeliveryOutcome::Unreachable);
    let (_, fresh) = doctor(folder.path(), &github.variables(), &[]).await;
    assert_eq!(fresh.one("webhook-deliveries").verdict, "skipped", "no server has run yet: {fresh:#?}");

    let server = Server::start(folder.path(), &github.variables()).await;
    let reaching = changed(github.variables(), &[("PORT", &server.port().1)]);
    let (code, unreached) = doctor(folder.path(), &reaching, &[]).await;
    let check = unreached.one("webhook-deliveries");
    assert_eq!((code, check.verdict.as_str()), (Some(1), "error"), "{check:?}");
    assert!(check.found.starts_with("1 delivery failed in a row; the newest: failed to connect"), "{check:?}");
    assert!(check.link.ends_with("/settings/apps/switchboard-tested/advanced"), "{check:?}");

    let (_, delivery) = github.complete_run();
    let mut stranger = delivery.clone();
    stranger.headers.retain(|(name, _)| name != "X-Hub-Signature-256");
    let refused = post(&client(), &server.url, &stranger).send().await.unwrap();
    let status = refused.status().as_u16();
    let told: serde_json::Value = serde_json::from_slice(&refused.bytes().await.unwrap()).unwrap();
    github.simulator.report(delivery.id, DeliveryOutcome::Answered(status));
    let (_, unsigned) = doctor(folder.path(), &reaching, &[]).await;
    let check = unsigned.one("webhook-deliveries");
    assert_eq!(check.hint.as_deref(), told["hint"].as_str(), "who was refused and who looks read the same: {check:?}");
    assert_eq!(check.figures.as_ref().unwrap()["statuses"]["401"], 1);

    let config =
        json!({ "url": "http://127.0.0.1:3000/", "content_type": "form", "insecure_ssl": "1", "secret": null });
    github.simulator.fault("GET", "/app/hook/config").always().answer(200, &[], config);
    let (_, wrong) = doctor(folder.path(), &reaching, &[]).await;
    let about: Vec<_> = wrong.all("webhook").iter().map(|check| check.about.clone().unwrap()).collect();
    assert_eq!(about, ["url", "secret", "content-type", "ssl"], "{wrong:#?}");
    server.stop().await;
}

#[tokio::test]
async fn a_configuration_that_cannot_be_used_is_told_to_people_and_to_machines() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let variables = changed(github.variables(), &[("GITHUB_APP_ID", "seven")]);
    let text = run(folder.path(), &variables, &["doctor"]).await;
    assert_eq!(text.code, Some(2));
    assert_eq!(
        text.err,
        "error: github.app_id: expected a number from 1 up, found `seven`\n  at environment variable GITHUB_APP_ID\n"
    );
    let (code, report) = doctor(folder.path(), &variables, &[]).await;
    assert_eq!((code, report.with("error")), (Some(2), vec!["configuration github.app_id".to_owned()]));
    assert!(report.one("configuration").found.ends_with("at environment variable GITHUB_APP_ID"));
    assert!(github.simulator.calls().is_empty());
}
