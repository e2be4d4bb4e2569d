//! What the stories share: a world whose server runs the dispatcher, and short ways to say what a repository agrees to.
#![allow(dead_code, unused_imports, reason = "each test binary uses its share")]

use std::time::Duration;

use serde_json::Value;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::handlers::{Dispatcher, QUEUE};
use switchboard_simulator::{Access, Expected, Repository, RunSpec, Workflow, WorkflowSpec};
use switchboard_store::Fact;
use switchboard_testkit::{Builder, World};

mod always;
mod counts;
mod look;

pub use always::end;
pub use counts::*;
pub use look::*;

/// The calls of the contract's section 11; a story fails on any other.
pub const CALLS: &[(&str, &str)] = &[
    ("GET", "/app"),
    ("GET", "/repos/*/*"),
    ("GET", "/repos/*/*/contents/**"),
    ("GET", "/repos/*/*/installation"),
    ("GET", "/repos/*/*/actions/workflows/*/runs"),
    ("GET", "/repos/*/*/issues"),
    ("POST", "/repos/*/*/actions/workflows/*/dispatches"),
    ("POST", "/repos/*/*/issues"),
    ("PATCH", "/repos/*/*/issues/*"),
    ("POST", "/app/installations/*/access_tokens"),
];

/// A world whose server runs the dispatcher under these settings.
pub fn world(config: Config) -> Builder {
    arranged(World::with(move || Dispatcher::new(config.clone(), None)).queue(QUEUE))
}

/// An App as the dispatcher needs it.
pub fn arranged(builder: Builder) -> Builder {
    builder.events(&["workflow_run"]).permissions(&[
        ("actions", Access::Write),
        ("contents", Access::Read),
        ("issues", Access::Write),
        ("metadata", Access::Read),
    ])
}

/// The settings of an operator who sets nothing but the issues off, so that stories about something else stay short.
pub fn quiet() -> Config {
    Config { issues: switchboard_dispatcher::config::IssuePolicy::Off, ..Config::default() }
}

/// A source: its `ci.yml`, and an `outbound` rule of that workflow with these targets.
pub fn source(world: &mut World, name: &str, targets: &[(&str, &str)]) -> (Repository, Workflow) {
    let repository = world.repository(name);
    let workflow = repository.workflow("ci.yml");
    repository.file("dispatching.yml", outbound("ci.yml", targets));
    (repository, workflow)
}

/// A target: a dispatchable workflow, and an `inbound` rule for this source's `ci.yml`.
pub fn target(world: &mut World, name: &str, workflow: &str, source: &str) -> (Repository, Workflow) {
    let repository = world.repository(name);
    let started = repository.workflow(WorkflowSpec::new(workflow).dispatchable(&[]));
    repository.file("dispatching.yml", inbound(source, "ci.yml", workflow));
    (repository, started)
}

/// An `outbound` rule: when `workflow` has run, these workflows of these repositories.
pub fn outbound(workflow: &str, targets: &[(&str, &str)]) -> String {
    let mut file = format!("outbound:\n  - source: {{ workflow: {workflow} }}\n    targets:\n");
    for (repository, workflow) in targets {
        file.push_str(&format!("      - {{ repository: {repository}, workflow: {workflow} }}\n"));
    }
    file
}

/// An `inbound` rule: `source`'s `source_workflow` may start `workflow`.
pub fn inbound(source: &str, source_workflow: &str, workflow: &str) -> String {
    format!(
        "inbound:\n  - source: {{ repository: {source}, workflow: {source_workflow} }}\n    targets:\n      - {{ workflow: {workflow} }}\n"
    )
}

/// A successful run on the default branch.
pub fn success() -> RunSpec {
    RunSpec::concluding("success")
}

/// The one request that starts a workflow.
pub fn dispatch_of(repository: &str, workflow: &str) -> Expected {
    Expected::once("POST", &format!("/repos/{repository}/actions/workflows/{workflow}/dispatches"))
}

/// The one request that opens an issue.
pub fn issue_opened(repository: &str) -> Expected {
    Expected::once("POST", &format!("/repos/{repository}/issues"))
}

/// The facts of one kind.
pub fn of_kind<'f>(facts: &'f [Fact], kind: &str) -> Vec<&'f Fact> {
    facts.iter().filter(|fact| fact.kind == kind).collect()
}

/// The reasons of the facts of one kind, in order.
pub fn reasons(facts: &[Fact], kind: &str) -> Vec<String> {
    of_kind(facts, kind).iter().map(|fact| text(&fact.data, "reason")).collect()
}

/// A member's text; empty if it is none.
pub fn text(data: &Value, member: &str) -> String {
    data[member].as_str().unwrap_or_default().to_owned()
}

/// Everything that follows from the newest webhook has happened, retries and looks included.
pub async fn quietness(world: &mut World) {
    world.run_until_idle(Duration::from_secs(3600)).await;
}

/// The facts of all webhooks, in order.
pub async fn all_facts(world: &World) -> Vec<Fact> {
    let mut facts = Vec::new();
    for delivery in world.deliveries().await {
        facts.extend(world.facts_following(&delivery.key.delivery_id).await);
    }
    facts
}

/// No call but those of the contract.
pub fn only_known_calls(world: &World) {
    let unexpected = world.github.unexpected_calls(CALLS);
    assert!(unexpected.is_empty(), "{unexpected:?}");
}
