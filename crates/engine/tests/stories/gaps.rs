//! Gap repair: what GitHub sent and never arrived is found in its own list, and fetched.

use std::time::Duration;

use serde_json::Value;
use switchboard_engine::gaps::{COMPLETENESS, CURRENT, Completeness, REDELIVER, TAKE_IN};
use switchboard_simulator::WebhookFault;
use switchboard_store::View;
use switchboard_testkit::{Builder, Expected, World};

use crate::echo::{COMMENT_ROUTE, Stage};

/// From one look at GitHub's list to the next.
const LOOK: Duration = Duration::from_secs(600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A world whose first look is done, so that all that follows is ours.
async fn watching() -> World {
    let (mut world, _) = Stage::new().arrange(Builder::schedules).begin().await;
    world.settle().await;
    world
}

async fn completeness(world: &World) -> Completeness {
    world.record(&COMPLETENESS, CURRENT).await.unwrap()
}

/// The webhooks that are missing, as the store has them.
async fn open_gaps(world: &World) -> Vec<String> {
    world.records(&View::of("engine.gap")).await.into_iter().map(|gap| gap.key.to_string()).collect()
}

/// What is said about a webhook that was missing.
async fn history(world: &World, guid: &str) -> Vec<String> {
    world.fact_kinds(format!("delivery/{guid}")).await
}

fn comments(times: u64) -> Expected {
    Expected::times(times, "POST", COMMENT_ROUTE)
}

#[tokio::test]
async fn the_first_look_finds_nothing_missing() {
    let (mut world, _) = Stage::new().arrange(Builder::schedules).begin().await;
    world.github.webhook_fault("issues", None, 1, WebhookFault::Drop);
    let app = world.repository("acme/app");
    app.open_issue("Before our time", "");
    world.clock.advance(Duration::from_secs(1));
    let first_look = world.now();
    world.run_for(LOOK * 3).await;
    assert_eq!(app.comments(1), []);
    let state = completeness(&world).await;
    assert_eq!((state.missing, state.nothing_missing_since), (0, Some(first_look)));
    assert_eq!(state.checked_at, first_look + LOOK * 3);
    world.finish(&[]).await;
}

#[tokio::test]
async fn what_never_arrived_is_found_and_redelivered_whatever_github_lists() {
    for fault in [WebhookFault::Drop, WebhookFault::Swallow] {
        let mut world = watching().await;
        let began = world.began();
        world.github.webhook_fault("issues", None, 1, fault);
        let app = world.repository("acme/app");
        app.open_issue("Lost", "");
        world.run_for(LOOK - Duration::from_secs(1)).await;
        assert_eq!(app.comments(1), []);
        assert_eq!(completeness(&world).await.nothing_missing_since, Some(began), "nobody knows yet");

        world.run_for(Duration::from_secs(1)).await;
        assert_eq!(app.comments(1).len(), 1, "{fault:?}");
        let state = completeness(&world).await;
        assert_eq!((state.missing, state.nothing_missing_since), (1, None));
        world.run_for(LOOK).await;
        let state = completeness(&world).await;
        assert_eq!((state.missing, state.nothing_missing_since), (0, Some(began + LOOK * 2)));
        let history = history(&world, &world.arrived()[0].guid).await;
        assert_eq!(history, ["engine.gap.found", "engine.gap.redelivery_asked", "engine.gap.closed"]);
        world.finish(&[comments(1)]).await;
    }
}

#[tokio::test]
async fn what_is_under_way_is_given_a_minute() {
    let mut world = watching().await;
    world.run_for(LOOK - Duration::from_secs(59)).await;
    world.github.webhook_fault("issues", None, 1, WebhookFault::Drop);
    let app = world.repository("acme/app");
    app.open_issue("Lost", "");
    world.run_for(LOOK).await;
    assert_eq!(app.comments(1), [], "too young for the first look that could have seen it");
    world.run_for(LOOK).await;
    assert_eq!(app.comments(1).len(), 1);
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn an_outage_is_made_good_at_the_next_start() {
    let mut world = watching().await;
    let app = world.repository("acme/app");
    world.stop();
    for n in 1..=5 {
        app.open_issue(&format!("During the outage {n}"), "");
        world.run_for(DAY / 4).await;
    }
    world.start().await;
    world.run_for(Duration::from_secs(1)).await;
    for issue in 1..=5 {
        assert_eq!(app.comments(issue).len(), 1, "issue {issue}");
    }
    world.run_for(LOOK).await;
    assert_eq!(completeness(&world).await.missing, 0);
    world.finish(&[comments(5)]).await;
}

#[tokio::test]
async fn what_a_full_disk_refused_comes_again() {
    let mut world = watching().await;
    let app = world.repository("acme/app");
    world.fill_disk();
    app.open_issue("No room", "");
    world.settle().await;
    assert_eq!(world.arrived()[0].answer.as_ref().unwrap().status, 503);
    world.free_disk();
    world.run_for(LOOK).await;
    assert_eq!(app.comments(1).len(), 1);
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn what_cannot_be_redelivered_is_taken_in_from_the_list() {
    let mut world = watching().await;
    // The webhook, and both redeliveries.
    world.github.webhook_fault("issues", None, 3, WebhookFault::Drop);
    let app = world.repository("acme/app");
    app.open_issue("Три раза мимо 🎯", "");
    world.run_for(LOOK * 3).await;
    assert_eq!(app.comments(1)[0].body, "You said: Три раза мимо 🎯");
    assert_eq!(world.arrived().len(), 0, "no webhook ever got through");
    let guid = open_gaps(&world).await.remove(0);
    let asked = "engine.gap.redelivery_asked";
    assert_eq!(history(&world, &guid).await, ["engine.gap.found", asked, asked, "engine.gap.taken_in"]);
    let delivery = world.delivery(&guid).await.unwrap();
    let payload: Value = serde_json::from_slice(&world.body(&guid).await.unwrap()).unwrap();
    assert_eq!((delivery.key.event.as_str(), delivery.key.action.as_str()), ("issues", "opened"));
    assert_eq!(payload["issue"]["title"], "Три раза мимо 🎯");

    world.run_for(LOOK).await;
    assert_eq!(completeness(&world).await.missing, 0);
    assert_eq!(history(&world, &guid).await.pop().unwrap(), "engine.gap.closed");
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn what_github_refuses_to_redeliver_is_taken_in_from_the_list() {
    let mut world = watching().await;
    world.github.webhook_fault("issues", None, 1, WebhookFault::Drop);
    world.github.fault("POST", "/app/hook/deliveries/*/attempts").always().status(404);
    let app = world.repository("acme/app");
    app.open_issue("Refused", "");
    world.run_for(LOOK).await;
    let letter = world.dead_letters().await.remove(0);
    assert_eq!((letter.kind.as_str(), letter.failure.unwrap().code.as_str()), (REDELIVER, "not_found"));
    world.run_for(LOOK * 2).await;
    assert_eq!(app.comments(1).len(), 1);
    assert_eq!(world.dead_letters().await, [], "what came to a good end is no dead letter any more");
    world.run_for(LOOK).await;
    assert_eq!(completeness(&world).await.missing, 0);
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn an_outage_of_many_pages_is_repaired_to_the_last_delivery() {
    let mut world = watching().await;
    let app = world.repository("acme/app");
    world.stop();
    for n in 0..250 {
        app.push("main", &format!("Commit {n}"), &[]);
        world.run_for(Duration::from_secs(10)).await;
    }
    world.start().await;
    world.run_for(LOOK * 2).await;
    let pushes = world.deliveries().await.into_iter().filter(|delivery| delivery.key.event == "push").count();
    assert_eq!(pushes, 250);
    let lists = world.github.calls().into_iter().filter(|call| call.path == "/app/hook/deliveries");
    assert!(lists.count() > 3, "a page holds a hundred");
    assert_eq!(completeness(&world).await.missing, 0);
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_redelivery_that_stands_on_another_page_than_its_original_is_no_second_gap() {
    const PUSHES: usize = 150;
    let mut world = watching().await;
    world.github.webhook_fault("push", None, 3 * PUSHES as u64, WebhookFault::Drop);
    let app = world.repository("acme/app");
    for n in 0..PUSHES {
        app.push("main", &format!("Commit {n}"), &[]);
    }
    for asked in [1, 2] {
        world.run_for(LOOK + Duration::from_secs(120)).await;
        assert_eq!(completeness(&world).await.missing, PUSHES, "look {asked}");
        for guid in open_gaps(&world).await {
            let history = history(&world, &guid).await;
            assert_eq!(history.iter().filter(|kind| *kind == "engine.gap.redelivery_asked").count(), asked);
        }
    }
    world.run_for(LOOK * 2).await;
    assert_eq!(completeness(&world).await.missing, 0);
    assert_eq!(world.works(TAKE_IN).await.len(), PUSHES);
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_look_that_github_does_not_answer_is_made_again() {
    let mut world = watching().await;
    world.github.fault("GET", "/app/hook/deliveries").times(3).status(502);
    world.github.webhook_fault("issues", None, 1, WebhookFault::Drop);
    let app = world.repository("acme/app");
    app.open_issue("Lost", "");
    world.run_for(LOOK * 2).await;
    assert_eq!(app.comments(1).len(), 1);
    world.finish(&[comments(1)]).await;
}

#[tokio::test]
async fn what_github_has_forgotten_is_given_up_and_said_to_be_lost() {
    let mut world = watching().await;
    world.github.webhook_fault("issues", None, 2, WebhookFault::Drop);
    world.repository("acme/app").open_issue("Lost", "");
    world.run_for(LOOK).await;
    let guid = open_gaps(&world).await.remove(0);
    world.stop();
    world.run_for(DAY * 4).await;
    world.start().await;
    world.run_for(LOOK).await;
    assert_eq!(history(&world, &guid).await.pop().unwrap(), "engine.gap.lost");
    assert_eq!(completeness(&world).await.missing, 0);
    assert_eq!(world.works(TAKE_IN).await, []);
    world.finish(&[]).await;
}
