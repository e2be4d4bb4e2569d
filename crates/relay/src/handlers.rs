//! The relay on the engine: which deliveries it wants, who handles its jobs, who carries its intents.
//!
//! | job or intent | lane | handler |
//! |---|---|---|
//! | `relay.pull` | `{up}#{n}` | [`pull`]: refreshes the pull request, plans targets, follows labels |
//! | `relay.push` | `{up}@{ref}` | [`push`]: plans targets |
//! | `relay.report` | the dispatch's | [`report`]: moves results on |
//! | `relay.sent` | the dispatch's | [`sent`]: what became of a send |
//! | `relay.expire`, `relay.verify` | the dispatch's | [`expire`], [`verify`]: results and runs that end without a word |
//! | `relay.run` | `{repo}@runs` | [`verify`]: GitHub says that a run has ended |
//! | `relay.rerequest` | `{up}@checks` | [`rerequest`]: somebody clicked re-run |
//! | `relay.allowlist` | `relay:allowlist` | [`list`]: reads, judges and writes the list |
//! | `relay.rollup`, `.board`, `.daily` | their own | [`rollup`]: what pages show at once, and the daily look at levels |
//! | `relay.tell` | its own | [`told`]: the relay's row of the overview |
//! | `relay.prune` | its own | [`prune`]: what is older than the retention goes |
//! | `relay.operate` | the dispatch's, or the entry's | [`operate`]: what operators ask for |
//! | intent `dispatch`, `check_run`, `rerun`, `comment` | its key | [`deliver`](crate::deliver) |

pub(crate) mod context;
pub(crate) mod draft;
mod expire;
mod files;
mod ledger;
pub mod list;
mod nightly;
mod oncall;
mod operate;
pub(crate) mod plan;
mod project;
mod prune;
mod pull;
mod push;
pub(crate) mod report;
mod rerequest;
mod rollup;
pub(crate) mod sent;
mod told;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_engine::files::FilesRead;
use switchboard_engine::{API, Arrival, Automation, Context, GITHUB, Patience, Reader, Schedule, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Failure, Follows, Installation, Lane, NewJob, Queue, Settlement, Work};

use crate::cache::{Backend, Cache, Embedded};
use crate::config::Config;
use crate::deliver::installed::Installed;
use crate::observe::{Observer, Unobserved};
use crate::records::keys;

pub use operate::{DEMOTION_LIFT, DEMOTION_SUPPRESS, IDENTITY_RESET, OperatorOrder, REDISPATCH, REFRESH};
pub use sent::Sent;

/// The automation's name.
pub const NAME: &str = "relay";
/// The queue of its jobs.
pub const QUEUE: Queue = Queue::of("relay");
/// The platform of verified reports.
pub const CALLBACK: &str = "callback";

pub(crate) const PULL: &str = "relay.pull";
pub(crate) const PUSH: &str = "relay.push";
pub(crate) const REPORT: &str = "relay.report";
pub(crate) const SENT: &str = "relay.sent";
pub(crate) const EXPIRE: &str = "relay.expire";
pub(crate) const VERIFY: &str = "relay.verify";
pub(crate) const RUN: &str = "relay.run";
pub(crate) const REREQUEST: &str = "relay.rerequest";
/// Lets the check runs of a pull request follow what changed around it.
pub(crate) const PROJECT: &str = "relay.project";
/// Does what an operator asked for.
pub(crate) const OPERATE: &str = "relay.operate";
pub(crate) const ALLOWLIST: &str = "relay.allowlist";

/// Sums an entry's windows up.
pub(crate) const ROLLUP: &str = "relay.rollup";
/// Puts all entries side by side.
pub(crate) const BOARD: &str = "relay.board";
/// Looks at levels, once a day.
pub(crate) const DAILY: &str = "relay.daily";
/// Says how the relay is doing.
pub(crate) const TELL: &str = "relay.tell";
/// Deletes what is older than the retention.
pub(crate) const PRUNE: &str = "relay.prune";

/// Sends an event to an entry.
pub const DISPATCH: &str = "dispatch";
/// Writes a check run.
pub const CHECK_RUN: &str = "check_run";
/// Runs something again.
pub const RERUN: &str = "rerun";
/// Tells who is on call.
pub const COMMENT: &str = "comment";

/// How long an unsent dispatch is worth sending.
pub(crate) const DISPATCH_EXPIRY: Duration = Duration::from_secs(6 * 3600);

/// The relay.
#[derive(Clone)]
pub struct Relay {
    pub(crate) config: Arc<Config>,
    /// The repository whose events are relayed.
    pub(crate) up: RepoName,
    /// Which installation covers which repository.
    pub(crate) installed: Arc<Installed>,
    /// Where people look at runs: `https://github.com`.
    pub(crate) web: Arc<str>,
    /// What is kept at hand beside the store.
    pub(crate) cache: Cache,
    /// Who is told what is to be counted.
    pub(crate) observer: Arc<dyn Observer>,
}

impl Relay {
    /// The relay of `upstream` under these settings. `web` is where GitHub's pages are, without a slash at the end.
    #[must_use]
    pub fn new(config: Config, upstream: RepoName, web: &str) -> Self {
        let cache = Cache::new(Arc::new(Embedded::default()), &config.cache_prefix, upstream.clone());
        let (config, observer) = (Arc::new(config), Arc::new(Unobserved));
        Self { config, up: upstream, installed: Arc::default(), web: web.into(), cache, observer }
    }

    /// With a cache that is kept there; without this, it is in this process.
    #[must_use]
    pub fn cached_in(self, backend: Arc<dyn Backend>) -> Self {
        let cache = Cache::new(backend, &self.config.cache_prefix, self.up.clone());
        Self { cache, ..self }
    }

    /// What is kept at hand beside the store.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// The same, telling somebody what is to be counted.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The repository whose events are relayed.
    #[must_use]
    pub fn upstream(&self) -> &RepoName {
        &self.up
    }

    fn of_github(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        let (event, installation) = (arrival.key.event.as_str(), arrival.installation());
        let name = arrival.envelope.repository.as_ref().and_then(|repository| repository.full_name.as_deref());
        let repository: Option<RepoName> = name.and_then(|name| name.parse().ok());
        let upstream = repository.as_ref() == Some(&self.up);
        let action = arrival.key.action.as_str();
        match event {
            "pull_request" if upstream => {
                let Some(number) = arrival.envelope.number else { return Vec::new() };
                vec![job(PULL, keys::pull_lane(&self.up, number), installation, &json!({}))]
            }
            "push" if upstream => {
                // The ref stands in the body, which is too large to parse here; the envelope knows it.
                let full_ref = arrival.envelope.git_ref.as_deref().unwrap_or("?");
                vec![job(PUSH, keys::push_lane(&self.up, full_ref), installation, &json!({}))]
            }
            "check_run" | "check_suite" if upstream && action == "rerequested" => {
                vec![job(REREQUEST, keys::checks_lane(&self.up), installation, &json!({}))]
            }
            "workflow_run" if action == "completed" => {
                let Some(repository) = repository.filter(|_| !upstream) else { return Vec::new() };
                let Some(run) = arrival.envelope.workflow_run.as_ref().and_then(|run| run.id) else {
                    return Vec::new();
                };
                let order = json!({ "repo": repository, "run": run.0.to_string() });
                vec![job(RUN, keys::runs_lane(&repository), None, &order)]
            }
            "installation" | "installation_repositories" => {
                self.installed.forget();
                Vec::new()
            }
            _ => Vec::new(),
        }
    }
}

#[async_trait]
impl Automation for Relay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        match arrival.key.platform.as_str() {
            GITHUB => self.of_github(arrival),
            CALLBACK => report::route(arrival),
            API => self.of_operators(arrival),
            _ => Vec::new(),
        }
    }

    fn patience(&self, kind: &str) -> Patience {
        match kind {
            // A dispatch is worth hours, not minutes; its own expiry ends it.
            DISPATCH => Patience { attempts: 200, ceiling: Duration::from_secs(300), ..Patience::default() },
            // A check run converges, however long GitHub is down.
            CHECK_RUN => Patience { attempts: 500, ceiling: Duration::from_secs(600), ..Patience::default() },
            _ => Patience { attempts: 50, ceiling: Duration::from_secs(300), ..Patience::default() },
        }
    }

    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match job.kind.as_str() {
            PULL => self.pull(job, context).await,
            PUSH => self.push(job, context).await,
            REPORT => self.report(job, context).await,
            SENT => self.sent(job, context).await,
            EXPIRE => self.expire(job, context).await,
            VERIFY => self.verify(job, context).await,
            RUN => self.run_ended(job, context).await,
            REREQUEST => self.rerequest(job, context).await,
            OPERATE => Ok(self.audited(self.operate(job, context).await?, job, context)),
            PROJECT => self.project(job, context).await,
            ROLLUP => self.rollup(job, context).await,
            BOARD => self.board(context).await,
            DAILY => self.daily(context).await,
            PRUNE => self.prune(context).await,
            TELL => self.tell(context).await,
            ALLOWLIST => Ok(self.audited(self.read_list(job, context).await?, job, context)),
            other => Err(Trouble::permanent("unknown_kind", format!("this release has no handler for {other}"))),
        }
    }

    async fn carry(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match intent.kind.as_str() {
            DISPATCH => self.carry_dispatch(intent, context).await,
            CHECK_RUN => self.carry_check(intent, context).await,
            RERUN => self.carry_rerun(intent, context).await,
            COMMENT => self.carry_comment(intent, context).await,
            other => Err(Trouble::permanent("unknown_kind", format!("this release has no carrier for {other}"))),
        }
    }

    async fn give_up(&self, work: &Work, failure: &Failure, context: &Context) -> Settlement {
        match work.kind.as_str() {
            DISPATCH => self.dispatch_given_up(work, failure, context),
            CHECK_RUN => self.check_given_up(work, failure),
            _ => Settlement::done(),
        }
    }

    async fn settled(&self, settlement: &Settlement, now: Timestamp) {
        self.cache.put(self.cache.following(settlement, &self.config), now).await;
    }

    async fn files(&self, store: &Reader) -> switchboard_store::Result<FilesRead> {
        self.files_read(store).await
    }

    fn schedules(&self) -> Vec<Schedule> {
        let schedule = |kind, lane, every, at_start| Schedule { kind, queue: QUEUE, lane, every, at_start };
        vec![
            schedule(ALLOWLIST, keys::ALLOWLIST_LANE, self.config.allowlist_ttl, true),
            schedule(DAILY, Lane::of(DAILY), rollup::DAILY_EVERY, true),
            schedule(TELL, told::LANE, told::EVERY, true),
            schedule(PRUNE, Lane::of(PRUNE), prune::EVERY, false),
        ]
    }
}

/// A job that is due now.
pub(crate) fn job(kind: &str, lane: Lane, installation: Option<Installation>, payload: &impl Serialize) -> NewJob {
    NewJob {
        queue: QUEUE,
        automation: NAME,
        kind: kind.to_owned(),
        lane,
        key: None,
        installation,
        payload: serde_json::to_value(payload).unwrap_or(Value::Null),
        due: None,
        follows: Follows::Inherited,
    }
}

/// A job's or intent's payload, as it was written.
pub(crate) fn payload<T: DeserializeOwned>(work: &Work) -> Result<T, Trouble> {
    serde_json::from_value(work.payload.clone())
        .map_err(|error| Trouble::permanent("payload_unusable", format!("{}: {error}", work.kind)))
}
