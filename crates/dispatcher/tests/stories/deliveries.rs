//! What arrives: which webhooks make work, which make none, and what odd ones lead to.

use serde_json::{Value, json};
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::{DISPATCH_ISSUE, DISPATCH_WORKFLOW, INTENT_KINDS};
use switchboard_simulator::{RunSpec, WebhookFault};
use switchboard_testkit::{Arrived, World};

use crate::support::*;

/// The webhooks of this event and action that have arrived, in order.
async fn arrivals(world: &World, event: &str, action: &str) -> Vec<Arrived> {
    let mut found = Vec::new();
    for arrived in world.arrived() {
        let delivery = world.delivery(&arrived.guid).await.expect("what arrived is stored");
        if (delivery.key.event.as_str(), delivery.key.action.as_str()) == (event, action) {
            found.push(arrived.clone());
        }
    }
    found
}

/// It was answered as a new one, wanted or not.
fn was_taken_in(arrived: &Arrived, duplicate: bool, ignored: bool) {
    let answer = arrived.answer.as_ref().expect("an answer");
    assert_eq!(answer.status, 202);
    let told = ["accepted", "duplicate", "ignored", "delivery"].map(|member| answer.body[member].clone());
    assert_eq!(told, [json!(true), json!(duplicate), json!(ignored), json!(arrived.guid)]);
}

/// The payload of a `workflow_run` that has completed in S, as GitHub sent it.
async fn payload(world: &mut World) -> Value {
    let (s, ci) = source(world, "acme/s", &[]);
    s.file("dispatching.yml", "# No rules.\n");
    ci.complete_run(&success());
    quietness(world).await;
    let guid = arrivals(world, "workflow_run", "completed").await.remove(0).guid;
    let body = world.body(&guid).await.expect("a body");
    serde_json::from_slice(&body).expect("JSON")
}

/// Posts `payload` as a webhook of its own, about a run of its own, and says what became of it.
async fn verdict(world: &mut World, mut payload: Value, n: u64) -> String {
    if payload["workflow_run"]["id"].is_u64() {
        payload["workflow_run"]["id"] = json!(9_000_000 + n);
    }
    let guid = format!("odd-{n}");
    let answer = world.post(world.webhook(&guid, "workflow_run", payload.to_string())).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    quietness(world).await;
    let facts = world.facts_following(&guid).await;
    assert_eq!(facts.len(), 2, "{facts:?}");
    assert_eq!(facts[0].kind, kinds::REQUEST_ACCEPTED);
    assert!([kinds::SOURCE_SKIPPED, kinds::PLAN_CREATED].contains(&facts[1].kind.as_str()), "{:?}", facts[1]);
    text(&facts[1].data, "reason")
}

#[tokio::test]
async fn dispatcher_3_emoji_and_cjk_come_through_intact() {
    let mut world = world(Config { enforce_default_branch: false, ..quiet() }).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    let (branch, message) = ("feature/🚀-分支-é", "修复：登录页面 🐛\n\n日本語のコミット");

    ci.complete_run(&RunSpec { message: Some(message.to_owned()), ..success().on(branch) });
    quietness(&mut world).await;

    let arrived = arrivals(&world, "workflow_run", "completed").await.remove(0);
    was_taken_in(&arrived, false, false);
    let planned = runs(&world).await;
    let ours = planned.iter().find(|run| run.source.repository.to_string() == "acme/s").expect("a planned run");
    assert_eq!(ours.source.branch.as_deref(), Some(branch));
    let body: Value = serde_json::from_slice(&world.body(&arrived.guid).await.expect("a body")).expect("JSON");
    assert_eq!(body["workflow_run"]["head_commit"]["message"], message);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

/// The guards R1, R2 and R5, and of R3 what happens at GitHub. What the sources may not say (R3, R4) is held by the tests of the
/// house.
#[tokio::test]
async fn dispatcher_4_a_push_from_a_repository_named_vending_is_ignored_and_asks_github_nothing() {
    let mut world = world(quiet()).events(&["push", "workflow_run"]).begin().await;
    let (vending, ci) = source(&mut world, "acme/vending", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "vending");

    vending.push("main", "Add vending.yml", &[("vending.yml", "repositories: [ everything ]\n")]);
    quietness(&mut world).await;

    let push = world.arrived().first().expect("a push").clone();
    assert_eq!(push.event, "push");
    was_taken_in(&push, false, true);
    assert!(world.works_of(&push.guid).await.is_empty());
    assert!(world.facts_following(&push.guid).await.is_empty());
    nothing_was_asked(&world);

    // A run there is a run like any other: that other file is never asked for.
    ci.complete_run(&success());
    quietness(&mut world).await;
    assert_eq!(INTENT_KINDS, [DISPATCH_WORKFLOW, DISPATCH_ISSUE]);
    assert!(world.github.calls().iter().all(|call| !call.path.ends_with("vending.yml")));
    only_known_calls(&world);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_4_of_all_events_only_a_completed_workflow_run_makes_work() {
    let mut world = world(quiet()).begin().await;
    let events = [
        ("push", None),
        ("ping", None),
        ("create", None),
        ("repository_dispatch", Some("completed")),
        ("check_run", Some("completed")),
        ("check_suite", Some("completed")),
        ("workflow_job", Some("completed")),
        ("workflow_dispatch", None),
        ("workflow_run", None),
        ("workflow_run", Some("Completed")),
        ("pull_request", Some("opened")),
        ("issues", Some("opened")),
        ("issue_comment", Some("created")),
        ("repository", Some("archived")),
        ("team", Some("edited")),
        ("member", Some("added")),
        ("deployment_status", Some("created")),
    ];
    for (event, action) in events {
        let members =
            json!({ "action": action, "installation": { "id": 1 }, "repository": { "id": 1, "full_name": "acme/s" } });
        world.app.deliver(event, &members);
    }
    quietness(&mut world).await;

    assert_eq!(world.arrived().len(), events.len());
    for arrived in world.arrived().to_vec() {
        was_taken_in(&arrived, false, true);
        assert!(world.works_of(&arrived.guid).await.is_empty(), "{arrived:?}");
    }
    nothing_was_asked(&world);
    end(world, &[]).await;
}

/// Where the App is installed is the engine's own affair: it looks there itself, and the dispatcher has no part in it.
#[tokio::test]
async fn dispatcher_4_webhooks_about_installations_make_no_work_for_the_dispatcher() {
    let mut world = world(quiet()).begin().await;
    for (event, action) in [
        ("installation", "created"),
        ("installation", "new_permissions_accepted"),
        ("installation_repositories", "added"),
        ("installation_target", "renamed"),
    ] {
        world.app.deliver(event, &json!({ "action": action, "installation": { "id": 1 } }));
    }
    quietness(&mut world).await;

    assert_eq!(world.arrived().len(), 4);
    for arrived in world.arrived().to_vec() {
        was_taken_in(&arrived, false, false);
        let works = world.works_of(&arrived.guid).await;
        assert!(works.iter().all(|work| work.automation == switchboard_engine::operations::NAME), "{works:?}");
    }
    let asked = world.github.unexpected_calls(&[("GET", "/app"), ("GET", "/app/installations/*")]);
    assert!(asked.is_empty(), "{asked:?}");
    world.finish(&[]).await;
}

#[tokio::test]
async fn dispatcher_5_a_run_that_is_requested_or_in_progress_is_ignored() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    // Only the end of the run is kept back, so that nothing but its beginning can make work.
    world.github.webhook_fault("workflow_run", Some("completed"), 1, WebhookFault::Drop);

    ci.complete_run(&success());
    quietness(&mut world).await;

    for action in ["requested", "in_progress"] {
        let arrived = arrivals(&world, "workflow_run", action).await;
        assert_eq!(arrived.len(), 1, "{action}");
        was_taken_in(&arrived[0], false, true);
        assert!(world.works_of(&arrived[0].guid).await.is_empty(), "{action}");
    }
    assert_eq!(world.arrived().len(), 2);
    nothing_was_asked(&world);
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_6_a_delivery_that_comes_twice_is_planned_once() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    world.github.webhook_fault("workflow_run", Some("completed"), 1, WebhookFault::Duplicate);

    ci.complete_run(&success());
    quietness(&mut world).await;

    // Both came before the first was planned.
    let twice = arrivals(&world, "workflow_run", "completed").await;
    let guid = twice[0].guid.clone();
    assert_eq!(twice[1].guid, guid);
    was_taken_in(&twice[0], false, false);
    was_taken_in(&twice[1], true, false);
    let plans =
        |works: Vec<switchboard_store::Work>| works.iter().filter(|work| work.kind == "dispatcher.plan").count();
    assert_eq!(plans(world.works_of(&guid).await), 1);

    // And once more, now that it is finished.
    let body = world.body(&guid).await.expect("a body");
    let again = world.post(world.webhook(&guid, "workflow_run", body.clone())).await;
    assert_eq!((again.status, &again.body["duplicate"]), (202, &json!(true)));
    quietness(&mut world).await;
    assert_eq!(plans(world.works_of(&guid).await), 1);
    let facts = world.facts_following(&guid).await;
    for kind in [kinds::REQUEST_ACCEPTED, kinds::PLAN_CREATED, kinds::TRIGGER_SUCCEEDED] {
        assert_eq!(of_kind(&facts, kind).len(), 1, "{kind}");
    }
    assert_eq!(cd.runs().len(), 1);
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_6_another_body_under_the_same_id_is_a_conflict() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "s");
    ci.complete_run(&success());
    quietness(&mut world).await;
    let guid = arrivals(&world, "workflow_run", "completed").await.remove(0).guid;
    let body = world.body(&guid).await.expect("a body");
    let stored = world.deliveries().await.len();

    let mut other: Value = serde_json::from_slice(&body).expect("JSON");
    other["workflow_run"]["run_attempt"] = json!(2);
    let answer = world.post(world.webhook(&guid, "workflow_run", other.to_string())).await;
    quietness(&mut world).await;

    assert_eq!(answer.status, 409);
    assert_eq!(world.deliveries().await.len(), stored);
    assert_eq!(world.body(&guid).await.expect("a body"), body, "the first body stays");
    end(world, &[dispatch_of("acme/t", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_8_without_an_installation_the_run_is_skipped() {
    let mut world = world(quiet()).begin().await;
    let payload = payload(&mut world).await;
    world.github.clear_ledger();

    for (n, installation) in
        [None, Some(Value::Null), Some(json!({})), Some(json!({ "id": null }))].into_iter().enumerate()
    {
        let mut without = payload.clone();
        match installation {
            Some(installation) => without["installation"] = installation,
            None => drop(without.as_object_mut().and_then(|members| members.remove("installation"))),
        }
        assert_eq!(verdict(&mut world, without, n as u64).await, "installation_missing");
    }
    nothing_was_asked(&world);
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_8_a_null_leads_to_the_verdict_of_an_absent_member() {
    let mut world = world(quiet()).begin().await;
    let payload = payload(&mut world).await;
    let rows = [
        ("/repository/default_branch", "source_not_default_branch"),
        ("/workflow_run/head_branch", "source_not_default_branch"),
        ("/workflow_run/conclusion", "source_conclusion_not_allowed"),
        ("/workflow_run/head_repository", "source_head_repository_unverifiable"),
        ("/workflow_run/head_repository/id", "source_head_repository_unverifiable"),
        // What is left out of these changes nothing: S's file names no target.
        ("/workflow_run/run_attempt", "no_matching_rule"),
        ("/workflow_run/name", "no_matching_rule"),
        ("/workflow_run/path", "no_matching_rule"),
        ("/workflow_run/created_at", "no_matching_rule"),
        ("/workflow_run/actor", "no_matching_rule"),
        ("/workflow_run/actor/login", "no_matching_rule"),
        ("/workflow_run/head_commit", "no_matching_rule"),
        ("/workflow_run/display_title", "no_matching_rule"),
        ("/workflow", "no_matching_rule"),
        ("/organization", "no_matching_rule"),
        ("/sender", "no_matching_rule"),
        // Without these a run cannot be told.
        ("/repository", "payload_unusable"),
        ("/repository/owner", "payload_unusable"),
        ("/repository/full_name", "payload_unusable"),
        ("/workflow_run", "payload_unusable"),
        ("/workflow_run/id", "payload_unusable"),
        ("/workflow_run/head_sha", "payload_unusable"),
        ("/workflow_run/event", "payload_unusable"),
    ];
    for (n, (member, reason)) in rows.into_iter().enumerate() {
        let mut odd = payload.clone();
        *odd.pointer_mut(member).expect(member) = Value::Null;
        assert_eq!(verdict(&mut world, odd, n as u64).await, reason, "{member}");
    }
    end(world, &[]).await;
}

/// The paths of all members, however deep.
fn members(value: &Value, path: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect(),
        _ => Vec::new(),
    };
    for (key, child) in children {
        let path = format!("{path}/{key}");
        members(child, &path, found);
        found.push(path);
    }
}

/// What the members begin with that a plan reads.
const READ: [&str; 22] = [
    "/installation",
    "/repository/id",
    "/repository/name",
    "/repository/full_name",
    "/repository/owner/login",
    "/repository/default_branch",
    "/workflow_run/id",
    "/workflow_run/run_attempt",
    "/workflow_run/name",
    "/workflow_run/path",
    "/workflow_run/head_branch",
    "/workflow_run/head_sha",
    "/workflow_run/event",
    "/workflow_run/conclusion",
    "/workflow_run/html_url",
    "/workflow_run/created_at",
    "/workflow_run/actor/login",
    "/workflow_run/head_repository/id",
    "/workflow_run/head_repository/full_name",
    "/workflow_run/head_repository/owner/login",
    "/workflow/path",
    "/workflow/name",
];

#[tokio::test]
async fn dispatcher_8_nulls_and_other_types_everywhere_crash_nothing() {
    let mut world = world(quiet()).begin().await;
    let payload = payload(&mut world).await;
    let mut paths = Vec::new();
    members(&payload, "", &mut paths);
    // The action is part of what a delivery is known by; without it the webhook is another one.
    paths.retain(|path| path != "/action");

    let mut n = 0;
    for path in &paths {
        let others = [Value::Null, json!("-1"), json!(-1.5), json!([[]]), json!({ "id": {} })];
        // What nobody reads is only skipped over; one type of it is as good as another.
        let odd = if READ.iter().any(|read| path.starts_with(read)) { &others[..] } else { &others[..1] };
        for odd in odd {
            let mut payload = payload.clone();
            *payload.pointer_mut(path).expect(path) = odd.clone();
            n += 1;
            let guid = format!("odd-{n}");
            let answer = world.post(world.webhook(&guid, "workflow_run", payload.to_string())).await;
            assert_eq!(answer.status, 202, "{path}: {}", answer.body);
        }
    }
    let mut all = payload.clone();
    for path in &paths {
        if all.pointer(path).is_some_and(|value| !value.is_object() && !value.is_array()) {
            *all.pointer_mut(path).expect(path) = Value::Null;
        }
    }
    world.post(world.webhook("all", "workflow_run", all.to_string())).await;
    quietness(&mut world).await;

    let verdicts = all_facts(&world).await;
    let ended =
        verdicts.iter().filter(|fact| [kinds::SOURCE_SKIPPED, kinds::PLAN_CREATED].contains(&fact.kind.as_str()));
    assert_eq!(ended.count(), 1 + n + 1, "each is skipped or planned, once");
    assert!(world.dead_letters().await.is_empty());
    end(world, &[]).await;
}
