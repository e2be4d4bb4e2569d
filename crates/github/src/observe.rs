//! Whoever measures is told of every exchange with GitHub, whoever asked for it: work, a page, a schedule.

use std::fmt;
use std::time::Duration;

use crate::record::CallKind;

/// Listens to the client. It is told afterwards, never asked, and must return at once.
pub trait CallObserver: fmt::Debug + Send + Sync + 'static {
    /// A request was sent, and was answered or not.
    fn exchanged(&self, exchange: &Exchange) {
        let _ = exchange;
    }

    /// A call was not sent, because it would have had to wait too long for its place in the budget.
    fn put_off(&self, reason: PutOff) {
        let _ = reason;
    }
}

/// A request that was sent. Holds nothing that a stranger chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// What for; never [`CallKind::Shared`], which sends nothing.
    pub kind: CallKind,
    /// The method.
    pub method: &'static str,
    /// The endpoint's route, with placeholders.
    pub route: &'static str,
    /// The status of the answer; `None` if there was none.
    pub status: Option<u16>,
    /// From the request to its answer.
    pub took: Duration,
}

/// Why a call was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PutOff {
    /// GitHub asked to wait.
    Held,
    /// Our own share of GitHub's limits is spent.
    Spent,
    /// Too many requests are under way.
    Crowded,
}

impl PutOff {
    /// The reason as a label.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Spent => "spent",
            Self::Crowded => "crowded",
        }
    }

    /// The reason in words.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Held => "held: GitHub asked to wait",
            Self::Spent => "held: our own rate budget is spent",
            Self::Crowded => "held: too many requests at once",
        }
    }
}
