//! Where the demo plays: two organizations, their repositories with what their `dispatching.yml` say, and an App that is
//! installed on both.

use std::time::Duration;

use switchboard_simulator::{
    Access, App, AppSpec, InstallationSpec, KeyError, Repository, RepositorySpec, Simulator, Workflow, WorkflowSpec,
};

use super::upstream::Upstream;

/// The App's slug.
pub(super) const APP: &str = "switchboard-demo";
/// How long workflows wait for a runner, and run, in the story's time.
const QUEUED: Duration = Duration::from_secs(1);
const RUNNING: Duration = Duration::from_secs(6);

const API: &str = "\
# When ci.yml has succeeded, these may start:
outbound:
  - source: { workflow: ci.yml }
    targets:
      - repository: deploy
        workflow: deploy.yml
        inputs:
          sha: \"{{ source.sha }}\"
          origin: \"{{ source.repo }} on {{ source.head_branch }}\"
      - { repository: docs, workflow: publish.yml }
      - { repository: website, workflow: rebuild.yml }
      - { repository: globex/billing, workflow: verify.yml }
      - repository: mobile
        workflow: nightly.yml
        inputs: { channel: beta }
";

const DEPLOY: &str = "\
inbound:
  - source: { repository: api, workflow: ci.yml }
    targets: [ { workflow: deploy.yml, accept_inputs: [sha, origin] } ]
outbound:
  - source: { workflow: deploy.yml }
    targets: [ { repository: smoke-tests, workflow: check.yml } ]
";

/// Misspelt, as happens.
const HANDBOOK: &str = "\
outbound:
  - source: { workflow: ci.yml }
    target: [ { repository: website, workflow: rebuild.yml } ]
";

/// The demo's GitHub.
pub(super) struct Town {
    pub(super) app: App,
    pub(super) api: Source,
    pub(super) deploy: Target,
    pub(super) smoke_tests: Target,
    pub(super) ping: Source,
    pub(super) ping_target: Target,
    pub(super) pong: Target,
    pub(super) payments: Source,
    pub(super) staging: Target,
    pub(super) search: Source,
    pub(super) index: Target,
    pub(super) metrics: Source,
    pub(super) dashboards: Target,
    pub(super) auth: Source,
    pub(super) gateway: Target,
    pub(super) cli: Source,
    pub(super) fork: Repository,
    pub(super) handbook: Source,
    pub(super) upstream: Upstream,
}

/// A workflow that a person's push makes run.
pub(super) struct Source {
    pub(super) repository: Repository,
    pub(super) workflow: Workflow,
}

/// A workflow that may be started from elsewhere.
pub(super) struct Target {
    pub(super) repository: Repository,
    pub(super) workflow: Workflow,
}

impl Town {
    /// Builds it.
    ///
    /// # Errors
    /// When the App's key is none.
    pub(super) fn build(github: &Simulator) -> Result<Self, KeyError> {
        let spec = AppSpec::new(APP);
        // `members` for who wants to see people sign in.
        let permissions = spec
            .permissions
            .clone()
            .and("members", Access::Read)
            .and("checks", Access::Write)
            .and("contents", Access::Write)
            .and("pull_requests", Access::Read);
        let spec = spec.events(&["pull_request", "push", "check_run", "check_suite", "workflow_run"]);
        let app = github.app(AppSpec { permissions, ..spec })?;
        let acme = github.organization("acme");
        let globex = github.organization("globex");
        app.install(&acme, InstallationSpec::all());
        app.install(&globex, InstallationSpec::all());

        let source = |name: &str, file: &str, dispatching: &str| {
            let repository = acme.repository(name);
            repository.file("dispatching.yml", dispatching.to_owned());
            let workflow = repository.workflow(WorkflowSpec::new(file));
            Source { repository, workflow }
        };
        let target = |name: &str, file: &str, inputs: &[&str], dispatching: &str| {
            let repository = acme.repository(name);
            if !dispatching.is_empty() {
                repository.file("dispatching.yml", dispatching.to_owned());
            }
            let workflow = repository.workflow(WorkflowSpec::new(file).dispatchable(inputs).takes(QUEUED, RUNNING));
            Target { repository, workflow }
        };

        let api = source("api", "ci.yml", API);
        let deploy = target("deploy", "deploy.yml", &["sha", "origin"], DEPLOY);
        let smoke_tests = target("smoke-tests", "check.yml", &[], &consent("deploy", "deploy.yml", "check.yml"));
        target("docs", "publish.yml", &[], &consent("handbook", "ci.yml", "publish.yml"));
        target("website", "rebuild.yml", &[], "");
        target("mobile", "nightly.yml", &["channel"], &consent("api", "ci.yml", "nightly.yml"));
        globex.repository("billing").workflow(WorkflowSpec::new("verify.yml").dispatchable(&[]));

        let both = |other: &str| wish("play.yml", other, "play.yml") + &consent(other, "play.yml", "play.yml");
        let pong = target("pong", "play.yml", &[], &both("ping"));
        let ping_target = target("ping", "play.yml", &[], &both("pong"));
        let ping = Source { repository: ping_target.repository.clone(), workflow: ping_target.workflow.clone() };

        let pair = |from: &str, to: &str, file: &str| {
            let source = source(from, "ci.yml", &wish("ci.yml", to, file));
            (source, target(to, file, &[], &consent(from, "ci.yml", file)))
        };
        let (payments, staging) = pair("payments", "staging", "roll-out.yml");
        let (search, index) = pair("search", "index", "rebuild.yml");
        let (metrics, dashboards) = pair("metrics", "dashboards", "refresh.yml");
        let (auth, gateway) = pair("auth", "gateway", "restart.yml");

        let cli = source("cli", "ci.yml", &wish("ci.yml", "website", "rebuild.yml"));
        let fork = github.user("octocat").repository(RepositorySpec::new("cli").fork_of(&cli.repository));
        let handbook = source("handbook", "ci.yml", HANDBOOK);
        let upstream = Upstream::build(github, &app);
        Ok(Self {
            app,
            api,
            deploy,
            smoke_tests,
            ping,
            ping_target,
            pong,
            payments,
            staging,
            search,
            index,
            metrics,
            dashboards,
            auth,
            gateway,
            cli,
            fork,
            handbook,
            upstream,
        })
    }
}

/// A source's side: when `workflow` has succeeded, start `file` in `target`.
fn wish(workflow: &str, target: &str, file: &str) -> String {
    format!(
        "outbound:\n  - source: {{ workflow: {workflow} }}\n    targets: [ {{ repository: {target}, workflow: {file} }} ]\n"
    )
}

/// A target's side: `workflow` of `source` may start `file` here.
fn consent(source: &str, workflow: &str, file: &str) -> String {
    format!(
        "inbound:\n  - source: {{ repository: {source}, workflow: {workflow} }}\n    targets: [ {{ workflow: {file} }} ]\n"
    )
}
