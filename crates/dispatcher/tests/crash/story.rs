//! The story, and what is compared at its end.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::{ChainRecord, IssueRecord};
use switchboard_dispatcher::keys::{TOTAL_ALL, views};
use switchboard_engine::crash::CrashPoint;
use switchboard_simulator::{Expected, WorkflowSpec};
use switchboard_store::Counters;
use switchboard_testkit::World;

use crate::support::*;

/// Everything of the source's file, in order; the last one belongs to the chain.
const TARGETS: [&str; 6] = ["named", "blind", "closed", "retried", "lost", "next"];
/// How often a server looks for deliveries that it missed. What GitHub could not deliver comes again after two looks.
const GAPS_EVERY: Duration = Duration::from_secs(65);
const TWO_LOOKS: Duration = Duration::from_secs(200);

/// What must be the same whether or not the server died.
pub struct Ending {
    /// Repository and conclusion of every run at GitHub.
    runs: Vec<String>,
    /// Title, state and rows of every issue at GitHub.
    issues: Vec<String>,
    /// Every candidate.
    targets: Vec<String>,
    /// Every plan.
    plans: Vec<String>,
    /// Every fact, without ids, times and attempts.
    facts: Vec<String>,
    /// The totals; how often something was tried again aside.
    totals: Counters,
    /// What else is recorded.
    records: Vec<String>,
}

impl Ending {
    /// The parts beside those of another ending.
    pub fn parts(&self, other: &Self) -> [(&'static str, String, String); 7] {
        let lines = |lines: &[String]| lines.join("\n");
        [
            ("runs", lines(&self.runs), lines(&other.runs)),
            ("issues", lines(&self.issues), lines(&other.issues)),
            ("targets", lines(&self.targets), lines(&other.targets)),
            ("plans", lines(&self.plans), lines(&other.plans)),
            ("facts", lines(&self.facts), lines(&other.facts)),
            ("totals", format!("{:?}", self.totals), format!("{:?}", other.totals)),
            ("records", lines(&self.records), lines(&other.records)),
        ]
    }
}

/// Tells the story; says how it ended, and how often the server died.
///
/// A run is dispatched to a target that names its run, one that does not, one that does not consent, one whose request
/// fails once, one whose answer is lost, and one that dispatches further. The source is told in an issue.
pub async fn tell(death: Option<(CrashPoint, u32)>) -> (Ending, u32) {
    let config = Config { issue_wait: Duration::from_secs(90), ..Config::default() };
    let mut builder = world(config).options(|options| options.upkeep.gap_repair = Some(GAPS_EVERY));
    // GitHub sends nothing again by itself: what was not answered has to be asked for.
    let unanswered = matches!(death, Some((CrashPoint::BeforeAccept | CrashPoint::AfterAccept, _)));
    if unanswered {
        builder = builder.schedules();
    }
    let mut world = builder.begin().await;
    let wanted = TARGETS.map(|name| (name, "cd.yml"));
    let (_, ci) = source(&mut world, "acme/s", &wanted);
    for name in TARGETS {
        let repository = world.repository(&format!("acme/{name}"));
        repository.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
        let consent = inbound(if name == "closed" { "somebody-else" } else { "s" }, "ci.yml", "cd.yml");
        // Whose run nobody names has a candidate too, so that it must be found out where it comes from.
        let onward = match name {
            "blind" | "next" => outbound("cd.yml", &[("last", "cd.yml")]),
            _ => String::new(),
        };
        repository.file("dispatching.yml", onward + &consent);
    }
    let last = world.repository("acme/last");
    last.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[]));
    let second = "  - source: { repository: next, workflow: cd.yml }\n    targets: [ { workflow: cd.yml } ]\n";
    last.file("dispatching.yml", inbound("blind", "cd.yml", "cd.yml") + second);
    let post = |name: &str| format!("/repos/acme/{name}/actions/workflows/cd.yml/dispatches");
    world.github.fault("POST", &post("blind")).always().processed_but_status(204);
    world.github.fault("POST", &post("retried")).status(502);
    world.github.fault("POST", &post("lost")).lose_answer();
    // The first look for gaps only notes when it was.
    world.settle().await;

    if let Some((point, nth)) = death {
        world.crash_at(point, nth);
    }
    ci.complete_run(&success());
    if unanswered {
        world.run_for(TWO_LOOKS).await;
    }
    quietness(&mut world).await;

    let deaths = world.deaths();
    let ending = ending(&world).await;
    let edits = requests(&world, "PATCH", "/repos/acme/s/issues/1").len() as u64;
    assert!(edits <= 2, "{edits} edits");
    let mut expected: Vec<Expected> =
        TARGETS.iter().filter(|name| **name != "closed").map(|name| Expected::once("POST", &post(name))).collect();
    expected.push(Expected::times(2, "POST", &post("last")));
    expected.push(Expected::once("POST", "/repos/acme/s/issues"));
    expected.extend((edits > 0).then(|| Expected::times(edits, "PATCH", "/repos/acme/s/issues/1")));
    world.finish(&expected).await;
    (ending, deaths)
}

async fn ending(world: &World) -> Ending {
    let mut started = Vec::new();
    for name in ["s", "last"].iter().chain(&TARGETS) {
        let repository = world.github.find(&format!("acme/{name}")).expect("it is there");
        started.extend(repository.runs().iter().map(|run| format!("{name} {} {:?}", run.event, run.conclusion)));
    }
    let issues = world.github.find("acme/s").expect("it is there").issues();
    let mut targets: Vec<String> = targets(world)
        .await
        .iter()
        .map(|t| {
            format!("{} {} {} {:?} {:?} run {}", t.n, t.repository, t.workflow, t.state, t.reason, t.run_id.is_some())
        })
        .collect();
    targets.sort_unstable();
    let mut plans: Vec<String> = runs(world)
        .await
        .iter()
        .map(|run| format!("{} {:?} {:?} {:?}", run.source.repository, run.state, run.counts, run.lineage.path))
        .collect();
    plans.sort_unstable();
    let mut totals = world.counter(&views::TOTAL, TOTAL_ALL).await;
    totals.remove("retried");
    Ending {
        runs: started,
        issues: issues.iter().map(|issue| told(&issue.title, issue.body.as_deref(), issue.open)).collect(),
        targets,
        plans,
        facts: facts(world).await,
        totals,
        records: records(world).await,
    }
}

/// An issue's text without the numbers that a death may change.
fn told(title: &str, body: Option<&str>, open: bool) -> String {
    let rows = body.unwrap_or_default().lines().filter_map(|line| line.strip_prefix("- `")?.split_once('`'));
    let rows: Vec<&str> = rows.map(|(row, _)| row).collect();
    format!("{title} (open: {open}): {rows:?}")
}

async fn facts(world: &World) -> Vec<String> {
    let members = ["sourceRepo", "targetRepo", "reason", "conclusion", "depth", "candidateTargets", "allowedTargets"];
    let mut lines = Vec::new();
    for fact in all_facts(world).await {
        // How soon an issue can be told everything depends on when the server was there to tell.
        if !fact.kind.starts_with("dispatch.") || fact.kind == kinds::ISSUE_UPDATED {
            continue;
        }
        let mut told: Vec<Value> = members.iter().map(|member| fact.data[*member].clone()).collect();
        if fact.kind == kinds::REQUEST_ACCEPTED {
            // That a run was taken in is noted before anybody need know where it comes from.
            told.retain(|member| !member.is_number());
        }
        lines.push(format!("{} {}", fact.kind, json!(told)));
    }
    lines.sort_unstable();
    lines
}

async fn records(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for view in [views::EXPECTED_RUN, views::BY_TARGET_RUN, views::BY_RUN, views::RESULT, views::PROBLEM] {
        lines.push(format!("{view:?}: {} rows", world.records(&view).await.len()));
    }
    for chain in world.records(&views::CHAIN).await {
        let chain: ChainRecord = serde_json::from_value(chain.value).expect("a chain");
        lines.push(format!("{} dispatches", chain.dispatches));
    }
    for issue in issue_records(world).await {
        let IssueRecord { number, closed, failure, suppressed, .. } = issue;
        lines.push(format!("issue {number:?} {closed} {failure:?} {suppressed}"));
    }
    lines
}
