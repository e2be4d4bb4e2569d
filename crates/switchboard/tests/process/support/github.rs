//! The simulated GitHub over TCP, with a repository that may start a workflow in another.

use std::sync::Arc;

use switchboard_clock::SystemClock;
use switchboard_simulator::{
    App, AppSpec, InstallationSpec, OutgoingDelivery, Repository, RunId, RunSpec, SIMULATOR_ONLY_PRIVATE_KEY,
    Simulator, Workflow, WorkflowSpec,
};
use tokio::net::TcpListener;

pub const SECRET: &str = "a-webhook-secret-that-nobody-may-see";

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
    pub api: Repository,
    /// Completes when a test says so.
    pub ci: Workflow,
    /// Consents; `acme/docs` does not.
    pub deploy: Workflow,
    url: String,
}

impl GitHub {
    pub async fn start() -> Self {
        Self::start_as("switchboard-tested").await
    }

    /// With an App of this slug.
    pub async fn start_as(slug: &str) -> Self {
        let simulator = Simulator::new(Arc::new(SystemClock), 7);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = simulator.app(AppSpec::new(slug).webhook_secret(SECRET)).unwrap();
        let acme = simulator.organization("acme");
        app.install(&acme, InstallationSpec::all());
        let api = acme.repository("api");
        api.file("dispatching.yml", SOURCE_FILE);
        let ci = api.workflow(WorkflowSpec::new("ci.yml"));
        let target = acme.repository("deploy");
        target.file("dispatching.yml", TARGET_FILE);
        let deploy = target.workflow(WorkflowSpec::new("deploy.yml").dispatchable(&[]));
        acme.repository("docs").workflow(WorkflowSpec::new("publish.yml").dispatchable(&[]));
        let served = simulator.clone();
        tokio::spawn(async move { served.serve(listener).await });
        Self { simulator, app, api, ci, deploy, url }
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
