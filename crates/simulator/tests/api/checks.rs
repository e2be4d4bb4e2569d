use serde_json::{Value, json};
use switchboard_simulator::{Access, App, AppSpec, Installation, InstallationSpec};

use crate::support::{World, json_of, refused};

const CHECKS: &str = "/repos/acme/source/check-runs";

async fn token(world: &World) -> String {
    world.installation.set_permissions(&[
        ("checks", Access::Write),
        ("statuses", Access::Write),
        ("contents", Access::Read),
    ]);
    world.token().await
}

fn annotations(count: usize) -> Value {
    let one = json!({ "path": "a", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m" });
    Value::Array(vec![one; count])
}

#[tokio::test]
async fn a_check_run_only_moves_forward() {
    let world = World::new();
    let token = token(&world).await;
    let head = world.source.head("main").unwrap();
    let made = world.post(CHECKS, &token, json!({ "name": "build", "head_sha": head, "status": "in_progress" })).await;
    assert_eq!(made.status(), 201);
    let one = format!("{CHECKS}/{}", json_of(&made)["id"]);
    let patch = |body: Value| {
        let (world, one, token) = (&world, &one, &token);
        async move { world.send("PATCH", one, token, Some(body)).await }
    };
    refused(&patch(json!({ "status": "queued" })).await, 422, "Validation Failed");
    refused(&patch(json!({ "status": "completed" })).await, 422, "Validation Failed");
    let done = patch(json!({ "conclusion": "success" })).await;
    assert_eq!((&json_of(&done)["status"], &json_of(&done)["conclusion"]), (&json!("completed"), &json!("success")));
    refused(&patch(json!({ "status": "in_progress" })).await, 422, "Validation Failed");
    assert_eq!(patch(json!({ "conclusion": "failure" })).await.status(), 200, "a verdict may be corrected");
    let list = json_of(&world.get(&format!("/repos/acme/source/commits/{head}/check-runs"), &token).await);
    assert_eq!(list["total_count"], 1);
}

#[tokio::test]
async fn output_has_limits() {
    let world = World::new();
    let token = token(&world).await;
    let head = world.source.head("main").unwrap();
    let create = |output: Value| {
        let body = json!({ "name": "build", "head_sha": head, "output": output });
        let (world, token) = (&world, &token);
        async move { world.post(CHECKS, token, body).await }
    };
    let long = json!({ "title": "t", "summary": "x".repeat(65_536) });
    refused(&create(long).await, 422, "Validation Failed");
    let many = json!({ "title": "t", "summary": "s", "annotations": annotations(51) });
    refused(&create(many).await, 422, "Validation Failed");
    let fits = json!({ "title": "t", "summary": "x".repeat(65_535), "annotations": annotations(50) });
    let made = create(fits).await;
    assert_eq!(json_of(&made)["output"]["annotations_count"], 50);
    let one = format!("{CHECKS}/{}", json_of(&made)["id"]);
    let more = json!({ "output": { "title": "t", "summary": "s", "annotations": annotations(1) } });
    assert_eq!(json_of(&world.send("PATCH", &one, &token, Some(more)).await)["output"]["annotations_count"], 51);
    let stray = json!({ "name": "build", "head_sha": "0".repeat(40) });
    refused(&world.post(CHECKS, &token, stray).await, 422, "No commit found for SHA");
}

#[tokio::test]
async fn a_check_run_belongs_to_its_app() {
    let world = World::new();
    let mine = token(&world).await;
    let head = world.source.head("main").unwrap();
    let made = world.post(CHECKS, &mine, json!({ "name": "build", "head_sha": head })).await;
    let spec = AppSpec::new("other").permissions(&[("checks", Access::Write)]).events(&["check_run"]);
    let other: App = world.github.app(spec).unwrap();
    let theirs: Installation = other.install(&world.github.organization("acme"), InstallationSpec::all());
    let now = switchboard_clock::Clock::now(&world.clock).seconds();
    let jwt = world.jwt_with(&json!({ "iss": other.id(), "iat": now, "exp": now + 60 }));
    let minted = world.post(&format!("/app/installations/{}/access_tokens", theirs.id()), &jwt, json!({})).await;
    let token = json_of(&minted)["token"].as_str().unwrap().to_owned();
    let one = format!("{CHECKS}/{}", json_of(&made)["id"]);
    let answer = world.send("PATCH", &one, &token, Some(json!({ "conclusion": "success" }))).await;
    refused(&answer, 403, "Invalid app_id");
    assert_eq!(world.source.check_runs()[0].status, "queued");
}

#[tokio::test]
async fn statuses_combine_the_newest_of_each_context() {
    let world = World::new();
    let token = token(&world).await;
    let head = world.source.head("main").unwrap();
    for (state, context) in [("pending", "a"), ("success", "b"), ("success", "a")] {
        let body = json!({ "state": state, "context": context });
        assert_eq!(world.post(&format!("/repos/acme/source/statuses/{head}"), &token, body).await.status(), 201);
    }
    let combined = json_of(&world.get("/repos/acme/source/commits/main/status", &token).await);
    assert_eq!((&combined["state"], &combined["total_count"]), (&json!("success"), &json!(2)));
    let long = json!({ "state": "success", "description": "x".repeat(141) });
    refused(&world.post(&format!("/repos/acme/source/statuses/{head}"), &token, long).await, 422, "Validation Failed");
}
