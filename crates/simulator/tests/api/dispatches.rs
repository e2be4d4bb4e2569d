use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::Clock as _;
use switchboard_simulator::{Input, RunDetails, RunStatus, Trigger, WorkflowSpec};

use crate::support::{World, json_of, refused};

const DISPATCH: &str = "/repos/acme/target/actions/workflows/cd.yml/dispatches";

#[tokio::test]
async fn a_dispatched_workflow_runs_and_its_webhooks_follow() {
    let world = World::new();
    let token = world.token().await;
    let body = json!({ "ref": "main", "inputs": { "sha": "abc" }, "return_run_details": true });
    let answer = world.post(DISPATCH, &token, body).await;
    assert_eq!(answer.status(), 200);
    let id = json_of(&answer)["workflow_run_id"].as_u64().unwrap();
    assert_eq!(json_of(&answer)["run_url"], format!("https://api.github.com/repos/acme/target/actions/runs/{id}"));
    assert_eq!(json_of(&answer)["html_url"], format!("https://github.com/acme/target/actions/runs/{id}"));

    let mut seen: Vec<(String, i64, Value)> = Vec::new();
    let start = world.clock.now();
    while let Some(due) = world.github.next_due() {
        world.clock.advance_to(due);
        for delivery in world.github.take_due() {
            let payload: Value = serde_json::from_slice(&delivery.body).unwrap();
            let action = payload["action"].as_str().unwrap().to_owned();
            seen.push((action, world.clock.now().seconds() - start.seconds(), payload));
        }
    }
    let steps: Vec<(&str, i64)> = seen.iter().map(|(action, at, _)| (action.as_str(), *at)).collect();
    assert_eq!(steps, [("requested", 0), ("in_progress", 1), ("completed", 11)]);
    let run = &seen[2].2["workflow_run"];
    assert_eq!(run["id"], id);
    assert_eq!(run["event"], "workflow_dispatch");
    assert_eq!(run["conclusion"], "success");
    assert_eq!((&run["actor"]["login"], &run["actor"]["type"]), (&json!("switchboard[bot]"), &json!("Bot")));
    assert_eq!(run["path"], ".github/workflows/cd.yml");
    assert_eq!(run["run_attempt"], 1);
    assert_eq!(run["head_repository"]["id"], json!(world.target.id()));
    assert_eq!(world.cd.runs()[0].inputs["sha"], "abc");
}

#[tokio::test]
async fn the_answer_depends_on_what_this_github_knows_of_run_details() {
    let world = World::new();
    let token = world.token().await;
    assert_eq!(world.post(DISPATCH, &token, json!({ "ref": "main" })).await.status(), 204);
    let wished = json!({ "ref": "main", "return_run_details": true });
    world.github.configure(|settings| settings.run_details = RunDetails::Ignored);
    assert_eq!(world.post(DISPATCH, &token, wished.clone()).await.status(), 204);
    world.github.configure(|settings| settings.run_details = RunDetails::Refused);
    let answer = world.post(DISPATCH, &token, wished).await;
    refused(&answer, 422, "Invalid request.");
    assert!(json_of(&answer)["message"].as_str().unwrap().contains("return_run_details"));
    assert_eq!(world.cd.runs().len(), 2);
}

#[tokio::test]
async fn each_refusal_has_its_own_text() {
    let world = World::new();
    let token = world.token().await;
    let strict = Trigger::WorkflowDispatch(vec![
        Input::required("version"),
        Input { options: vec!["dev".to_owned(), "prod".to_owned()], ..Input::optional("stage") },
    ]);
    world.target.workflow(WorkflowSpec::new("strict.yml").on(strict));
    world.target.workflow("push-only.yml");
    let off = world.target.workflow(WorkflowSpec::new("off.yml").dispatchable(&[]));
    off.set_enabled(false);
    let path = |file: &str| format!("/repos/acme/target/actions/workflows/{file}/dispatches");
    let main = json!({ "ref": "main" });
    refused(&world.post(&path("gone.yml"), &token, main.clone()).await, 404, "Not Found");
    refused(&world.post(&path("cd.yml"), &token, json!({ "ref": "gone" })).await, 422, "No ref found for: gone");
    let sha = world.target.head("main").unwrap();
    refused(&world.post(&path("cd.yml"), &token, json!({ "ref": sha })).await, 422, "No ref found for:");
    refused(&world.post(&path("cd.yml"), &token, json!({})).await, 422, "Invalid request.\n\n\"ref\" wasn't supplied.");
    let text = "Workflow does not have 'workflow_dispatch' trigger";
    refused(&world.post(&path("push-only.yml"), &token, main.clone()).await, 422, text);
    refused(
        &world.post(&path("off.yml"), &token, main.clone()).await,
        422,
        "Cannot trigger a 'workflow_dispatch' on a disabled",
    );
    let unexpected = json!({ "ref": "main", "inputs": { "bogus": "1" } });
    refused(&world.post(&path("cd.yml"), &token, unexpected).await, 422, "Unexpected inputs provided: [\"bogus\"]");
    refused(&world.post(&path("strict.yml"), &token, main).await, 422, "Required input 'version' not provided");
    let outside = json!({ "ref": "main", "inputs": { "version": "1", "stage": "qa" } });
    refused(
        &world.post(&path("strict.yml"), &token, outside).await,
        422,
        "Provided value \"qa\" for input 'stage' not in",
    );
    let many: serde_json::Map<String, Value> = (0..26).map(|n| (format!("i{n}"), json!("x"))).collect();
    refused(
        &world.post(&path("cd.yml"), &token, json!({ "ref": "main", "inputs": many })).await,
        422,
        "Invalid request.",
    );
    assert!(world.target.runs().is_empty());
}

#[tokio::test]
async fn tags_and_full_names_are_refs_too() {
    let world = World::new();
    let token = world.token().await;
    world.target.tag("v1").branch("release/2");
    for reference in ["v1", "refs/tags/v1", "refs/heads/release/2", "release/2"] {
        assert_eq!(world.post(DISPATCH, &token, json!({ "ref": reference })).await.status(), 204, "{reference}");
    }
    let branches: Vec<_> = world.cd.runs().into_iter().filter_map(|run| run.branch).collect();
    assert_eq!(branches, ["v1", "v1", "release/2", "release/2"]);
}

#[tokio::test]
async fn scripted_conclusions_come_in_order_and_the_last_one_stays() {
    let world = World::new();
    let token = world.token().await;
    world.cd.set_conclusions(&["failure", "success"]);
    for _ in 0..3 {
        world.post(DISPATCH, &token, json!({ "ref": "main" })).await;
        world.clock.advance(Duration::from_secs(30));
    }
    let runs = world.cd.runs();
    assert!(runs.iter().all(|run| run.status == RunStatus::Completed));
    let ends: Vec<_> = runs.into_iter().filter_map(|run| run.conclusion).collect();
    assert_eq!(ends, ["failure", "success", "success"]);
}

#[tokio::test]
async fn a_repository_dispatch_reaches_its_listeners_within_limits() {
    let world = World::new();
    world.installation.set_permissions(&[("contents", switchboard_simulator::Access::Write)]);
    let token = world.token().await;
    let listener =
        world.target.workflow(WorkflowSpec::new("l.yml").on(Trigger::RepositoryDispatch(vec!["go".to_owned()])));
    let path = "/repos/acme/target/dispatches";
    let go = json!({ "event_type": "go", "client_payload": { "n": 1 } });
    assert_eq!(world.post(path, &token, go).await.status(), 204);
    assert_eq!(world.post(path, &token, json!({ "event_type": "stop" })).await.status(), 204);
    assert_eq!(listener.runs().len(), 1);
    let wide: serde_json::Map<String, Value> = (0..11).map(|n| (n.to_string(), json!(n))).collect();
    let wide = json!({ "event_type": "go", "client_payload": wide });
    refused(&world.post(path, &token, wide).await, 422, "Invalid request.\n\nNo more than 10 properties are allowed");
    let large = json!({ "event_type": "go", "client_payload": { "a": "x".repeat(65_536) } });
    refused(&world.post(path, &token, large).await, 422, "client_payload is too large");
    assert_eq!(listener.runs().len(), 1);
}
