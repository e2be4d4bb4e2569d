//! Looking before leaping (dry runs, simulation), and planning again (replays).

use serde_json::json;
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::handlers::{REPLAY, SimulationRequest};
use switchboard_dispatcher::keys::views;
use switchboard_dispatcher::reasons::Reason;
use switchboard_dispatcher::run_key::RunKey;
use switchboard_engine::operations;
use switchboard_simulator::{Repository, Workflow};
use switchboard_testkit::World;

use crate::support::*;

/// A source with an allowed target, one that does not consent, one that is not there, and itself.
fn mixed(world: &mut World) -> (Repository, Workflow) {
    let targets = [("good", "cd.yml"), ("closed", "cd.yml"), ("nowhere", "cd.yml"), ("s", "ci.yml")];
    let found = source(world, "acme/s", &targets);
    target(world, "acme/good", "cd.yml", "s");
    target(world, "acme/closed", "cd.yml", "somebody-else");
    found
}

const REASONS: [&str; 3] = ["inbound_not_authorized", "target_not_accessible", "self_dispatch_blocked"];

#[tokio::test]
async fn dispatcher_40_a_dry_run_plans_everything_and_changes_nothing() {
    let mut world = world(Config { dry_run: true, ..Config::default() }).begin().await;
    let (s, ci) = mixed(&mut world);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let simulated = of_kind(&facts, kinds::TARGET_SIMULATED);
    assert_eq!(simulated.len(), 1);
    assert_eq!(
        (&simulated[0].data["targetRepo"], &simulated[0].data["dispatchRef"]),
        (&json!("acme/good"), &json!("main"))
    );
    assert_eq!(reasons(&facts, kinds::TARGET_DENIED), REASONS);
    assert!(of_kind(&facts, kinds::TARGET_QUEUED).is_empty());
    let created = of_kind(&facts, kinds::PLAN_CREATED)[0];
    assert_eq!((&created.data["candidateTargets"], &created.data["allowedTargets"]), (&json!(4), &json!(1)));
    let states: Vec<_> = targets(&world).await.into_iter().map(|target| target.state).collect();
    let denied = TargetState::Denied;
    assert_eq!(states, [TargetState::Simulated, denied, denied, denied]);
    assert!(world.works("dispatch.workflow").await.is_empty() && world.works("dispatch.issue").await.is_empty());
    assert!(s.issues().is_empty());
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_40_a_dry_run_and_a_real_one_decide_alike() {
    let mut seen = Vec::new();
    for dry_run in [true, false] {
        let mut world = world(Config { dry_run, ..quiet() }).begin().await;
        let (_, ci) = mixed(&mut world);
        ci.complete_run(&success());
        quietness(&mut world).await;
        let denied: Vec<_> =
            of_kind(&all_facts(&world).await, kinds::TARGET_DENIED).into_iter().map(|fact| fact.data.clone()).collect();
        let plan = of_kind(&all_facts(&world).await, kinds::PLAN_CREATED)[0].data.clone();
        seen.push((denied, plan));
        let dispatches = [dispatch_of("acme/good", "cd.yml")];
        end(world, if dry_run { &[] } else { &dispatches }).await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn dispatcher_40_a_simulation_tells_the_whole_plan_reads_only_and_stores_nothing() {
    let mut world = world(quiet()).begin().await;
    let (s, _) = mixed(&mut world);
    s.file(".github/dispatching.yml", "outbound: []\n");
    let dispatcher = Dispatcher::new(quiet(), None);
    let ask = |more: serde_json::Value| -> SimulationRequest {
        let mut request = json!({ "repository": "acme/s", "workflow": "ci.yml" });
        request.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        serde_json::from_value(request).expect("a request")
    };
    let github = world.engine().github().clone();

    let plan = dispatcher.simulate(&ask(json!({})), &github).await.expect("GitHub answers");
    let outcomes: Vec<_> =
        plan.targets.iter().map(|target| (target.state, target.why.as_ref().map(|why| why.reason))).collect();
    assert_eq!(
        outcomes,
        [
            ("dispatched", None),
            ("denied", Some(Reason::InboundNotAuthorized)),
            ("denied", Some(Reason::TargetNotAccessible)),
            ("denied", Some(Reason::SelfDispatchBlocked)),
        ]
    );
    assert!(plan.targets.iter().filter_map(|target| target.why.as_ref()).all(|why| !why.hint.is_empty()));
    assert_eq!(plan.config_path.as_deref(), Some("dispatching.yml"));
    assert_eq!(plan.diagnostics.len(), 1, "it warns of the file that is ignored: {:?}", plan.diagnostics);

    for (more, reason) in [
        (json!({ "branch": "feature" }), Reason::SourceNotDefaultBranch),
        (json!({ "conclusion": "failure" }), Reason::SourceConclusionNotAllowed),
        (json!({ "workflow": "other.yml" }), Reason::NoMatchingRule),
        (json!({ "repository": "acme/good", "workflow": "ci.yml" }), Reason::NoMatchingRule),
    ] {
        let skipped = dispatcher.simulate(&ask(more), &github).await.expect("GitHub answers").skipped;
        assert_eq!(skipped.map(|why| why.reason), Some(reason));
    }
    drop(github);
    for view in [views::RUN, views::TARGET, views::REPO, views::RECENT] {
        assert!(world.records(&view).await.is_empty());
    }
    assert!(world.deliveries().await.is_empty());
    end(world, &[]).await;
}

/// A run with a success, a failure and a denial; then what failed is mended.
async fn with_one_failure(world: &mut World) -> (Repository, Workflow, RunKey) {
    let (s, ci) = source(world, "acme/s", &[("good", "cd.yml"), ("broken", "cd.yml")]);
    target(world, "acme/good", "cd.yml", "s");
    let (_, broken) = target(world, "acme/broken", "cd.yml", "s");
    broken.set_enabled(false);
    let run = ci.complete_run(&success()).expect("a run");
    quietness(world).await;
    broken.set_enabled(true);
    let key = RunKey::new(s.id().0, run.0, 1);
    assert_eq!(candidate(world, "acme/broken").await.reason, Some(Reason::WorkflowDisabled));
    (s, ci, key)
}

/// State and reason of every candidate of a run.
async fn outcomes(world: &World, key: RunKey) -> Vec<(TargetState, Option<Reason>)> {
    let prefix = format!("{key}/");
    let records =
        world.records(&views::TARGET).await.into_iter().filter(|record| record.key.as_str().starts_with(&prefix));
    records
        .map(|record| {
            let target: switchboard_dispatcher::handlers::records::TargetRecord =
                serde_json::from_value(record.value).expect("a target");
            (target.state, target.reason)
        })
        .collect()
}

#[tokio::test]
async fn dispatcher_42_a_replay_dispatches_only_what_did_not_succeed() {
    let mut world = world(quiet()).begin().await;
    let (_, _, key) = with_one_failure(&mut world).await;
    let before = world.deliveries().await;
    let original = before.iter().find(|delivery| delivery.key.action == "completed").expect("it came").clone();

    world.operate(REPLAY, json!({ "runKey": key, "n": 1 })).await;
    quietness(&mut world).await;

    let denied = (TargetState::Denied, Some(Reason::AlreadyDispatched));
    assert_eq!(outcomes(&world, key.replayed(1)).await, [denied, (TargetState::Succeeded, None)]);
    let failed = (TargetState::Failed, Some(Reason::WorkflowDisabled));
    assert_eq!(outcomes(&world, key).await, [(TargetState::Succeeded, None), failed], "history stays");
    let correlation = format!("{}#replay-1", original.key.delivery_id);
    let facts = world.facts_following(&original.key.delivery_id).await;
    let of_replay: Vec<_> = facts.iter().filter(|fact| text(&fact.data, "deliveryId") == correlation).collect();
    let kinds_of_replay: Vec<&str> = of_replay.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(
        kinds_of_replay,
        [kinds::PLAN_CREATED, kinds::TARGET_DENIED, kinds::TARGET_QUEUED, kinds::TRIGGER_SUCCEEDED]
    );
    assert_eq!(of_kind(&facts, kinds::REQUEST_ACCEPTED).len(), 1, "once per delivery");
    end(world, &[dispatch_of("acme/good", "cd.yml"), dispatch_of("acme/broken", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_42_a_replay_of_everything_dispatches_everything_once_more() {
    let mut world = world(quiet()).begin().await;
    let (_, _, key) = with_one_failure(&mut world).await;

    world.operate(REPLAY, json!({ "runKey": key, "n": 1, "only": "all" })).await;
    quietness(&mut world).await;

    assert_eq!(outcomes(&world, key.replayed(1)).await, [(TargetState::Succeeded, None); 2]);
    let good = dispatch_of("acme/good", "cd.yml");
    end(world, &[good.clone(), good, dispatch_of("acme/broken", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_42_the_same_replay_ordered_twice_happens_once() {
    let mut world = world(quiet()).begin().await;
    let (_, _, key) = with_one_failure(&mut world).await;

    world.operate(REPLAY, json!({ "runKey": key, "n": 1, "only": "all" })).await;
    world.operate(REPLAY, json!({ "runKey": key, "n": 1, "only": "all" })).await;
    quietness(&mut world).await;
    world.operate(REPLAY, json!({ "runKey": key, "n": 1, "only": "all" })).await;
    quietness(&mut world).await;

    let good = dispatch_of("acme/good", "cd.yml");
    end(world, &[good.clone(), good, dispatch_of("acme/broken", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_42_two_different_replays_of_one_moment_are_both_carried_out() {
    let mut world = world(quiet()).begin().await;
    let (_, _, key) = with_one_failure(&mut world).await;

    world.operate(REPLAY, json!({ "runKey": key, "n": 1, "only": "unsuccessful" })).await;
    world.operate(REPLAY, json!({ "runKey": key, "n": 1, "only": "all" })).await;
    quietness(&mut world).await;

    assert_eq!(outcomes(&world, key.replayed(2)).await, [(TargetState::Succeeded, None); 2]);
    let (good, broken) = (dispatch_of("acme/good", "cd.yml"), dispatch_of("acme/broken", "cd.yml"));
    end(world, &[good.clone(), broken.clone(), good, broken]).await;
}

#[tokio::test]
async fn dispatcher_42_a_second_replay_leaves_out_what_the_first_one_dispatched() {
    let mut world = world(quiet()).begin().await;
    let (_, _, key) = with_one_failure(&mut world).await;

    for n in [1, 2] {
        world.operate(REPLAY, json!({ "runKey": key, "n": n })).await;
        quietness(&mut world).await;
    }

    let denied = (TargetState::Denied, Some(Reason::AlreadyDispatched));
    assert_eq!(outcomes(&world, key.replayed(2)).await, [denied, denied]);
    end(world, &[dispatch_of("acme/good", "cd.yml"), dispatch_of("acme/broken", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_42_the_plain_replay_of_a_delivery_finds_its_run_planned() {
    let mut world = world(quiet()).begin().await;
    with_one_failure(&mut world).await;
    let delivered = world.deliveries().await;
    let original = delivered.iter().find(|delivery| delivery.key.action == "completed").expect("it came").clone();

    world.operate(operations::REPLAY, json!({ "delivery": original.id })).await;
    quietness(&mut world).await;

    let facts = world.facts_following(&original.key.delivery_id).await;
    assert_eq!(reasons(&facts, kinds::SOURCE_SKIPPED), ["run_already_planned"]);
    assert_eq!(of_kind(&facts, kinds::REQUEST_ACCEPTED).len(), 1, "once per delivery");
    assert_eq!(world.counter(&views::TOTAL, switchboard_dispatcher::keys::TOTAL_ALL).await["accepted"], 2);
    end(world, &[dispatch_of("acme/good", "cd.yml")]).await;
}
