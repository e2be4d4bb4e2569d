use serde_json::{Value, json};
use switchboard_simulator::{AppSpec, InstallationSpec, RepositorySpec};

use crate::support::{World, header, json_of, refused};

const ISSUES: &str = "/repos/acme/source/issues";

#[tokio::test]
async fn an_app_opens_edits_and_closes_its_issue() {
    let world = World::new();
    let token = world.token().await;
    let made = world.post(ISSUES, &token, json!({ "title": "Dispatch", "body": "x", "labels": ["Bug"] })).await;
    assert_eq!(made.status(), 201);
    assert_eq!(json_of(&made)["user"]["login"], "switchboard[bot]");
    assert!(header(&made, "location").ends_with("/repos/acme/source/issues/1"));
    world.pass(10);
    let edited =
        world.send("PATCH", &format!("{ISSUES}/1"), &token, Some(json!({ "body": "y", "state": "closed" }))).await;
    assert_eq!(json_of(&edited)["state_reason"], "completed");
    let issue = world.source.issues().pop().unwrap();
    assert_eq!((issue.body.as_deref(), issue.open), (Some("y"), false));
    assert!(issue.labels.contains("bug"));
}

#[tokio::test]
async fn issues_are_found_by_state_creator_label_and_time() {
    let world = World::new();
    let token = world.token().await;
    world.source.open_issue("of a person", "");
    world.pass(60);
    world.post(ISSUES, &token, json!({ "title": "of the App", "labels": ["x"] })).await;
    world.source.close(1);
    let titles = |query: &str| {
        let path = format!("{ISSUES}?{query}");
        let (world, token) = (&world, &token);
        async move {
            let list = json_of(&world.get(&path, token).await);
            list.as_array().unwrap().iter().map(|i| i["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        }
    };
    assert_eq!(titles("").await, ["of the App"]);
    assert_eq!(titles("state=all").await, ["of the App", "of a person"]);
    assert_eq!(titles("state=all&creator=switchboard%5Bbot%5D").await, ["of the App"]);
    assert_eq!(titles("state=all&labels=X").await, ["of the App"]);
    assert_eq!(titles("state=all&since=2026-01-05T12:01:01Z").await, [""; 0]);
    assert_eq!(titles("state=closed").await, ["of a person"]);
}

#[tokio::test]
async fn disabled_issues_and_too_long_texts_are_refused() {
    let world = World::new();
    let token = world.token().await;
    let long = json!({ "title": "x", "body": "ü".repeat(65_536) });
    refused(&world.post(ISSUES, &token, long).await, 422, "Validation Failed");
    let fits = json!({ "title": "x", "body": "ü".repeat(65_535) });
    assert_eq!(world.post(ISSUES, &token, fits).await.status(), 201);
    refused(&world.post(ISSUES, &token, json!({})).await, 422, "Invalid request.");
    world.source.set_issues(false);
    refused(&world.post(ISSUES, &token, json!({ "title": "x" })).await, 410, "Issues has been disabled");
    refused(&world.get(ISSUES, &token).await, 410, "Issues has been disabled");
}

#[tokio::test]
async fn comments_and_labels_can_be_made_changed_and_removed() {
    let world = World::new();
    let token = world.token().await;
    world.source.open_issue("x", "");
    let comments = format!("{ISSUES}/1/comments");
    let id = json_of(&world.post(&comments, &token, json!({ "body": "a" })).await)["id"].as_u64().unwrap();
    let one = format!("{ISSUES}/comments/{id}");
    world.send("PATCH", &one, &token, Some(json!({ "body": "b" }))).await;
    assert_eq!(world.source.comments(1)[0].body, "b");
    assert_eq!(world.send("DELETE", &one, &token, None).await.status(), 204);
    assert_eq!(json_of(&world.get(&comments, &token).await), json!([]));
    let labels = format!("{ISSUES}/1/labels");
    let added = json_of(&world.post(&labels, &token, json!({ "labels": ["Bug", "docs"] })).await);
    assert_eq!(added.as_array().unwrap().len(), 2);
    world.send("DELETE", &format!("{labels}/bug"), &token, None).await;
    refused(&world.send("DELETE", &format!("{labels}/bug"), &token, None).await, 404, "Label does not exist");
    assert!(world.source.issues()[0].labels.contains("docs"));
    let taken = world.post("/repos/acme/source/labels", &token, json!({ "name": "DOCS" })).await;
    assert_eq!(json_of(&taken)["errors"][0]["code"], "already_exists");
}

#[tokio::test]
async fn a_pull_request_is_an_issue_with_two_sides_and_files() {
    let world = World::new();
    let everything = ["pull_request", "issue_comment", "issues"];
    let app = world.github.app(AppSpec::new("reader").events(&everything)).unwrap();
    app.install(&world.github.organization("rival"), InstallationSpec::all());
    let token = world.token().await;
    let fork = world.github.user("mallory").repository(RepositorySpec::new("open").public().fork_of(&world.open));
    fork.push("patch", "Patch", &[("README.md", "changed"), ("new", "1")]);
    let number = world.open.open_pull_request(&fork, "patch", "Please").unwrap();
    world.open.comment(number, "mallory", "/build");
    world.open.label(number, "ready");
    let events: Vec<(String, Value)> = world
        .github
        .take_due()
        .into_iter()
        .map(|d| (d.event, serde_json::from_slice::<Value>(&d.body).unwrap()["action"].clone()))
        .collect();
    let expected = [("pull_request", "opened"), ("issue_comment", "created"), ("pull_request", "labeled")];
    assert_eq!(events, expected.map(|(event, action)| (event.to_owned(), json!(action))));
    let pull = json_of(&world.get(&format!("/repos/rival/open/pulls/{number}"), &token).await);
    assert_eq!((&pull["head"]["repo"]["full_name"], &pull["base"]["ref"]), (&json!("mallory/open"), &json!("main")));
    let files = json_of(&world.get(&format!("/repos/rival/open/pulls/{number}/files"), &token).await);
    let names: Vec<_> =
        files.as_array().unwrap().iter().map(|f| (f["filename"].as_str(), f["status"].as_str())).collect();
    assert_eq!(names, [(Some("README.md"), Some("modified")), (Some("new"), Some("added"))]);
}
