use serde_json::json;
use switchboard_clock::Clock as _;
use switchboard_simulator::InstallationSpec;

use crate::support::{World, header, json_of, refused};

#[tokio::test]
async fn an_app_knows_itself_and_its_installations() {
    let world = World::new();
    let app = json_of(&world.get("/app", &world.jwt()).await);
    assert_eq!((app["slug"].as_str(), app["events"][0].as_str()), (Some("switchboard"), Some("workflow_run")));
    assert_eq!(app["permissions"]["actions"], "write");
    let list = json_of(&world.get("/app/installations", &world.jwt()).await);
    assert_eq!(list[0]["id"], json!(world.installation.id()));
    for path in ["/repos/acme/source/installation", "/orgs/acme/installation", "/users/acme/installation"] {
        assert_eq!(json_of(&world.get(path, &world.jwt()).await)["account"]["login"], "acme", "{path}");
    }
    refused(&world.get("/repos/rival/open/installation", &world.jwt()).await, 404, "Not Found");
}

#[tokio::test]
async fn a_jwt_must_be_signed_recent_short_and_of_a_known_app() {
    let world = World::new();
    let now = world.clock.now().seconds();
    let id = world.app.id();
    let cases = [
        (json!({ "iss": id, "iat": now - 60, "exp": now + 601 }), 401, "'Expiration time' claim ('exp') is too far"),
        (json!({ "iss": id, "iat": now - 60, "exp": now }), 401, "'Expiration time' claim ('exp') must be"),
        (json!({ "iss": id, "iat": now + 1, "exp": now + 60 }), 401, "'Issued at' claim ('iat')"),
        (json!({ "iss": id, "exp": now + 60 }), 401, "'Issued at' claim ('iat')"),
        (json!({ "iss": 1, "iat": now, "exp": now + 60 }), 404, "Integration not found"),
    ];
    for (claims, status, message) in cases {
        refused(&world.get("/app", &world.jwt_with(&claims)).await, status, message);
    }
    let text = json!({ "iss": id.to_string(), "iat": now, "exp": now + 600 });
    assert_eq!(world.get("/app", &world.jwt_with(&text)).await.status(), 200);
    let mut forged = world.jwt();
    let last = forged.pop();
    forged.push(if last == Some('A') { 'Q' } else { 'A' });
    refused(&world.get("/app", &forged).await, 401, "A JSON web token could not be decoded");
    refused(&world.get("/app", &world.token().await).await, 401, "A JSON web token could not be decoded");
}

#[tokio::test]
async fn a_token_is_good_for_an_hour() {
    let world = World::new();
    let answer = world.mint(json!({})).await;
    let token = json_of(&answer)["token"].as_str().unwrap().to_owned();
    assert!(token.starts_with("ghs_"));
    assert_eq!(json_of(&answer)["expires_at"], "2026-01-05T13:00:00Z");
    assert_eq!(json_of(&answer)["repository_selection"], "all");
    world.pass(3_599);
    assert_eq!(world.get("/repos/acme/source", &token).await.status(), 200);
    world.pass(1);
    refused(&world.get("/repos/acme/source", &token).await, 401, "Bad credentials");
}

#[tokio::test]
async fn a_token_reaches_only_what_it_was_narrowed_to() {
    let world = World::new();
    let token = world.narrow_token(json!({ "repository_ids": [world.source.id()] })).await;
    assert_eq!(world.get("/repos/acme/source", &token).await.status(), 200);
    refused(&world.get("/repos/acme/target", &token).await, 404, "Not Found");
    let list = json_of(&world.get("/installation/repositories", &token).await);
    assert_eq!((list["total_count"].as_u64(), list["repositories"][0]["name"].as_str()), (Some(1), Some("source")));
    let narrow =
        json_of(&world.mint(json!({ "repositories": ["target"], "permissions": { "contents": "read" } })).await);
    assert_eq!(narrow["repositories"][0]["full_name"], "acme/target");
    assert_eq!(narrow["permissions"], json!({ "contents": "read", "metadata": "read" }));
}

#[tokio::test]
async fn a_token_cannot_be_wider_than_its_installation() {
    let world = World::new();
    let foreign = json!({ "repository_ids": [world.open.id()] });
    refused(&world.mint(foreign).await, 422, "There is at least one repository that does not exist");
    let administration = json!({ "permissions": { "administration": "write" } });
    refused(&world.mint(administration).await, 422, "The permissions requested are not granted");
    let more = json!({ "permissions": { "contents": "write" } });
    refused(&world.mint(more).await, 422, "The permissions requested are not granted");
}

#[tokio::test]
async fn a_suspended_or_removed_installation_gives_no_tokens_and_voids_old_ones() {
    let world = World::new();
    let token = world.token().await;
    world.installation.suspend();
    refused(&world.mint(json!({})).await, 403, "This installation has been suspended");
    refused(&world.get("/repos/acme/source", &token).await, 403, "This installation has been suspended");
    world.installation.unsuspend();
    assert_eq!(world.get("/repos/acme/source", &token).await.status(), 200);
    world.installation.uninstall();
    refused(&world.mint(json!({})).await, 404, "Not Found");
    refused(&world.get("/repos/acme/source", &token).await, 401, "Bad credentials");
}

#[tokio::test]
async fn another_apps_installation_does_not_exist_for_this_one() {
    let world = World::new();
    let other = world.github.app(switchboard_simulator::AppSpec::new("other")).unwrap();
    let theirs = other.install(&world.github.organization("rival"), InstallationSpec::all());
    refused(&world.get(&format!("/app/installations/{}", theirs.id()), &world.jwt()).await, 404, "Not Found");
}

#[tokio::test]
async fn every_answer_carries_request_id_time_and_budget() {
    let world = World::new();
    let answer = world.get("/app", &world.jwt()).await;
    assert_eq!(header(&answer, "date"), "Mon, 05 Jan 2026 12:00:00 GMT");
    assert_eq!(header(&answer, "x-ratelimit-remaining"), "4999");
    assert!(!header(&answer, "x-github-request-id").is_empty());
    assert!(header(&answer, "etag").starts_with("W/\""));
}
