//! The simulated GitHub over TCP, with a repository that may start a workflow in another.

use std::sync::Arc;

use switchboard_clock::{Clock, SystemClock};
use switchboard_panel::CALLBACK_PATH;
use switchboard_simulator::{
    Access, App, AppSpec, Installation, InstallationSpec, OutgoingDelivery, Repository, RunId, RunSpec,
    SIMULATOR_ONLY_PRIVATE_KEY, Simulator, Workflow, WorkflowSpec,
};
use tokio::net::TcpListener;

pub const SECRET: &str = "a-webhook-secret-that-nobody-may-see";

/// Where people reach the servers of these tests, whatever port they really have.
pub const PUBLIC_URL: &str = "http://switchboard.localhost";
pub const CLIENT_SECRET: &str = "a-client-secret-that-nobody-may-see";

const SOURCE_FILE: &str = "\
outbound:
  - source: { workflow: ci.yml }
    targets: [ { repository: deploy, workflow: deploy.yml }, { repository: docs, workflow: publish.yml } ]
";

const TARGET_FILE: &str = "\
inbound:
  - source: { repository: api, workflow: ci.yml }
    targets: [ { workflow: deploy.yml } ]
";

/// See the [module's documentation](self).
pub struct GitHub {
    pub simulator: Simulator,
    pub app: App,
    /// On `acme`.
    pub installation: Installation,
    pub api: Repository,
    /// Completes when a test says so.
    pub ci: Workflow,
    /// Consents; `acme/docs` does not.
    pub deploy: Workflow,
    /// Where its API and its pages are.
    pub url: String,
}

impl GitHub {
    pub async fn start() -> Self {
        Self::start_as("switchboard-tested").await
    }

    /// With an App of this slug.
    pub async fn start_as(slug: &str) -> Self {
        Self::with_clock(slug, Arc::new(SystemClock)).await
    }

    /// With time of its own.
    pub async fn with_clock(slug: &str, clock: Arc<dyn Clock>) -> Self {
        let simulator = Simulator::new(clock, 7);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        simulator.configure(|settings| settings.html_url = url.clone());
        let spec = AppSpec::new(slug).webhook_secret(SECRET).callback_url(&format!("{PUBLIC_URL}{CALLBACK_PATH}"));
        let permissions = spec.permissions.clone().and("members", Access::Read);
        let app = simulator.app(AppSpec { permissions, client_secret: CLIENT_SECRET.to_owned(), ..spec }).unwrap();
        let acme = simulator.organization("acme");
        let installation = app.install(&acme, InstallationSpec::all());
        let api = acme.repository("api");
        api.file("dispatching.yml", SOURCE_FILE);
        let ci = api.workflow(WorkflowSpec::new("ci.yml"));
        let target = acme.repository("deploy");
        target.file("dispatching.yml", TARGET_FILE);
        let deploy = target.workflow(WorkflowSpec::new("deploy.yml").dispatchable(&[]));
        acme.repository("docs").workflow(WorkflowSpec::new("publish.yml").dispatchable(&[]));
        let served = simulator.clone();
        tokio::spawn(async move { served.serve(listener).await });
        Self { simulator, app, installation, api, ci, deploy, url }
    }

    /// What a server needs to know to be this GitHub's App.
    pub fn variables(&self) -> Vec<(String, String)> {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![
            variable("GITHUB_API_URL", &self.url),
            variable("GITHUB_APP_ID", &self.app.id().to_string()),
            variable("GITHUB_APP_SLUG", self.app.slug()),
            variable("GITHUB_WEBHOOK_SECRET", SECRET),
            variable("GITHUB_APP_PRIVATE_KEY", &SIMULATOR_ONLY_PRIVATE_KEY.trim_end().replace('\n', "\\n")),
        ]
    }

    /// As [`GitHub::variables`], for a server where members of `acme/ops` operate and those of `acme` look.
    pub fn variables_with_sign_in(&self) -> Vec<(String, String)> {
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut variables = self.variables();
        variables.extend([
            variable("PUBLIC_URL", PUBLIC_URL),
            variable("GITHUB_APP_CLIENT_ID", &self.app.client_id()),
            variable("GITHUB_APP_CLIENT_SECRET", CLIENT_SECRET),
            variable("SWITCHBOARD_OPERATORS", "acme/ops"),
            variable("SWITCHBOARD_VIEWERS", "acme, @guest"),
        ]);
        variables
    }

    /// As [`GitHub::variables`], for a server that also relays what happens in `acme/api`.
    pub fn variables_with_relay(&self) -> Vec<(String, String)> {
        self.api.file(".github/allowlist.yml", "L2: [acme/docs]\nL4: [acme/deploy]\n");
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut variables = self.variables();
        variables.extend([
            variable("SWITCHBOARD__RELAY__ENABLED", "true"),
            variable("SWITCHBOARD__RELAY__UPSTREAM", "acme/api"),
        ]);
        variables
    }

    /// `ci.yml` succeeds. Returns the run and the webhook of its completion, which nobody has sent yet.
    pub fn complete_run(&self) -> (RunId, OutgoingDelivery) {
        // What came before is not this run's.
        let _ = self.simulator.take_due();
        let run = self.ci.complete_run(&RunSpec::default()).unwrap();
        let completed = |delivery: &OutgoingDelivery| {
            let payload: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
            payload["action"] == "completed" && payload["workflow_run"]["id"] == run.0
        };
        let delivery = self.simulator.take_due().into_iter().find(completed).unwrap();
        (run, delivery)
    }
}

/// A webhook as GitHub posts it.
pub fn post(client: &reqwest::Client, server: &str, delivery: &OutgoingDelivery) -> reqwest::RequestBuilder {
    let request = client.post(format!("{server}/webhooks/github")).body(delivery.body.clone());
    delivery.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
}
