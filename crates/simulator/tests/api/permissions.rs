use bytes::Bytes;
use http::Request;
use serde_json::json;

use crate::support::{World, header, json_of, refused};

const DISPATCH: &str = "/repos/acme/target/actions/workflows/cd.yml/dispatches";

#[tokio::test]
async fn a_missing_permission_is_named_in_the_answer() {
    let world = World::new();
    let token = world.narrow_token(json!({ "permissions": { "contents": "read" } })).await;
    let answer = world.post(DISPATCH, &token, json!({ "ref": "main" })).await;
    refused(&answer, 403, "Resource not accessible by integration");
    assert_eq!(header(&answer, "x-accepted-github-permissions"), "actions=write");
    let read_only = world.narrow_token(json!({ "permissions": { "actions": "read" } })).await;
    refused(&world.post(DISPATCH, &read_only, json!({ "ref": "main" })).await, 403, "Resource not accessible");
    refused(&world.get("/repos/acme/target/contents/README.md", &read_only).await, 403, "Resource not accessible");
}

#[tokio::test]
async fn public_things_are_readable_by_every_token_but_not_writable() {
    let world = World::new();
    let token = world.token().await;
    assert_eq!(world.get("/repos/rival/open", &token).await.status(), 200);
    assert_eq!(world.get("/repos/rival/open/contents/README.md", &token).await.status(), 200);
    let issue = json!({ "title": "x" });
    refused(&world.post("/repos/rival/open/issues", &token, issue).await, 403, "Resource not accessible");
}

#[tokio::test]
async fn revoking_a_permission_takes_effect_on_living_tokens() {
    let world = World::new();
    let token = world.token().await;
    world.installation.set_permissions(&[("contents", switchboard_simulator::Access::Read)]);
    refused(&world.post(DISPATCH, &token, json!({ "ref": "main" })).await, 403, "Resource not accessible");
}

#[tokio::test]
async fn an_archived_repository_is_readable_only() {
    let world = World::new();
    let token = world.token().await;
    world.target.set_archived(true);
    assert_eq!(json_of(&world.get("/repos/acme/target", &token).await)["archived"], true);
    refused(&world.post(DISPATCH, &token, json!({ "ref": "main" })).await, 403, "Repository was archived");
}

#[tokio::test]
async fn strangers_and_the_impolite_are_turned_away() {
    let world = World::new();
    let anonymous = Request::get("/repos/acme/source").header("user-agent", "test").body(Bytes::new()).unwrap();
    refused(&world.try_send(anonymous).await.unwrap(), 401, "Requires authentication");
    let nameless =
        Request::get("/app").header("authorization", format!("Bearer {}", world.jwt())).body(Bytes::new()).unwrap();
    refused(&world.try_send(nameless).await.unwrap(), 403, "Request forbidden by administrative rules");
    let mut outdated = crate::support::request("GET", "/app", &world.jwt(), None);
    outdated.headers_mut().insert("x-github-api-version", "2019-01-01".parse().unwrap());
    refused(&world.try_send(outdated).await.unwrap(), 400, "\"2019-01-01\" is not a supported version");
    refused(&world.get("/app", "ghs_unknown").await, 401, "Bad credentials");
    refused(&world.get("/nowhere", &world.jwt()).await, 404, "Not Found");
    refused(&world.get("/repos/acme/source", "").await, 401, "Bad credentials");
}

#[tokio::test]
async fn a_body_must_be_json() {
    let world = World::new();
    let token = world.token().await;
    let mut broken = crate::support::request("POST", DISPATCH, &token, None);
    *broken.body_mut() = Bytes::from_static(b"{\"ref\":");
    refused(&world.try_send(broken).await.unwrap(), 400, "Problems parsing JSON");
}
