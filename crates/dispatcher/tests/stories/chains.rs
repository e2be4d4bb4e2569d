//! Chains: where a run comes from, how far and how wide a root may reach, and what never starts itself.

use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::{ChainRecord, RunState, TargetState};
use switchboard_dispatcher::keys::{self, views};
use switchboard_dispatcher::reasons::Reason;
use switchboard_simulator::{Expected, Repository, RunSpec, Workflow, WorkflowSpec};
use switchboard_testkit::World;

use crate::support::*;

/// A repository whose workflow may be started by `from` and starts `to`.
fn link(
    world: &mut World,
    name: &str,
    workflow: &str,
    from: (&str, &str),
    to: &[(&str, &str)],
) -> (Repository, Workflow) {
    let repository = world.repository(name);
    let started = repository.workflow(WorkflowSpec::new(workflow).dispatchable(&[]));
    let file = outbound(workflow, to) + &inbound(from.0, from.1, workflow);
    repository.file("dispatching.yml", file);
    (repository, started)
}

#[tokio::test]
async fn dispatcher_25_a_workflow_never_starts_itself_but_another_of_its_repository() {
    let mut world = world(quiet()).begin().await;
    let app = world.repository("acme/app");
    let ci = app.workflow(WorkflowSpec::new("ci.yml").dispatchable(&[]));
    let cd = app.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    let consent = "inbound:\n  - source: { repository: app, workflow: ci.yml }\n    targets: [ { workflow: ci.yml }, { workflow: cd.yml } ]\n";
    app.file("dispatching.yml", outbound("ci.yml", &[("app", "ci.yml"), ("app", "cd.yml")]) + consent);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let outcomes: Vec<_> = targets(&world).await.into_iter().map(|target| (target.state, target.reason)).collect();
    assert_eq!(outcomes, [(TargetState::Denied, Some(Reason::SelfDispatchBlocked)), (TargetState::Succeeded, None)],);
    assert_eq!((ci.runs().len(), cd.runs().len()), (1, 1));
    assert!(starts(&world, "acme/app", "ci.yml").is_empty());
    end(world, &[dispatch_of("acme/app", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_25_a_workflow_does_not_start_itself_under_its_repositorys_old_name_either() {
    let mut world = world(quiet()).begin().await;
    let app = world.repository("acme/old-name");
    let ci = app.workflow(WorkflowSpec::new("ci.yml").dispatchable(&[]));
    app.rename("app");
    app.file("dispatching.yml", outbound("ci.yml", &[("old-name", "ci.yml")]) + &inbound("app", "ci.yml", "ci.yml"));

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["self_dispatch_blocked"]);
    assert_eq!(ci.runs().len(), 1);
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_26_a_loop_ends_after_three_dispatches_and_the_denial_shows_its_path() {
    let mut world = world(quiet()).begin().await;
    let (_, a) = link(&mut world, "acme/a", "ci.yml", ("b", "cd.yml"), &[("b", "cd.yml")]);
    let (_, b) = link(&mut world, "acme/b", "cd.yml", ("a", "ci.yml"), &[("a", "ci.yml")]);

    a.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!((a.runs().len(), b.runs().len()), (2, 2));
    let facts = all_facts(&world).await;
    let denied = of_kind(&facts, kinds::TARGET_DENIED);
    assert_eq!(denied.len(), 1);
    assert_eq!(text(&denied[0].data, "reason"), "chain_depth_exceeded");
    let path = "acme/a:ci.yml → acme/b:cd.yml → acme/a:ci.yml → acme/b:cd.yml → acme/a:ci.yml";
    assert_eq!(text(&denied[0].data, "detail"), path);
    assert_eq!(denied[0].data["depth"], 3);
    end(world, &[dispatch_of("acme/b", "cd.yml"), dispatch_of("acme/a", "ci.yml"), dispatch_of("acme/b", "cd.yml")])
        .await;
}

#[tokio::test]
async fn dispatcher_26_at_depth_one_a_dispatched_run_dispatches_nothing() {
    let mut world = world(Config { max_chain_depth: 1, ..quiet() }).begin().await;
    let (_, a) = source(&mut world, "acme/a", &[("b", "cd.yml")]);
    link(&mut world, "acme/b", "cd.yml", ("a", "ci.yml"), &[("c", "cd.yml")]);
    let (_, c) = target(&mut world, "acme/c", "cd.yml", "b");

    a.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reasons(&all_facts(&world).await, kinds::TARGET_DENIED), ["chain_depth_exceeded"]);
    assert!(c.runs().is_empty());
    end(world, &[dispatch_of("acme/b", "cd.yml")]).await;
}

/// A starts B, B starts C.
pub fn three(world: &mut World) -> [(Repository, Workflow); 3] {
    let a = source(world, "acme/a", &[("b", "cd.yml")]);
    let b = link(world, "acme/b", "cd.yml", ("a", "ci.yml"), &[("c", "cd.yml")]);
    let c = world.repository("acme/c");
    let started = c.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    c.file("dispatching.yml", inbound("b", "cd.yml", "cd.yml"));
    [a, b, (c, started)]
}

/// The chain of [`three`] happened once, whole, and everybody in it knows the root.
pub async fn happened_as_one_chain(world: &World, [(a, ci), (b, first), (c, second)]: &[(Repository, Workflow); 3]) {
    assert_eq!((first.runs().len(), second.runs().len()), (1, 1));
    let root = plan_of(world, a, ci.runs()[0].id).await;
    let middle = plan_of(world, b, first.runs()[0].id).await;
    let last = plan_of(world, c, second.runs()[0].id).await;
    assert_eq!((root.lineage.root, root.lineage.depth), (root.key, 0));
    assert_eq!((middle.lineage.root, middle.lineage.depth), (root.key, 1));
    assert_eq!((last.lineage.root, last.lineage.depth), (root.key, 2));
    assert_eq!(last.lineage.path, ["acme/a:ci.yml", "acme/b:cd.yml", "acme/c:cd.yml"]);
    // That a run was taken in is noted before anybody need know where it comes from.
    for fact in all_facts(world).await.iter().filter(|fact| fact.kind != kinds::REQUEST_ACCEPTED) {
        assert_eq!(text(&fact.data, "rootRunKey"), root.key.to_string(), "{fact:?}");
    }
    for (workflow, repository) in [(first, "acme/b"), (second, "acme/c")] {
        let target = candidate(world, repository).await;
        assert_eq!(target.run_id, Some(workflow.runs()[0].id.0));
        assert!(target.run_url.is_some_and(|url| url.ends_with(&workflow.runs()[0].id.to_string())));
    }
    assert!(world.records(&views::EXPECTED_RUN).await.is_empty());
    assert_eq!(world.records(&views::RESULT).await.len(), 2);
    let chain: Option<ChainRecord> = world.record(&views::CHAIN, keys::run(root.key)).await;
    assert_eq!(chain, Some(ChainRecord { dispatches: 2 }));
}

pub fn both() -> [Expected; 2] {
    [dispatch_of("acme/b", "cd.yml"), dispatch_of("acme/c", "cd.yml")]
}

#[tokio::test]
async fn dispatcher_27_a_chain_of_three_happens_and_has_one_root() {
    let mut world = world(quiet()).begin().await;
    let chain = three(&mut world);

    chain[0].1.complete_run(&success());
    quietness(&mut world).await;

    happened_as_one_chain(&world, &chain).await;
    let completed = all_facts(&world).await;
    let completed = of_kind(&completed, kinds::RUN_COMPLETED);
    assert_eq!(completed.len(), 2);
    assert!(completed.iter().all(|fact| fact.data["conclusion"] == "success"));
    end(world, &both()).await;
}

#[tokio::test]
async fn dispatcher_27_a_fan_out_ends_at_a_hundred_dispatches_and_never_at_a_hundred_and_one() {
    const MIDDLES: usize = 25;
    let mut world = world(quiet()).begin().await;
    let names: Vec<String> = (0..MIDDLES).map(|n| format!("middle-{n}")).collect();
    let middles: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "cd.yml")).collect();
    let (root, ci) = source(&mut world, "acme/root", &middles);
    let leaf = world.repository("acme/leaf");
    let files = ["l0.yml", "l1.yml", "l2.yml", "l3.yml"];
    let leaves = files.map(|file| leaf.workflow(WorkflowSpec::new(file).dispatchable(&[])));
    let mut consent = String::from("inbound:\n");
    for name in &names {
        let four: Vec<(&str, &str)> = files.iter().map(|file| ("leaf", *file)).collect();
        link(&mut world, &format!("acme/{name}"), "cd.yml", ("root", "ci.yml"), &four);
        consent.push_str(&format!("  - source: {{ repository: {name}, workflow: cd.yml }}\n    targets: [ {{ workflow: l0.yml }}, {{ workflow: l1.yml }}, {{ workflow: l2.yml }}, {{ workflow: l3.yml }} ]\n"));
    }
    leaf.file("dispatching.yml", consent);

    let run = ci.complete_run(&success()).expect("a run");
    quietness(&mut world).await;

    let started: usize = leaves.iter().map(|leaf| leaf.runs().len()).sum();
    assert_eq!(started, 100 - MIDDLES);
    let denied = reasons(&all_facts(&world).await, kinds::TARGET_DENIED);
    assert_eq!(denied, vec!["chain_size_exceeded"; MIDDLES * 4 - started]);
    let key = plan_of(&world, &root, run).await.key;
    let chain: Option<ChainRecord> = world.record(&views::CHAIN, keys::run(key)).await;
    assert_eq!(chain, Some(ChainRecord { dispatches: 100 }));
    // What counts the chain is done in one lane, whichever of its runs completes.
    let lane = keys::chain_lane(key);
    let counted = world.works("dispatcher.plan").await.into_iter().filter(|plan| plan.lane == lane).count();
    assert_eq!(counted, 100, "every dispatched run is planned in the chain's lane");
    end(world, &[Expected::times(100, "POST", "/repos/*/*/actions/workflows/*/dispatches")]).await;
}

#[tokio::test]
async fn dispatcher_27_a_target_that_waits_has_its_place_in_the_chain() {
    let mut world = world(Config { max_chain_dispatches: 2, ..quiet() }).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t1", "cd.yml"), ("t2", "cd.yml"), ("t3", "cd.yml")]);
    for name in ["acme/t1", "acme/t2", "acme/t3"] {
        target(&mut world, name, "cd.yml", "s");
    }
    world.github.fault("GET", "/repos/acme/t1").times(2).status(502);

    ci.complete_run(&success());
    world.settle().await;
    assert_eq!(candidate(&world, "acme/t1").await.state, TargetState::Waiting);
    quietness(&mut world).await;

    let denied = candidate(&world, "acme/t3").await;
    assert_eq!((denied.state, denied.reason), (TargetState::Denied, Some(Reason::ChainSizeExceeded)));
    end(world, &[dispatch_of("acme/t1", "cd.yml"), dispatch_of("acme/t2", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_28_a_rerun_dispatches_once_more_and_a_redelivery_of_the_first_attempt_does_not() {
    let mut world = world(quiet()).begin().await;
    let (s, ci) = source(&mut world, "acme/s", &[("t", "cd.yml")]);
    let (_, cd) = target(&mut world, "acme/t", "cd.yml", "s");
    let run = ci.complete_run(&success()).expect("a run");
    quietness(&mut world).await;
    let first = world.deliveries().await.remove(2);
    assert_eq!(first.key.action, "completed");
    let body = world.body(&first.key.delivery_id).await.expect("the body is kept");

    ci.complete_rerun(run, "success");
    quietness(&mut world).await;
    assert_eq!(cd.runs().len(), 2);

    let again = world.post(world.webhook(&first.key.delivery_id, "workflow_run", body.clone())).await;
    assert_eq!((again.status, &again.body["duplicate"]), (202, &true.into()));
    let under_another_id = world.post(world.webhook("another-id", "workflow_run", body)).await;
    assert_eq!((under_another_id.status, &under_another_id.body["duplicate"]), (202, &false.into()));
    quietness(&mut world).await;

    assert_eq!(cd.runs().len(), 2);
    let skipped = world.facts_following("another-id").await;
    assert_eq!(reasons(&skipped, kinds::SOURCE_SKIPPED), ["run_already_planned"]);
    let attempts: Vec<_> = runs(&world).await.into_iter().filter(|run| run.source.repository_id == s.id().0).collect();
    let roots: Vec<_> = attempts.iter().map(|run| (run.key.attempt, run.lineage.root == run.key)).collect();
    assert_eq!(roots, [(1, true), (2, true)], "a re-run of a root is a new root");
    assert!(attempts.iter().all(|run| run.state == RunState::Finished));
    end(world, &[Expected::times(2, "POST", "/repos/acme/t/actions/workflows/cd.yml/dispatches")]).await;
}

#[tokio::test]
async fn dispatcher_28_a_rerun_of_a_dispatched_run_keeps_its_place_in_the_chain() {
    let mut world = world(quiet()).begin().await;
    let chain = three(&mut world);
    chain[0].1.complete_run(&success());
    quietness(&mut world).await;

    let (b, first) = &chain[1];
    let run = first.runs()[0].id;
    first.complete_rerun(run, "success");
    quietness(&mut world).await;

    let plans: Vec<_> = runs(&world).await.into_iter().filter(|run| run.source.repository_id == b.id().0).collect();
    assert_eq!(plans.len(), 2);
    assert_eq!(plans[1].key.attempt, 2);
    assert_eq!(plans[0].lineage, plans[1].lineage);
    assert_eq!(chain[2].1.runs().len(), 2);
    let record: Option<ChainRecord> = world.record(&views::CHAIN, keys::run(plans[0].lineage.root)).await;
    assert_eq!(record, Some(ChainRecord { dispatches: 3 }));
    let [to_b, to_c] = both();
    end(world, &[to_b, to_c, dispatch_of("acme/c", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_27_a_persons_own_dispatch_begins_a_chain() {
    let mut world = world(quiet()).begin().await;
    let chain = three(&mut world);
    chain[1].1.complete_run(&RunSpec { event: "workflow_dispatch".to_owned(), ..success() });
    quietness(&mut world).await;

    let plan = plan_of(&world, &chain[1].0, chain[1].1.runs()[0].id).await;
    assert_eq!((plan.lineage.root, plan.lineage.depth), (plan.key, 0));
    end(world, &[dispatch_of("acme/c", "cd.yml")]).await;
}
