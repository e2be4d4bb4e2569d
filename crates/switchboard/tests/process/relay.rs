//! The relay through the real binary: an upstream's pull request, a downstream's run that reports over HTTP, and the checks that
//! come of it.

use std::time::Duration;

use serde_json::Value;
use switchboard_simulator::{Downstream, PullSpec, Repository};

use crate::support::client;
use crate::support::server::Server;
use crate::support::upstream::{AUDIENCE, Upstream, soon, taken};

const CHECK: &str = "crcr/vendor/backend/CI/build";

fn pull(up: &Repository, labels: &[&str]) -> String {
    up.open_pull(PullSpec::new("Add a kernel").by("alice").forked().labels(labels)).head_sha()
}

fn builds_in(time: Duration) -> Downstream {
    soon("CI").result("build").succeeds_after(time)
}

#[tokio::test]
async fn a_downstreams_result_becomes_a_check_on_the_upstreams_pull_request() {
    let github = Upstream::start(builds_in(Duration::from_secs(2))).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);

    let head = pull(&github.up, &["ciflow/crcr/gpu"]);
    let running = github.check(&head, CHECK, "in_progress").await;
    let ended = github.check(&head, CHECK, "success").await;
    assert_eq!(running.id, ended.id, "the same check run, brought up to date");
    let run = github.run().await;
    assert_eq!(ended.details_url, Some(format!("{}/vendor/backend/actions/runs/{run}", github.url)));
    github.check(&head, "crcr/vendor/required/CI/test", "success").await;
    github.check(&head, "crcr/gate", "success").await;
    assert!(taken(&github.reported("in_progress").await) && taken(&github.reported("completed").await));
    let unlabeled = pull(&github.up, &[]);
    github.check(&unlabeled, "crcr/gate", "success").await;
    assert!(github.up.visible_checks(&unlabeled).iter().all(|check| check.name != CHECK), "nobody asked for it");
    server.stop().await;
}

#[tokio::test]
async fn reports_that_cannot_be_believed_are_refused_and_change_nothing() {
    let github = Upstream::start(soon("CI").result("build").never_reports().never_ends()).await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    let head = pull(&github.up, &["ciflow/crcr/gpu"]);
    let run = github.run().await;
    let body = github.report(run, "completed");
    let token = || github.backend_repo.id_token(run, AUDIENCE).unwrap();
    let mut other_run = body.clone();
    other_run["workflow"]["run_id"] = (run.0 + 1).into();

    let forged = token().forged().mint();
    for (token, body, status, code) in [
        (Some(forged.as_str()), &body, 401, "token_invalid"),
        (Some(&*token().audience("somebody-else").mint()), &body, 401, "token_invalid"),
        (Some(&*token().expired().mint()), &body, 401, "token_invalid"),
        (Some(&*token().unsigned().mint()), &body, 401, "token_invalid"),
        (Some(&*token().claim("event_name", "pull_request_target").mint()), &body, 403, "untrusted_trigger"),
        (Some(&*token().mint()), &other_run, 403, "run_mismatch"),
        (None, &body, 401, "token_missing"),
    ] {
        let request =
            client().post(format!("{}/github/callback", server.url)).header("content-type", "application/json");
        let request = match token {
            Some(token) => request.header("authorization", format!("Bearer {token}")),
            None => request,
        };
        let answer = request.body(body.to_string()).send().await.unwrap();
        let challenged = answer.headers().contains_key("www-authenticate");
        assert_eq!((answer.status().as_u16(), challenged), (status, status == 401), "{code}");
        let refusal: Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        assert_eq!(refusal["code"], code, "{refusal}");
        assert!(refusal["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{refusal}");
    }
    let answer = client().get(format!("{}/github/callback/", server.url)).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["allow"].to_str().unwrap()), (405, "POST"));
    let printed = server.process.printed();
    assert!(!printed.contains(&forged), "tokens are not logged");

    // The same report with a token that is good.
    let good = token().mint();
    let request = client().post(format!("{}/github/callback", server.url)).header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {good}"));
    assert_eq!(request.body(body.to_string()).send().await.unwrap().status(), 200);
    github.check(&head, CHECK, "success").await;
    let made = github.up.check_runs().into_iter().filter(|check| check.name == CHECK).count();
    assert_eq!(made, 1, "none of the others led to anything");
}

#[tokio::test]
async fn a_report_that_was_answered_outlives_a_kill() {
    let github = Upstream::start(builds_in(Duration::from_millis(500))).await;
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    // GitHub takes no check runs, so that whatever becomes of a report is still to be done when the server dies.
    github.simulator.fault("POST", "/repos/org/up/check-runs").times(1_000).hang();

    let head = pull(&github.up, &["ciflow/crcr/gpu"]);
    assert!(taken(&github.reported("in_progress").await));
    assert!(taken(&github.reported("completed").await));
    server.process.child.kill().unwrap();
    server.process.child.wait().unwrap();
    assert_eq!(github.up.check_runs().len(), 0, "nothing was written yet");

    github.simulator.end_faults();
    let server = Server::start(folder.path(), &github.variables()).await;
    github.sends_to(&server);
    github.check(&head, CHECK, "success").await;
    let made = github.up.check_runs().into_iter().filter(|check| check.name == CHECK).count();
    let sent = github.simulator.calls().into_iter().filter(|call| call.path.ends_with("/dispatches")).count();
    assert_eq!((made, sent), (1, 2), "nothing was done twice");
    server.stop().await;
}
