//! `kill -9` at any moment, under load: whatever was answered 2xx is dispatched exactly once.
//!
//! The simulated GitHub lives in the test's process, the server in one of its own, on a fixed port and a database on
//! disk. Senders post signed deliveries, each of a run of its own, and send one again (under the same delivery id) when
//! its connection breaks, until it is answered; some give up. Meanwhile the server is killed and started again, over and
//! over. Which run led to which dispatch is told by an input.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands, also in its own functions")]

#[path = "process/support/mod.rs"]
#[expect(dead_code, reason = "this story needs less of it than the others")]
mod support;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use switchboard_clock::{Entropy as _, SeededEntropy, SystemClock};
use switchboard_simulator::{
    AppSpec, InstallationSpec, OutgoingDelivery, Repository, RunId, RunSpec, SIMULATOR_ONLY_PRIVATE_KEY, Simulator,
    Workflow, WorkflowSpec,
};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use support::client;
use support::github::{SECRET, post};
use support::server::switchboard;

const KILLS: usize = 50;
/// How long a server lives, in milliseconds; less than it takes to start, or long enough to do some work.
const LIFE_MS: (f64, f64) = (30.0, 1_100.0);
/// Workflows, each with a target of its own. A dispatch whose answer was lost keeps those behind it in its lane waiting
/// for up to 25 s, so there are many lanes.
const LANES: usize = 60;
/// Between two new deliveries.
const PACE: Duration = Duration::from_millis(60);
const SENDERS: usize = 8;
/// Of so many deliveries whose connection broke, one is given up.
const GIVE_UP: f64 = 0.2;
/// After the last kill: the looks at 5 and 20 s, a retry, and some room.
const SETTLES_WITHIN: Duration = Duration::from_secs(60);
const SEED: u64 = 20_260_105;

/// The simulated GitHub, with runs that complete when told.
struct Town {
    simulator: Simulator,
    sources: Vec<Workflow>,
    targets: Vec<Repository>,
    variables: Vec<(String, String)>,
}

impl Town {
    async fn build() -> Self {
        let simulator = Simulator::new(Arc::new(SystemClock), SEED % 1_000);
        simulator.configure(|settings| {
            settings.secondary_limits = false;
            settings.hourly_requests = 1_000_000;
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = simulator.app(AppSpec::new("switchboard-killed").webhook_secret(SECRET)).unwrap();
        let acme = simulator.organization("acme");
        app.install(&acme, InstallationSpec::all());
        let api = acme.repository("api");
        let mut file = "outbound:\n".to_owned();
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        for lane in 0..LANES {
            file.push_str(&format!(
                "  - source: {{ workflow: ci-{lane}.yml }}\n    targets: [ {{ repository: target-{lane}, workflow: go.yml, \
                 inputs: {{ origin: \"{{{{ source.run_id }}}}\" }} }} ]\n"
            ));
            sources.push(api.workflow(WorkflowSpec::new(&format!("ci-{lane}.yml"))));
            let target = acme.repository(format!("target-{lane}").as_str());
            target.file(
                "dispatching.yml",
                format!(
                    "inbound:\n  - source: {{ repository: api, workflow: ci-{lane}.yml }}\n    targets: [ {{ workflow: \
                     go.yml, accept_inputs: [origin] }} ]\n"
                ),
            );
            target.workflow(WorkflowSpec::new("go.yml").dispatchable(&["origin"]));
            targets.push(target);
        }
        api.file("dispatching.yml", file);
        let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let variables = vec![
            variable("GITHUB_API_URL", &url),
            variable("GITHUB_APP_ID", &app.id().to_string()),
            variable("GITHUB_APP_SLUG", app.slug()),
            variable("GITHUB_WEBHOOK_SECRET", SECRET),
            variable("GITHUB_APP_PRIVATE_KEY", &SIMULATOR_ONLY_PRIVATE_KEY.trim_end().replace('\n', "\\n")),
            variable("LOG_LEVEL", "warn"),
            // What was never answered must not come in by the back door.
            variable("SWITCHBOARD__ENGINE__GAP_REPAIR_MINUTES", "0"),
        ];
        let served = simulator.clone();
        tokio::spawn(async move { served.serve(listener).await });
        Self { simulator, sources, targets, variables }
    }

    /// A run completes; the webhook that says so.
    fn complete(&self, lane: usize) -> (RunId, OutgoingDelivery) {
        let run = self.sources[lane].complete_run(&RunSpec::default()).unwrap();
        // All three of this run's webhooks, and those of dispatched runs, which nobody sends.
        let completed = |delivery: &OutgoingDelivery| {
            let payload: serde_json::Value = serde_json::from_slice(&delivery.body).unwrap();
            payload["action"] == "completed" && payload["workflow_run"]["id"] == run.0
        };
        (run, self.simulator.take_due().into_iter().find(completed).unwrap())
    }

    /// How many runs were started for each source run.
    fn started(&self) -> BTreeMap<u64, usize> {
        let mut started = BTreeMap::new();
        for run in self.targets.iter().flat_map(Repository::runs) {
            let origin = run.inputs["origin"].as_str().unwrap().parse().unwrap();
            *started.entry(origin).or_default() += 1;
        }
        started
    }
}

/// What became of the deliveries: whether each was answered.
type Answers = Arc<Mutex<HashMap<u64, bool>>>;

/// Posts deliveries until there are no more, each until it is answered or given up.
async fn send(
    url: String,
    deliveries: Arc<tokio::sync::Mutex<mpsc::Receiver<(RunId, OutgoingDelivery)>>>,
    answers: Answers,
    entropy: Arc<SeededEntropy>,
) {
    let client = client();
    loop {
        let next = deliveries.lock().await.recv().await;
        let Some((run, delivery)) = next else { return };
        let answered = loop {
            match post(&client, &url, &delivery).send().await {
                Ok(answer) => {
                    assert_eq!(answer.status(), 202, "a server that answers takes it in");
                    break true;
                }
                Err(_) if entropy.fraction() < GIVE_UP => break false,
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        answers.lock().unwrap().insert(run.0, answered);
    }
}

fn serve(folder: &Path, town: &Town, port: u16, log: &File) -> Child {
    let mut variables = town.variables.clone();
    variables.push(("PORT".to_owned(), port.to_string()));
    let mut command = switchboard(folder, &variables, &["serve"]);
    command.stdout(Stdio::null()).stderr(log.try_clone().unwrap()).spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_is_dispatched_exactly_once_over_fifty_kills() {
    let town = Town::build().await;
    let folder = tempfile::tempdir().unwrap();
    let log = File::create(folder.path().join("log")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let entropy = Arc::new(SeededEntropy::new(SEED));
    let answers = Answers::default();

    let (deliveries, waiting) = mpsc::channel(SENDERS);
    let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| tokio::spawn(send(url.clone(), Arc::clone(&waiting), Arc::clone(&answers), Arc::clone(&entropy))))
        .collect();
    let town = Arc::new(town);
    let over = Arc::new(AtomicBool::new(false));
    let producer = tokio::spawn({
        let (town, over) = (Arc::clone(&town), Arc::clone(&over));
        async move {
            for lane in (0..LANES).cycle() {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                deliveries.send(town.complete(lane)).await.unwrap();
                tokio::time::sleep(PACE).await;
            }
        }
    });

    let mut server = serve(folder.path(), &town, port, &log);
    for _ in 0..KILLS {
        let life = LIFE_MS.0 + entropy.fraction() * (LIFE_MS.1 - LIFE_MS.0);
        tokio::time::sleep(Duration::from_secs_f64(life / 1_000.0)).await;
        server.kill().unwrap();
        server.wait().unwrap();
        server = serve(folder.path(), &town, port, &log);
    }
    over.store(true, Ordering::Relaxed);
    producer.await.unwrap();
    for sender in senders {
        sender.await.unwrap();
    }

    let answers = answers.lock().unwrap().clone();
    let answered: Vec<u64> = answers.iter().filter(|(_, answered)| **answered).map(|(run, _)| *run).collect();
    assert!(answered.len() > 100, "the server did some work: {}", answered.len());
    let looks = town.simulator.calls().iter().filter(|call| call.path.ends_with("/go.yml/runs")).count();
    assert!(looks > 0, "some kills left a dispatch behind of which nobody knew how far it had come");
    let calm = Instant::now();
    loop {
        let started = town.started();
        let all = answered.iter().all(|run| started.contains_key(run));
        if (all && nothing_open(&url).await) || calm.elapsed() > SETTLES_WITHIN {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    server.kill().unwrap();
    server.wait().unwrap();

    let started = town.started();
    let wrong: Vec<String> = answers
        .iter()
        .filter_map(|(run, answered)| {
            let times = started.get(run).copied().unwrap_or(0);
            let right = if *answered { times == 1 } else { times <= 1 };
            (!right).then(|| format!("run {run}, answered: {answered}, was dispatched {times} times"))
        })
        .collect();
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(wrong.is_empty(), "of {} answered:\n{}\n{log}", answered.len(), wrong.join("\n"));
    assert!(started.keys().all(|run| answers.contains_key(run)), "nothing else was dispatched");
}

/// Whether no plan and no dispatch waits or runs any more.
async fn nothing_open(url: &str) -> bool {
    for state in ["waiting", "leased"] {
        let Ok(answer) = client().get(format!("{url}/api/v1/jobs?limit=100&state={state}")).send().await else {
            return false;
        };
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
        let open = |job: &serde_json::Value| job["kind"] == "dispatcher.plan" || job["kind"] == "dispatch.workflow";
        if answer["items"].as_array().is_none_or(|jobs| jobs.iter().any(open)) {
            return false;
        }
    }
    true
}
