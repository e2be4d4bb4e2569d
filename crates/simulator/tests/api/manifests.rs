//! An App is made from a manifest on the pages, its code is exchanged once, and it is installed.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::{Value, json};

use crate::support::{Answered, World};

const REDIRECT: &str = "http://127.0.0.1:4321/created";

fn manifest() -> Value {
    json!({
        "name": "Our Switchboard",
        "url": "https://switchboard.example.com",
        "redirect_url": REDIRECT,
        "hook_attributes": { "url": "https://switchboard.example.com/webhooks/github", "active": true },
        "default_permissions": { "actions": "write", "contents": "read" },
        "default_events": ["workflow_run"],
        "public": false,
    })
}

async fn browse(world: &World, method: &str, path: &str, fields: &[(&str, &str)]) -> Answered {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let request = Request::builder().method(method).uri(path).header("user-agent", "browser");
    let request = request.header("accept", "text/html").header("content-type", "application/x-www-form-urlencoded");
    world.try_send(request.body(Bytes::from(body)).unwrap()).await.unwrap()
}

fn text(answer: &Answered) -> &str {
    std::str::from_utf8(answer.body()).unwrap()
}

fn json_of(answer: &Answered) -> Value {
    serde_json::from_slice(answer.body()).unwrap()
}

/// Presses the button of the page for this name; returns the code that it leads back with.
async fn created(world: &World, name: &str) -> String {
    let manifest = manifest().to_string();
    let fields = [("manifest", manifest.as_str()), ("name", name), ("state", "s p")];
    let answer = browse(world, "POST", "/organizations/acme/settings/apps/new", &fields).await;
    assert_eq!(answer.status(), 302, "{}", text(&answer));
    let target = url::Url::parse(answer.headers()["location"].to_str().unwrap()).unwrap();
    assert!(target.as_str().starts_with(REDIRECT));
    let parameter = |name: &str| target.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(parameter("state"), "s p");
    parameter("code")
}

#[tokio::test]
async fn a_manifest_becomes_an_app_with_secrets_of_its_own() {
    let world = World::new();
    let fields = [("manifest", manifest().to_string())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = browse(&world, "POST", "/organizations/acme/settings/apps/new?state=s+p", &fields).await;
    for part in ["value=\"Our Switchboard\"", "actions: write", "value=\"s p\"", "acme will own"] {
        assert!(text(&page).contains(part), "{part}: {}", text(&page));
    }

    let code = created(&world, "Our Switchboard").await;
    let path = format!("/api/v3/app-manifests/{code}/conversions");
    let answer = browse(&world, "POST", &path, &[]).await;
    let app = json_of(&answer);
    assert_eq!((answer.status().as_u16(), &app["slug"]), (201, &json!("our-switchboard")), "{app}");
    assert_eq!((&app["owner"]["login"], &app["permissions"]["metadata"]), (&json!("acme"), &json!("read")));
    assert!(app["pem"].as_str().unwrap().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
    let again = browse(&world, "POST", &path, &[]).await;
    assert_eq!(again.status(), 404, "a code is good for one exchange");
    world.github.finish(&[]).unwrap();
}

#[tokio::test]
async fn a_code_is_good_for_an_hour() {
    let world = World::new();
    let code = created(&world, "Late").await;
    world.clock.advance(Duration::from_secs(3600));
    let answer = browse(&world, "POST", &format!("/app-manifests/{code}/conversions"), &[]).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn a_name_can_be_taken_and_is_corrected_on_the_page() {
    let world = World::new();
    let manifest = manifest().to_string();
    for (name, problem) in [("Switchboard!", "Name is already taken"), (&"x".repeat(35), "1 to 34 characters")] {
        let fields = [("manifest", manifest.as_str()), ("name", name)];
        let page = browse(&world, "POST", "/settings/apps/new", &fields).await;
        assert_eq!(page.status(), 422);
        assert!(text(&page).contains(problem) && text(&page).contains("name=\"manifest\""), "{}", text(&page));
    }
    let api = browse(&world, "GET", "/api/v3/apps/switchboard", &[]).await;
    assert_eq!(json_of(&api)["slug"], "switchboard");
    assert_eq!(browse(&world, "GET", "/api/v3/apps/free", &[]).await.status(), 404);
    let refused = browse(&world, "POST", "/settings/apps/new", &[("manifest", "{\"webhook\":1}")]).await;
    assert!(text(&refused).contains("is not a permitted key"), "{}", text(&refused));
}

#[tokio::test]
async fn it_is_installed_on_its_page_and_hears_of_it() {
    let world = World::new();
    created(&world, "Our Switchboard").await;
    let _ = world.github.take_due();
    let page = browse(&world, "GET", "/apps/our-switchboard/installations/new", &[]).await;
    assert!(text(&page).contains("<option value=\"acme\">"), "{}", text(&page));
    for _ in 0..2 {
        let path = "/apps/our-switchboard/installations/new";
        let answer = browse(&world, "POST", path, &[("account", "acme")]).await;
        assert_eq!(answer.status(), 302);
        let location = answer.headers()["location"].to_str().unwrap().replace("https://github.com", "");
        let page = browse(&world, "GET", &location, &[]).await;
        assert!(text(&page).contains("Installed on acme"), "{location}: {}", text(&page));
    }
    let sent = world.github.take_due();
    assert_eq!(sent.len(), 1, "installing it twice is installing it once");
    let payload: Value = serde_json::from_slice(&sent[0].body).unwrap();
    assert_eq!((&payload["action"], &payload["repositories"].as_array().unwrap().len()), (&json!("created"), &2));
    assert_eq!(sent[0].url, "https://switchboard.example.com/webhooks/github");
}

#[tokio::test]
async fn an_inactive_webhook_sends_nothing() {
    let world = World::new();
    let mut inactive = manifest();
    inactive["hook_attributes"]["active"] = json!(false);
    let inactive = inactive.to_string();
    browse(&world, "POST", "/settings/apps/new", &[("manifest", &inactive), ("name", "Silent")]).await;
    browse(&world, "POST", "/apps/silent/installations/new", &[("account", "acme")]).await;
    assert!(world.github.take_due().is_empty());
}
