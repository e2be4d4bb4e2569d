//! A small automation with all three beats: it answers every issue with a comment.
//!
//! | work | what it does |
//! |---|---|
//! | job `echo.hear` | counts the issue, and wants a comment on it |
//! | intent `echo.say` | comments; looks first where an earlier attempt may have done so |
//! | job `echo.rest` | notes that all is said |
//! | job `echo.tick` | every minute, if the story wants a schedule |

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use switchboard_clock::SimulatedClock;
use switchboard_engine::{Arrival, Automation, Context, Patience, Schedule, Trouble, subject};
use switchboard_github::endpoint::{Effect, Endpoint};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{InstallationId, RepoId, Scope};
use switchboard_simulator::Access as Granted;
use switchboard_store::{
    Coalesce, CounterAdd, Failure, Follows, Key, Lane, NewFact, NewIntent, NewJob, Queue, RecordChange, Settlement,
    View, Work,
};
use switchboard_testkit::{Builder, World};

use crate::script::Script;

pub const NAME: &str = "echo";
pub const QUEUE: Queue = Queue::of("echo");
pub const HEAR: &str = "echo.hear";
pub const SAY: &str = "echo.say";
pub const REST: &str = "echo.rest";
pub const TICK: &str = "echo.tick";
pub const TICK_EVERY: Duration = Duration::from_secs(60);

/// How each issue stands, by `owner/repo#12`; holds a text.
pub const ISSUES: View = View::of("echo.issue");
/// How many issues were heard, by repository.
pub const HEARD: View = View::of("echo.heard");

pub const PATIENCE: Patience =
    Patience { attempts: 4, base: Duration::from_secs(1), factor: 3, ceiling: Duration::from_secs(5), jitter: 0.5 };

static COMMENT: Endpoint =
    Endpoint::post("/repos/{owner}/{repo}/issues/{number}/comments", Permission::ISSUES, Effect::ContentWrite);
static COMMENTS: Endpoint = Endpoint::read("/repos/{owner}/{repo}/issues/{number}/comments", Permission::ISSUES);

/// The way a comment is written, as the simulator's expectations name it.
pub const COMMENT_ROUTE: &str = "/repos/*/*/issues/*/comments";

/// The automation.
#[derive(Clone)]
pub struct Echo {
    pub script: Script,
    /// What handlers sleep by.
    pub clock: SimulatedClock,
    pub ticks: Option<bool>,
}

/// A world with this automation, to be arranged further.
pub struct Stage {
    script: Script,
    switch: Arc<AtomicBool>,
    builder: Builder,
}

impl Stage {
    /// A stage on which the automation answers issues.
    pub fn new() -> Self {
        Self::with_ticks(None)
    }

    /// A stage on which it ticks as well: at start, or a minute later.
    pub fn ticking(at_start: bool) -> Self {
        Self::with_ticks(Some(at_start))
    }

    fn with_ticks(ticks: Option<bool>) -> Self {
        let script = Script::default();
        let echo = Echo { script: script.clone(), clock: SimulatedClock::default(), ticks };
        let clock = echo.clock.clone();
        let switch = Arc::new(AtomicBool::new(true));
        let on = Arc::clone(&switch);
        let builder = World::with_all(move || if on.load(Relaxed) { vec![Arc::new(echo.clone())] } else { Vec::new() })
            .clock(clock)
            .queue(QUEUE)
            .events(&["issues", "push"])
            .permissions(&[("issues", Granted::Write), ("contents", Granted::Read)]);
        Self { script, switch, builder }
    }

    /// Arranges the world further.
    pub fn arrange(self, arrange: impl FnOnce(Builder) -> Builder) -> Self {
        Self { builder: arrange(self.builder), ..self }
    }

    /// Whether the server has the automation, from its next start on.
    pub fn switch(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.switch)
    }

    pub async fn begin(self) -> (World, Script) {
        (self.builder.begin().await, self.script)
    }
}

/// What the comment intent needs to know.
#[derive(Serialize, Deserialize)]
struct Wish {
    repository: String,
    repository_id: u64,
    installation: u64,
    number: u64,
    text: String,
}

#[derive(Deserialize)]
struct Comment {
    body: String,
}

impl Echo {
    async fn hear(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let id = job.delivery.ok_or_else(|| Trouble::permanent("no_delivery", "a job without a delivery"))?;
        let body = context.store.body(id).await?.unwrap_or_default();
        let payload: Value = serde_json::from_slice(&body).map_err(|e| Trouble::permanent("json", e.to_string()))?;
        let wish = Wish {
            repository: payload["repository"]["full_name"].as_str().unwrap_or_default().to_owned(),
            repository_id: payload["repository"]["id"].as_u64().unwrap_or_default(),
            installation: payload["installation"]["id"].as_u64().unwrap_or_default(),
            number: payload["issue"]["number"].as_u64().unwrap_or_default(),
            text: format!("You said: {}", payload["issue"]["title"].as_str().unwrap_or_default()),
        };
        let about = subject::number(&wish.repository, wish.number);
        let key = format!("echo:{about}");
        Ok(Settlement {
            facts: vec![fact(&about, "echo.heard", json!({ "text": wish.text }))],
            records: vec![RecordChange::Put(ISSUES, Key::from(about.as_str()), json!("heard"))],
            counters: vec![CounterAdd {
                view: HEARD,
                key: Key::from(wish.repository.as_str()),
                add: vec![("issues".to_owned(), 1)],
            }],
            intents: vec![NewIntent {
                automation: NAME,
                kind: SAY.to_owned(),
                key,
                lane: None,
                installation: job.installation,
                payload: json!(wish),
                coalesce: Coalesce::Once,
                order: None,
                due: None,
            }],
            ..Settlement::done()
        })
    }

    async fn say(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let wish: Wish = serde_json::from_value(intent.payload.clone())
            .map_err(|error| Trouble::permanent("payload", error.to_string()))?;
        let about = subject::number(&wish.repository, wish.number);
        let scope = Scope::new(InstallationId(wish.installation), Permission::ISSUES, Access::Write)
            .on(RepoId(wish.repository_id));
        let (owner, name) = wish.repository.split_once('/').unwrap_or_default();
        let number = wish.number.to_string();
        let values = [owner, name, number.as_str()];
        let said = intent.unanswered && {
            let listed = context.github.call(scope.clone(), &COMMENTS, &values).typed::<Vec<Comment>>().fetch().await?;
            listed.value.iter().any(|comment| comment.body == wish.text)
        };
        if !said {
            let comment = json!({ "body": wish.text });
            context.github.call(scope, &COMMENT, &values).json(&comment).send().await?;
        }
        Ok(Settlement {
            facts: vec![fact(&about, "echo.said", json!({ "text": wish.text }))],
            records: vec![RecordChange::Put(ISSUES, Key::from(about.as_str()), json!("said"))],
            jobs: vec![NewJob {
                payload: json!(about),
                ..job(REST, Lane::from(format!("rest/{about}")), intent.installation)
            }],
            ..Settlement::done()
        })
    }
}

#[async_trait]
impl Automation for Echo {
    fn name(&self) -> &'static str {
        NAME
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        let issue = arrival.envelope.number.filter(|_| arrival.is("issues", "opened"));
        let lane = issue.map(|number| Lane::from(format!("issue/{number}")));
        lane.map(|lane| job(HEAR, lane, arrival.installation())).into_iter().collect()
    }

    fn patience(&self, _kind: &str) -> Patience {
        PATIENCE
    }

    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        self.befall(job, context).await?;
        match job.kind.as_str() {
            HEAR => self.hear(job, context).await,
            REST => {
                let about = job.payload.as_str().unwrap_or_default().into();
                let facts = vec![fact(&about, "echo.rested", Value::Null)];
                let records = vec![RecordChange::Put(ISSUES, Key::from(about.as_str()), json!("rested"))];
                Ok(Settlement { facts, records, ..Settlement::done() })
            }
            TICK => {
                let facts = vec![fact(&TICK.into(), "echo.ticked", json!(context.now))];
                Ok(Settlement { facts, ..Settlement::done() })
            }
            other => Err(Trouble::permanent("unknown_kind", other)),
        }
    }

    async fn carry(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        self.befall(intent, context).await?;
        self.say(intent, context).await
    }

    async fn give_up(&self, work: &Work, failure: &Failure, _context: &Context) -> Settlement {
        let facts =
            vec![fact(&format!("given up/{}", work.kind).as_str().into(), "echo.given_up", json!(failure.code))];
        Settlement { facts, ..Settlement::done() }
    }

    fn schedules(&self) -> Vec<Schedule> {
        let tick =
            |at_start| Schedule { kind: TICK, queue: QUEUE, lane: Lane::of("tick"), every: TICK_EVERY, at_start };
        self.ticks.map(tick).into_iter().collect()
    }
}

impl Echo {
    async fn befall(&self, work: &Work, context: &Context) -> Result<(), Trouble> {
        self.script.befall(work, context.now, &self.clock).await
    }
}

fn job(kind: &str, lane: Lane, installation: Option<switchboard_store::Installation>) -> NewJob {
    NewJob {
        queue: QUEUE,
        automation: NAME,
        kind: kind.to_owned(),
        lane,
        key: None,
        installation,
        payload: Value::Null,
        due: None,
        follows: Follows::Inherited,
    }
}

fn fact(about: &switchboard_store::Subject, kind: &str, data: Value) -> NewFact {
    NewFact { automation: NAME, subject: about.clone(), kind: kind.to_owned(), data }
}
