use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use switchboard_simulator::{DeliveryOutcome, OutgoingDelivery, RunSpec, WebhookFault};

use crate::support::{World, header, json_of, refused};

const LIST: &str = "/app/hook/deliveries";

fn action(delivery: &OutgoingDelivery) -> String {
    let payload: Value = serde_json::from_slice(&delivery.body).unwrap();
    payload["action"].as_str().unwrap_or_default().to_owned()
}

fn actions(world: &World) -> Vec<String> {
    world.github.take_due().iter().map(action).collect()
}

fn sent<'a>(delivery: &'a OutgoingDelivery, name: &str) -> &'a str {
    delivery.headers.iter().find(|(n, _)| n == name).map_or("", |(_, value)| value)
}

#[tokio::test]
async fn a_webhook_is_signed_over_its_raw_body() {
    let world = World::new();
    world.ci.complete_run(&RunSpec::default());
    let delivery = world.github.take_due().pop().unwrap();
    let check = |algorithm, header: &str, prefix: &str| {
        let key = hmac::Key::new(algorithm, b"simulator-only-webhook-secret");
        let digits = sent(&delivery, header).strip_prefix(prefix).unwrap();
        let tag: Vec<u8> =
            (0..digits.len()).step_by(2).map(|n| u8::from_str_radix(&digits[n..n + 2], 16).unwrap()).collect();
        hmac::verify(&key, &delivery.body, &tag).unwrap();
    };
    check(hmac::HMAC_SHA256, "X-Hub-Signature-256", "sha256=");
    check(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, "X-Hub-Signature", "sha1=");
    assert_eq!(sent(&delivery, "X-GitHub-Delivery"), delivery.guid);
    assert_eq!(sent(&delivery, "X-GitHub-Event"), "workflow_run");
    assert_eq!(sent(&delivery, "Content-Type"), "application/json");
    assert_eq!(sent(&delivery, "X-GitHub-Hook-Installation-Target-ID"), world.app.id().to_string());
    assert!(sent(&delivery, "User-Agent").starts_with("GitHub-Hookshot/"));
}

#[tokio::test]
async fn only_subscribed_events_of_covered_repositories_are_sent() {
    let world = World::new();
    world.source.push("main", "x", &[("a", "1")]);
    world.open.open_issue("not ours", "");
    assert!(world.github.take_due().is_empty());
    world.installation.suspend();
    world.ci.complete_run(&RunSpec::default());
    let events: Vec<String> = world.github.take_due().into_iter().map(|d| d.event).collect();
    assert_eq!(events, ["installation"]);
}

#[tokio::test]
async fn attempts_are_listed_newest_first_in_pages() {
    let world = World::new();
    let jwt = world.jwt();
    for _ in 0..2 {
        world.ci.complete_run(&RunSpec::default());
    }
    let taken = world.github.take_due();
    for (n, delivery) in taken.iter().enumerate() {
        let outcome = match n {
            0 => DeliveryOutcome::Answered(503),
            1 => DeliveryOutcome::TimedOut,
            _ => DeliveryOutcome::Answered(202),
        };
        world.github.report(delivery.id, outcome);
    }
    let mut path = format!("{LIST}?per_page=4");
    let mut seen = Vec::new();
    loop {
        let page = world.get(&path, &jwt).await;
        seen.extend(json_of(&page).as_array().unwrap().clone());
        let link = header(&page, "link");
        match link.split_once(">; rel=\"next\"") {
            Some((next, _)) => path = next.trim_start_matches('<').to_owned(),
            None => break,
        }
    }
    let guids: Vec<_> = seen.iter().map(|d| d["guid"].as_str().unwrap()).collect();
    let expected: Vec<_> = taken.iter().rev().map(|d| d.guid.as_str()).collect();
    assert_eq!(guids, expected);
    assert_eq!((&seen[0]["status"], &seen[0]["status_code"]), (&json!("OK"), &json!(202)));
    assert_eq!((&seen[4]["status"], &seen[4]["status_code"]), (&json!("timed out"), &json!(0)));
    assert_eq!(seen[5]["status"], "Invalid HTTP Response: 503");
    assert_eq!(seen[5]["repository_id"], json!(world.source.id()));
    assert_eq!(json_of(&world.get(&format!("{LIST}?status=failure"), &jwt).await).as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_redelivery_keeps_guid_and_bytes_and_is_a_new_attempt() {
    let world = World::new();
    let jwt = world.jwt();
    world.ci.complete_run(&RunSpec::default());
    let first = world.github.take_due().pop().unwrap();
    world.github.report(first.id, DeliveryOutcome::Unreachable);
    let detail = json_of(&world.get(&format!("{LIST}/{}", first.id), &jwt).await);
    assert_eq!(detail["request"]["headers"]["X-GitHub-Delivery"], first.guid);
    assert_eq!(detail["request"]["payload"]["action"], "completed");
    let answer = world.post(&format!("{LIST}/{}/attempts", first.id), &jwt, json!({})).await;
    assert_eq!(answer.status(), 202);
    let again = world.github.take_due().pop().unwrap();
    assert_eq!((&again.guid, &again.body), (&first.guid, &first.body));
    assert_ne!(again.id, first.id);
    world.github.report(again.id, DeliveryOutcome::Answered(202));
    let newest = json_of(&world.get(&format!("{LIST}?per_page=1"), &jwt).await)[0].clone();
    assert_eq!((&newest["redelivery"], &newest["guid"]), (&json!(true), &json!(first.guid)));
    world.pass(3 * 24 * 3600 + 1);
    refused(&world.get(&format!("{LIST}/{}", first.id), &world.jwt()).await, 404, "Not Found");
    assert_eq!(json_of(&world.get(LIST, &world.jwt()).await), json!([]));
}

#[tokio::test]
async fn webhooks_can_be_doubled_delayed_overtaken_and_lost() {
    let world = World::new();
    let story = |action, fault| {
        world.github.webhook_fault("workflow_run", Some(action), 1, fault);
        world.ci.complete_run(&RunSpec::default());
        actions(&world)
    };
    assert_eq!(story("requested", WebhookFault::Duplicate), ["requested", "requested", "in_progress", "completed"]);
    let at_most = Duration::from_secs(30);
    assert_eq!(story("requested", WebhookFault::Reorder { at_most }), ["in_progress", "requested", "completed"]);
    assert_eq!(story("completed", WebhookFault::Reorder { at_most }), ["requested", "in_progress"]);
    world.clock.advance(at_most);
    assert_eq!(actions(&world), ["completed"]);
    assert_eq!(story("in_progress", WebhookFault::Delay(Duration::from_secs(5))), ["requested", "completed"]);
    world.pass(5);
    assert_eq!(actions(&world), ["in_progress"]);
    assert_eq!(story("completed", WebhookFault::Drop), ["requested", "in_progress"]);
    let newest = json_of(&world.get(&format!("{LIST}?per_page=1"), &world.jwt()).await)[0].clone();
    assert_eq!((&newest["action"], &newest["status_code"]), (&json!("completed"), &json!(0)));
    assert_eq!(story("completed", WebhookFault::Swallow), ["requested", "in_progress"]);
    let newest = json_of(&world.get(&format!("{LIST}?per_page=1"), &world.jwt()).await)[0].clone();
    assert_eq!((&newest["action"], &newest["status_code"]), (&json!("completed"), &json!(200)));
}

#[tokio::test]
async fn only_so_many_attempts_are_kept_but_none_that_waits_is_lost() {
    let world = World::new();
    world.github.configure(|settings| settings.deliveries_kept = 4);
    for _ in 0..2 {
        world.ci.complete_run(&RunSpec::default());
    }
    let taken = world.github.take_due();
    assert_eq!(taken.len(), 6);
    for delivery in &taken {
        world.github.report(delivery.id, DeliveryOutcome::Answered(202));
    }
    world.app.deliver("ping", &json!({ "zen": "Keep it logically awesome." }));
    assert_eq!(world.github.take_due()[0].event, "ping");
    assert_eq!(json_of(&world.get(LIST, &world.jwt()).await).as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn the_same_seed_tells_the_same_story() {
    let bytes = || {
        let world = World::new();
        world.ci.complete_run(&RunSpec::default());
        world.github.take_due().into_iter().map(|d| (d.guid, d.body)).collect::<Vec<_>>()
    };
    assert_eq!(bytes(), bytes());
}
