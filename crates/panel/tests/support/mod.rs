//! A store with something in it: what a few days of a small organization leave behind. The tests read it, and the example
//! `showcase` serves it.

#![expect(dead_code, reason = "every test uses its own part of this")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot be set up has failed")]

pub mod counting;
pub mod site;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use switchboard_clock::{Clock as _, SeededEntropy, SimulatedClock, Timestamp};
use switchboard_engine::accept::Action;
use switchboard_panel::Actions;
use switchboard_store::sqlite::{Options, SqliteStore};
use switchboard_store::{
    Acceptance, Claim, Coalesce, CounterAdd, DeliveryId, DeliveryKey, Digest, Failure, Follows, Hold, Installation,
    Lane, Leased, NewDelivery, NewFact, NewIntent, NewJob, Outcome, Queue, RecordChange, Settlement, Store, StoreError,
    Subject, Verdict,
};

use tempfile::TempDir;

/// The store, its clock, and the folder that it lives in.
pub struct Sample {
    pub store: Arc<SqliteStore>,
    pub clock: SimulatedClock,
    guids: std::sync::atomic::AtomicU64,
    _folder: TempDir,
}

/// What a delivery is about.
pub struct About<'a> {
    pub event: &'a str,
    pub action: &'a str,
    pub repository: &'a str,
    pub subject: &'a str,
    pub body: Value,
}

const QUEUE: Queue = Queue::of("default");
const AUTOMATION: &str = "dispatcher";

impl Sample {
    /// An empty store.
    pub fn empty(start: Timestamp) -> Self {
        let folder = TempDir::new().unwrap();
        let clock = SimulatedClock::new(start);
        let options = Options::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(7)));
        let store = SqliteStore::open(folder.path().join("store.db"), &options).unwrap();
        Self { store, clock, guids: 0.into(), _folder: folder }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn pass(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }

    /// Takes a delivery in, with one job if an automation wants it.
    pub async fn arrive(&self, about: &About<'_>, wanted: bool) -> DeliveryId {
        let n = self.guids.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let guid =
            format!("{:08x}-cc78-4fe3-81ab-4c93{:08x}", n.wrapping_mul(0x9e37_79b1) as u32 ^ 0x72d3_162e, n * 77_777);
        let body = Bytes::from(about.body.to_string());
        let job = NewJob {
            queue: QUEUE,
            automation: AUTOMATION,
            kind: "dispatcher.plan".to_owned(),
            lane: Lane::from(format!("run/1001/{}", 7_000_000 + n)),
            key: None,
            installation: Some(Installation(48_211_907)),
            payload: json!({"runKey": format!("1001/{}/1", 7_000_000 + n)}),
            due: None,
            follows: Follows::Inherited,
        };
        let delivery = NewDelivery {
            bindings: Vec::new(),
            key: DeliveryKey {
                platform: "github".to_owned(),
                delivery_id: guid.clone(),
                event: about.event.to_owned(),
                action: about.action.to_owned(),
            },
            digest: Digest::of(&body),
            headers: [
                ("content-type", "application/json"),
                ("user-agent", "GitHub-Hookshot/7f2a9c1"),
                ("x-github-delivery", guid.as_str()),
                ("x-github-event", about.event),
                ("x-github-hook-installation-target-type", "integration"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
            body,
            installation: Some(Installation(48_211_907)),
            repository: (!about.repository.is_empty()).then(|| about.repository.to_owned()),
            subject: (!about.subject.is_empty()).then(|| Subject::from(about.subject.to_lowercase())),
            jobs: if wanted { vec![job] } else { Vec::new() },
        };
        self.store.accept(delivery).await.unwrap().id
    }

    /// Leases what is due.
    pub async fn claim(&self, queue: Queue) -> Vec<Leased> {
        let claim =
            Claim { worker: "server-1".to_owned(), queues: vec![queue], capacity: 10, lease: Duration::from_secs(60) };
        self.store.claim(claim).await.unwrap()
    }

    /// Settles the one job that is due.
    pub async fn decide(&self, millis: u64, settlement: Settlement) {
        self.settle_next(QUEUE, millis, settlement).await;
    }

    /// Settles the one intent that is due.
    pub async fn carry(&self, millis: u64, settlement: Settlement) {
        self.settle_next(Queue::OUTBOX, millis, settlement).await;
    }

    async fn settle_next(&self, queue: Queue, millis: u64, settlement: Settlement) {
        let leased = self.claim(queue).await.into_iter().next().expect("something is due");
        self.pass(millis);
        self.store.settle(leased.lease, settlement).await.unwrap();
    }

    /// A few days of a small organization.
    pub async fn lived(start: Timestamp) -> Self {
        let sample = Self::empty(start);
        sample.live().await;
        sample
    }

    async fn live(&self) {
        for n in 0..64_u64 {
            let repository = ["acme/api", "acme/web", "acme/deploy", "acme/infrastructure"][(n % 4) as usize];
            let subject = format!("{repository}#{}", 300 + n);
            let quiet = match n % 3 {
                0 => About {
                    event: "push",
                    action: "",
                    repository,
                    subject: "",
                    body: json!({"ref": "refs/heads/main"}),
                },
                1 => About {
                    event: "pull_request",
                    action: "synchronize",
                    repository,
                    subject: &subject,
                    body: json!({"number": n}),
                },
                _ => About {
                    event: "check_suite",
                    action: "completed",
                    repository,
                    subject: "",
                    body: json!({"number": n}),
                },
            };
            self.arrive(&quiet, false).await;
            self.pass(2_700_000);
        }
        self.reviewed().await;
        self.pass(900_000);
        self.dispatched("acme/api", "acme/deploy", "9f3c2d1be02a4471c3f0a9b8d7e6f5a4b3c2d1e0").await;
        self.pass(1_420_000);
        self.dispatched("acme/web", "acme/deploy", "b41f0e77aa2a4471c3f0a9b8d7e6f5a4b3c2d1e0").await;
        self.pass(380_000);
        self.given_up().await;
        self.pass(95_000);
        self.denied().await;
        self.pass(41_000);
        let installed = About {
            event: "installation_repositories",
            action: "added",
            repository: "",
            subject: "installation/48211907",
            body: json!({"action": "added"}),
        };
        self.arrive(&installed, false).await;
        self.pass(9_000);
        self.retrying().await;
        self.pass(3_000);
        self.arrive(&run("acme/api", "0c5d3f92"), true).await;
        self.pass(200);
    }

    async fn dispatched(&self, source: &str, target: &str, sha: &str) {
        self.arrive(&run(source, sha), true).await;
        self.pass(5);
        let subject = Subject::from(format!("{source}@{sha}"));
        let planned = Settlement {
            facts: vec![
                fact(
                    &subject,
                    "dispatch.request.accepted",
                    json!({"receivedAt": self.now().millis(), "sourceRepo": source}),
                ),
                fact(
                    &subject,
                    "dispatch.plan.created",
                    json!({"candidateTargets": 1, "allowedTargets": 1, "deniedTargets": 0, "configPath": "dispatching.yml"}),
                ),
                fact(
                    &subject,
                    "dispatch.target.queued",
                    json!({"targetRepo": target, "targetWorkflow": "cd.yml", "dispatchRef": "main", "line": 4}),
                ),
            ],
            intents: vec![intent(target, sha)],
            calls: json!([
                call(
                    self.now(),
                    "revalidated",
                    "GET",
                    &format!("/repos/{source}/contents/dispatching.yml"),
                    304,
                    61,
                    4_990
                ),
                call(self.now(), "read", "GET", &format!("/repos/{target}"), 200, 88, 4_989),
                call(self.now(), "read", "GET", &format!("/repos/{target}/contents/dispatching.yml"), 200, 74, 4_988),
            ]),
            ..Settlement::done()
        };
        self.decide(214, planned).await;
        self.pass(22);
        let sent = Settlement {
            facts: vec![fact(
                &subject,
                "dispatch.trigger.succeeded",
                json!({"attempts": 1, "dispatchRef": "main", "runId": 991, "targetRepo": target}),
            )],
            calls: json!([call(
                self.now(),
                "write",
                "POST",
                &format!("/repos/{target}/actions/workflows/cd.yml/dispatches"),
                200,
                181,
                4_987
            )]),
            ..Settlement::done()
        };
        self.carry(181, sent).await;
    }

    /// What the engine wrote down about installations, and who did what.
    fn known(&self) -> Vec<RecordChange> {
        let now = self.now().millis();
        let installation = |id: u64, account: &str, issues: &str, suspended: Option<&str>| {
            let value = json!({"id": id, "account": account, "kind": "Organization", "repositories": "selected", "suspended_at": suspended,
                "granted": {"actions": "write", "contents": "read", "issues": issues, "metadata": "read"},
                "needed": {"actions": "write", "contents": "read", "issues": "write", "metadata": "read"},
                "events": ["installation_target", "workflow_run"], "seen_at": now - 240_000});
            RecordChange::Put("engine.installation".into(), id.to_string().into(), value)
        };
        let done = |ago: i64, actor: &str, action: &str, data: Value| {
            let at = now - ago * 1_000;
            let value = json!({"at": at, "actor": actor, "action": action, "delivery": null, "data": data});
            RecordChange::Put("engine.audit".into(), format!("{:015}/{ago}", 253_402_300_799_999 - at).into(), value)
        };
        vec![
            installation(48_211_907, "acme", "write", None),
            installation(50_118_332, "ascend", "read", None),
            installation(51_000_017, "umbrella", "write", Some("2026-11-02T09:14:00Z")),
            done(86_000, "operator", "engine.signed_in", json!({"role": "operator", "client": "198.51.100.7"})),
            done(
                85_800,
                "operator",
                "engine.replay",
                json!({"delivery": "72d3162e-cc78-4fe3-81ab-4c9300000000", "jobs": 1}),
            ),
            done(4_100, "read-only", "engine.signed_in", json!({"role": "read-only", "client": "198.51.100.12"})),
            done(900, "operator", "engine.revive", json!({"works": 12, "kinds": ["dispatch.workflow"]})),
        ]
    }

    /// A pull request whose deliveries overlap.
    async fn reviewed(&self) {
        let subject = Subject::from("acme/api#412");
        let about = |action: &'static str, sha: &str| About {
            event: "pull_request",
            action,
            repository: "acme/api",
            subject: "acme/api#412",
            body: json!({
                "action": action, "number": 412,
                "pull_request": {"number": 412, "title": "Retry the uploader", "state": "open", "merged": false, "draft": false,
                    "head": {"sha": sha, "ref": "retry"}},
                "repository": {"id": 1001, "full_name": "acme/api"}, "installation": {"id": 48_211_907},
            }),
        };
        let planned = |n: u64| {
            fact(
                &subject,
                "dispatch.plan.created",
                json!({"candidateTargets": n, "allowedTargets": n, "deniedTargets": 0}),
            )
        };
        self.arrive(&about("opened", "1c5d3f92b41f0e77aa2a4471c3f0a9b8d7e6f5a4"), true).await;
        self.decide(61, Settlement { facts: vec![planned(0)], ..Settlement::done() }).await;
        self.pass(3_840_000);
        self.arrive(&about("synchronize", "9f3c2d1be02a4471c3f0a9b8d7e6f5a4b3c2d1e0"), true).await;
        self.pass(20);
        let mint = json!({"at": self.now().millis(), "kind": "mint", "method": "POST", "route": "x", "status": 201, "failure": null,
            "path": "/app/installations/48211907/access_tokens", "duration_ms": 132, "request_id": "8A1F:99:2C", "remaining": 4_996,
            "installation": 48_211_907, "scope": "app"});
        let read = call(self.now(), "read", "GET", "/repos/acme/api/contents/dispatching.yml", 200, 74, 4_995);
        let settlement = Settlement {
            facts: vec![planned(1)],
            intents: vec![intent("acme/deploy", "pr-412")],
            calls: json!([mint, read]),
            ..Settlement::done()
        };
        self.decide(212, settlement).await;
        self.arrive(&about("labeled", "9f3c2d1be02a4471c3f0a9b8d7e6f5a4b3c2d1e0"), true).await;
        self.pass(310);
        let sent = Settlement {
            facts: vec![fact(
                &subject,
                "dispatch.trigger.succeeded",
                json!({"attempts": 1, "runId": 991, "targetRepo": "acme/deploy"}),
            )],
            calls: json!([call(
                self.now(),
                "write",
                "POST",
                "/repos/acme/deploy/actions/workflows/cd.yml/dispatches",
                204,
                181,
                4_994
            )]),
            ..Settlement::done()
        };
        self.carry(181, sent).await;
        let denied = fact(
            &subject,
            "dispatch.target.denied",
            json!({"reason": "inbound_not_authorized", "targetRepo": "acme/docs"}),
        );
        self.decide(44, Settlement { facts: vec![denied], ..Settlement::done() }).await;
    }

    async fn given_up(&self) {
        let sha = "77aa0e5150c2b7d4";
        self.arrive(&run("acme/infrastructure", sha), true).await;
        let subject = Subject::from(format!("acme/infrastructure@{sha}"));
        let planned = Settlement {
            facts: vec![fact(&subject, "dispatch.plan.created", json!({"candidateTargets": 1, "allowedTargets": 1}))],
            intents: vec![intent("acme/terraform", sha)],
            ..Settlement::done()
        };
        self.decide(120, planned).await;
        let failure = Failure {
            code: "no_dispatch_trigger".to_owned(),
            message:
                "GitHub refused to start `cd.yml` in `acme/terraform`: the workflow has no `workflow_dispatch` trigger"
                    .to_owned(),
            hint: Some("add `on: workflow_dispatch` to that workflow on its default branch, then replay".to_owned()),
        };
        let dead = Settlement {
            facts: vec![fact(
                &subject,
                "dispatch.trigger.failed",
                json!({"reason": "no_dispatch_trigger", "attempts": 1, "targetRepo": "acme/terraform"}),
            )],
            calls: json!([call(
                self.now(),
                "write",
                "POST",
                "/repos/acme/terraform/actions/workflows/cd.yml/dispatches",
                422,
                143,
                4_981
            )]),
            ..Settlement::with(Outcome::Dead { failure })
        };
        self.carry(143, dead).await;
    }

    async fn denied(&self) {
        let sha = "e0d1c2b3a4958677";
        self.arrive(&run("acme/api", sha), true).await;
        let subject = Subject::from(format!("acme/api@{sha}"));
        let denied = Settlement {
            facts: vec![
                fact(
                    &subject,
                    "dispatch.plan.created",
                    json!({"candidateTargets": 1, "allowedTargets": 0, "deniedTargets": 1}),
                ),
                fact(
                    &subject,
                    "dispatch.target.denied",
                    json!({"reason": "inbound_not_authorized", "targetRepo": "acme/docs", "targetWorkflow": "publish.yml",
                    "hint": "Add this repository and workflow to `inbound` of its dispatching.yml."}),
                ),
            ],
            ..Settlement::done()
        };
        self.decide(97, denied).await;
    }

    async fn retrying(&self) {
        let sha = "3b0a9b8d7e6f5a4b";
        self.arrive(&run("acme/web", sha), true).await;
        let subject = Subject::from(format!("acme/web@{sha}"));
        let planned = Settlement {
            facts: vec![fact(&subject, "dispatch.plan.created", json!({"candidateTargets": 1, "allowedTargets": 1}))],
            intents: vec![intent("acme/deploy", sha)],
            records: [self.known(), vec![RecordChange::Put(
                "engine.gaps".into(),
                "current".into(),
                json!({"checked_at": self.now().millis(), "complete_until": self.now().millis(),
                    "nothing_missing_since": (self.now() - Duration::from_secs(3 * 86_400 + 7_000)).millis(), "missing": 0}),
            )]].concat(),
            hold: Some(Hold { installation: Installation(50_118_332), until: self.now() + Duration::from_secs(37) }),
            counters: vec![CounterAdd {
                view: "dispatcher.total".into(),
                key: "all".into(),
                add: vec![("planned".to_owned(), 1)],
            }],
            ..Settlement::done()
        };
        self.decide(88, planned).await;
        let failure = Failure {
            code: "github_unavailable".to_owned(),
            message: "GitHub answered 502 to the dispatch of `cd.yml` in `acme/deploy`".to_owned(),
            hint: None,
        };
        let again = Settlement {
            calls: json!([call(
                self.now(),
                "write",
                "POST",
                "/repos/acme/deploy/actions/workflows/cd.yml/dispatches",
                502,
                1_204,
                4_979
            )]),
            ..Settlement::with(Outcome::Retry {
                at: self.now() + Duration::from_secs(40),
                failure,
                counted: true,
                unanswered: true,
            })
        };
        self.carry(1_204, again).await;
    }
}

/// A completed workflow run.
pub fn run<'a>(repository: &'a str, sha: &'a str) -> About<'a> {
    let subject: &'static str = Box::leak(format!("{repository}@{sha}").into_boxed_str());
    About {
        event: "workflow_run",
        action: "completed",
        repository,
        subject,
        body: json!({
            "action": "completed",
            "workflow_run": {"id": 9_871_234_567_u64, "name": "CI", "path": ".github/workflows/ci.yml", "head_branch": "main", "head_sha": sha,
                "run_attempt": 1, "event": "push", "status": "completed", "conclusion": "success", "pull_requests": [],
                "actor": {"login": "mona", "id": 583_231, "site_admin": false}},
            "repository": {"id": 1001, "full_name": repository, "private": true, "default_branch": "main"},
            "installation": {"id": 48_211_907},
            "sender": {"login": "mona", "type": "User"}
        }),
    }
}

pub fn fact(subject: &Subject, kind: &str, data: Value) -> NewFact {
    NewFact { automation: AUTOMATION, subject: subject.clone(), kind: kind.to_owned(), data }
}

pub fn intent(target: &str, sha: &str) -> NewIntent {
    NewIntent {
        automation: AUTOMATION,
        kind: "dispatch.workflow".to_owned(),
        key: format!("dispatch:{sha}:{target}:cd.yml"),
        lane: Some(Lane::from(format!("target/{target}/cd.yml"))),
        installation: Some(Installation(48_211_907)),
        payload: json!({"repository": target, "workflow": "cd.yml", "ref": "main", "inputs": {"sha": sha}}),
        coalesce: Coalesce::Once,
        order: None,
        due: None,
    }
}

fn call(at: Timestamp, kind: &str, method: &str, path: &str, status: u16, millis: u64, remaining: u64) -> Value {
    json!({"at": at.millis(), "kind": kind, "method": method, "route": path, "path": path, "status": status, "failure": null,
        "duration_ms": millis, "request_id": format!("8A1F:{:X}:2C", millis * 7_919), "remaining": remaining,
        "installation": 48_211_907, "scope": "installation"})
}

/// Notes the actions that it is asked for.
#[derive(Default)]
pub struct Noted(pub std::sync::Mutex<Vec<Action>>);

#[async_trait::async_trait]
impl Actions for Noted {
    async fn action(&self, action: Action) -> Result<Acceptance, StoreError> {
        let mut actions = self.0.lock().unwrap();
        let verdict =
            if actions.iter().any(|known| known.id == action.id) { Verdict::Duplicate } else { Verdict::Accepted };
        let id = action.id.parse().unwrap();
        actions.push(action);
        Ok(Acceptance { id, accepted_at: Timestamp::EPOCH, verdict })
    }
}
