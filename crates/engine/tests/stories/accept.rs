//! Beat 1: what is taken in, what is refused, and in which order that is decided.

use serde_json::{Value, json};
use switchboard_simulator::Repository;
use switchboard_store::DeliveryState;
use switchboard_testkit::{Answered, Expected, Webhook, World, signature};

use crate::echo::{COMMENT_ROUTE, HEAR, REST, SAY, Stage};
use crate::script::{Fate, Script};

const GUID: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
const BODY: &str = r#"{"zen":"Keep it logically awesome."}"#;

/// A world whose webhooks are all made by hand: GitHub itself sends none.
pub async fn silent() -> (World, Script) {
    Stage::new().arrange(|world| world.events(&[])).begin().await
}

/// The webhook that an issue was opened, which is there to be commented on.
fn opened(world: &World, repository: &Repository, number: u64, title: &str) -> Value {
    json!({
        "action": "opened",
        "issue": { "number": number, "title": title },
        "repository": { "id": repository.id(), "full_name": repository.full_name() },
        "installation": { "id": world.installation("acme").id() },
    })
}

#[track_caller]
fn accepted(answered: &Answered, duplicate: bool, ignored: bool) {
    let body = &answered.body;
    assert_eq!(answered.status, 202, "{body}");
    assert_eq!(
        (&body["accepted"], &body["duplicate"], &body["ignored"], &body["delivery"]),
        (&json!(true), &json!(duplicate), &json!(ignored), &json!(GUID)),
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_webhook_decides_the_answer_and_nothing_is_stored() {
    let (world, _) = silent().await;
    let good = || world.webhook(GUID, "ping", BODY);
    let signed = |body: &str| world.webhook(GUID, "ping", body.to_owned());
    let long = "x".repeat(201);
    let sha1 = "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6";
    let right = signature("simulator-only-webhook-secret", BODY.as_bytes());
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    let cases = [
        ("another content type", 415, good().header("content-type", "text/json")),
        ("form encoding", 415, good().header("content-type", "application/x-www-form-urlencoded")),
        ("no content type", 415, good().without("content-type")),
        ("two content types", 415, good().also("content-type", "application/json")),
        ("no id", 400, good().without("x-github-delivery")),
        ("an empty id", 400, good().header("x-github-delivery", "")),
        ("two ids", 400, good().also("x-github-delivery", GUID)),
        ("a long id", 400, good().header("x-github-delivery", &long)),
        ("no event", 400, good().without("x-github-event")),
        ("an empty event", 400, good().header("x-github-event", "")),
        ("two events", 400, good().also("x-github-event", "ping")),
        ("a long event", 400, good().header("x-github-event", &long)),
        ("no signature", 401, good().without("x-hub-signature-256")),
        ("two signatures", 401, good().also("x-hub-signature-256", &right)),
        ("joined signatures", 401, good().header("x-hub-signature-256", &format!("{right},{right}"))),
        ("only SHA-1", 401, good().without("x-hub-signature-256").also("x-hub-signature", sha1)),
        ("SHA-1 in the other's place", 401, good().header("x-hub-signature-256", sha1)),
        ("no prefix", 401, good().header("x-hub-signature-256", &right["sha256=".len()..])),
        ("a digit short", 401, good().header("x-hub-signature-256", &right[..right.len() - 1])),
        ("not hexadecimal", 401, good().header("x-hub-signature-256", &right.replace(&right[70..], "g"))),
        ("another secret", 401, Webhook::signed("guess", GUID, "ping", BODY)),
        ("an empty secret", 401, Webhook::signed("", GUID, "ping", BODY)),
        ("another body", 401, good().body(BODY.replace("Keep", "Kept"))),
        ("no body", 400, signed("")),
        ("no JSON", 400, signed("zen=Keep")),
        ("JSON cut short", 400, signed(&BODY[..BODY.len() - 1])),
        ("two JSON values", 400, signed("{}{}")),
        ("no JSON object", 400, signed("[]")),
        ("not UTF-8", 400, world.webhook(GUID, "ping", &b"{\"zen\":\"\xff\"}"[..])),
        ("a depth of 129", 400, signed(&nested(129))),
    ];
    for (case, status, webhook) in cases {
        let answered = world.post(webhook).await;
        assert_eq!(answered.status, status, "{case}: {}", answered.body);
        assert!(answered.body["detail"].is_string(), "{case}: {}", answered.body);
    }
    assert_eq!(world.deliveries().await, []);

    // No id was used up on the way, and what is only unusual is fine.
    let deep = signed(&nested(128)).header("content-type", "Application/JSON; charset=utf-8");
    accepted(&world.post(deep).await, false, true);
    world.finish(&[]).await;
}

#[tokio::test]
async fn the_checks_come_in_order_and_nothing_is_parsed_before_the_signature_holds() {
    let (world, _) = silent().await;
    let mut webhook = world
        .webhook(GUID, "ping", "no JSON")
        .header("content-type", "text/plain")
        .without("x-github-event")
        .header("x-hub-signature-256", "sha256=none");
    let mut answers = Vec::new();
    for (name, value) in [
        ("content-type", "application/json"),
        ("x-github-event", "ping"),
        ("x-hub-signature-256", &signature("simulator-only-webhook-secret", b"no JSON")),
        ("x-unchanged", ""),
    ] {
        answers.push(world.post(webhook.clone()).await.status);
        webhook = webhook.header(name, value);
    }
    assert_eq!(answers, [415, 400, 401, 400]);
    world.finish(&[]).await;
}

#[tokio::test]
async fn dispatcher_1_sha1_joined_signatures_and_reserialised_bodies_are_refused_and_not_stored() {
    let (world, _) = silent().await;
    let webhook = || world.webhook(GUID, "workflow_run", r#"{"action":"completed"}"#);
    let right = signature("simulator-only-webhook-secret", br#"{"action":"completed"}"#);
    for refused in [
        webhook()
            .without("x-hub-signature-256")
            .also("x-hub-signature", "sha1=7d38cdd689735b008b3c702edd92eea23791c5f6"),
        webhook().header("x-hub-signature-256", &format!("{right}, {right}")),
        webhook().body(r#"{ "action": "completed" }"#),
    ] {
        assert_eq!(world.post(refused).await.status, 401);
    }
    assert_eq!(world.deliveries().await, []);
    world.finish(&[]).await;
}

#[tokio::test]
async fn dispatcher_2_form_encoding_is_refused_however_well_it_is_signed() {
    let (world, _) = silent().await;
    let form = world
        .webhook(GUID, "workflow_run", "payload=%7B%22action%22%3A%22completed%22%7D")
        .header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(world.post(form).await.status, 415);
    assert_eq!(world.deliveries().await, []);
    world.finish(&[]).await;
}

#[tokio::test]
async fn an_event_that_nobody_wants_is_stored_and_ignored() {
    let (world, _) = silent().await;
    accepted(&world.post(world.webhook(GUID, "starred_by_martians", BODY)).await, false, true);
    let delivery = world.delivery(GUID).await.unwrap();
    assert_eq!((delivery.state, delivery.key.event.as_str()), (DeliveryState::Ignored, "starred_by_martians"));
    assert_eq!(world.body(GUID).await.unwrap(), BODY);
    accepted(&world.post(world.webhook(GUID, "starred_by_martians", BODY)).await, true, true);
    assert_eq!(world.works_of(GUID).await, []);
    world.finish(&[]).await;
}

#[tokio::test]
async fn every_secret_counts_while_it_is_rotated() {
    let (world, _) = Stage::new().arrange(|world| world.secrets(&["the old secret", "the new secret"])).begin().await;
    for (guid, secret, status) in
        [("1", "the old secret", 202), ("2", "the new secret", 202), ("3", "the older secret", 401)]
    {
        assert_eq!(world.post(Webhook::signed(secret, guid, "ping", BODY)).await.status, status, "{secret}");
    }
    world.finish(&[]).await;
}

#[tokio::test]
async fn what_came_before_is_a_duplicate_whether_pending_or_finished() {
    let (mut world, script) = silent().await;
    let app = world.repository("acme/app");
    app.open_issue("Hello", "");
    let webhook = world.webhook(GUID, "issues", opened(&world, &app, 1, "Hello").to_string());

    accepted(&world.post(webhook.clone()).await, false, false);
    accepted(&world.post(webhook.clone()).await, true, false);
    world.settle().await;
    assert_eq!(world.delivery(GUID).await.unwrap().state, DeliveryState::Settled);
    accepted(&world.post(webhook).await, true, false);
    world.settle().await;

    assert_eq!(script.attempts(HEAR).len(), 1);
    assert_eq!(world.delivery(GUID).await.unwrap().duplicates, 2);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn the_same_id_with_another_body_is_a_conflict_and_changes_nothing() {
    let (mut world, _) = silent().await;
    accepted(&world.post(world.webhook(GUID, "ping", BODY)).await, false, true);
    let conflict = world.post(world.webhook(GUID, "ping", "{}")).await;
    assert_eq!((conflict.status, &conflict.body["code"]), (409, &json!("conflict")));
    world.settle().await;
    assert_eq!(world.body(GUID).await.unwrap(), BODY);
    world.finish(&[]).await;
}

#[tokio::test]
async fn a_delivery_that_died_is_queued_again_when_it_comes_again() {
    let (mut world, script) = silent().await;
    let app = world.repository("acme/app");
    app.open_issue("Hello", "");
    let webhook = world.webhook(GUID, "issues", opened(&world, &app, 1, "Hello").to_string());
    script.next(HEAR, [Fate::FailsForGood]);

    accepted(&world.post(webhook.clone()).await, false, false);
    world.settle().await;
    assert_eq!(world.delivery(GUID).await.unwrap().state, DeliveryState::Dead);

    accepted(&world.post(webhook.clone()).await, false, false);
    world.settle().await;
    assert_eq!(world.delivery(GUID).await.unwrap().state, DeliveryState::Settled);
    accepted(&world.post(webhook).await, true, false);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn a_full_disk_asks_the_sender_to_come_back_and_uses_up_no_id() {
    let (mut world, _) = silent().await;
    world.fill_disk();
    let full = world.post(world.webhook(GUID, "ping", BODY)).await;
    assert_eq!(full.status, 503);
    let seconds: u32 = full.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!(seconds > 0);
    // What is wrong with the sender is still said to be the sender's.
    assert_eq!(world.post(Webhook::signed("guess", GUID, "ping", BODY)).await.status, 401);

    world.free_disk();
    accepted(&world.post(world.webhook(GUID, "ping", BODY)).await, false, true);
    world.finish(&[]).await;
}

#[tokio::test]
async fn an_issue_is_answered_and_everything_that_follows_carries_its_delivery() {
    let (mut world, _) = Stage::new().begin().await;
    let app = world.repository("acme/app");
    app.open_issue("Здравствуй, 世界 🌍", "");
    world.settle().await;

    let comments = app.comments(1);
    assert_eq!(comments.len(), 1);
    assert_eq!(
        (comments[0].author.as_str(), comments[0].body.as_str()),
        ("switchboard[bot]", "You said: Здравствуй, 世界 🌍")
    );
    let guid = world.arrived()[0].guid.clone();
    let kinds: Vec<_> = world.works_of(&guid).await.into_iter().map(|work| work.kind).collect();
    assert_eq!(kinds, [HEAR, SAY, REST]);
    let facts: Vec<_> = world.facts_following(&guid).await.into_iter().map(|fact| fact.kind).collect();
    assert_eq!(facts, ["echo.heard", "echo.said", "echo.rested"]);
    assert_eq!(world.fact_kinds("acme/app#1").await, facts);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}
