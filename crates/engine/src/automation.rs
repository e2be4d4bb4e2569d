//! What an automation is to the engine: a router, handlers, carriers, and what it says when something is given up.

use std::time::Duration;

use async_trait::async_trait;
use switchboard_clock::Timestamp;
use switchboard_github::webhook::envelope::Envelope;
use switchboard_store::{DeliveryKey, Failure, Installation, Lane, NewJob, Queue, Settlement, Work};

use crate::files::FilesRead;
use crate::{Context, Reader, Trouble};

/// One of the products that live on the engine.
///
/// The engine owns durability, order, retries and the budget; an automation owns meaning. Its handlers only read, and
/// say what should change by returning a [`Settlement`]. Its carriers are the only code that writes to the outside.
#[async_trait]
pub trait Automation: Send + Sync + 'static {
    /// The name that its jobs, intents, facts and settings carry.
    fn name(&self) -> &'static str;

    /// The first jobs of a delivery; none if it does not want it. Pure, and quick: the sender is waiting.
    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob>;

    /// How often, and how patiently, work of this kind is tried.
    fn patience(&self, kind: &str) -> Patience {
        let _ = kind;
        Patience::default()
    }

    /// Beat 2: reads what the job needs and says what should change.
    ///
    /// # Errors
    /// [`Trouble`] when the attempt could not come to a decision.
    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble>;

    /// Beat 3: carries out an intent and says what was learned. Must be idempotent: with [`Work::unanswered`] set, an
    /// earlier attempt may have had its effect already.
    ///
    /// # Errors
    /// [`Trouble`] when the attempt came to no clear end.
    async fn carry(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble>;

    /// What to settle, beside the work becoming a dead letter, when it is given up.
    async fn give_up(&self, work: &Work, failure: &Failure, context: &Context) -> Settlement {
        let _ = (work, failure, context);
        Settlement::done()
    }

    /// What to settle when a lease ended without a settlement; `None` leaves it to the engine, which counts the
    /// attempt and tries again.
    async fn lease_lost(&self, work: &Work, context: &Context) -> Option<Settlement> {
        let _ = (work, context);
        None
    }

    /// Hears of a settlement of its own work once that is committed: for what speeds reading up and never decides. Nothing may
    /// depend on it, since the process may have died in between; and settlements of one lane may be heard of in another order,
    /// when their works ran on two workers. Quick, because the worker waits.
    async fn settled(&self, settlement: &Settlement, now: Timestamp) {
        let _ = (settlement, now);
    }

    /// The files in repositories that its rules come from, as it last read them. By ranges of keys alone.
    ///
    /// # Errors
    /// What the store says.
    async fn files(&self, store: &Reader) -> switchboard_store::Result<FilesRead> {
        let _ = store;
        Ok(FilesRead { all: true, ..FilesRead::default() })
    }

    /// What to do again and again.
    fn schedules(&self) -> Vec<Schedule> {
        Vec::new()
    }
}

/// A delivery on its way in, as the routers see it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// By what it is recognised; the platform is `github` for webhooks and `api` for an operator's action.
    pub key: &'a DeliveryKey,
    /// What the accept path reads of the body.
    pub envelope: &'a Envelope,
    /// The raw body. Too large to parse here, except for an operator's action.
    pub body: &'a [u8],
}

impl Arrival<'_> {
    /// Whether it is this event of GitHub with this action.
    #[must_use]
    pub fn is(&self, event: &str, action: &str) -> bool {
        self.key.platform == GITHUB && self.key.event == event && self.key.action == action
    }

    /// The installation it concerns.
    #[must_use]
    pub fn installation(&self) -> Option<Installation> {
        self.envelope.installation.map(|id| Installation(id.0))
    }
}

/// The platform of webhooks.
pub const GITHUB: &str = "github";
/// The platform of operators' actions.
pub const API: &str = "api";

/// How often a kind of work is tried, and how long it waits in between: `base · factor^(n − 1)` after the n-th attempt,
/// at most `ceiling`, times a random factor between `jitter` and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Patience {
    /// Counted attempts, the first included.
    pub attempts: u32,
    /// The wait after the first attempt.
    pub base: Duration,
    /// By how much the wait grows.
    pub factor: u32,
    /// The longest wait.
    pub ceiling: Duration,
    /// The lower end of the random factor.
    pub jitter: f64,
}

impl Default for Patience {
    /// Nine attempts over about a quarter of an hour.
    fn default() -> Self {
        Self { attempts: 9, base: Duration::from_secs(1), factor: 3, ceiling: Duration::from_secs(300), jitter: 0.5 }
    }
}

impl Patience {
    /// The wait after the n-th attempt, before the random factor.
    #[must_use]
    pub fn wait(&self, attempt: u32) -> Duration {
        let growth = self.factor.saturating_pow(attempt.saturating_sub(1));
        self.base.saturating_mul(growth).min(self.ceiling)
    }
}

/// A job that runs again and again. The next run is enqueued by the settlement of the last, so it survives restarts,
/// and runs once however many servers there are.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// The job's kind, unique among the schedules of an automation.
    pub kind: &'static str,
    /// Where it waits.
    pub queue: Queue,
    /// What it must not run beside.
    pub lane: Lane,
    /// From the end of one run to the next.
    pub every: Duration,
    /// Whether it also runs at every start of the server, or first one period after the first start.
    pub at_start: bool,
}

impl Schedule {
    /// The job that runs at `due`.
    #[must_use]
    pub(crate) fn job(&self, automation: &'static str, due: Timestamp) -> NewJob {
        NewJob {
            queue: self.queue.clone(),
            automation,
            kind: self.kind.to_owned(),
            lane: self.lane.clone(),
            key: Some(format!("schedule/{}", self.kind)),
            installation: None,
            payload: serde_json::Value::Null,
            due: Some(due),
            follows: switchboard_store::Follows::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_ceiling() {
        let patience = Patience { base: Duration::from_millis(200), factor: 4, ..Patience::default() };
        assert_eq!(patience.wait(1), Duration::from_millis(200));
        assert_eq!(patience.wait(3), Duration::from_millis(3200));
        assert_eq!(patience.wait(u32::MAX), patience.ceiling);
    }
}
