//! The simulated GitHub of the benchmarks, in this process, with a look-out for dispatches at its door.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::response::Response;
use switchboard_clock::SystemClock;
use switchboard_simulator::{AppId, AppSpec, InstallationSpec, RunSpec, Simulator, Workflow, WorkflowSpec};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::product;
use crate::trouble::Trouble;

/// No request of the product is longer.
const REQUEST_MAX: usize = 1024 * 1024;
/// The input that carries the source run's id into the dispatch, by which the two are matched.
const RUN_INPUT: &str = "run";

/// A dispatch.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// What it was for: a source run, or an upstream delivery.
    pub(crate) of: String,
    /// When GitHub had answered it.
    pub(crate) at: Instant,
}

/// Organizations with a source each, whose completed runs dispatch workflows of the same organization.
pub(crate) struct GitHub {
    simulator: Simulator,
    address: SocketAddr,
    sources: Vec<Workflow>,
    seen: UnboundedReceiver<Seen>,
}

impl GitHub {
    /// Arranges everything and answers API requests from then on. Needs a runtime.
    pub(crate) async fn start(organizations: u32, targets: u32) -> Result<Self, Trouble> {
        let Open { simulator, address, seen } = open(source_run).await?;
        let app = simulator.app(app()).map_err(|error| void(&error))?;
        let sources = (0..organizations).map(|n| {
            let owner = simulator.organization(&format!("org-{n}"));
            let source = arrange(&owner, targets);
            app.install(&owner, InstallationSpec::all());
            source
        });
        let sources = sources.collect();
        Ok(Self { simulator, address, sources, seen })
    }

    /// The address of its API.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What happened there.
    pub(crate) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// Completes the `n`th run, organizations in turn; its id.
    pub(crate) fn complete_run(&self, n: usize) -> Result<String, Trouble> {
        let run = self.sources[n % self.sources.len()].complete_run(&RunSpec::default());
        run.map(|run| run.to_string()).ok_or_else(|| Trouble::Void("a run could not be completed".to_owned()))
    }

    /// The next dispatch, in order of arrival; `None` when the door has closed.
    pub(crate) async fn dispatched(&mut self) -> Option<Seen> {
        self.seen.recv().await
    }
}

/// What a dispatch is for; `None` for every other request.
pub(crate) type Of = fn(&Method, &str, &Bytes) -> Option<String>;

/// An empty simulated GitHub that answers.
pub(crate) struct Open {
    pub(crate) simulator: Simulator,
    /// Of its API.
    pub(crate) address: SocketAddr,
    /// The dispatches, in order of arrival.
    pub(crate) seen: UnboundedReceiver<Seen>,
}

/// Opens one. Needs a runtime.
pub(crate) async fn open(of: Of) -> Result<Open, Trouble> {
    let simulator = Simulator::new(Arc::new(SystemClock), 1);
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| void(&error))?;
    let address = listener.local_addr().map_err(|error| void(&error))?;
    simulator.configure(|settings| settings.api_url = format!("http://{address}"));
    let (sender, seen) = unbounded_channel();
    let door = Router::new().fallback(answer).with_state(Door { simulator: simulator.clone(), sender, of });
    tokio::spawn(async move { axum::serve(listener, door).await });
    Ok(Open { simulator, address, seen })
}

/// The App as which the server acts there.
pub(crate) fn app() -> AppSpec {
    let spec = AppSpec::new(product::APP_SLUG).webhook_secret(product::WEBHOOK_SECRET);
    AppSpec { id: Some(AppId(product::APP_ID)), ..spec }
}

/// Without a GitHub nothing can be measured.
pub(crate) fn void(error: &dyn std::fmt::Display) -> Trouble {
    Trouble::Void(format!("the simulated GitHub does not come up: {error}"))
}

/// One organization: `source/ci.yml` names every target's `cd.yml`, and each target consents.
fn arrange(owner: &switchboard_simulator::Owner, targets: u32) -> Workflow {
    let source = owner.repository("source");
    let named = (0..targets).map(|n| {
        let target = owner.repository(format!("target-{n}").as_str());
        target.workflow(WorkflowSpec::new("cd.yml").dispatchable(&[RUN_INPUT]));
        target.file(
            "dispatching.yml",
            format!(
                "inbound:\n  - source: {{ repository: source, workflow: ci.yml }}\n    targets:\n      - workflow: cd.yml\n        \
                 accept_inputs: [{RUN_INPUT}]\n"
            ),
        );
        format!(
            "      - repository: target-{n}\n        workflow: cd.yml\n        \
             inputs: {{ {RUN_INPUT}: \"{{{{ source.run_id }}}}\" }}\n"
        )
    });
    let named = named.collect::<String>();
    source.file("dispatching.yml", format!("outbound:\n  - source: {{ workflow: ci.yml }}\n    targets:\n{named}"));
    source.workflow("ci.yml")
}

#[derive(Clone)]
struct Door {
    simulator: Simulator,
    sender: UnboundedSender<Seen>,
    of: Of,
}

async fn answer(State(door): State<Door>, request: Request) -> Response {
    let refused = |status: StatusCode| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status;
        response
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, REQUEST_MAX).await else { return refused(StatusCode::PAYLOAD_TOO_LARGE) };
    let of = (door.of)(&parts.method, parts.uri.path(), &body);
    match door.simulator.handle(Request::from_parts(parts, body)).await {
        Ok(response) => {
            if let Some(of) = of.filter(|_| response.status().is_success()) {
                // Nobody listens any more once the run is over.
                let _ = door.sender.send(Seen { of, at: Instant::now() });
            }
            response.map(Body::from)
        }
        // No faults are scheduled here.
        Err(_) => refused(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// The source run that a dispatch names; `None` for every other request.
fn source_run(method: &Method, path: &str, body: &Bytes) -> Option<String> {
    let is_dispatch = *method == Method::POST && path.contains("/actions/workflows/") && path.ends_with("/dispatches");
    let body: serde_json::Value = is_dispatch.then(|| serde_json::from_slice(body).ok())??;
    body["inputs"][RUN_INPUT].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_is_told_from_other_requests() {
        let body = Bytes::from_static(br#"{"ref":"main","inputs":{"run":"42"}}"#);
        let path = "/repos/org-0/target-0/actions/workflows/cd.yml/dispatches";
        assert_eq!(source_run(&Method::POST, path, &body).as_deref(), Some("42"));
        assert_eq!(source_run(&Method::GET, path, &body), None);
        assert_eq!(source_run(&Method::POST, "/repos/org-0/target-0/dispatches", &body), None);
    }

    #[tokio::test]
    async fn a_completed_run_leaves_as_a_delivery_of_its_organization() {
        let github = GitHub::start(2, 1).await.unwrap();
        let run = github.complete_run(1).unwrap();
        let deliveries = github.simulator().take_due();
        let last = serde_json::from_slice::<serde_json::Value>(&deliveries.last().unwrap().body).unwrap();
        assert_eq!(last["action"], "completed");
        assert_eq!(last["workflow_run"]["id"].to_string(), run);
        assert_eq!(last["repository"]["full_name"], "org-1/source");
    }
}
