//! Dead letters and replays: what an operator can do, and that it is audited.

use std::time::Duration;

use serde_json::json;
use switchboard_engine::audit;
use switchboard_engine::operations::{DISCARD, REPLAY, REVIVE};
use switchboard_store::{DeliveryState, Work, WorkState};
use switchboard_testkit::{Expected, World};

use crate::echo::{COMMENT_ROUTE, HEAR, SAY, Stage};
use crate::script::{Fate, Script};

/// A world in which work of a kind has died, and the dead letter.
async fn a_dead_letter(kind: &str) -> (World, Script, Work) {
    let (mut world, script) = Stage::new().begin().await;
    script.next(kind, [Fate::FailsForGood]);
    world.repository("acme/app").open_issue("Hello", "");
    world.settle().await;
    let letter = world.dead_letters().await.remove(0);
    (world, script, letter)
}

async fn state(world: &World) -> DeliveryState {
    world.delivery(&world.arrived()[0].guid).await.unwrap().state
}

#[tokio::test]
async fn a_revived_letter_is_tried_afresh_and_its_delivery_lives() {
    for kind in [HEAR, SAY] {
        let (mut world, script, letter) = a_dead_letter(kind).await;
        world.operate(REVIVE, json!({ "work": letter.id })).await;
        world.settle().await;

        let attempts = script.attempts(kind);
        assert_eq!(attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 1], "counted afresh");
        assert_eq!(state(&world).await, DeliveryState::Settled);
        assert!(world.fact_kinds("acme/app#1").await.contains(&"engine.letter.revived".to_owned()));
        world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
    }
}

#[tokio::test]
async fn a_discarded_letter_is_closed_for_good() {
    let (mut world, script, letter) = a_dead_letter(HEAR).await;
    assert_eq!(state(&world).await, DeliveryState::Dead);
    world.operate(DISCARD, json!({ "work": letter.id })).await;
    world.settle().await;
    assert_eq!(world.store().work(letter.id).await.unwrap().unwrap().state, WorkState::Withdrawn);
    assert_eq!(state(&world).await, DeliveryState::Settled);

    // It is no letter any more, so reviving it changes nothing.
    world.operate(REVIVE, json!({ "work": letter.id })).await;
    world.settle().await;
    assert_eq!(script.attempts(HEAR).len(), 1);
    world.finish(&[]).await;
}

#[tokio::test]
async fn one_action_revives_many_and_passes_over_what_is_gone() {
    let (mut world, script, letter) = a_dead_letter(HEAR).await;
    script.next(HEAR, [Fate::FailsForGood]);
    world.repository("acme/app").open_issue("Another", "");
    world.settle().await;
    let gone = "01234567-89ab-7def-8123-456789abcdef";
    let works: Vec<_> = world.dead_letters().await.into_iter().map(|letter| letter.id.to_string()).collect();
    assert_eq!(works.len(), 2);
    assert_eq!(works[0], letter.id.to_string());
    world.operate(REVIVE, json!({ "works": [works[0], gone, works[1]] })).await;
    world.settle().await;
    assert_eq!(world.dead_letters().await, []);
    assert_eq!(script.attempts(HEAR).len(), 4);
    world.finish(&[Expected::times(2, "POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn who_did_what_is_audited_newest_first() {
    let (mut world, _, letter) = a_dead_letter(HEAR).await;
    let delivery = world.deliveries().await.remove(0);
    world.operate(DISCARD, json!({ "work": letter.id })).await;
    world.run_for(Duration::from_secs(1)).await;
    world.operate(REPLAY, json!({ "delivery": delivery.id })).await;
    world.settle().await;
    let audit: Vec<audit::Entry> =
        world.records(&audit::VIEW).await.into_iter().map(|row| serde_json::from_value(row.value).unwrap()).collect();
    let told: Vec<_> = audit.iter().map(|entry| (entry.action.as_str(), entry.actor.as_str(), entry.at)).collect();
    let now = world.now();
    assert_eq!(told, [(REPLAY, "operator", now), (DISCARD, "operator", now - Duration::from_secs(1))]);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn who_did_what_stands_among_the_facts() {
    let (mut world, _, letter) = a_dead_letter(HEAR).await;
    world.operate(DISCARD, json!({ "work": letter.id })).await;
    world.settle().await;
    let fact = world.facts("acme/app#1").await.pop().unwrap();
    assert_eq!(fact.kind, "engine.letter.discarded");
    assert_eq!(fact.data, json!({ "actor": "operator", "work": letter.id, "workKind": HEAR }));
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_replay_plans_a_delivery_again_and_wishes_that_were_granted_stay_granted() {
    let (mut world, script) = Stage::new().begin().await;
    let app = world.repository("acme/app");
    app.open_issue("Hello", "");
    world.settle().await;
    let delivery = world.deliveries().await.remove(0);

    world.operate(REPLAY, json!({ "delivery": delivery.id })).await;
    world.settle().await;
    assert_eq!(script.attempts(HEAR).len(), 2);
    assert_eq!(script.attempts(SAY).len(), 1, "the second wish is the first one's, and that was granted");
    let replayed = world.works(HEAR).await.pop().unwrap();
    assert_eq!(replayed.delivery, Some(delivery.id), "what follows from a replay follows from the delivery");
    let kinds = world.fact_kinds("acme/app#1").await;
    assert_eq!(kinds, ["echo.heard", "echo.said", "echo.rested", "engine.replayed", "echo.heard"]);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn an_action_that_is_sent_twice_happens_once() {
    let (mut world, script, letter) = a_dead_letter(HEAR).await;
    script.next(HEAR, [Fate::FailsForGood]);
    let action = || switchboard_engine::accept::Action {
        id: "one click".to_owned(),
        event: REVIVE.to_owned(),
        actor: "operator".to_owned(),
        body: [("work".to_owned(), json!(letter.id))].into_iter().collect(),
        subject: None,
        installation: None,
    };
    for _ in 0..2 {
        world.engine().acceptor().action(action()).await.unwrap();
        world.settle().await;
    }
    assert_eq!(script.attempts(HEAR).len(), 2);
    world.expect_dead_letters(&[HEAR]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn an_order_for_something_unknown_becomes_a_dead_letter_that_says_so() {
    let (mut world, _) = Stage::new().begin().await;
    let nothing = "01234567-89ab-7def-8123-456789abcdef";
    world.operate(REPLAY, json!({ "delivery": nothing })).await;
    world.operate(REVIVE, json!({ "work": nothing })).await;
    world.operate(DISCARD, json!({ "work": "a letter" })).await;
    world.settle().await;
    let codes: Vec<_> = world.dead_letters().await.into_iter().map(|letter| letter.failure.unwrap().code).collect();
    assert_eq!(codes, ["unknown_delivery", "unknown_work", "order_unusable"]);
    world.expect_dead_letters(&[REPLAY, REVIVE, DISCARD]);
    world.finish(&[]).await;
}
