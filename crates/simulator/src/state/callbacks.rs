//! What scripted runs report, on its way to whoever dispatched them.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use switchboard_clock::Timestamp;

use super::State;
use super::downstream::Reports;
use super::runs::Run;
use crate::ids::{CallbackId, JobId, RepoId, RunId};
use crate::oidc::token::Signing;
use crate::oidc::{Provider, Requester};
use crate::render;
use crate::webhook::{DeliveryOutcome, Queue, WebhookFault, WebhookFaults};

/// The name under which reports stand in the schedule of faults.
const EVENT: &str = "callback";

/// A report.
#[derive(Debug, Clone)]
pub(crate) struct Callback {
    /// Whose it is; none: a story's own.
    pub from: Option<(RepoId, RunId)>,
    pub url: String,
    pub token: String,
    pub body: Value,
    pub sent_at: Option<Timestamp>,
    pub outcome: Option<DeliveryOutcome>,
}

/// A report that is on its way.
#[derive(Debug, Clone)]
pub struct OutgoingCallback {
    /// What [`crate::Simulator::report_callback`] is told about.
    pub id: CallbackId,
    /// Where it goes.
    pub url: String,
    /// The headers that the reporting step sends.
    pub headers: Vec<(String, String)>,
    /// The body, JSON.
    pub body: Bytes,
}

/// All reports, and the order in which the waiting ones leave.
#[derive(Debug, Default)]
pub(crate) struct Callbacks {
    pub all: BTreeMap<CallbackId, Callback>,
    queue: Queue<CallbackId>,
    pub faults: WebhookFaults,
}

impl Callbacks {
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }
}

impl State {
    /// A scripted job reports, if its script has it that it does: that it ended so, or that it started.
    pub(super) fn call_back(&mut self, repo: RepoId, run: RunId, job: JobId, conclusion: Option<&str>) {
        let report = self.repositories.get(&repo).and_then(|repository| {
            let run = repository.runs.get(&run)?;
            let asks = Requester { repo, run: run.id, attempt: run.attempt, job };
            let name = &run.current_jobs().find(|known| known.id == job)?.name;
            let script = repository.workflow(run.workflow)?.downstream.as_ref()?;
            let result = script.result(name)?;
            let wanted = match result.reports {
                Reports::Both => true,
                Reports::Start => conclusion.is_none(),
                Reports::End => conclusion.is_some(),
                Reports::Neither => false,
            };
            if !wanted {
                return None;
            }
            let mut workflow = self.reported(repo, run, job, name, conclusion);
            workflow.extend(result.decorations.clone());
            let mut body = Map::new();
            for member in ["event_type", "delivery_id", "payload"] {
                body.extend(run.inputs.get(member).map(|value| (member.to_owned(), value.clone())));
            }
            body.insert("workflow".to_owned(), Value::Object(workflow));
            body.extend(script.tampered.clone());
            let audience = script.audience.as_deref().unwrap_or(&self.settings.callback_audience);
            let claims = self.actions_claims(asks, Some(audience))?;
            let token = self.sign_token(Provider::GitHubActions, &claims, Signing::Honest);
            let url = script.callback_url.as_ref().unwrap_or(&self.settings.callback_url).clone();
            Some(Callback {
                from: Some((repo, run.id)),
                url,
                token,
                body: Value::Object(body),
                sent_at: None,
                outcome: None,
            })
        });
        if let Some(report) = report {
            self.queue_callback(report);
        }
    }

    /// The members of a report's `workflow`, as a shell step knows them: as texts.
    fn reported(
        &self,
        repo: RepoId,
        run: &Run,
        job: JobId,
        name: &str,
        conclusion: Option<&str>,
    ) -> Map<String, Value> {
        let page = format!("/{}/actions/runs/{}", self.full_name(repo), run.id);
        let started = run.jobs.iter().find(|known| known.id == job).and_then(|job| job.started_at);
        let status = if conclusion.is_some() { "completed" } else { "in_progress" };
        let workflow = json!({
            "schema_version": "1",
            "status": status,
            "conclusion": conclusion,
            "name": run.workflow_name,
            "job_name": name,
            "run_id": run.id.to_string(),
            "run_attempt": run.attempt.to_string(),
            "check_run_id": job.to_string(),
            "url": self.html_url(&page),
            "started_at": render::maybe_time(started),
            "completed_at": conclusion.map(|_| render::time(self.now)),
        });
        workflow.as_object().cloned().unwrap_or_default()
    }

    /// Sends a report on its way, as the fault schedule has it.
    pub(crate) fn queue_callback(&mut self, mut callback: Callback) -> CallbackId {
        let (id, now) = (self.next_id(), self.now);
        let status = callback.body.pointer("/workflow/status").and_then(Value::as_str);
        let queue = &mut self.callbacks.queue;
        match self.callbacks.faults.take(EVENT, status) {
            None => queue.push(now, id),
            Some(WebhookFault::Delay(by)) => queue.push(now + by, id),
            Some(WebhookFault::Duplicate) => queue.push_twice(now, id),
            Some(WebhookFault::Reorder { at_most }) => queue.push_overtaken(now + at_most, id),
            Some(WebhookFault::Drop) => {
                (callback.sent_at, callback.outcome) = (Some(now), Some(DeliveryOutcome::Unreachable));
            }
            Some(WebhookFault::Swallow) => {
                (callback.sent_at, callback.outcome) = (Some(now), Some(DeliveryOutcome::Answered(200)));
            }
        }
        self.callbacks.all.insert(id, callback);
        id
    }

    /// Lets a fault befall the next reports with this status.
    pub(crate) fn fault_callbacks(&mut self, status: Option<&str>, times: u64, fault: WebhookFault) {
        self.callbacks.faults.add(EVENT, status, times, fault);
    }

    /// Takes the reports that are due, in the order in which they leave.
    pub(crate) fn take_due_callbacks(&mut self) -> Vec<OutgoingCallback> {
        let mut taken = Vec::new();
        while let Some(id) = self.callbacks.queue.pop(self.now) {
            let Some(callback) = self.callbacks.all.get_mut(&id) else { continue };
            callback.sent_at = Some(self.now);
            let headers = [
                ("Authorization", format!("Bearer {}", callback.token)),
                ("Content-Type", "application/json".to_owned()),
                ("User-Agent", "curl/8.5.0".to_owned()),
            ];
            taken.push(OutgoingCallback {
                id,
                url: callback.url.clone(),
                headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
                body: Bytes::from(callback.body.to_string()),
            });
        }
        taken
    }

    pub(crate) fn report_callback(&mut self, id: CallbackId, outcome: DeliveryOutcome) {
        if let Some(callback) = self.callbacks.all.get_mut(&id) {
            callback.outcome = Some(outcome);
        }
    }
}
