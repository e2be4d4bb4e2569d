//! The history that the pages are measured on: of every ten deliveries three want work. One of those is a run with an
//! allowed and a denied target, planned and dispatched; two are runs that nothing follows from; now and then one dies.
//!
//! However long the history is, it covers the same days, and one repository is busy enough to fill every list.

use std::time::Duration;

use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_dispatcher::facts::kinds;
use switchboard_dispatcher::handlers::records::{
    PlanCounts, ProblemRow, RepoRecord, ResultRecord, RunRecord, RunRow, RunState, SourceRecord, StartedRun,
    TargetRecord, TargetState,
};
use switchboard_dispatcher::handlers::{DISPATCH_WORKFLOW, NAME};
use switchboard_dispatcher::keys::{self, views};
use switchboard_dispatcher::matching::CandidateNumber;
use switchboard_dispatcher::reasons::Reason;
use switchboard_engine::{audit, installations, subject};
use switchboard_store::{
    Coalesce, CounterAdd, DeliveryId, Failure, Key, NewFact, NewIntent, Outcome, RecordChange, Settlement, View, Work,
};

use super::group::{Group, INSTALLATIONS};

/// Of so many of the first groups the second run dies.
const LETTERS: u32 = 40;
/// A run takes so long to be planned, and its target to be started.
const TAKES: Duration = Duration::from_millis(40);

impl Group {
    fn fact(&self, kind: &str, more: Value) -> NewFact {
        let mut data = json!({
            "deliveryId": self.guid(0), "sourceRepo": self.repository, "sourceWorkflow": self.ci,
            "sourceRunId": self.run_id(), "runAttempt": 1, "installationId": self.installation().0,
            "rootRunKey": self.key(), "depth": 0,
        });
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        let subject = keys::subject(&self.repository, &self.sha());
        NewFact { automation: NAME, subject, kind: kind.to_owned(), data }
    }

    /// What the `n`th delivery's job settles.
    pub(super) fn settlement(&self, n: u32, work: &Work) -> Settlement {
        match n {
            0 => self.planned(work),
            1 if self.number < LETTERS => Settlement::with(Outcome::Dead {
                failure: Failure {
                    code: "permission_missing".to_owned(),
                    message: "The App lacks a permission for this (403)".to_owned(),
                    hint: Some("Grant the App \"contents: read\" in its settings.".to_owned()),
                },
            }),
            _ => Settlement {
                facts: vec![self.fact(
                    kinds::SOURCE_SKIPPED,
                    json!({ "reason": Reason::SourceFromFork, "detail": "octocat/api", "hint": "" }),
                )],
                ..Settlement::done()
            },
        }
    }

    /// A plan with two targets.
    fn planned(&self, work: &Work) -> Settlement {
        let now = self.at + TAKES;
        let mut writing = Writing::default();
        let record = self.record(work.delivery.unwrap_or(DeliveryId(work.id.0)), now);
        let row = RunRow {
            key: record.key,
            repository: self.repository.clone(),
            workflow: self.ci.clone(),
            branch: record.source.branch.clone(),
            sha: self.sha(),
            planned_at: now,
            counts: record.counts,
            reason: None,
            invalid: false,
        };
        writing.put(views::RUN, keys::run(self.key()), json!(record));
        writing.put(views::BY_RUN, keys::run_id(self.run_id()), json!(self.key()));
        writing.put(views::BY_DELIVERY, keys::delivery(&self.guid(0)), json!(self.key()));
        writing.put(views::RECENT, keys::recent(now, self.key()), json!(row));
        writing.put(views::RECENT_SOURCE, keys::recent_of(&self.repository, now, self.key()), json!(row));
        writing.put(views::RECENT_TARGET, keys::recent_of(&self.target, now, self.key()), json!(row));
        let verdict = RepoRecord {
            state: "found".to_owned(),
            path: Some("dispatching.yml".to_owned()),
            diagnostics: Vec::new(),
            checked_at: now,
        };
        writing.put(views::REPO, keys::repository(&self.repository), json!(verdict));
        self.deny(&mut writing, now);
        self.count(&mut writing, now);
        let target = json!({ "targetRepo": self.target, "targetWorkflow": self.deploy });
        let refused = json!({
            "targetRepo": self.refused, "targetWorkflow": self.deploy, "reason": Reason::InboundNotAuthorized,
            "detail": "no rule", "hint": Reason::InboundNotAuthorized.hint(),
        });
        let plan = json!({ "candidateTargets": 2, "allowedTargets": 1, "deniedTargets": 1, "waitingTargets": 0 });
        let facts = vec![
            self.fact(kinds::REQUEST_ACCEPTED, json!({ "receivedAt": self.at })),
            self.fact(kinds::PLAN_CREATED, plan),
            self.fact(kinds::TARGET_QUEUED, target),
            self.fact(kinds::TARGET_DENIED, refused),
        ];
        let intent = NewIntent {
            automation: NAME,
            kind: DISPATCH_WORKFLOW.to_owned(),
            key: keys::dispatch_intent(self.key(), self.repository_id() + 1, &self.deploy).as_str().to_owned(),
            lane: None,
            installation: Some(self.installation()),
            payload: json!({ "group": self.number }),
            coalesce: Coalesce::Once,
            order: None,
            due: None,
        };
        Settlement {
            facts,
            records: writing.records,
            counters: writing.counters,
            intents: vec![intent],
            ..Settlement::done()
        }
    }

    fn deny(&self, writing: &mut Writing, now: Timestamp) {
        let (number, reason) = (CandidateNumber(2), Reason::InboundNotAuthorized);
        let denied = TargetRecord {
            repository: self.refused.clone(),
            state: TargetState::Denied,
            reason: Some(reason),
            hint: Some(reason.hint().to_owned()),
            settled_at: Some(now),
            run_id: None,
            run_url: None,
            attempts: 0,
            ..self.target(number, now)
        };
        let row = ProblemRow {
            key: self.key(),
            n: number.0,
            source: self.repository.clone(),
            source_workflow: self.ci.clone(),
            repository: self.refused.clone(),
            workflow: self.deploy.clone(),
            state: TargetState::Denied,
            reason,
            at: now,
        };
        writing.put(views::TARGET, keys::target(self.key(), number), json!(denied));
        writing.put(views::PROBLEM, keys::problem(now, self.key(), number), json!(row));
        writing.put(views::PROBLEM_REASON, keys::problem_of(reason, now, self.key(), number), json!(row));
    }

    fn count(&self, writing: &mut Writing, now: Timestamp) {
        let fields = [("accepted", 1), ("queued", 1), ("denied", 1), ("succeeded", 1)];
        for (view, key) in [
            (views::TOTAL, keys::TOTAL_ALL),
            (views::TOTAL, keys::total_of(&self.repository)),
            (views::HOUR, keys::hour(now)),
            (views::HOUR_REPO, keys::hour_repository(&self.repository, now)),
        ] {
            writing.add(view, key, &fields);
        }
        writing.add(views::DAY_REASON, keys::day_reason(now, Reason::InboundNotAuthorized), &[("count", 1)]);
        let (source, target) = ((&self.repository, &self.ci), (&self.target, &self.deploy));
        writing.add(views::EDGE, keys::edge_out(source, target), &[("succeeded", 1)]);
        writing.add(views::EDGE, keys::edge_in(target, source), &[("succeeded", 1)]);
    }

    /// What the dispatch settles: the run is started, and has ended.
    pub(super) fn dispatched(&self) -> Settlement {
        let (now, number) = (self.at + TAKES * 2, CandidateNumber(1));
        let mut writing = Writing::default();
        writing.put(views::TARGET, keys::target(self.key(), number), json!(self.target(number, now)));
        let started =
            StartedRun { run_key: self.key(), n: number.0, lineage: self.lineage().child(&self.target, &self.deploy) };
        writing.put(views::BY_TARGET_RUN, keys::run_id(self.started_id()), json!(started));
        let result =
            ResultRecord { run_id: self.started_id(), run_url: None, conclusion: Some("success".to_owned()), at: now };
        writing.put(views::RESULT, keys::target(self.key(), number), json!(result));
        let told = json!({
            "targetRepo": self.target, "targetWorkflow": self.deploy, "attempts": 1, "dispatchRef": "main",
            "runId": self.started_id(),
        });
        let call = json!({
            "at": now, "kind": "write", "method": "POST", "status": 204, "duration_ms": 181, "request_id": "8A1F:1",
            "remaining": 4_987, "path": format!("/repos/{}/actions/workflows/deploy.yml/dispatches", self.target),
        });
        Settlement {
            facts: vec![self.fact(kinds::TRIGGER_SUCCEEDED, told)],
            records: writing.records,
            calls: json!([call]),
            ..Settlement::done()
        }
    }

    fn record(&self, delivery: DeliveryId, now: Timestamp) -> RunRecord {
        RunRecord {
            key: self.key(),
            delivery_id: self.guid(0),
            delivery,
            source: SourceRecord {
                installation_id: self.installation().0,
                repository: self.repository.clone(),
                repository_id: self.repository_id(),
                workflow: self.ci.clone(),
                name: Some("Fix the build".to_owned()),
                run_id: self.run_id(),
                run_attempt: 1,
                branch: Some("main".to_owned()),
                sha: self.sha(),
                event: "push".to_owned(),
                conclusion: Some("success".to_owned()),
                url: self.url(),
                actor: Some("octocat".to_owned()),
            },
            lineage: self.lineage(),
            state: RunState::Finished,
            reason: None,
            config_path: Some("dispatching.yml".to_owned()),
            received_at: self.at,
            planned_at: now,
            finished_at: Some(now + TAKES),
            counts: PlanCounts { candidates: 2, allowed: 1, denied: 1, waiting: 0, surplus: 0 },
            dry_run: false,
        }
    }

    fn target(&self, number: CandidateNumber, now: Timestamp) -> TargetRecord {
        TargetRecord {
            n: number.0,
            repository: self.target.clone(),
            repository_id: Some(self.repository_id() + 1),
            installation_id: Some(self.installation().0),
            workflow: self.deploy.clone(),
            wanted_ref: None,
            git_ref: Some("main".to_owned()),
            inputs: vec![("sha".to_owned(), self.sha())],
            line: 4,
            line_text: "- { repository: deploy, workflow: deploy.yml }".to_owned(),
            inbound_line: Some(3),
            inbound_text: Some("targets: [ { workflow: deploy.yml } ]".to_owned()),
            inbound_path: Some("dispatching.yml".to_owned()),
            state: TargetState::Succeeded,
            reason: None,
            detail: None,
            hint: None,
            attempts: 1,
            looks: 0,
            next_attempt_at: None,
            run_id: Some(self.started_id()),
            run_url: Some(format!("https://github.com/{}/actions/runs/{}", self.target, self.started_id())),
            settled_at: Some(now),
        }
    }
}

/// What the first settlement of all writes: who is installed where, and what operators did.
pub(super) fn frame(work: &Work, now: Timestamp) -> Settlement {
    let installations = (1..=u64::from(INSTALLATIONS)).map(|id| {
        let seen = installations::Seen {
            id,
            account: Some(format!("acme-{id}")),
            kind: Some("Organization".to_owned()),
            repositories: Some("all".to_owned()),
            granted: [("actions".to_owned(), "write".to_owned())].into(),
            needed: [("actions".to_owned(), "write".to_owned())].into(),
            seen_at: Some(now),
            ..installations::Seen::default()
        };
        RecordChange::Put(installations::VIEW, Key::from(id.to_string()), json!(seen))
    });
    let entries = (0..30).map(|n| audit::entry(work, now + Duration::from_secs(n), "operator", json!({ "works": 1 })));
    Settlement { records: installations.chain(entries).collect(), ..Settlement::done() }
}

/// The subject of a delivery that no job follows from.
pub(super) fn about_pull(group: &Group) -> switchboard_store::Subject {
    subject::number(&group.repository.to_string(), group.pull())
}

#[derive(Default)]
struct Writing {
    records: Vec<RecordChange>,
    counters: Vec<CounterAdd>,
}

impl Writing {
    fn put(&mut self, view: View, key: Key, value: Value) {
        self.records.push(RecordChange::Put(view, key, value));
    }

    fn add(&mut self, view: View, key: Key, fields: &[(&str, i64)]) {
        let add = fields.iter().map(|(name, by)| ((*name).to_owned(), *by)).collect();
        self.counters.push(CounterAdd { view, key, add });
    }
}

/// The kind of the job that plans.
pub(super) const PLANS: &str = "dispatcher.plan";
