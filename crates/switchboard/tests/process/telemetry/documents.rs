//! What tells people about the metrics, compared with those that the server has.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use switchboard_engine::accept::Refusal;
use switchboard_engine::yaml;
use switchboard_relay::refusal::Code;
use switchboard_store::StoreError;

use super::metrics::after_the_story;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    fn value(node: &yaml::Node) -> Value {
        match &*node.value {
            yaml::Value::Scalar(scalar) => json!(&*scalar.text),
            yaml::Value::Seq(items) => items.iter().map(value).collect(),
            yaml::Value::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.text.to_string(), value(&entry.value))).collect())
            }
        }
    }
    let budget = yaml::Budget { bytes: 100_000, depth: 20, nodes: 10_000, aliases: false };
    value(&yaml::parse(text(path).as_bytes(), &budget).unwrap().unwrap())
}

fn rules() -> Vec<Value> {
    let alerts = yaml("deploy/observability/alerts.yml");
    let groups = alerts["groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// The sections of docs/operating.md by their headings, each without those below it.
fn sections() -> BTreeMap<String, String> {
    let operating = text("docs/operating.md");
    let mut sections = BTreeMap::new();
    let mut heading = String::new();
    for line in operating.lines() {
        if line.starts_with('#') {
            heading = line.trim_start_matches('#').trim().to_owned();
        } else {
            let section: &mut String = sections.entry(heading.clone()).or_default();
            section.push_str(line);
            section.push('\n');
        }
    }
    sections
}

/// What stands in backquotes.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_table_of_metrics_says_what_there_is() {
    let exposed = after_the_story().await;
    let mut told = BTreeMap::new();
    for row in sections()["Metrics"].lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split('|').collect();
        for name in quoted(cells[1]) {
            told.insert(name, quoted(cells[2]).into_iter().collect::<BTreeSet<_>>());
        }
    }
    let there: BTreeMap<_, _> = exposed
        .families
        .into_iter()
        .map(|(name, family)| (name, family.labels.into_keys().collect::<BTreeSet<_>>()))
        .collect();
    assert_eq!(told, there);
}

#[tokio::test]
async fn the_dashboard_asks_only_for_what_there_is() {
    let exposed = after_the_story().await;
    let dashboard: Value = serde_json::from_str(&text("deploy/observability/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let rows: Vec<&str> =
        panels.iter().filter(|panel| panel["type"] == "row").map(|row| row["title"].as_str().unwrap()).collect();
    assert_eq!(rows, ["Health", "Accept", "Work", "GitHub", "Dispatcher", "Relay", "Process and store"]);
    let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
    assert_eq!(ids.len(), panels.len());
    let mut taken = BTreeSet::new();
    for panel in panels {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        for place in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(place.0 < 24 && taken.insert(place), "{} lies over another", panel["title"]);
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(!panel["description"].as_str().unwrap().is_empty(), "{} is not described", panel["title"]);
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty());
        for target in targets {
            exposed.assert_answers(target["expr"].as_str().unwrap(), true);
        }
    }
}

#[tokio::test]
async fn the_alerts_ask_only_for_what_there_is_and_say_what_to_do() {
    let exposed = after_the_story().await;
    let sections = sections();
    let rules = rules();
    assert!(rules.len() > 10);
    for rule in &rules {
        let name = rule["alert"].as_str().unwrap();
        exposed.assert_answers(rule["expr"].as_str().unwrap(), false);
        assert!(matches!(rule["labels"]["severity"].as_str(), Some("page" | "ticket")), "{name}");
        let says = |what: &str| rule["annotations"][what].as_str().unwrap_or_default().to_owned();
        assert!(says("summary").len() > 10 && says("description").len() > 20, "{name}");
        let section = format!("/docs/operating.md#{}", name.to_lowercase());
        assert!(says("runbook_url").ends_with(&section), "{name} leads elsewhere");
        let runbook = sections.get(name).unwrap_or_else(|| panic!("docs/operating.md has no section {name}"));
        assert!(runbook.len() > 80, "{name}: {runbook}");
    }
}

/// Set by `cargo xtask test` once Prometheus's own tool is installed: a test that cannot find it then is broken.
const HANDSHAKE: &str = "SWITCHBOARD_PROMTOOL";

/// Runs Prometheus's own tool over the rules. `None`, and a word about it, where it is missing and may be.
fn promtool(arguments: &[&str]) -> Option<()> {
    match Command::new("promtool").args(arguments).current_dir(root().join("deploy/observability")).output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
            Some(())
        }
        Err(error) => {
            let required = [HANDSHAKE, "CI"].into_iter().find(|name| std::env::var_os(name).is_some());
            assert!(required.is_none(), "no promtool, and {} is set: {error}", required.unwrap_or_default());
            eprintln!("NOT TESTED: promtool is missing; on Debian: apt-get install prometheus");
            None
        }
    }
}

#[test]
fn alerts_fire_and_stay_silent_as_their_scenarios_say() {
    let _ = promtool(&["check", "rules", "alerts.yml"]).and_then(|()| promtool(&["test", "rules", "alerts.test.yml"]));
}

#[tokio::test]
async fn the_scenarios_try_every_alert_both_ways_on_what_there_is() {
    let exposed = after_the_story().await;
    let tests = yaml("deploy/observability/alerts.test.yml");
    let scenarios = tests["tests"].as_array().unwrap();
    for series in scenarios.iter().flat_map(|scenario| scenario["input_series"].as_array().unwrap()) {
        exposed.assert_answers(series["series"].as_str().unwrap(), false);
    }
    let [calm, trouble, ..] = scenarios.as_slice() else { panic!("one in which all is well, one of trouble") };
    let names: BTreeSet<String> = rules().iter().map(|rule| rule["alert"].as_str().unwrap().to_owned()).collect();
    let silent = calm["alert_rule_test"].as_array().unwrap().iter();
    assert_eq!(names, silent.map(|test| test["alertname"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>());
    let firing = trouble["promql_expr_test"][0]["exp_samples"].as_array().unwrap().iter();
    let firing = firing.map(|sample| quoted(&sample["labels"].as_str().unwrap().replace('"', "`")).remove(0));
    assert_eq!(names, firing.collect::<BTreeSet<_>>());
}

/// Refusals that are nobody's mistake but this server's trouble, or a wrong secret, are alerted and explained.
#[test]
fn refusals_that_somebody_has_to_look_at_are_alerted_and_explained() {
    let refused = rules().into_iter().find(|rule| rule["alert"] == "SwitchboardDeliveriesRefused").unwrap();
    let runbook = sections().remove("SwitchboardDeliveriesRefused").unwrap();
    let ours = [Refusal::Busy, Refusal::Store(StoreError::Unavailable { reason: String::new() })];
    for code in ours.map(|refusal| refusal.code().1).into_iter().chain(["signature"]) {
        assert!(refused["expr"].as_str().unwrap().contains(code), "{code} is not alerted");
        assert!(runbook.contains(&format!("outcome=\"{code}\"")), "{code} is not explained");
    }
}

/// The same of reports.
#[test]
fn reports_that_this_server_cannot_take_are_alerted_and_explained() {
    let refused = rules().into_iter().find(|rule| rule["alert"] == "SwitchboardRelayReportsRefused").unwrap();
    let runbook = sections().remove("SwitchboardRelayReportsRefused").unwrap();
    for code in Code::ALL.iter().filter(|code| code.status() == 503).map(|code| code.as_str()) {
        assert!(refused["expr"].as_str().unwrap().contains(code), "{code} is not alerted");
        assert!(runbook.contains(&format!("outcome=\"{code}\"")), "{code} is not explained");
    }
}
