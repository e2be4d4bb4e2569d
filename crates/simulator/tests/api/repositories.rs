use serde_json::json;
use switchboard_simulator::RepositorySpec;

use crate::support::{World, header, json_of, refused};

#[tokio::test]
async fn a_renamed_repository_redirects_and_keeps_method_and_body() {
    let world = World::new();
    let token = world.token().await;
    world.target.rename("renamed");
    let moved = world.get("/repos/acme/target/contents/README.md?ref=main", &token).await;
    assert_eq!(moved.status(), 301);
    let id = world.target.id();
    let location = format!("https://api.github.com/repositories/{id}/contents/README.md?ref=main");
    assert_eq!(header(&moved, "location"), location);
    assert_eq!(world.get(&location, &token).await.status(), 200);
    let dispatch = json!({ "ref": "main" });
    let moved = world.post("/repos/acme/target/actions/workflows/cd.yml/dispatches", &token, dispatch.clone()).await;
    assert_eq!(moved.status(), 307);
    assert_eq!(world.post(header(&moved, "location"), &token, dispatch).await.status(), 204);
    assert_eq!(world.github.calls().last().unwrap().path, "/repos/acme/renamed/actions/workflows/cd.yml/dispatches");
    assert_eq!(json_of(&world.get(&format!("/repositories/{id}"), &token).await)["full_name"], "acme/renamed");
}

#[tokio::test]
async fn a_transferred_repository_leaves_the_installation() {
    let world = World::new();
    let token = world.token().await;
    world.target.transfer(&world.github.organization("rival"));
    refused(&world.get("/repos/acme/target", &token).await, 404, "Not Found");
    world.target.set_private(false);
    assert_eq!(world.get("/repos/acme/target", &token).await.status(), 301);
}

#[tokio::test]
async fn a_fork_names_its_parent() {
    let world = World::new();
    let fork = world.github.user("mallory").repository(RepositorySpec::new("open").public().fork_of(&world.open));
    let token = world.token().await;
    let value = json_of(&world.get("/repos/mallory/open", &token).await);
    assert_eq!((&value["fork"], &value["parent"]["full_name"]), (&json!(true), &json!("rival/open")));
    assert_eq!(fork.head("main"), world.open.head("main"));
    assert_eq!(json_of(&world.get("/repos/rival/open", &token).await)["forks_count"], 1);
}

#[tokio::test]
async fn branches_references_and_commits_agree() {
    let world = World::new();
    let token = world.token().await;
    let sha = world.source.push("main", "Fix the thing", &[("a", "1")]);
    let branch = json_of(&world.get("/repos/acme/source/branches/main", &token).await);
    assert_eq!(branch["commit"]["sha"], sha.as_str());
    let reference = json_of(&world.get("/repos/acme/source/git/ref/heads/main", &token).await);
    assert_eq!(reference["object"]["sha"], sha.as_str());
    let commit = json_of(&world.get(&format!("/repos/acme/source/commits/{sha}"), &token).await);
    assert_eq!(commit["commit"]["message"], "Fix the thing");
    refused(&world.get("/repos/acme/source/git/ref/heads/gone", &token).await, 404, "Not Found");
}

#[tokio::test]
async fn a_deleted_repository_leaves_its_name_to_somebody_else() {
    let world = World::new();
    let token = world.token().await;
    let run = world.ci.start_run(&switchboard_simulator::RunSpec::default()).unwrap();
    world.source.delete();
    world.pass(60);
    assert_eq!(world.get("/repos/acme/source", &token).await.status(), 404);
    assert!(world.source.jobs(run).is_empty());
    let next = world.github.repo("acme/source");
    assert_ne!(next.id(), world.source.id());
    assert_eq!(json_of(&world.get("/repos/acme/source", &token).await)["id"], serde_json::json!(next.id()));
}
