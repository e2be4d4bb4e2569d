//! GitHub out of reach while a run is planned: no verdict comes of that, and nothing is lost.

use serde_json::json;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::keys::{TOTAL_ALL, views};

use crate::support::*;

const FILE: &str = "/repos/acme/s/contents/dispatching.yml";

#[tokio::test]
async fn a_source_file_that_cannot_be_read_yet_is_read_again() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    world.github.fault("GET", FILE).times(2).status(502);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let plan = world.works("dispatcher.plan").await.remove(0);
    assert_eq!(world.attempts(plan.id).await.len(), 3);
    let facts = all_facts(&world).await;
    let of_source: Vec<_> = facts.iter().filter(|fact| fact.data["sourceRepo"] == "acme/s").cloned().collect();
    assert_eq!(of_kind(&of_source, kinds::REQUEST_ACCEPTED).len(), 1);
    assert_eq!(of_kind(&of_source, kinds::PLAN_CREATED).len(), 1);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn a_plan_out_of_attempts_is_a_dead_letter_and_its_delivery_may_come_again() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    world.github.fault("GET", FILE).times(9).status(502);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let failed = of_kind(&facts, kinds::PLAN_FAILED);
    assert_eq!(failed.len(), 1);
    assert_eq!(text(&failed[0].data, "reason"), "source_config_unavailable");
    assert_eq!(failed[0].data["attempts"], 9);
    assert!(cd.runs().is_empty() && targets(&world).await.is_empty());
    let dead: Vec<_> = world.dead_letters().await.into_iter().map(|letter| letter.kind).collect();
    assert_eq!(dead, ["dispatcher.plan"]);

    let delivery = world.deliveries().await.remove(2).key.delivery_id;
    let body = world.body(&delivery).await.expect("the body is kept");
    let again = world.post(world.webhook(&delivery, "workflow_run", body)).await;
    assert_eq!((again.status, &again.body["duplicate"]), (202, &json!(false)), "failure releases the key");
    quietness(&mut world).await;

    assert_eq!(cd.runs().len(), 1);
    let facts = world.facts_following(&delivery).await;
    assert_eq!(of_kind(&facts, kinds::REQUEST_ACCEPTED).len(), 1, "once per delivery");
    // The target's own run was accepted too.
    assert_eq!(world.counter(&views::TOTAL, TOTAL_ALL).await["accepted"], 2);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn a_missing_permission_to_read_the_file_is_final_at_once() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    let refusal = json!({ "message": "Resource not accessible by integration" });
    world.github.fault("GET", FILE).always().answer(403, &[], refusal);
    world.expect_dead_letters(&["dispatcher.plan"]);

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::PLAN_FAILED), ["source_config_unavailable"]);
    assert_eq!(requests(&world, "GET", FILE).len(), 1);
    let hint = world.dead_letters().await.remove(0).failure.and_then(|failure| failure.hint);
    assert!(hint.is_some_and(|hint| hint.to_lowercase().contains("contents")), "the hint names the permission");
    end(world, &[]).await;
}
