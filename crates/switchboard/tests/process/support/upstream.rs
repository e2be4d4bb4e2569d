//! The simulated GitHub over TCP, with an upstream whose events are relayed and a downstream that reports back.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::SystemClock;
use switchboard_simulator::{
    Access, App, AppSpec, CallbackView, CheckRunView, DeliveryOutcome, Downstream, InstallationSpec, Repository, RunId,
    SIMULATOR_ONLY_PRIVATE_KEY, Simulator, Workflow,
};
use tokio::net::TcpListener;

use super::github::SECRET;
use super::server::Server;
use super::until;

pub const AUDIENCE: &str = "pytorch-cross-repo-ci-relay";
const ALLOWLIST: &str = "\
L3: { gpu: { vendor/backend: } }
L4: [ vendor/required ]
";

/// See the [module's documentation](self).
pub struct Upstream {
    pub simulator: Simulator,
    app: App,
    pub up: Repository,
    pub backend: Workflow,
    pub backend_repo: Repository,
    pub url: String,
}

impl Upstream {
    /// `vendor/backend` runs as `script` says, `vendor/required` succeeds soon.
    pub async fn start(script: Downstream) -> Self {
        let simulator = Simulator::new(Arc::new(SystemClock), 11);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        simulator.configure(|settings| {
            settings.html_url = url.clone();
            settings.api_url = url.clone();
            settings.actions_issuer = format!("{url}/_services/token");
        });
        let spec = AppSpec::new("switchboard-relay-tested")
            .webhook_secret(SECRET)
            .permissions(&[
                ("actions", Access::Write),
                ("checks", Access::Write),
                ("contents", Access::Write),
                ("metadata", Access::Read),
                ("pull_requests", Access::Read),
            ])
            .events(&["pull_request", "push", "check_run", "check_suite", "workflow_run"]);
        let app = simulator.app(spec).unwrap();
        let (org, vendor) = (simulator.organization("org"), simulator.organization("vendor"));
        let up = org.repository("up");
        up.file(".github/allowlist.yml", ALLOWLIST);
        let backend_repo = vendor.repository("backend");
        let backend = backend_repo.on_dispatch(script);
        vendor.repository("required").on_dispatch(soon("CI").result("test").succeeds_after(Duration::from_secs(3)));
        app.install(&org, InstallationSpec::all());
        app.install(&vendor, InstallationSpec::all());
        let served = simulator.clone();
        tokio::spawn(async move { served.serve(listener).await });
        let posted = simulator.clone();
        tokio::spawn(async move { posted.run_each().await });
        Self { simulator, app, up, backend, backend_repo, url }
    }

    /// What a server needs to know to relay here.
    pub fn variables(&self) -> Vec<(String, String)> {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            variable("GITHUB_API_URL", &self.url),
            variable("GITHUB_APP_ID", &self.app.id().to_string()),
            variable("GITHUB_APP_SLUG", self.app.slug()),
            variable("GITHUB_WEBHOOK_SECRET", SECRET),
            variable("GITHUB_APP_PRIVATE_KEY", &SIMULATOR_ONLY_PRIVATE_KEY.trim_end().replace('\n', "\\n")),
            variable("SWITCHBOARD__DISPATCHER__ENABLED", "false"),
            variable("SWITCHBOARD__ENGINE__LEASE_SECONDS", "5"),
            variable("SWITCHBOARD__RELAY__ENABLED", "true"),
            variable("SWITCHBOARD__RELAY__UPSTREAM", "org/up"),
            variable("SWITCHBOARD__RELAY__OIDC_ISSUER", &format!("{}/_services/token", self.url)),
        ]
    }

    /// From now on webhooks and reports go to this server.
    pub fn sends_to(&self, server: &Server) {
        self.app.set_webhook_url(&format!("{}/webhooks/github", server.url));
        self.simulator.configure(|settings| settings.callback_url = format!("{}/github/callback", server.url));
    }

    /// The check run of this name that shows on a commit, once it has come to this status or conclusion.
    pub async fn check(&self, sha: &str, name: &str, state: &str) -> CheckRunView {
        let state_of = |check: &CheckRunView| check.conclusion.clone().unwrap_or_else(|| check.status.to_owned());
        until(&format!("{name} is {state}"), async || {
            self.up.visible_checks(sha).into_iter().find(|check| check.name == name && state_of(check) == state)
        })
        .await
    }

    /// The first run that a dispatch has started at `vendor/backend`.
    pub async fn run(&self) -> RunId {
        until("a dispatch starts a run", async || self.backend.runs().first().map(|run| run.id)).await
    }

    /// The first report of this status that `vendor/backend` has sent, once it is answered.
    pub async fn reported(&self, status: &str) -> CallbackView {
        until("a report is answered", async || {
            let sent = |report: &CallbackView| {
                report.repository.as_deref() == Some("vendor/backend") && report.body["workflow"]["status"] == status
            };
            self.simulator.callbacks().into_iter().find(|report| sent(report) && report.outcome.is_some())
        })
        .await
    }

    /// A report on a run, in order as far as its body goes.
    pub fn report(&self, run: RunId, status: &str) -> Value {
        let run = self.backend.runs().into_iter().find(|view| view.id == run).unwrap();
        json!({
            "event_type": run.inputs["event_type"],
            "delivery_id": run.inputs["delivery_id"],
            "workflow": {
                "status": status,
                "conclusion": "success",
                "name": "CI",
                "job_name": "build",
                "run_id": run.id.0,
                "run_attempt": 1,
            },
        })
    }
}

/// A workflow that does not wait for runners.
pub fn soon(name: &str) -> Downstream {
    Downstream::run(name).waits(Duration::from_millis(50))
}

/// Whether a report was answered with 200.
pub fn taken(report: &CallbackView) -> bool {
    report.outcome == Some(DeliveryOutcome::Answered(200))
}
