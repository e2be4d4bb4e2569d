//! What the browser looks at: a simulated GitHub whose webhooks reach the real server as they happen, and a morning of
//! which every page has something to show.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use switchboard_clock::SystemClock;
use switchboard_simulator::{
    Access, AppSpec, DeliveryOutcome, InstallationId, InstallationSpec, OutgoingDelivery, Repository, RunId, RunSpec,
    SIMULATOR_ONLY_PRIVATE_KEY, Simulator, Workflow, WorkflowSpec,
};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::chrome::{Browser, Scripts};
use crate::support::github::{SECRET, post};
use crate::support::server::Server;
use crate::support::{client, until};

/// What the operator signs in with.
pub const TOKEN: &str = "an-operators-token-of-enough-length";
/// How often the postman looks for webhooks that are due.
const ROUND: Duration = Duration::from_millis(20);
/// How long a run that was started waits, and how long it runs: beyond the end of any test. Once completed it would have a
/// journey of its own, which a search for it then leads to instead of the one that it was started in.
const QUEUED: Duration = Duration::from_secs(1);
const RUNNING: Duration = Duration::from_secs(3_600);

const API_FILE: &str = "\
outbound:
  - source: { workflow: ci.yml }
    targets: [ { repository: deploy, workflow: deploy.yml }, { repository: docs, workflow: publish.yml } ]
";
const PAYMENTS_FILE: &str = "\
outbound:
  - source: { workflow: ci.yml }
    targets: [ { repository: staging, workflow: roll-out.yml } ]
";

/// See the [module's documentation](self).
pub struct Town {
    pub github: Simulator,
    pub server: Server,
    pub api: Repository,
    /// Of `acme/api`; may start `deploy`, and not what it names in `acme/docs`.
    pub ci: Workflow,
    pub deploy: Workflow,
    /// Of `acme/payments`; may start `staging`.
    pub payments: Workflow,
    pub staging: Workflow,
    pub installation: InstallationId,
    /// Of the App at GitHub: its address as GitHub's pages have it.
    pub github_url: String,
    posted: Arc<Mutex<Vec<Posted>>>,
    _folder: TempDir,
}

/// A webhook that was sent.
#[derive(Debug, Clone)]
pub struct Posted {
    pub guid: String,
    pub event: String,
    pub repository: String,
    pub action: String,
}

/// What happened in a morning.
pub struct Morning {
    /// Of `ci.yml` in `acme/api`: starts `acme/deploy`, and is denied `acme/docs`, about which there is an issue.
    pub run: RunId,
    pub sha: String,
    /// The run in `acme/deploy` that it started.
    pub started: RunId,
    /// A pull request of `acme/api`, in which no automation takes an interest.
    pub pull: u64,
}

impl Town {
    /// GitHub and the server, and nothing has happened yet.
    pub async fn build() -> Self {
        let github = Simulator::new(Arc::new(SystemClock), 11);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let github_url = format!("http://{}", listener.local_addr().unwrap());
        github.configure(|settings| settings.html_url.clone_from(&github_url));
        let spec = AppSpec::new("switchboard-seen").webhook_secret(SECRET);
        let asked = [
            ("actions", Access::Write),
            ("contents", Access::Read),
            ("issues", Access::Write),
            ("pull_requests", Access::Read),
        ];
        let app = github.app(spec.permissions(&asked).events(&["workflow_run", "pull_request"])).unwrap();
        let acme = github.organization("acme");
        let installation = app.install(&acme, InstallationSpec::all()).id();
        let source = |name: &str, file: &str| {
            let repository = acme.repository(name);
            repository.file("dispatching.yml", file.to_owned());
            (repository.clone(), repository.workflow(WorkflowSpec::new("ci.yml")))
        };
        let target = |name: &str, file: &str, from: &str| {
            let repository = acme.repository(name);
            repository.file("dispatching.yml", consent(from, file));
            repository.workflow(WorkflowSpec::new(file).dispatchable(&[]).takes(QUEUED, RUNNING))
        };
        let (api, ci) = source("api", API_FILE);
        let (_, payments) = source("payments", PAYMENTS_FILE);
        let deploy = target("deploy", "deploy.yml", "api");
        let staging = target("staging", "roll-out.yml", "payments");
        acme.repository("docs").workflow(WorkflowSpec::new("publish.yml").dispatchable(&[]));
        let served = github.clone();
        tokio::spawn(async move { served.serve(listener).await });

        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), &variables(&github_url, app.id(), app.slug())).await;
        let posted = Arc::default();
        tokio::spawn(deliver(github.clone(), server.url.clone(), Arc::clone(&posted)));
        Self { github, server, api, ci, deploy, payments, staging, installation, github_url, posted, _folder: folder }
    }

    /// A morning: a run that may start one of two workflows, a pull request, and a run whose file may not be read, which
    /// makes a dead letter.
    pub async fn morning(&self) -> Morning {
        let run = self.succeed(&self.ci);
        let started = self.started(&self.deploy, 1).await;
        // GitHub starts it before the server hears of that, and a page without script tells only what it knew.
        until("the server knows which run it started", async || {
            let found = client().get(format!("{}/search?q={started}", self.server.url)).bearer_auth(TOKEN);
            let found = found.send().await.unwrap();
            found.headers().get("location")?.to_str().ok()?.starts_with("/dispatcher/runs/").then_some(())
        })
        .await;
        until("an issue tells of the denial", async || (!self.api.issues().is_empty()).then_some(())).await;
        self.api.branch("retry-uploads");
        let pull = self.api.open_pull_request(&self.api, "retry-uploads", "Retry the uploader").unwrap();
        self.refuse_payments().await;
        let sha = self.ci.runs().into_iter().find(|view| view.id == run).unwrap().head_sha;
        Morning { run, sha, started, pull }
    }

    /// A run of `acme/payments` whose `dispatching.yml` the App may not read becomes a dead letter.
    pub async fn refuse_payments(&self) {
        let refusal = json!({ "message": "Resource not accessible by integration" });
        let before = self.dead_letters().await;
        self.github.fault("GET", "/repos/acme/payments/contents/**").answer(403, &[], refusal);
        self.succeed(&self.payments);
        until("a dead letter", async || (self.dead_letters().await > before).then_some(())).await;
    }

    async fn dead_letters(&self) -> usize {
        let list = client().get(format!("{}/jobs?state=dead", self.server.url)).bearer_auth(TOKEN);
        list.send().await.unwrap().text().await.unwrap().matches("<li id=\"w-").count()
    }

    /// A run succeeds.
    pub fn succeed(&self, workflow: &Workflow) -> RunId {
        workflow.complete_run(&RunSpec::default()).unwrap()
    }

    /// Waits for the `n`th run of a workflow that is started from elsewhere.
    pub async fn started(&self, workflow: &Workflow, n: usize) -> RunId {
        until("a run is started", async || workflow.runs().get(n - 1).map(|run| run.id)).await
    }

    /// Waits until a webhook has been sent, and gives the newest such.
    pub async fn posted(&self, repository: &str, event: &str, action: &str) -> Posted {
        self.posted_beyond(0, repository, event, action).await
    }

    /// Does something, and waits until its webhook has been sent; one like it may have been sent before.
    pub async fn sends(&self, repository: &str, event: &str, action: &str, act: impl FnOnce()) -> Posted {
        let before = self.posted.lock().unwrap().iter().filter(|it| it.is(repository, event, action)).count();
        act();
        self.posted_beyond(before, repository, event, action).await
    }

    async fn posted_beyond(&self, before: usize, repository: &str, event: &str, action: &str) -> Posted {
        until(&format!("{event} {action} of {repository} is sent"), async || {
            let posted = self.posted.lock().unwrap();
            posted.iter().filter(|it| it.is(repository, event, action)).skip(before).last().cloned()
        })
        .await
    }

    /// A browser whose reader has signed in.
    pub async fn visitor(&self, scripts: Scripts) -> Option<Browser> {
        let browser = Browser::open(&self.server.url, scripts).await?;
        browser.go("/sign-in").await;
        sign_in(&browser, TOKEN).await;
        browser.find(".account, .menu").await;
        Some(browser)
    }
}

/// Fills in the form and sends it.
pub async fn sign_in(browser: &Browser, token: &str) {
    browser.fill("#token", token).await;
    browser.click(".door form[action='/sign-in'] button").await;
}

/// A target's side of the agreement.
fn consent(source: &str, file: &str) -> String {
    format!(
        "inbound:\n  - source: {{ repository: {source}, workflow: ci.yml }}\n    targets: [ {{ workflow: {file} }} ]\n"
    )
}

fn variables(github_url: &str, app: impl std::fmt::Display, slug: &str) -> Vec<(String, String)> {
    let key = SIMULATOR_ONLY_PRIVATE_KEY.trim_end().replace('\n', "\\n");
    let variables = [
        ("GITHUB_API_URL", github_url),
        ("GITHUB_APP_ID", &app.to_string()),
        ("GITHUB_APP_SLUG", slug),
        ("GITHUB_WEBHOOK_SECRET", SECRET),
        ("GITHUB_APP_PRIVATE_KEY", &key),
        ("SWITCHBOARD_OPERATOR_TOKEN", TOKEN),
    ];
    variables.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Posts every webhook when it is due, as GitHub does, and keeps a list of them.
async fn deliver(github: Simulator, server: String, posted: Arc<Mutex<Vec<Posted>>>) {
    let client = client();
    loop {
        for delivery in github.take_due() {
            let answer = post(&client, &server, &delivery).send().await;
            // A server that has ended with its test answers nothing any more.
            let Ok(answer) = answer else { return };
            github.report(delivery.id, DeliveryOutcome::Answered(answer.status().as_u16()));
            posted.lock().unwrap().push(Posted::of(delivery));
        }
        tokio::time::sleep(ROUND).await;
    }
}

impl Posted {
    fn is(&self, repository: &str, event: &str, action: &str) -> bool {
        self.repository == repository && self.event == event && self.action == action
    }

    fn of(delivery: OutgoingDelivery) -> Self {
        let payload: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        Self {
            repository: text(&payload["repository"]["full_name"]),
            action: text(&payload["action"]),
            guid: delivery.guid,
            event: delivery.event,
        }
    }
}
