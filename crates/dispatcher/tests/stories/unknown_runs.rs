//! Runs that we started and whose id GitHub did not tell.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::keys::views;
use switchboard_engine::crash::CrashPoint;
use switchboard_simulator::{RunDetails, RunSpec, WorkflowSpec};
use switchboard_testkit::World;

use crate::chains::{both, happened_as_one_chain, three};
use crate::support::*;

/// How long after `since` the plans of a run were tried.
async fn plan_times(world: &World, lane: &str, since: Timestamp) -> Vec<Duration> {
    let mut times = Vec::new();
    for plan in world.works("dispatcher.plan").await.into_iter().filter(|plan| plan.lane.as_str() == lane) {
        times.extend(world.attempts(plan.id).await.iter().map(|attempt| attempt.started_at.since(since)));
    }
    times
}

/// A run that the App seems to have started.
fn bots() -> RunSpec {
    RunSpec { event: "workflow_dispatch".to_owned(), actor: "switchboard[bot]".to_owned(), ..success() }
}

#[tokio::test]
async fn dispatcher_27_runs_whose_ids_are_unknown_are_adopted_into_their_chain() {
    let mut world = world(quiet()).begin().await;
    world.github.configure(|settings| settings.run_details = RunDetails::Ignored);
    let chain = three(&mut world);

    chain[0].1.complete_run(&success());
    world.settle().await;
    let sent = candidate(&world, "acme/b").await;
    assert_eq!((sent.state, sent.run_id), (TargetState::Succeeded, None), "204 names no run");
    assert_eq!(world.records(&views::EXPECTED_RUN).await.len(), 1);
    quietness(&mut world).await;

    // C has no candidates of its own, so nobody needs to know where its run comes from.
    let (b, started) = &chain[1];
    let root = plan_of(&world, &chain[0].0, chain[0].1.runs()[0].id).await.key;
    let adopted = plan_of(&world, b, started.runs()[0].id).await;
    assert_eq!((adopted.lineage.root, adopted.lineage.depth), (root, 1));
    assert_eq!(candidate(&world, "acme/b").await.run_id, Some(started.runs()[0].id.0));
    assert_eq!(chain[2].1.runs().len(), 1);
    let facts = all_facts(&world).await;
    assert_eq!(of_kind(&facts, kinds::RUN_COMPLETED).len(), 1);
    let planned = of_kind(&facts, kinds::PLAN_CREATED);
    let of_b = planned.iter().find(|fact| fact.data["sourceRepo"] == "acme/b").expect("B is planned");
    assert_eq!((text(&of_b.data, "rootRunKey"), &of_b.data["depth"]), (root.to_string(), &1.into()));
    end(world, &both()).await;
}

#[tokio::test]
async fn dispatcher_27_two_unknown_runs_go_to_their_dispatches_in_order() {
    let mut world = world(quiet()).begin().await;
    world.github.configure(|settings| settings.run_details = RunDetails::Ignored);
    let chain = three(&mut world);
    let first = chain[0].1.complete_run(&success()).expect("a run");
    world.run_for(Duration::from_secs(6)).await;
    let second = chain[0].1.complete_run(&success()).expect("a run");
    quietness(&mut world).await;

    let started = chain[1].1.runs();
    assert_eq!(started.len(), 2);
    for (root, middle) in [(first, &started[0]), (second, &started[1])] {
        let root = plan_of(&world, &chain[0].0, root).await.key;
        assert_eq!(plan_of(&world, &chain[1].0, middle.id).await.lineage.root, root);
    }
    let [to_b, to_c] = both();
    end(world, &[to_b.clone(), to_b, to_c.clone(), to_c]).await;
}

#[tokio::test]
async fn dispatcher_27_a_run_that_completes_before_its_dispatch_is_settled_waits_for_it() {
    let mut world = world(quiet()).begin().await;
    let a = source(&mut world, "acme/a", &[("b", "cd.yml")]);
    let b = world.repository("acme/b");
    let at_once = WorkflowSpec::new("cd.yml").dispatchable(&[]).takes(Duration::ZERO, Duration::ZERO);
    let started = b.workflow(at_once);
    b.file("dispatching.yml", outbound("cd.yml", &[("c", "cd.yml")]) + &inbound("a", "ci.yml", "cd.yml"));
    let c = world.repository("acme/c");
    let last = c.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    c.file("dispatching.yml", inbound("b", "cd.yml", "cd.yml"));
    // The first thing that is carried out is the dispatch of B, whose answer dies with the server.
    world.crash_at(CrashPoint::Carried, 1);
    // B's list of runs lags, so the look finds nothing before the run's own webhook is planned.
    world.github.configure(|settings| settings.run_listing_delay = Duration::from_secs(3));

    a.1.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(world.deaths(), 1);
    happened_as_one_chain(&world, &[a, (b, started), (c, last)]).await;
    end(world, &both()).await;
}

#[tokio::test]
async fn dispatcher_27_while_a_dispatch_is_open_an_unknown_run_waits_5_20_and_60_seconds() {
    let mut world = world(quiet()).begin().await;
    let chain = three(&mut world);
    let (b, first) = &chain[1];
    // The dispatch of B is tried again and again, and has surely started nothing yet.
    let path = "/repos/acme/b/actions/workflows/cd.yml/dispatches";
    world.github.fault("POST", path).times(7).refuse();
    chain[0].1.complete_run(&success());
    world.settle().await;
    assert_eq!(candidate(&world, "acme/b").await.state, TargetState::Queued);

    let strangers = first.complete_run(&bots()).expect("a run");
    let began = world.now();
    world.run_for(Duration::from_secs(90)).await;

    let waited = plan_times(&world, &format!("run/{}/{}", b.id(), strangers), began).await;
    assert_eq!(waited, [0, 5, 25, 85].map(Duration::from_secs));
    let denied = reasons(&all_facts(&world).await, kinds::TARGET_DENIED);
    assert_eq!(denied, ["chain_unverifiable"], "what cannot be verified never counts as a root");

    quietness(&mut world).await;
    let sent = candidate(&world, "acme/b").await;
    assert_eq!((sent.state, sent.attempts), (TargetState::Succeeded, 8));
    assert_ne!(sent.run_id, Some(strangers.0), "a dispatch that was never sent has started nothing");
    let accepted = all_facts(&world).await;
    let accepted = of_kind(&accepted, kinds::REQUEST_ACCEPTED).len();
    assert_eq!(accepted, world.deliveries().await.iter().filter(|d| d.key.action == "completed").count());
    end(world, &both()).await;
}

#[tokio::test]
async fn dispatcher_27_an_unknown_run_without_an_open_dispatch_dispatches_nothing() {
    let mut world = world(quiet()).begin().await;
    let chain = three(&mut world);

    chain[1].1.complete_run(&bots());
    world.settle().await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["chain_unverifiable"]);
    assert!(chain[2].1.runs().is_empty());
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_27_an_unknown_run_on_another_ref_is_not_adopted() {
    let mut world = world(Config { enforce_default_branch: false, ..quiet() }).begin().await;
    world.github.configure(|settings| settings.run_details = RunDetails::Ignored);
    let chain = three(&mut world);
    chain[1].0.branch("feature");
    chain[0].1.complete_run(&success());
    world.settle().await;

    let strangers = chain[1].1.complete_run(&bots().on("feature")).expect("a run");
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["chain_unverifiable"]);
    assert_ne!(candidate(&world, "acme/b").await.run_id, Some(strangers.0));
    end(world, &both()).await;
}
