//! What a run may cost: requests, reads and tokens are counted at the simulated GitHub.

use std::time::Duration;

use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::TargetState;
use switchboard_dispatcher::reasons::Reason;
use switchboard_simulator::{Call, Credentials, Expected, Workflow, WorkflowSpec};
use switchboard_testkit::World;

use crate::support::*;

/// The reads that one plan may have under way at once.
const READS_AT_ONCE: usize = 8;

/// S asks for `count` targets, `t1` to `t<count>`, and all consent.
fn crowd(world: &mut World, count: usize) -> Workflow {
    let names: Vec<String> = (1..=count).map(|n| format!("t{n}")).collect();
    let wanted: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "cd.yml")).collect();
    let (_, ci) = source(world, "acme/s", &wanted);
    for name in &names {
        target(world, &format!("acme/{name}"), "cd.yml", "s");
    }
    ci
}

fn names(range: std::ops::RangeInclusive<usize>) -> Vec<String> {
    range.map(|n| format!("acme/t{n}")).collect()
}

fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}

#[tokio::test]
async fn dispatcher_24_of_30_targets_the_first_25_are_read_and_dispatched() {
    let mut world = world(quiet()).begin().await;
    let ci = crowd(&mut world, 30);

    ci.complete_run(&success());
    world.settle().await;
    // What was read before the first run of a target could ask for anything itself.
    assert_eq!(sorted(repositories_read(&world)), sorted(names(1..=25)));
    assert_eq!(files_read(&world, "acme/s"), ["dispatching.yml"]);
    for name in names(1..=25) {
        assert_eq!(files_read(&world, &name), ["dispatching.yml"]);
    }
    assert_eq!(reads(&world).len(), 1 + 2 * 25);
    quietness(&mut world).await;

    let outcomes: Vec<_> = targets(&world)
        .await
        .into_iter()
        .map(|target| (target.n, target.repository.to_string(), target.state, target.reason))
        .collect();
    let expected: Vec<_> = (1..=30)
        .map(|n| match n {
            1..=25 => (n, format!("acme/t{n}"), TargetState::Succeeded, None),
            _ => (n, format!("acme/t{n}"), TargetState::Denied, Some(Reason::MaxTargetsExceeded)),
        })
        .collect();
    assert_eq!(outcomes, expected);
    let facts = all_facts(&world).await;
    let denied: Vec<_> =
        of_kind(&facts, kinds::TARGET_DENIED).iter().map(|fact| text(&fact.data, "targetRepo")).collect();
    assert_eq!(denied, names(26..=30));
    for name in names(26..=30) {
        assert!(requests(&world, "*", &format!("/repos/{name}/**")).is_empty(), "{name} is over the cap");
    }
    end(world, &names(1..=25).iter().map(|name| dispatch_of(name, "cd.yml")).collect::<Vec<_>>()).await;
}

#[tokio::test]
async fn dispatcher_24_a_candidate_that_an_earlier_rule_denies_takes_no_place_under_the_cap() {
    let mut world = world(Config { max_targets: 2, ..quiet() }).begin().await;
    let wanted = [
        ("stranger/x", "cd.yml"),
        ("s", "ci.yml"),
        ("t1", "cd.yml"),
        ("t1", "cd.yml"),
        ("t2", "cd.yml"),
        ("t3", "cd.yml"),
    ];
    let (_, ci) = source(&mut world, "acme/s", &wanted);
    for name in names(1..=3) {
        target(&mut world, &name, "cd.yml", "s");
    }

    ci.complete_run(&success());
    quietness(&mut world).await;

    let reasons: Vec<_> = targets(&world).await.into_iter().map(|target| target.reason).collect();
    assert_eq!(
        reasons,
        [
            Some(Reason::TargetOrgNotAllowlisted),
            Some(Reason::SelfDispatchBlocked),
            None,
            Some(Reason::DuplicateTarget),
            None,
            Some(Reason::MaxTargetsExceeded),
        ]
    );
    end(world, &[dispatch_of("acme/t1", "cd.yml"), dispatch_of("acme/t2", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_24_past_the_two_hundredth_candidate_the_rest_share_one_outcome() {
    let mut world = world(Config { max_targets: 1, ..quiet() }).begin().await;
    let wanted: Vec<String> = (1..=205).map(|n| format!("t{n}")).collect();
    let wanted: Vec<(&str, &str)> = wanted.iter().map(|name| (name.as_str(), "cd.yml")).collect();
    let (_, ci) = source(&mut world, "acme/s", &wanted);
    target(&mut world, "acme/t1", "cd.yml", "s");

    ci.complete_run(&success());
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let denied = of_kind(&facts, kinds::TARGET_DENIED);
    assert_eq!((denied.len(), &denied[199].data["count"]), (200, &5.into()));
    assert!(denied[..199].iter().all(|fact| fact.data.get("count").is_none()));
    assert_eq!(reasons(&facts, kinds::TARGET_DENIED), ["max_targets_exceeded"; 200]);
    assert_eq!(of_kind(&facts, kinds::PLAN_CREATED)[0].data["deniedTargets"], 204);
    assert_eq!(repositories_read(&world), ["acme/t1"]);
    end(world, &[dispatch_of("acme/t1", "cd.yml")]).await;
}

#[tokio::test]
async fn dispatcher_24_at_most_eight_reads_are_under_way_at_once() {
    let mut world = world(Config { dry_run: true, ..quiet() }).begin().await;
    let ci = crowd(&mut world, 20);
    let slow = Duration::from_secs(1);
    world.github.fault("GET", "/repos/acme/**").always().slow(slow);

    ci.complete_run(&success());
    quietness(&mut world).await;

    let made = reads(&world);
    assert_eq!(made.len(), 1 + 2 * 20);
    let under_way = |at: &Call| made.iter().filter(|other| other.at <= at.at && at.at < other.at + slow).count();
    let most = made.iter().map(under_way).max();
    assert_eq!(most, Some(READS_AT_ONCE));
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_24_a_plan_reads_at_most_two_and_three_for_each_candidate_and_four_across_owners() {
    let config = Config { dry_run: true, allowed_target_orgs: vec!["friends".to_owned()], ..quiet() };
    let mut world = world(config).begin().await;
    let (s, ci) = source(
        &mut world,
        "acme/s",
        &[("t", "cd.yml"), ("friends/t", "cd.yml"), ("bare", "cd.yml"), ("friends/bare", "cd.yml")],
    );
    let file =
        outbound("ci.yml", &[("t", "cd.yml"), ("friends/t", "cd.yml"), ("bare", "cd.yml"), ("friends/bare", "cd.yml")]);
    s.remove_file("dispatching.yml").file(".github/dispatching.yml", file);
    for name in ["acme/t", "friends/t"] {
        let t = world.repository(name);
        t.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
        t.file(".github/dispatching.yml", inbound("acme/s", "ci.yml", "cd.yml"));
    }
    world.repository("acme/bare");
    world.repository("friends/bare");

    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(reads(&world).len(), 2 + 2 * 3 + 2 * 4);
    let states: Vec<_> = targets(&world).await.into_iter().map(|target| (target.state, target.reason)).collect();
    let missing = (TargetState::Denied, Some(Reason::MissingTargetConfig));
    let simulated = (TargetState::Simulated, None);
    assert_eq!(states, [simulated, simulated, missing, missing]);

    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_24_where_nothing_has_changed_every_read_is_answered_304_and_none_counts() {
    let config = Config { dry_run: true, allowed_target_orgs: vec!["friends".to_owned()], ..quiet() };
    let mut world = world(config).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t", "cd.yml"), ("friends/t", "cd.yml")]);
    target(&mut world, "acme/t", "cd.yml", "acme/s");
    target(&mut world, "friends/t", "cd.yml", "acme/s");
    ci.complete_run(&success());
    quietness(&mut world).await;
    let first = reads(&world);
    assert_eq!(first.len(), 1 + 2 + 3);

    world.github.clear_ledger();
    ci.complete_run(&success());
    quietness(&mut world).await;

    let again = reads(&world);
    assert_eq!(again.len(), first.len());
    assert!(again.iter().all(|read| read.status == Some(304) && !read.counted), "{again:?}");
    assert!(tokens(&world).is_empty());
    assert_eq!(of_kind(&all_facts(&world).await, kinds::TARGET_SIMULATED).len(), 2 * 2);
    end(world, &[]).await;
}

#[tokio::test]
async fn dispatcher_24_with_warm_caches_a_dispatched_target_costs_one_counted_request() {
    let mut world = world(quiet()).begin().await;
    let ci = crowd(&mut world, 3);
    ci.complete_run(&success());
    quietness(&mut world).await;

    world.github.clear_ledger();
    ci.complete_run(&success());
    quietness(&mut world).await;

    let counted: Vec<Call> = world.github.calls().into_iter().filter(|call| call.counted).collect();
    let posts: Vec<&Call> = counted.iter().filter(|call| call.method == "POST").collect();
    assert_eq!((counted.len(), posts.len()), (3, 3), "{counted:?}");
    assert!(posts.iter().all(|post| post.points == 5));
    end(world, &names(1..=3).iter().map(|name| dispatch_of(name, "cd.yml")).collect::<Vec<_>>()).await;
}

/// What a token is good for, so that one can be told from another.
fn worth(call: &Call) -> String {
    format!("{} {}", call.path, call.body)
}

#[tokio::test]
async fn dispatcher_24_a_token_is_asked_for_once_an_hour_for_each_installation_permission_and_repository() {
    let mut world = world(quiet()).begin().await;
    let ci = crowd(&mut world, 2);
    let began = world.now();
    for _ in 0..4 {
        ci.complete_run(&success());
        world.run_for(Duration::from_secs(12 * 60)).await;
    }
    assert!(world.now().since(began) < Duration::from_secs(50 * 60));

    let asked = tokens(&world);
    assert_eq!(asked.len(), 3, "one to read, one to start each target: {asked:?}");
    let different: std::collections::BTreeSet<String> = asked.iter().map(worth).collect();
    assert_eq!(different.len(), 3);
    for start in requests(&world, "POST", "/repos/*/*/actions/workflows/*/dispatches") {
        let Credentials::Installation { repositories: Some(only), .. } = &start.credentials else {
            panic!("a token for one repository: {start:?}");
        };
        assert_eq!(only.len(), 1);
    }

    world.run_for(Duration::from_secs(3600)).await;
    ci.complete_run(&success());
    quietness(&mut world).await;
    assert_eq!(tokens(&world).len(), 6, "they expire after an hour");
    let five =
        |name: &String| Expected::times(5, "POST", &format!("/repos/{name}/actions/workflows/cd.yml/dispatches"));
    end(world, &names(1..=2).iter().map(five).collect::<Vec<_>>()).await;
}
