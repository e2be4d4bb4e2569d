//! The dispatcher on the engine: which deliveries it wants, who handles its jobs, who carries its intents.
//!
//! | job or intent | lane | handler |
//! |---|---|---|
//! | `dispatcher.plan` | `run/<repository>/<run>`, in chains `chain/<root>` | [`plan`] |
//! | `dispatcher.target` | `target/<run key>/<n>` | [`target`]: a candidate whose target could not be read at once |
//! | `dispatcher.report` | `report/<installation>` | [`report`]: closes runs, asks for issues |
//! | `dispatcher.rollup` | `rollup/dispatcher` | [`rollup`]: windows and health |
//! | `dispatcher.replay` | as the plan | [`replay`]: an operator plans a run again |
//! | `dispatch.workflow` | the target workflow | [`dispatch`]: the request, and what its answer means |
//! | `dispatch.issue` | its key | [`issue`]: one issue converges to what is known |

mod dispatch;
mod draft;
mod evaluate;
mod files;
mod issue;
mod outcome;
mod plan;
mod planned;
mod reads;
pub mod records;
mod replay;
mod report;
pub mod rollup;
mod simulate;
mod tally;
mod target;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use switchboard_engine::files::FilesRead;
use switchboard_engine::{API, Arrival, Automation, Context, Patience, Reader, Schedule, Trouble};
use switchboard_store::{Failure, Follows, Installation, Lane, NewJob, Queue, Settlement, StoreError, Work};

use tokio::sync::OnceCell;

use crate::config::Config;
use crate::keys;
use crate::run_key::RunKey;

pub(crate) use replay::next_number;
pub use replay::{REPLAY, ReplayAction, ReplayScope};
pub use simulate::{Simulated, SimulatedReason, SimulatedTarget, SimulationRequest};

/// The automation's name.
pub const NAME: &str = "dispatcher";
/// The queue of its jobs.
pub const QUEUE: Queue = Queue::of("dispatcher");

const PLAN: &str = "dispatcher.plan";
const TARGET: &str = "dispatcher.target";
const REPORT: &str = "dispatcher.report";
const ROLLUP: &str = "dispatcher.rollup";

/// Starts a workflow.
pub const DISPATCH_WORKFLOW: &str = "dispatch.workflow";
/// Writes an issue.
pub const DISPATCH_ISSUE: &str = "dispatch.issue";
/// All intents there are: none creates or changes repositories, teams, members or files.
pub const INTENT_KINDS: [&str; 2] = [DISPATCH_WORKFLOW, DISPATCH_ISSUE];

const ROLLUP_EVERY: Duration = Duration::from_secs(60);
/// Retries of plans and issues wait at most so long.
const PATIENCE_CEILING: Duration = Duration::from_secs(15 * 60);

/// The dispatcher.
pub struct Dispatcher {
    config: Arc<Config>,
    /// The App's slug: its runs are started by `<slug>[bot]`. Asked for once if it is not configured.
    app_slug: OnceCell<String>,
}

impl Dispatcher {
    /// The dispatcher under these settings. The App's slug is asked of GitHub when it is first needed, unless it is given.
    #[must_use]
    pub fn new(config: Config, app_slug: Option<&str>) -> Self {
        let app_slug = OnceCell::new_with(app_slug.map(str::to_owned));
        Self { config: Arc::new(config), app_slug }
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The App's slug.
    async fn app_slug(&self, context: &Context) -> Result<&str, Trouble> {
        let asked = self.app_slug.get_or_try_init(|| async {
            let app = context.github.app().fetch().await?.value;
            let slug =
                app.slug.ok_or_else(|| Trouble::permanent("app_slug_unknown", "GitHub names no slug of the App"))?;
            Ok::<_, Trouble>(slug.as_str().to_owned())
        });
        asked.await.map(String::as_str)
    }

    /// The login under which the App acts.
    async fn bot(&self, context: &Context) -> Result<String, Trouble> {
        Ok(format!("{}[bot]", self.app_slug(context).await?))
    }
}

#[async_trait]
impl Automation for Dispatcher {
    fn name(&self) -> &'static str {
        NAME
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        let installation = arrival.installation();
        if arrival.is("workflow_run", "completed") {
            let repository = arrival.envelope.repository.as_ref().and_then(|repository| repository.id);
            let run = arrival.envelope.workflow_run.as_ref().and_then(|run| run.id);
            // Without them the plan only says what is missing, in a lane of its own.
            let lane = match (repository, run) {
                (Some(repository), Some(run)) => keys::run_lane(repository.0, run.0),
                _ => Lane::from(format!("run/{}", arrival.key.delivery_id)),
            };
            return vec![job(PLAN, lane, installation, json!({}))];
        }
        if arrival.key.platform == API && arrival.key.event == REPLAY {
            let order: serde_json::Value = serde_json::from_slice(arrival.body).unwrap_or_default();
            let key = order["runKey"].as_str().and_then(|key| key.parse::<RunKey>().ok());
            let lane = key.map_or(Lane::of("replay"), |key| keys::run_lane(key.repository_id, key.run_id));
            return vec![job(REPLAY, lane, installation, order)];
        }
        Vec::new()
    }

    fn patience(&self, kind: &str) -> Patience {
        let attempts = self.config.max_retries.saturating_add(1);
        match kind {
            PLAN | TARGET | DISPATCH_WORKFLOW => {
                Patience { attempts, base: self.config.retry_base, factor: 4, ceiling: PATIENCE_CEILING, jitter: 0.5 }
            }
            _ => Patience { ceiling: PATIENCE_CEILING, ..Patience::default() },
        }
    }

    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match job.kind.as_str() {
            PLAN => self.plan(job, context).await,
            TARGET => self.target(job, context).await,
            REPORT => self.report(job, context).await,
            REPLAY => self.replay(job, context).await,
            ROLLUP => rollup::rollup(context).await,
            other => Err(Trouble::permanent("unknown_kind", format!("this release has no handler for {other}"))),
        }
    }

    async fn carry(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match intent.kind.as_str() {
            DISPATCH_WORKFLOW => self.dispatch(intent, context).await,
            DISPATCH_ISSUE => self.issue(intent, context).await,
            other => Err(Trouble::permanent("unknown_kind", format!("this release has no carrier for {other}"))),
        }
    }

    async fn give_up(&self, work: &Work, failure: &Failure, context: &Context) -> Settlement {
        let settlement = match work.kind.as_str() {
            PLAN => self.plan_given_up(work, context).await,
            TARGET => self.target_given_up(work, failure, context).await,
            DISPATCH_WORKFLOW => self.dispatch_given_up(work, failure, context).await,
            DISPATCH_ISSUE => self.issue_given_up(work, failure, context).await,
            _ => Ok(Settlement::done()),
        };
        // If even that could not be read, the dead letter itself still says what happened.
        settlement.unwrap_or_else(|error| {
            tracing::error!(%error, work = %work.id, kind = work.kind, "given up without its history");
            Settlement::done()
        })
    }

    async fn files(&self, store: &Reader) -> Result<FilesRead, StoreError> {
        files::read(store).await
    }

    fn schedules(&self) -> Vec<Schedule> {
        vec![Schedule { kind: ROLLUP, queue: QUEUE, lane: keys::ROLLUP_LANE, every: ROLLUP_EVERY, at_start: true }]
    }
}

/// A job that is due now.
fn job(kind: &str, lane: Lane, installation: Option<Installation>, payload: serde_json::Value) -> NewJob {
    NewJob {
        queue: QUEUE,
        automation: NAME,
        kind: kind.to_owned(),
        lane,
        key: None,
        installation,
        payload,
        due: None,
        follows: Follows::Inherited,
    }
}

/// A job's or intent's payload, as it was written.
fn payload<T: serde::de::DeserializeOwned>(work: &Work) -> Result<T, Trouble> {
    serde_json::from_value(work.payload.clone())
        .map_err(|error| Trouble::permanent("payload_unusable", format!("{}: {error}", work.kind)))
}
