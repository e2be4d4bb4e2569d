use serde_json::json;
use switchboard_simulator::{Credentials, Effect, Expected};

use crate::support::World;

const DISPATCHES: &str = "/repos/acme/target/actions/workflows/*/dispatches";

#[tokio::test]
async fn a_story_ends_well_only_when_exactly_the_expected_was_written() {
    let world = World::new();
    let token = world.token().await;
    world.github.finish(&[]).unwrap();
    world.post("/repos/acme/target/actions/workflows/cd.yml/dispatches", &token, json!({ "ref": "main" })).await;
    world.post("/repos/acme/target/actions/workflows/cd.yml/dispatches", &token, json!({ "ref": "gone" })).await;
    world.github.finish(&[Expected::once("POST", DISPATCHES)]).unwrap();
    let missing = world.github.finish(&[Expected::times(2, "POST", DISPATCHES)]).unwrap_err();
    assert_eq!((missing.writes.len(), missing.missing[0].1), (0, 1));
    let unexpected = world.github.finish(&[]).unwrap_err();
    assert!(unexpected.to_string().contains("unexpected write"), "{unexpected}");
}

#[tokio::test]
async fn calls_outside_a_list_are_found() {
    let world = World::new();
    let token = world.token().await;
    world.get("/repos/acme/source", &token).await;
    world.get("/repos/acme/source/vanished", &token).await;
    let allowed = [("POST", "/app/installations/*/access_tokens"), ("GET", "/repos/*/*")];
    let outside = world.github.unexpected_calls(&allowed);
    assert_eq!(outside.len(), 1);
    assert_eq!((outside[0].path.as_str(), outside[0].status), ("/repos/acme/source/vanished", Some(404)));
}

#[tokio::test]
async fn the_ledger_knows_with_whose_credentials() {
    let world = World::new();
    let token = world.narrow_token(json!({ "repository_ids": [world.source.id()] })).await;
    world.get("/repos/acme/source", &token).await;
    let calls = world.github.calls();
    assert_eq!((calls[0].effect, &calls[0].credentials), (Effect::Token, &Credentials::App(world.app.id())));
    let Credentials::Installation { id, repositories, .. } = &calls[1].credentials else { panic!("{:?}", calls[1]) };
    assert_eq!(*id, world.installation.id());
    assert_eq!(repositories.as_ref().unwrap().len(), 1);
    assert!(!format!("{calls:?}").contains(&token), "tokens stay out of the ledger");
}
