//! The simulated GitHub of `bench relay`: an upstream, and downstream repositories of as many organizations, whose runs report.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::Method;
use serde_json::{Value, json};
use switchboard_simulator::{Access, Downstream, InstallationSpec, Repository, Simulator};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::bench::github::{Open, Seen, app, open, void};
use crate::trouble::Trouble;

/// The repository whose events are relayed.
pub(super) const UPSTREAM: &str = "org/up";
/// Whom the tokens of runs are for, as the relay expects it.
const AUDIENCE: &str = "pytorch-cross-repo-ci-relay";
/// Runs go on for longer than the benchmark: only its own reports are measured.
const RUNS_FOR: Duration = Duration::from_secs(24 * 3600);

/// An upstream and what it is relayed to.
pub(super) struct Town {
    simulator: Simulator,
    address: SocketAddr,
    up: Repository,
    downstreams: Vec<Repository>,
    seen: UnboundedReceiver<Seen>,
    pulls: u32,
}

/// A report, ready to be sent.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
}

impl Town {
    /// Arranges everything and answers from then on. Needs a runtime.
    pub(super) async fn start(downstreams: u32) -> Result<Self, Trouble> {
        let Open { simulator, address, seen } = open(delivery_id).await?;
        simulator.configure(|settings| settings.actions_issuer = issuer(address));
        let events = ["pull_request", "push", "check_run", "check_suite", "workflow_run"];
        let spec = app().events(&events).permissions(&[
            ("actions", Access::Write),
            ("checks", Access::Write),
            ("contents", Access::Write),
            ("metadata", Access::Read),
            ("pull_requests", Access::Write),
        ]);
        let app = simulator.app(spec).map_err(|error| void(&error))?;
        let repository = |owner: &str, name: &str| {
            let owner = simulator.organization(owner);
            let repository = owner.repository(name);
            app.install(&owner, InstallationSpec::all());
            repository
        };
        let (owner, name) = UPSTREAM.split_once('/').unwrap_or_default();
        let up = repository(owner, name);
        let mut list = "L2:\n".to_owned();
        let downstreams = (0..downstreams).map(|n| {
            let downstream = repository(&format!("vendor-{n}"), "backend");
            downstream.on_dispatch(Downstream::run("CI").result("build").never_reports().succeeds_after(RUNS_FOR));
            list += &format!("  - vendor-{n}/backend\n");
            downstream
        });
        let downstreams = downstreams.collect();
        up.file(".github/allowlist.yml", list);
        Ok(Self { simulator, address, up, downstreams, seen, pulls: 0 })
    }

    /// The address of its API.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Who issues the tokens of runs.
    pub(super) fn issuer(&self) -> String {
        issuer(self.address)
    }

    /// What happened there.
    pub(super) fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    /// Somebody opens a pull request.
    pub(super) fn open_pull(&mut self) {
        self.pulls += 1;
        self.up.open_pull(format!("Change {}", self.pulls).as_str());
    }

    /// The next dispatch, in order of arrival; `None` when the door has closed.
    pub(super) async fn dispatched(&mut self) -> Option<Seen> {
        self.seen.recv().await
    }

    /// Starts and ends of so many results of every run: first all starts, then all ends, repositories in turns. Each start and its end
    /// share a token, as a workflow's reporting jobs need not.
    pub(super) fn reports(&self, results: u32) -> Result<Vec<Report>, Trouble> {
        let mut runs = Vec::new();
        for downstream in &self.downstreams {
            runs.extend(downstream.runs().into_iter().map(|run| (downstream, run)));
        }
        // Newest and oldest, one repository and the next: neighbours in the list share nothing.
        runs.sort_by_key(|(_, run)| run.id.0);
        let (mut starts, mut ends) = (Vec::new(), Vec::new());
        for n in 0..results {
            for (downstream, run) in &runs {
                let token = downstream.id_token(run.id, AUDIENCE);
                let token = token.ok_or_else(|| void(&"a run gets no token"))?.mint();
                let said = |status: &str, conclusion: Value| {
                    let body = json!({
                        "event_type": run.inputs["event_type"],
                        "delivery_id": run.inputs["delivery_id"],
                        "payload": run.inputs["payload"],
                        "workflow": {
                            "status": status, "conclusion": conclusion, "name": "CI", "job_name": format!("test ({n})"),
                            "run_id": run.id.to_string(), "run_attempt": "1",
                            "test_results": { "passed": 4_711, "failed": 0, "skipped": 12 },
                        },
                    });
                    report(&token, body.to_string().into_bytes())
                };
                starts.push(said("in_progress", Value::Null));
                ends.push(said("completed", "success".into()));
            }
        }
        starts.append(&mut ends);
        Ok(starts)
    }
}

fn issuer(address: SocketAddr) -> String {
    format!("http://{address}/_services/token")
}

fn report(token: &str, body: Vec<u8>) -> Report {
    let head = format!(
        "POST /github/callback HTTP/1.1\r\nhost: localhost\r\nuser-agent: curl/8\r\naccept: */*\r\n\
         authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Report { head: head.into_bytes(), body }
}

/// The upstream delivery that a dispatch tells of; `None` for every other request.
fn delivery_id(method: &Method, path: &str, body: &Bytes) -> Option<String> {
    let is_dispatch = *method == Method::POST && path.ends_with("/dispatches") && !path.contains("/actions/");
    let body: Value = is_dispatch.then(|| serde_json::from_slice(body).ok())??;
    body["client_payload"]["delivery_id"].as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_is_told_from_other_requests() {
        let body = Bytes::from_static(br#"{"event_type":"push","client_payload":{"delivery_id":"d"}}"#);
        let of = |method, path| delivery_id(&method, path, &body);
        assert_eq!(of(Method::POST, "/repos/vendor-0/backend/dispatches").as_deref(), Some("d"));
        assert_eq!(of(Method::GET, "/repos/vendor-0/backend/dispatches"), None);
        assert_eq!(of(Method::POST, "/repos/vendor-0/backend/actions/workflows/x/dispatches"), None);
    }

    #[tokio::test]
    async fn an_opened_pull_request_leaves_as_a_delivery_of_the_upstream() {
        let mut town = Town::start(2).await.unwrap();
        town.open_pull();
        let deliveries = town.simulator().take_due();
        let opened = deliveries.iter().map(|delivery| serde_json::from_slice::<Value>(&delivery.body).unwrap());
        assert!(
            opened.into_iter().any(|body| body["action"] == "opened" && body["repository"]["full_name"] == UPSTREAM)
        );
        assert!(town.reports(2).unwrap().is_empty(), "no run, no report");
    }
}
