//! The story behind the pages: one source, five targets with five ends, and a chain. The example `pages` shows the same.

use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::handlers::{Dispatcher, QUEUE};
use switchboard_simulator::{Access, Workflow, WorkflowSpec};
use switchboard_testkit::{Builder, World};

/// What `acme/api` agrees to.
const API: &str = r#"# What acme/api starts once its tests are green.
outbound:
  - source: { workflow: ci.yml }
    targets:
      - repository: deploy
        workflow: cd.yml
        inputs: { sha: "{{ source.sha }}", image: "registry.acme.example/api:{{ source.run_id }}" }
      - { repository: docs, workflow: publish.yml }
      - { repository: mobile, workflow: release.yml, ref: release/9 }
      - { repository: web, workflow: cd.yml }
      - { repository: terraform, workflow: plan.yml }
"#;

/// What `acme/deploy` agrees to, on either side.
const DEPLOY: &str = r#"outbound:
  - source: { workflow: cd.yml }
    targets:
      - { repository: smoke-tests, workflow: smoke.yml }
      - { repository: status-page, workflow: announce.yml }
      - { repository: api, workflow: ci.yml }

inbound:
  - source: { repository: api, workflow: ci.yml }
    targets:
      - { workflow: cd.yml, accept_inputs: [sha, image] }
"#;

/// A world whose server runs the dispatcher under these settings.
pub fn world(config: Config) -> Builder {
    World::with(move || Dispatcher::new(config.clone(), None)).queue(QUEUE).events(&["workflow_run"]).permissions(&[
        ("actions", Access::Write),
        ("contents", Access::Read),
        ("issues", Access::Write),
        ("metadata", Access::Read),
    ])
}

/// An `inbound` rule.
pub fn inbound(source: &str, source_workflow: &str, workflow: &str) -> String {
    format!(
        "inbound:\n  - source: {{ repository: {source}, workflow: {source_workflow} }}\n    targets: [{{ workflow: {workflow} }}]\n"
    )
}

/// Arranges the repositories; the workflow whose runs set everything off.
pub fn arrange(world: &mut World) -> Workflow {
    let api = world.repository("acme/api");
    let ci = api.workflow(WorkflowSpec::new("ci.yml").name("Tests"));
    api.file("dispatching.yml", API);
    let deploy = world.repository("acme/deploy");
    deploy.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["sha", "image"]));
    deploy.file("dispatching.yml", DEPLOY);
    deploy.file(".github/dispatching.yml", "inbound: []\n");
    for (name, workflow, source, source_workflow) in [
        ("acme/docs", "publish.yml", "api", "ci.yml"),
        ("acme/mobile", "release.yml", "api", "ci.yml"),
        ("acme/web", "cd.yml", "some-other-repository", "ci.yml"),
        ("acme/smoke-tests", "smoke.yml", "deploy", "cd.yml"),
        ("acme/status-page", "announce.yml", "deploy", "cd.yml"),
    ] {
        let repository = world.repository(name);
        repository.workflow(WorkflowSpec::new(workflow).dispatchable(&[]));
        repository.file("dispatching.yml", inbound(source, source_workflow, workflow));
    }
    world.repository("acme/docs").workflow("publish.yml").set_conclusions(&["failure"]);
    world.repository("acme/terraform").workflow(WorkflowSpec::new("plan.yml").dispatchable(&[]));
    let billing = world.repository("acme/billing");
    billing.workflow("nightly.yml");
    billing.file(
        "dispatching.yml",
        "outbound:\n  - source: { workflow: nightly.yml }\n    targets:\n      - { repository: ledger, workflow: close.yml, inputs: { retries: 5 } }\n",
    );
    ci
}
