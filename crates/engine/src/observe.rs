//! What happens in the three beats, told to whoever measures: metrics, traces.
//!
//! An observer is told afterwards, never asked, so that it decides nothing; it must return at once.

use std::fmt;
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_github::record::CallRecord;
use switchboard_store::{DeliveryId, NewFact, Work};

/// Listens to what happens.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// A delivery was taken in or refused.
    fn accepted(&self, accepted: &Accepted<'_>) {
        let _ = accepted;
    }

    /// An attempt at a job or intent has ended.
    fn attempted(&self, attempted: &Attempted<'_>) {
        let _ = attempted;
    }
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// A delivery that was taken in or refused.
#[derive(Debug, Clone, Copy)]
pub struct Accepted<'a> {
    /// How it came.
    pub via: Via,
    /// The event's name; `None` for what was refused, since a stranger chose it. It names an event of GitHub's, unless its
    /// sender knows the secret and lies.
    pub event: Option<&'a str>,
    /// `accepted`, `ignored`, `duplicate`, `requeued` (it had been given up), or the code of the refusal: words of this program.
    pub outcome: &'static str,
    /// Our id of the delivery, if it was taken in.
    pub delivery: Option<DeliveryId>,
    /// When it began; for a webhook, when its head had arrived.
    pub started_at: Timestamp,
    /// From there to the answer, the reading of a webhook's body included.
    pub took: Duration,
}

/// How a delivery came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// GitHub sent it.
    Webhook,
    /// It never arrived, and was fetched from GitHub's own list.
    List,
    /// An operator did something.
    Operator,
    /// A run somewhere reports.
    Callback,
}

impl Via {
    /// The way as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::List => "list",
            Self::Operator => "operator",
            Self::Callback => "callback",
        }
    }
}

/// An attempt that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Attempted<'a> {
    /// What was attempted.
    pub work: &'a Work,
    /// How it ended.
    pub ending: Ending,
    /// Whether what it came to was committed; if not, it will be done over.
    pub committed: bool,
    /// The code of the failure, if it failed.
    pub failure: Option<&'a str>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, its settlement included.
    pub took: Duration,
    /// The calls to GitHub that it made, in order; at most 200.
    pub calls: &'a [CallRecord],
    /// The facts of its settlement; none unless it was committed.
    pub facts: &'a [NewFact],
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// It did what it was for.
    Done,
    /// It failed and will be tried again.
    Retry,
    /// It was told to wait, which is nobody's fault.
    Wait,
    /// It failed for good.
    Dead,
    /// Its lease ended first.
    Lost,
}

impl Ending {
    /// The ending as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retry => "retry",
            Self::Wait => "wait",
            Self::Dead => "dead",
            Self::Lost => "lost",
        }
    }
}
