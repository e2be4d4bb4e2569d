//! What holds at the end of every story, whatever it was about.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_dispatcher::facts::kinds;
use switchboard_simulator::Expected;
use switchboard_store::Fact;
use switchboard_testkit::World;

use super::{all_facts, of_kind, only_known_calls, text};

/// Members of every fact's data.
const MEMBERS: [&str; 8] = [
    "deliveryId",
    "sourceRepo",
    "sourceWorkflow",
    "sourceRunId",
    "runAttempt",
    "installationId",
    "rootRunKey",
    "depth",
];
/// How a candidate ends.
const TERMINAL: [&str; 4] =
    [kinds::TARGET_DENIED, kinds::TARGET_SIMULATED, kinds::TRIGGER_SUCCEEDED, kinds::TRIGGER_FAILED];
/// What has a log line of its own beside those.
const LOGGED: [&str; 3] = [kinds::SOURCE_SKIPPED, kinds::CONFIG_INVALID, kinds::PLAN_FAILED];

/// Ends a story: beside what [`World::finish`] asks for, no call but the contract's was made, every candidate has one
/// terminal fact, and every fact and log line names its delivery.
pub async fn end(world: World, expected: &[Expected]) {
    for delivery in world.deliveries().await {
        let guid = &delivery.key.delivery_id;
        for fact in world.facts_following(guid).await {
            names_its_delivery(&fact, guid);
        }
    }
    let facts = all_facts(&world).await;
    every_candidate_ends_once(&facts);
    every_outcome_is_logged(&facts, &world.logs());
    only_known_calls(&world);
    world.finish(expected).await;
}

fn names_its_delivery(fact: &Fact, guid: &str) {
    let id = text(&fact.data, "deliveryId");
    assert!(id == guid || id.starts_with(&format!("{guid}#replay-")), "{guid}: {fact:?}");
    for member in MEMBERS {
        assert!(fact.data.get(member).is_some(), "{member} is missing: {fact:?}");
    }
    let about_a_target = TERMINAL.contains(&fact.kind.as_str()) || fact.kind == kinds::TARGET_QUEUED;
    if about_a_target && fact.data.get("count").is_none() {
        assert!(fact.data["targetRepo"].is_string() && fact.data["targetWorkflow"].is_string(), "{fact:?}");
    }
}

fn every_candidate_ends_once(facts: &[Fact]) {
    let mut open: BTreeMap<String, i64> = BTreeMap::new();
    for fact in facts {
        let change = match fact.kind.as_str() {
            kinds::PLAN_CREATED => number(&fact.data, "candidateTargets"),
            kind if TERMINAL.contains(&kind) => -fact.data.get("count").and_then(Value::as_i64).unwrap_or(1),
            _ => 0,
        };
        *open.entry(text(&fact.data, "deliveryId")).or_default() += change;
    }
    let unbalanced: Vec<_> = open.iter().filter(|(_, left)| **left != 0).collect();
    assert!(unbalanced.is_empty(), "candidates without an outcome, or with several: {unbalanced:?}");
}

/// Stories beside this one log too, so lines can be missed but not counted.
fn every_outcome_is_logged(facts: &[Fact], logs: &str) {
    let lines: Vec<&str> = logs.lines().filter(|line| line.contains("outcome=\"dispatch.")).collect();
    for line in &lines {
        assert!(line.contains("deliveryId=\"") && !line.contains("deliveryId=\"\""), "{line}");
        assert!(line.contains("correlationId=\""), "{line}");
    }
    let logged = TERMINAL.iter().chain(&LOGGED).flat_map(|kind| of_kind(facts, kind));
    for fact in logged {
        let mut members = vec![field("outcome", &fact.kind), field("correlationId", &text(&fact.data, "deliveryId"))];
        for (name, member) in [("reason", "reason"), ("targetRepo", "targetRepo"), ("targetWorkflow", "targetWorkflow")]
        {
            if fact.data[member].is_string() {
                members.push(field(name, &text(&fact.data, member)));
            }
        }
        assert!(lines.iter().any(|line| members.iter().all(|member| line.contains(member))), "not logged: {fact:?}");
    }
}

fn field(name: &str, value: &str) -> String {
    format!("{name}={value:?}")
}

/// A member's number; 0 if it is none.
fn number(data: &Value, member: &str) -> i64 {
    data[member].as_i64().unwrap_or_default()
}
