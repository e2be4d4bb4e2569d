//! `switchboard simulator`: a small simulated GitHub, alone in a process, to try a server against.

use std::io::{self, BufRead as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use switchboard_clock::{Entropy as _, SystemClock, SystemEntropy};
use switchboard_panel::CALLBACK_PATH;
use switchboard_simulator::{
    Access, App, AppSpec, InstallationSpec, RunSpec, SIMULATOR_ONLY_CLIENT_SECRET, SIMULATOR_ONLY_PRIVATE_KEY,
    Simulator, Workflow, WorkflowSpec,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::Failure;

/// The App's slug.
const APP: &str = "switchboard-simulated";
/// Where its webhooks go unless said: to a name that exists nowhere, so that GitHub lists them as not delivered.
const NOWHERE: &str = "https://switchboard.invalid/webhooks/github";
/// How long the started workflow waits for a runner, and runs.
const QUEUED: Duration = Duration::from_secs(1);
const RUNNING: Duration = Duration::from_secs(4);

const SOURCE_FILE: &str = "\
outbound:
  - source: { workflow: ci.yml }
    targets:
      - repository: deploy
        workflow: deploy.yml
        inputs: { sha: \"{{ source.sha }}\" }
";

const TARGET_FILE: &str = "\
inbound:
  - source: { repository: api, workflow: ci.yml }
    targets: [ { workflow: deploy.yml, accept_inputs: [sha] } ]
";

/// How to run it.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// Port of its API on this machine; 0 lets the system choose one.
    pub port: u16,
    /// Where to send webhooks; nowhere unless said.
    pub webhook_url: Option<String>,
    /// What to sign them with.
    pub webhook_secret: String,
    /// Where a server is reached that people sign in at.
    pub public_url: String,
}

/// Runs it until told to stop. Prints what to configure a server with.
///
/// # Errors
/// [`Failure`], if it cannot listen.
pub async fn run(simulated: Simulated, shutdown: CancellationToken) -> Result<(), Failure> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, simulated.port));
    let failed = |error: &dyn std::fmt::Display| Failure::Failed {
        message: format!("the simulator cannot run on {address}: {error}"),
        hint: "--port chooses another port; 0 a free one".to_owned(),
    };
    let listener = TcpListener::bind(address).await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    // Ids that differ from one run to the next, so that a server's store is not confused by a second GitHub.
    let seed = SystemEntropy.id(switchboard_clock::Clock::now(&SystemClock)).as_u64_pair().1 % SEEDS;
    let github = Simulator::new(Arc::new(SystemClock), seed);
    github.configure(|settings| settings.html_url = format!("http://{address}"));
    let (app, ci) = arrange(&github, &simulated).map_err(|error| failed(&error))?;
    say(&configuration(address, &app, &simulated));

    let mut lines = input();
    let serving = github.clone();
    let posting = async { github.run_each().await.map(|_| ()).map_err(|error| failed(&error)) };
    let succeeding = async {
        while lines.recv().await.is_some() {
            if let Some(run) = ci.complete_run(&RunSpec::default()) {
                say(&format!("# acme/api: run {run} of ci.yml has succeeded\n"));
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = shutdown.cancelled() => Ok(()),
        served = serving.serve(listener) => served.map(|_| ()).map_err(|error| failed(&error)),
        posted = posting => posted,
        () = succeeding => Ok(()),
    }
}

/// How many different worlds there are; ids stay of the magnitude of GitHub's.
const SEEDS: u64 = 1_000;

fn arrange(github: &Simulator, simulated: &Simulated) -> Result<(App, Workflow), switchboard_simulator::KeyError> {
    let url = simulated.webhook_url.as_deref().unwrap_or(NOWHERE);
    let callback = format!("{}{CALLBACK_PATH}", simulated.public_url.trim_end_matches('/'));
    let spec = AppSpec::new(APP).webhook_secret(&simulated.webhook_secret).webhook_url(url).callback_url(&callback);
    let permissions = spec.permissions.clone().and("members", Access::Read);
    let app = github.app(AppSpec { permissions, ..spec })?;
    let acme = github.organization("acme");
    acme.team("ops").add_member(&github.user("mona"));
    acme.add_member(&github.user("lisa"));
    acme.invite(&github.user("ivan"));
    // Somebody who belongs nowhere.
    let _ = github.user("sam");
    app.install(&acme, InstallationSpec::all());
    let api = acme.repository("api");
    api.file("dispatching.yml", SOURCE_FILE);
    let ci = api.workflow(WorkflowSpec::new("ci.yml"));
    let deploy = acme.repository("deploy");
    deploy.file("dispatching.yml", TARGET_FILE);
    deploy.workflow(WorkflowSpec::new("deploy.yml").dispatchable(&["sha"]).takes(QUEUED, RUNNING));
    Ok((app, ci))
}

/// The lines of an environment file.
fn configuration(address: SocketAddr, app: &App, simulated: &Simulated) -> String {
    let key = SIMULATOR_ONLY_PRIVATE_KEY.trim_end().replace('\n', "\\n");
    let Simulated { webhook_secret, webhook_url, public_url, .. } = simulated;
    let webhooks =
        webhook_url.as_deref().unwrap_or("nowhere; --webhook-url says where, or `switchboard forward` fetches them");
    format!(
        "# A simulated GitHub answers on this machine. Configure a server with:\n\
         GITHUB_API_URL=http://{address}\n\
         GITHUB_APP_ID={}\n\
         GITHUB_APP_SLUG={}\n\
         GITHUB_WEBHOOK_SECRET={webhook_secret}\n\
         # published with the source, good for nothing else:\n\
         GITHUB_APP_PRIVATE_KEY={key}\n\
         # For people to sign in with GitHub (mona operates, lisa looks, ivan has not accepted an invitation, sam is a stranger):\n\
         # PUBLIC_URL={public_url}\n\
         # GITHUB_APP_CLIENT_ID={}\n\
         # GITHUB_APP_CLIENT_SECRET={}\n\
         # SWITCHBOARD_OPERATORS=acme/ops\n\
         # SWITCHBOARD_VIEWERS=acme\n\
         # Webhooks go to: {webhooks}\n\
         # Tokens of workflow runs are issued by: http://{address}/_services/token\n\
         # Or make an App of your own, as on GitHub: switchboard setup --github-url http://{address} --organization acme\n\
         # Press Enter to let ci.yml of acme/api succeed; Ctrl-C ends it.\n",
        app.id(),
        app.slug(),
        app.client_id(),
        SIMULATOR_ONLY_CLIENT_SECRET,
    )
}

/// Lines from standard input. A thread of its own reads them, since such a read cannot be given up.
fn input() -> mpsc::UnboundedReceiver<()> {
    let (lines, received) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            if line.is_err() || lines.send(()).is_err() {
                break;
            }
        }
    });
    received
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
