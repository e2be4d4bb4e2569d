use serde_json::json;

use crate::support::{World, header, json_of, refused};

#[tokio::test]
async fn a_spent_hour_is_refused_until_it_ends() {
    let world = World::new();
    let token = world.token().await;
    world.github.configure(|settings| settings.hourly_requests = 2);
    for _ in 0..2 {
        assert_eq!(world.get("/repos/acme/source", &token).await.status(), 200);
    }
    let answer = world.get("/repos/acme/source", &token).await;
    refused(&answer, 403, "API rate limit exceeded for installation ID");
    assert_eq!(header(&answer, "x-ratelimit-remaining"), "0");
    assert_eq!(header(&answer, "x-ratelimit-reset"), (1_767_614_400 + 3_600).to_string());
    world.pass(3_600);
    assert_eq!(world.get("/repos/acme/source", &world.token().await).await.status(), 200);
}

#[tokio::test]
async fn the_eighty_first_comment_of_a_minute_must_wait() {
    let world = World::new();
    let token = world.token().await;
    world.source.open_issue("busy", "");
    let path = "/repos/acme/source/issues/1/comments";
    for n in 0..80 {
        assert_eq!(world.post(path, &token, json!({ "body": n.to_string() })).await.status(), 201);
    }
    world.pass(20);
    let answer = world.post(path, &token, json!({ "body": "more" })).await;
    refused(&answer, 403, "You have exceeded a secondary rate limit");
    assert_eq!(header(&answer, "retry-after"), "40");
    world.pass(40);
    assert_eq!(world.post(path, &token, json!({ "body": "more" })).await.status(), 201);
}

#[tokio::test]
async fn dispatches_cost_points_but_are_no_content() {
    let world = World::new();
    let token = world.token().await;
    let path = "/repos/acme/target/actions/workflows/cd.yml/dispatches";
    for _ in 0..180 {
        assert_eq!(world.post(path, &token, json!({ "ref": "main" })).await.status(), 204);
    }
    let answer = world.post(path, &token, json!({ "ref": "main" })).await;
    refused(&answer, 403, "You have exceeded a secondary rate limit");
    assert_eq!(header(&answer, "retry-after"), "60");
    let call = world.github.calls().into_iter().nth(1).unwrap();
    assert_eq!((call.points, call.counted), (5, true));
}

#[tokio::test]
async fn budgets_of_installations_are_apart() {
    let world = World::new();
    let token = world.token().await;
    let other = world.app.install(&world.github.organization("rival"), switchboard_simulator::InstallationSpec::all());
    let minted = world.post(&format!("/app/installations/{}/access_tokens", other.id()), &world.jwt(), json!({})).await;
    let theirs = json_of(&minted)["token"].as_str().unwrap().to_owned();
    world.github.configure(|settings| settings.hourly_requests = 3);
    for _ in 0..3 {
        world.get("/repos/acme/source", &token).await;
    }
    assert_eq!(world.get("/repos/acme/source", &token).await.status(), 403);
    assert_eq!(world.get("/repos/rival/open", &theirs).await.status(), 200);
}
