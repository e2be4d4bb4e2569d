//! The merge gate: what `crcr/gate` says of a pull request's head, so that required checks can make L4 block a merge.

use serde::{Deserialize, Serialize};
use switchboard_github::RepoName;

use crate::checks::state::Progress;
use crate::conclusion::Conclusion;

/// How the newest target of an entry stands, as far as the gate is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It was not to be sent: it is required only if dispatched.
    Skipped,
    /// It waits for an approval.
    Held,
    /// It has not been sent yet.
    Unsent,
    /// It could not be sent.
    NotDispatched,
    /// It was sent, and nothing was reported.
    Waiting,
    /// Nothing was reported in time.
    NeverReported,
    /// Results are open, or runs have not ended.
    Running,
    /// All results and runs have ended; this is the worst of them.
    Done(Conclusion),
}

/// Why a target opens the gate or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each has a text beside it")]
pub enum Reason {
    Passed,
    Held,
    Unsent,
    Waiting,
    Running,
    Failed,
    NoVerdict,
    NotDispatched,
}

impl Reason {
    /// The stable word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Held => "held",
            Self::Unsent => "unsent",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::NoVerdict => "no_verdict",
            Self::NotDispatched => "not_dispatched",
        }
    }

    /// What people read.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Held => "waits for a maintainer's approval",
            Self::Unsent => "is being dispatched",
            Self::Waiting => "dispatched, has not reported yet",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::NoVerdict => "ended without a verdict",
            Self::NotDispatched => "could not be dispatched",
        }
    }

    const fn progress(self) -> Progress {
        match self {
            Self::Passed => Progress::Completed(Conclusion::Success),
            Self::Held | Self::Unsent | Self::Waiting | Self::Running => Progress::InProgress,
            Self::Failed | Self::NoVerdict | Self::NotDispatched => Progress::Completed(Conclusion::Failure),
        }
    }
}

/// The gate of one head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// What the check run shows.
    pub progress: Progress,
    /// Each target that counts, with its reason.
    pub reasons: Vec<(RepoName, Reason)>,
}

/// The gate over the newest target of each L4 entry on a head. Nothing unknown opens it: what has not ended holds it, and
/// a failure closes it only once nothing is open any more, so that it does not close and open again.
#[must_use]
pub fn gate(targets: impl IntoIterator<Item = (RepoName, Standing)>) -> Gate {
    let reasons = targets.into_iter().filter_map(|(repo, standing)| Some((repo, reason(standing)?)));
    let reasons: Vec<(RepoName, Reason)> = reasons.collect();
    let open = |(_, reason): &(RepoName, Reason)| reason.progress() == Progress::InProgress;
    let passed = |(_, reason): &(RepoName, Reason)| *reason == Reason::Passed;
    let progress = if reasons.iter().all(passed) {
        Progress::Completed(Conclusion::Success)
    } else if reasons.iter().any(open) {
        Progress::InProgress
    } else {
        Progress::Completed(Conclusion::Failure)
    };
    Gate { progress, reasons }
}

/// A target's reason; `None` if it does not count.
#[must_use]
pub fn reason(standing: Standing) -> Option<Reason> {
    Some(match standing {
        Standing::Skipped => return None,
        Standing::Held => Reason::Held,
        Standing::Unsent => Reason::Unsent,
        Standing::Waiting => Reason::Waiting,
        Standing::Running => Reason::Running,
        Standing::NotDispatched => Reason::NotDispatched,
        Standing::NeverReported => Reason::NoVerdict,
        Standing::Done(conclusion) if conclusion.opens_the_gate() => Reason::Passed,
        Standing::Done(Conclusion::Failure) => Reason::Failed,
        Standing::Done(_) => Reason::NoVerdict,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(standings: &[Standing]) -> (Progress, Vec<&'static str>) {
        let names = ["a/a", "b/b", "c/c", "d/d"];
        let gate = gate(names.iter().zip(standings).map(|(name, standing)| (name.parse().unwrap(), *standing)));
        (gate.progress, gate.reasons.iter().map(|(_, reason)| reason.as_str()).collect())
    }

    const OPEN: Progress = Progress::Completed(Conclusion::Success);
    const CLOSED: Progress = Progress::Completed(Conclusion::Failure);

    #[test]
    fn relay_30_a_result_that_passed_early_opens_nothing() {
        assert_eq!(of(&[Standing::Running]), (Progress::InProgress, vec!["running"]));
        assert_eq!(of(&[Standing::Done(Conclusion::Success)]), (OPEN, vec!["passed"]));
        assert_eq!(of(&[Standing::Done(Conclusion::Failure)]), (CLOSED, vec!["failed"]));
    }

    #[test]
    fn the_gate_waits_for_all_and_names_each() {
        let waiting = [Standing::Done(Conclusion::Failure), Standing::Waiting, Standing::Skipped, Standing::Held];
        assert_eq!(of(&waiting), (Progress::InProgress, vec!["failed", "waiting", "held"]));
        let done = [Standing::Done(Conclusion::Skipped), Standing::NeverReported, Standing::NotDispatched];
        assert_eq!(of(&done), (CLOSED, vec!["passed", "no_verdict", "not_dispatched"]));
        for no_verdict in [Conclusion::Cancelled, Conclusion::TimedOut, Conclusion::ActionRequired] {
            assert_eq!(of(&[Standing::Done(no_verdict)]), (CLOSED, vec!["no_verdict"]));
        }
    }

    #[test]
    fn without_a_target_that_counts_the_gate_is_open() {
        assert_eq!(of(&[]), (OPEN, vec![]));
        assert_eq!(of(&[Standing::Skipped]), (OPEN, vec![]));
    }
}
