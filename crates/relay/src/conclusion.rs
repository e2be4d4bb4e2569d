//! How a result, a run or a job ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How something ended, in the words of GitHub's checks API; from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// It was as it should be.
    Success,
    /// It says nothing either way.
    Neutral,
    /// There was nothing to do.
    Skipped,
    /// Somebody has to do something first.
    ActionRequired,
    /// It was stopped.
    Cancelled,
    /// It did not end in time.
    TimedOut,
    /// Something is broken.
    Failure,
}

impl Conclusion {
    /// All of them, the best first.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::Neutral,
        Self::Skipped,
        Self::ActionRequired,
        Self::Cancelled,
        Self::TimedOut,
        Self::Failure,
    ];

    /// GitHub's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Neutral => "neutral",
            Self::Skipped => "skipped",
            Self::ActionRequired => "action_required",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed_out",
            Self::Failure => "failure",
        }
    }

    /// The conclusion of a run or job as GitHub tells it, which has two words more than its checks take: a run that could
    /// not start has failed, and one that GitHub gave up on was cancelled. `None` for a word that is not known.
    #[must_use]
    pub fn of_run(word: &str) -> Option<Self> {
        match word {
            "startup_failure" => Some(Self::Failure),
            "stale" => Some(Self::Cancelled),
            other => other.parse().ok(),
        }
    }

    /// Whether it lets the merge gate open.
    #[must_use]
    pub const fn opens_the_gate(self) -> bool {
        matches!(self, Self::Success | Self::Neutral | Self::Skipped)
    }

    /// The word as a title: `Timed out`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::Neutral => "Neutral",
            Self::Skipped => "Skipped",
            Self::ActionRequired => "Action required",
            Self::Cancelled => "Cancelled",
            Self::TimedOut => "Timed out",
            Self::Failure => "Failure",
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no conclusion that a result can have")]
pub struct UnknownConclusion;

impl FromStr for Conclusion {
    type Err = UnknownConclusion;
    fn from_str(word: &str) -> Result<Self, UnknownConclusion> {
        Self::ALL.into_iter().find(|known| known.as_str() == word).ok_or(UnknownConclusion)
    }
}
