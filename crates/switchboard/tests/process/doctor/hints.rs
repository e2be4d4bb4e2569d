//! What doctor advises is, word for word, what was advised where the refusal happened.

use serde_json::Value;
use switchboard_simulator::{Access, RunId};

use super::report::doctor;
use crate::support::github::{GitHub, post};
use crate::support::server::Server;
use crate::support::{client, until};

async fn json(url: &str) -> Option<Value> {
    let answer = client().get(url).header("accept", "application/json").send().await.unwrap();
    serde_json::from_slice(&answer.bytes().await.unwrap()).ok()
}

/// The hint that the dispatcher's page and API show beside the target that was refused.
async fn hint_of_target(server: &Server, github: &GitHub, run: RunId) -> String {
    let url = format!("{}/api/v1/dispatcher/runs/{}/{run}/1", server.url, github.api.id());
    until("the target is settled", async || {
        let run = json(&url).await?;
        let target = run["targets"].as_array()?.iter().find(|target| target["state"] == "failed")?.clone();
        target["hint"].as_str().map(str::to_owned)
    })
    .await
}

#[tokio::test]
async fn a_permission_that_is_not_approved_is_told_as_by_the_target_that_failed() {
    let github = GitHub::start().await;
    github.installation.set_permissions(&[("contents", Access::Read), ("issues", Access::Write)]);
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    let (run, delivery) = github.complete_run();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    let told = hint_of_target(&server, &github, run).await;

    let (_, report) = doctor(folder.path(), &github.variables(), &[]).await;
    let check = report.all("approvals")[0];
    assert_eq!((check.verdict.as_str(), check.hint.as_deref()), ("error", Some(told.as_str())), "{check:?}");
    server.stop().await;
}

#[tokio::test]
async fn a_suspension_is_told_as_by_the_job_that_failed_and_by_its_dead_letter() {
    let github = GitHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &github.variables()).await;
    let (_, delivery) = github.complete_run();
    github.installation.suspend();
    assert_eq!(post(&client(), &server.url, &delivery).send().await.unwrap().status(), 202);
    let job = until("the plan is given up", async || {
        let jobs = json(&format!("{}/api/v1/jobs?state=dead", server.url)).await?;
        jobs["items"].as_array()?.iter().find(|job| job["kind"] == "dispatcher.plan").cloned()
    })
    .await;
    let told = job["failure"]["hint"].as_str().unwrap();
    let page = client().get(format!("{}/jobs/{}", server.url, job["id"].as_str().unwrap())).send().await.unwrap();
    assert!(page.text().await.unwrap().contains(told), "{told}");

    let (_, report) = doctor(folder.path(), &github.variables(), &[]).await;
    assert_eq!(report.one("suspensions").hint.as_deref(), Some(told));
    let letter = report.all("dead-letters").into_iter().find(|check| check.about.as_deref() == job["id"].as_str());
    assert_eq!(letter.unwrap().hint.as_deref(), Some(told));
    server.stop().await;
}
