//! The story, and what is compared at its end.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_engine::crash::CrashPoint;
use switchboard_relay::config::Config;
use switchboard_relay::records::{Kind, ResultRecord, keys, views};
use switchboard_simulator::{Downstream, PullSpec};

use crate::support::*;

/// Those that are dispatched to.
const REPOS: [&str; 2] = ["three/c", "four/d"];

/// What must be the same whether or not the server died, by name.
pub type Ending = BTreeMap<&'static str, String>;

/// Tells the story; says how it ended, and how often the server died.
///
/// A pull request goes to an entry whose answer is lost and that is asked for by a label while it runs (L3), and to one that fails, is
/// run again and holds the merge (L4). Then it is closed.
pub async fn tell(death: Option<(CrashPoint, u32)>) -> (Ending, u32) {
    let list = "L3: { cuda: { three/c: } }\nL4: [four/d]";
    let mut town = Town::with(Config { start_timeout_minutes: 120, ..config() }, list).await;
    town.downstream("three/c", Downstream::run("CI").result("build").succeeds_after(40 * MINUTE));
    let twice = Downstream::run("CI").result("build").fails_after(30 * MINUTE).then_succeeds_after(10 * MINUTE);
    town.downstream("four/d", twice);
    town.world.github.fault("POST", "/repos/three/c/dispatches").lose_answer();
    town.world.github.fault("POST", "/repos/org/up/check-runs").status(502);
    if let Some((point, nth)) = death {
        town.world.crash_at(point, nth);
    }

    let pull = town.up.open_pull(PullSpec::new("Add a kernel").forked());
    town.minutes(20).await;
    pull.label(LABEL);
    town.minutes(40).await;
    let failed =
        town.up.visible_checks(&pull.head_sha()).into_iter().find(|check| check.name == "crcr/four/d/CI/build");
    town.up.rerequest_check(failed.expect("an L4 result has a check run").id);
    town.minutes(40).await;
    pull.close();
    town.world.run_until_idle(MINUTE * 60 * 24).await;

    let (deaths, ending) = (town.world.deaths(), ending(&town, &pull.head_sha()).await);
    town.end_as_written().await;
    (ending, deaths)
}

async fn ending(town: &Town, head: &str) -> Ending {
    let mut ending = Ending::new();
    let mut tell = |what, mut lines: Vec<String>| {
        lines.sort_unstable();
        ending.insert(what, lines.join("\n"));
    };
    let dispatches = town.dispatches().await;
    let place = |id: &str| dispatches.iter().position(|dispatch| dispatch.delivery_id == id);
    let mut runs = Vec::new();
    for repo in REPOS {
        let of = town.world.github.find(repo).expect("it is there").runs();
        let of =
            of.iter().map(|run| (place(run.inputs["delivery_id"].as_str().unwrap()), run.attempt, &run.conclusion));
        runs.push(format!("{repo} {:?}", of.collect::<Vec<_>>()));
    }
    tell("runs", runs);
    tell("checks", town.checks(head).iter().map(|check| format!("{check:?}")).collect());
    let (mut plans, mut targets) = (Vec::new(), Vec::new());
    for (n, dispatch) in dispatches.iter().enumerate() {
        let by = dispatch.superseded.as_ref().map(|by| (by.why, place(&by.by)));
        plans.push(format!("{n} {:?} {:?} {by:?}", dispatch.action, dispatch.skipped));
        for repo in REPOS {
            let Some(target) = town.target(&dispatch.delivery_id, repo).await else { continue };
            let runs: Vec<_> = target.runs.iter().map(|run| (run.attempt, run.ended, run.conclusion)).collect();
            let results = (target.results, target.passed, target.total, target.worst, target.generation);
            targets.push(format!("{n} {repo} {:?} {runs:?} {results:?}", target.state));
        }
    }
    tell("dispatches", plans);
    tell("targets", targets);
    let result = |of: &ResultRecord| {
        let dispatch = dispatches.iter().position(|dispatch| dispatch.seq == of.seq);
        format!("{dispatch:?} {} {:?} {:?}", of.attempt, of.state, of.counted.as_ref().map(|counted| counted.class))
    };
    tell("results", town.results().await.iter().map(result).collect());
    let rows = town.rows(Kind::PullRequest).await;
    let cells = rows.iter().flat_map(|row| row.cells.iter().map(move |(repo, cell)| (row, repo, cell)));
    let cells = cells.map(|(row, repo, cell)| format!("{:?} {repo} {:?} {:?}", row.action, cell.state, row.gate));
    tell("cells", cells.collect());
    tell("numbers", numbers(town).await);
    tell("facts", facts(town).await);
    ending
}

/// Counters of everything; when things happened depends on when the server was there.
async fn numbers(town: &Town) -> Vec<String> {
    let mut lines = Vec::new();
    for repo in [None, Some("three/c"), Some("four/d")] {
        let repo = repo.map(name);
        let day = keys::day(&name(UP), repo.as_ref(), Kind::PullRequest, town.world.began());
        for (field, value) in town.world.counter(&views::COUNT_DAY, day).await {
            if !field.ends_with("_ms") && !field.ends_with("_n") && !field.starts_with("e2e_") {
                lines.push(format!("{repo:?} {field} {value}"));
            }
        }
        let gauge = town.world.counter(&views::GAUGE, keys::gauge(&name(UP), repo.as_ref())).await;
        lines.extend(gauge.iter().filter(|(_, value)| **value != 0).map(|(field, value)| format!("{field} {value}")));
    }
    lines
}

/// Facts about what was decided. How often a check run is written, and whether a send had to be looked for, depends on the death.
async fn facts(town: &Town) -> Vec<String> {
    let mut lines = Vec::new();
    for kind in [
        "dispatch.planned",
        "dispatch.superseded",
        "target.sent",
        "target.never_reported",
        "result.started",
        "result.completed",
        "result.corrected",
        "label.added",
        "rerun.sent",
        "report.rejected",
        "report.contradicted",
    ] {
        for fact in town.facts(&format!("relay.{kind}")).await {
            let about =
                ["repo", "result", "attempt", "conclusion", "action", "why"].map(|member| fact.get(member).cloned());
            let about: Vec<Value> = about.into_iter().flatten().collect();
            lines.push(format!("{kind} {}", Value::from(about)));
        }
    }
    lines
}
