//! Numbers: counters against the facts they count, windows against counters, and the requests that a dispatch may cost.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::rollup::Window;
use switchboard_dispatcher::health::{Health, Status};
use switchboard_dispatcher::keys::{self, TOTAL_ALL, views};
use switchboard_simulator::{Call, Effect, Expected, Workflow};
use switchboard_store::{Counters, Fact, KeyRange, View};
use switchboard_testkit::World;

use crate::support::*;

/// Sources that together do everything that is counted.
fn everything(world: &mut World) -> Vec<Workflow> {
    let targets = [("good", "cd.yml"), ("broken", "cd.yml"), ("closed", "cd.yml"), ("slow", "cd.yml")];
    let (_, ci) = source(world, "acme/s", &targets);
    for name in ["acme/good", "acme/broken", "acme/slow"] {
        target(world, name, "cd.yml", "s");
    }
    target(world, "acme/closed", "cd.yml", "somebody-else");
    let refusal = json!({ "message": "No ref found for: main" });
    let post = |name: &str| format!("/repos/acme/{name}/actions/workflows/cd.yml/dispatches");
    world.github.fault("POST", &post("broken")).always().answer(422, &[], refusal);
    world.github.fault("POST", &post("slow")).times(2).status(502);
    let invalid = world.repository("acme/invalid");
    invalid.file("dispatching.yml", "outbound: 5\n");
    let unmatched = world.repository("acme/unmatched");
    unmatched.file("dispatching.yml", outbound("other.yml", &[("good", "cd.yml")]));
    let without = world.repository("acme/without");
    vec![ci, invalid.workflow("ci.yml"), unmatched.workflow("ci.yml"), without.workflow("ci.yml")]
}

/// What the facts say should have been counted.
fn counted(facts: &[Fact]) -> Counters {
    let mut counters = Counters::new();
    let mut add = |name: &str, by: i64| *counters.entry(name.to_owned()).or_default() += by;
    for fact in facts {
        let number = |member: &str| fact.data.get(member).and_then(Value::as_i64);
        match fact.kind.as_str() {
            kinds::REQUEST_ACCEPTED => add("accepted", 1),
            kinds::SOURCE_SKIPPED => add("skipped", 1),
            kinds::CONFIG_INVALID => add("invalid", 1),
            kinds::PLAN_CREATED if number("candidateTargets") == Some(0) => add("empty", 1),
            kinds::PLAN_CREATED => {
                add("planned", 1);
                add("candidates", number("candidateTargets").unwrap_or(0));
            }
            kinds::TARGET_DENIED => add("denied", number("count").unwrap_or(1)),
            kinds::TARGET_QUEUED => add("queued", 1),
            kinds::TRIGGER_SUCCEEDED => {
                add("succeeded", 1);
                add("retried", number("attempts").unwrap_or(1) - 1);
            }
            kinds::TRIGGER_FAILED => add("failed", 1),
            kinds::ISSUE_CREATED => add("issues_created", 1),
            kinds::ISSUE_SUPPRESSED => add("issues_suppressed", 1),
            _ => {}
        }
    }
    counters.retain(|_, count| *count != 0);
    counters
}

fn counted_by_source(facts: &[Fact]) -> BTreeMap<String, Counters> {
    let mut of_source: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        of_source.entry(text(&fact.data, "sourceRepo")).or_default().push(fact.clone());
    }
    of_source.into_iter().map(|(source, facts)| (source, counted(&facts))).collect()
}

/// Counters without the histograms beside them.
fn plain(counters: &Counters) -> Counters {
    let histogram = |field: &str| field.starts_with("plan_") || field.starts_with("e2e_");
    counters.iter().filter(|(field, _)| !histogram(field)).map(|(field, count)| (field.clone(), *count)).collect()
}

/// The rows of a view, summed by what `part` takes of their keys.
async fn summed(world: &World, view: &View, part: fn(&str) -> String) -> BTreeMap<String, Counters> {
    let mut sums: BTreeMap<String, Counters> = BTreeMap::new();
    let rows = world.store().counters(view, KeyRange::all(), 100_000).await.expect("the store can be read");
    for row in rows {
        let sum = sums.entry(part(row.key.as_str())).or_default();
        for (field, count) in plain(&row.counters) {
            *sum.entry(field).or_default() += count;
        }
    }
    sums
}

#[tokio::test]
async fn counters_equal_the_sum_of_the_facts_wherever_they_stand() {
    let config = Config { issues_per_hour: 2, ..Config::default() };
    let mut world = world(config).begin().await;
    let workflows = everything(&mut world);
    for round in 0..2 {
        for workflow in &workflows {
            workflow.complete_run(&success());
            workflow.complete_run(&switchboard_simulator::RunSpec::concluding("failure"));
        }
        world.run_for(Duration::from_secs(45 * 60 * (round + 1))).await;
    }
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let all = counted(&facts);
    for field in
        ["accepted", "skipped", "empty", "invalid", "planned", "candidates", "denied", "queued", "succeeded", "failed"]
    {
        assert!(all.get(field).is_some_and(|count| *count > 0), "the story shows no {field}: {all:?}");
    }
    assert_eq!((all["retried"], all["issues_suppressed"]), (2, 1), "{all:?}");
    assert_eq!(all["accepted"], all["skipped"] + all["empty"] + all["invalid"] + all["planned"]);

    assert_eq!(plain(&world.counter(&views::TOTAL, TOTAL_ALL).await), all);
    let whole = |_: &str| String::new();
    for view in [views::MINUTE, views::HOUR, views::MINUTE_REPO, views::HOUR_REPO] {
        assert_eq!(summed(&world, &view, whole).await[""], all, "{view:?}");
    }

    let of_source = counted_by_source(&facts);
    let behind_repo = |key: &str| key.strip_prefix("repo/").unwrap_or_default().to_owned();
    let mut totals = summed(&world, &views::TOTAL, behind_repo).await;
    totals.remove("");
    assert_eq!(totals, of_source);
    let behind_bucket = |key: &str| key.split_once('/').map(|(_, repo)| repo.to_owned()).unwrap_or_default();
    assert_eq!(summed(&world, &views::MINUTE_REPO, behind_bucket).await, of_source);
    let before_bucket = |key: &str| key.rsplit_once('/').map(|(repo, _)| repo.to_owned()).unwrap_or_default();
    assert_eq!(summed(&world, &views::HOUR_REPO, before_bucket).await, of_source);

    let good = Expected::times(2, "POST", "/repos/acme/good/actions/workflows/cd.yml/dispatches");
    let slow = Expected::times(2, "POST", "/repos/acme/slow/actions/workflows/cd.yml/dispatches");
    let issues = Expected::times(all["issues_created"].unsigned_abs(), "POST", "/repos/acme/*/issues");
    end(world, &[good, slow, issues]).await;
}

#[tokio::test]
async fn reasons_of_the_day_and_edges_equal_the_sum_of_the_facts() {
    let mut world = world(quiet()).begin().await;
    let workflows = everything(&mut world);
    for workflow in &workflows {
        workflow.complete_run(&success());
    }
    quietness(&mut world).await;

    let facts = all_facts(&world).await;
    let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
    let mut edges: BTreeMap<String, Counters> = BTreeMap::new();
    for fact in &facts {
        let reason = text(&fact.data, "reason");
        let reason = if fact.kind == kinds::CONFIG_INVALID { "invalid_source_config".to_owned() } else { reason };
        if !reason.is_empty() {
            *reasons.entry(reason).or_default() += 1;
        }
        let field = match fact.kind.as_str() {
            kinds::TRIGGER_SUCCEEDED => "succeeded",
            kinds::TRIGGER_FAILED => "failed",
            kinds::TARGET_DENIED => "denied",
            _ => continue,
        };
        let end = |repo: &str, file: &str| format!("{}/{}", text(&fact.data, repo), text(&fact.data, file));
        let (source, target) = (end("sourceRepo", "sourceWorkflow"), end("targetRepo", "targetWorkflow"));
        for key in [format!("out/{source}/{target}"), format!("in/{target}/{source}")] {
            *edges.entry(key).or_default().entry(field.to_owned()).or_default() += 1;
        }
    }
    let of_reason = |key: &str| key.split_once('/').map(|(_, reason)| reason.to_owned()).unwrap_or_default();
    let counted = summed(&world, &views::DAY_REASON, of_reason).await;
    let counted: BTreeMap<String, i64> = counted.into_iter().map(|(reason, row)| (reason, row["count"])).collect();
    assert_eq!(counted, reasons);
    assert_eq!(summed(&world, &views::EDGE, str::to_owned).await, edges);
    end(world, &[dispatch_of("acme/good", "cd.yml"), dispatch_of("acme/slow", "cd.yml")]).await;
}

async fn window(world: &World, minutes: u32) -> Window {
    world.record(&views::WINDOW, keys::window(minutes)).await.expect("the rollup has run")
}

async fn health(world: &World) -> Health {
    world.record(&views::HEALTH, keys::HEALTH_CURRENT).await.expect("the rollup has run")
}

fn check(health: &Health, id: &str) -> Status {
    health.checks.iter().find(|check| check.id == id).map(|check| check.status).expect("the check is made")
}

#[tokio::test]
async fn windows_are_the_last_complete_minutes_and_empty_as_time_goes_by() {
    let mut world = world(quiet()).schedules().begin().await;
    let workflows = everything(&mut world);
    for workflow in &workflows {
        workflow.complete_run(&success());
    }
    let began = world.now();
    world.run_for(Duration::from_secs(3 * 60)).await;

    let facts = dispatch_facts(&world).await;
    let (all, of_source) = (counted(&facts), counted_by_source(&facts));
    for minutes in [5, 15, 60] {
        let window = window(&world, minutes).await;
        assert_eq!(window.counters, all, "{minutes} minutes");
        assert_eq!((window.to.millis() % 60_000, window.to.since(window.from)), (0, Duration::from_secs(60) * minutes));
        assert_eq!(window.success_rate, Some(66.7));
        let busiest: Vec<_> = window.top_repos.iter().map(|row| (row.repo.clone(), row.counters.clone())).collect();
        assert_eq!(busiest.len(), of_source.len());
        assert_eq!(busiest.into_iter().collect::<BTreeMap<_, _>>(), of_source);
        assert_eq!((window.latency.plan.p50, window.truncated), (Some(1), false));
        // One of two dispatches took two rounds of looking for a lost answer.
        assert_eq!((window.latency.e2e.p50, window.latency.e2e.p95), (Some(1), Some(60)));
    }
    let now = health(&world).await;
    assert_eq!(now.status, Status::Green, "{now:?}");
    assert_eq!((check(&now, "event_recency"), check(&now, "trigger_success_rate")), (Status::Green, Status::Unknown));
    assert!(now.last_event_at.is_some_and(|at| at.since(began) < Duration::from_secs(60)));

    world.run_for(Duration::from_secs(5 * 60)).await;
    assert!(window(&world, 5).await.counters.is_empty());
    assert_eq!(window(&world, 15).await.counters, all);
    world.run_for(Duration::from_secs(60 * 60)).await;
    assert!(window(&world, 60).await.counters.is_empty());
    let later = health(&world).await;
    assert_eq!(check(&later, "event_recency"), Status::Idle, "silence alone is no alarm");
    assert_eq!(later.last_event_at, now.last_event_at, "the newest event never goes back");
    finish_with_schedules(world).await;
}

#[tokio::test]
async fn a_rollup_without_news_writes_nothing() {
    let mut world = world(quiet()).schedules().begin().await;
    world.run_for(Duration::from_secs(3 * 60)).await;
    let before = (world.records(&views::WINDOW).await, world.records(&views::HEALTH).await);
    world.run_for(Duration::from_secs(10 * 60)).await;
    let after = (world.records(&views::WINDOW).await, world.records(&views::HEALTH).await);
    assert_eq!(before, after);
    assert!(world.works("dispatcher.rollup").await.len() > 10, "it ran once a minute");
    world.finish(&[]).await;
}

/// Facts that webhooks led to; starts of the server are deliveries too.
async fn dispatch_facts(world: &World) -> Vec<Fact> {
    let mut facts = all_facts(world).await;
    facts.retain(|fact| fact.kind.starts_with("dispatch."));
    facts
}

/// Gap repair reads the App's delivery list, which the stories' own list of calls leaves out.
async fn finish_with_schedules(world: World) {
    world.finish(&[dispatch_of("acme/good", "cd.yml"), dispatch_of("acme/slow", "cd.yml")]).await;
}

/// Calls that count against the rate limit, tokens aside.
fn counted_calls(world: &World) -> Vec<Call> {
    let calls = world.github.calls().into_iter();
    calls.filter(|call| call.counted && call.effect != Effect::Token).collect()
}

fn tokens(world: &World) -> usize {
    world.github.calls().iter().filter(|call| call.effect == Effect::Token).count()
}

#[tokio::test]
async fn a_warm_dispatch_costs_one_counted_request_a_target() {
    let mut world = world(quiet()).begin().await;
    let (_, ci) = source(&mut world, "acme/s", &[("t1", "cd.yml"), ("t2", "cd.yml"), ("t3", "cd.yml")]);
    for name in ["acme/t1", "acme/t2", "acme/t3"] {
        target(&mut world, name, "cd.yml", "s");
    }
    ci.complete_run(&success());
    quietness(&mut world).await;
    let cold_reads = world.github.calls().iter().filter(|call| call.effect == Effect::Read).count();
    assert!(
        cold_reads <= 2 + 3 * 3 + 3 * 2,
        "a plan reads 2 + 3 a candidate, and each target's own run 2: {cold_reads}"
    );
    assert_eq!(tokens(&world), 1 + 3, "one to plan with, one for each repository to dispatch to");
    world.github.clear_ledger();

    ci.complete_run(&success());
    quietness(&mut world).await;

    let counted = counted_calls(&world);
    assert_eq!(counted.len(), 3, "{counted:?}");
    assert!(counted.iter().all(|call| call.method == "POST" && call.points == 5));
    assert_eq!(tokens(&world), 0, "tokens are good for an hour");
    let reads = world.github.calls().into_iter().filter(|call| call.effect == Effect::Read);
    assert!(reads.into_iter().all(|call| call.status == Some(304) || call.status == Some(404)));
    end(world, &[Expected::times(3, "POST", "/repos/acme/*/actions/workflows/cd.yml/dispatches")]).await;
}

#[tokio::test]
async fn a_skipped_run_costs_nothing_and_one_without_a_file_two_reads() {
    let mut world = world(quiet()).begin().await;
    let ci = world.repository("acme/s").workflow("ci.yml");
    ci.complete_run(&switchboard_simulator::RunSpec::concluding("failure"));
    quietness(&mut world).await;
    assert!(world.github.calls().is_empty());

    ci.complete_run(&success());
    quietness(&mut world).await;
    let reads = requests(&world, "GET", "/repos/acme/s/contents/**");
    assert_eq!((reads.len(), tokens(&world), world.github.calls().len()), (2, 1, 3));
    end(world, &[]).await;
}

#[tokio::test]
async fn a_runs_issue_costs_one_post_and_at_most_two_edits() {
    let mut world = world(Config::default()).begin().await;
    let names: Vec<String> = (0..20).map(|n| format!("t{n}")).collect();
    let wanted: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "cd.yml")).collect();
    let (s, ci) = source(&mut world, "acme/s", &wanted);
    for name in &names {
        target(&mut world, &format!("acme/{name}"), "cd.yml", if name == "t7" { "somebody-else" } else { "s" });
    }
    ci.complete_run(&success());
    quietness(&mut world).await;

    assert_eq!(s.issues().len(), 1);
    assert_eq!(requests(&world, "POST", "/repos/acme/s/issues").len(), 1);
    let edits = requests(&world, "PATCH", "/repos/acme/s/issues/*").len();
    assert!(edits <= 2, "{edits} edits");
    assert!(requests(&world, "GET", "/repos/acme/s/issues").is_empty(), "nobody looks for what was not lost");
    let edits = u64::try_from(edits).expect("few edits");
    let mut expected = vec![
        Expected::times(19, "POST", "/repos/acme/*/actions/workflows/cd.yml/dispatches"),
        Expected::once("POST", "/repos/acme/s/issues"),
    ];
    expected.extend((edits > 0).then(|| Expected::times(edits, "PATCH", "/repos/acme/s/issues/1")));
    end(world, &expected).await;
}
