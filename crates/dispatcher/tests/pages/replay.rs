//! Replay over the API and from the page.

use std::time::Duration;

use http::{StatusCode, header};
use switchboard_dispatcher::config::Config;
use switchboard_simulator::RunSpec;
use switchboard_store::Retention;
use switchboard_testkit::World;

use crate::site::{OPERATOR, Site, VIEWER, end, play, run_of};
use crate::story::{arrange, world};

fn posts(world: &World) -> usize {
    world.github.calls().iter().filter(|call| call.path.ends_with("/dispatches")).count()
}

#[tokio::test]
async fn dispatcher_42_a_replay_dispatches_what_failed_and_nothing_else() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let run = run_of(&world, "acme/api").await;
    let site = Site::closed(&world);
    let path = format!("/api/v1/dispatcher/runs/{}/replay", run.key);
    let before = posts(&world);

    assert_eq!(site.post_json(&path, "").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(site.with_token("POST", &path, VIEWER, "").await.status, StatusCode::FORBIDDEN);
    assert_eq!(
        site.with_token("POST", &path, OPERATOR, "{\"only\":\"odd\"}").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let unknown = site.with_token("POST", "/api/v1/dispatcher/runs/1/2/3/replay", OPERATOR, "").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    world.settle().await;
    assert_eq!(posts(&world), before);

    world.repository("acme/mobile").branch("release/9");
    let answer = site.with_token("POST", &path, OPERATOR, "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    let key = run.key.replayed(1);
    assert_eq!(answer.json()["runKey"], key.to_string());
    world.run_for(Duration::from_secs(200)).await;

    assert_eq!(posts(&world), before + 1);
    let audit = world.records(&switchboard_engine::audit::VIEW).await;
    assert_eq!((audit.len(), &audit[0].value["action"]), (1, &serde_json::json!("dispatcher.replay")));
    assert!(audit[0].value["actor"].as_str().is_some_and(|actor| !actor.is_empty()), "{}", audit[0].value);
    let told = site.with_token("GET", &format!("/api/v1/dispatcher/runs/{key}"), OPERATOR, "").await.json();
    let states: Vec<_> = told["targets"].as_array().unwrap().iter().map(|target| target["reason"].as_str()).collect();
    let again = Some("already_dispatched");
    assert_eq!(states[..3], [again, again, None]);

    let next = site.with_token("POST", &path, OPERATOR, "{\"only\":\"all\"}").await;
    assert_eq!(next.json()["runKey"], run.key.replayed(2).to_string());
    end(world).await;
}

#[tokio::test]
async fn the_button_on_the_page_replays_too() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    ci.complete_run(&RunSpec::default());
    world.run_for(Duration::from_secs(200)).await;
    let run = run_of(&world, "acme/api").await;
    let page = format!("/dispatcher/runs/{}", run.key);
    let answer = Site::open(&world).fill_in(&page, &format!("{page}/replay"), "only=unsuccessful").await;
    assert_eq!(
        (answer.status, answer.header(header::LOCATION)),
        (StatusCode::SEE_OTHER, format!("{page}?asked=1").as_str())
    );
    world.run_for(Duration::from_secs(200)).await;
    let site = Site::open(&world);
    let replayed = site.get(&format!("/dispatcher/runs/{}", run.key.replayed(1))).await;
    replayed.shows(&["replay 1", "already dispatched this target"]);
    end(world).await;
}

#[tokio::test]
async fn a_run_whose_body_has_expired_cannot_be_replayed() {
    let mut world = world(Config::default()).begin().await;
    let ci = arrange(&mut world);
    play(&mut world, &ci).await;
    let run = run_of(&world, "acme/api").await;
    // A later report still needs the delivery for ten minutes.
    world.run_for(Duration::from_secs(700)).await;
    let retention = Retention { bodies: Duration::ZERO, history: Duration::from_secs(1_000_000) };
    world.store_handle().sweep(retention, 1_000).await.unwrap();
    let answer = Site::open(&world).post_json(&format!("/api/v1/dispatcher/runs/{}/replay", run.key), "{}").await;
    assert_eq!(answer.status, StatusCode::GONE, "{}", answer.body);
    end(world).await;
}
