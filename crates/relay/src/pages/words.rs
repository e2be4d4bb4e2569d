//! States and reasons in words.

use switchboard_panel::components::{Mark, State as Shape, plural};

use crate::advance::{By, State};
use crate::allowlist::Level;
use crate::checks::gate::Gate;
use crate::checks::state::Progress;
use crate::conclusion::Conclusion;
use crate::plan::SkipReason;
use crate::records::{CellState, SupersededWhy, TargetRecord, TargetState};

/// The shape and colour of a cell.
pub(crate) const fn shape(state: CellState) -> Shape {
    match state {
        CellState::Skipped | CellState::Cancelled | CellState::Neutral => Shape::Cancelled,
        CellState::Held => Shape::Denied,
        CellState::Queued => Shape::Waiting,
        CellState::Running => Shape::Running,
        CellState::Passed => Shape::Succeeded,
        CellState::TimedOut | CellState::NeverReported => Shape::TimedOut,
        CellState::Failed | CellState::NotDispatched => Shape::Failed,
    }
}

/// What a result shows.
pub(crate) const fn cell_of(state: State) -> CellState {
    match state {
        State::Running => CellState::Running,
        State::Completed { conclusion, .. } => CellState::of(conclusion),
    }
}

/// A result's state as a mark.
pub(crate) fn result_mark(state: State) -> Mark {
    let word = match state {
        State::Running => "running",
        State::Completed { conclusion: Conclusion::Neutral, .. } => "neutral",
        State::Completed { conclusion: Conclusion::Skipped, .. } => "skipped",
        State::Completed { conclusion: Conclusion::ActionRequired, .. } => "action required",
        State::Completed { conclusion, .. } => CellState::of(conclusion).word(),
    };
    Mark::new(shape(cell_of(state)), word)
}

/// By whose word a result ended, where that was not its own report.
pub(crate) const fn by(state: State) -> Option<&'static str> {
    match state {
        State::Completed { by: By::Timer, .. } => Some("its time was over"),
        State::Completed { by: By::GitHub, .. } => Some("GitHub says so"),
        _ => None,
    }
}

/// Why an entry was skipped.
pub(crate) const fn skipped(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Stale => "Not sent: the event is older than what is known of the pull request.",
        SkipReason::Events => "Not sent: the entry's `events` lack `pull_request`.",
        SkipReason::Refs => "Not sent: none of the entry's `refs` fits the ref.",
        SkipReason::Branches => "Not sent: none of the entry's `branches` fits the base.",
        SkipReason::Deletion => "Not sent: deletions are not relayed.",
        SkipReason::NeverSent => {
            "Not sent: nothing of this pull request was sent there, so there is nothing to cancel."
        }
        SkipReason::Labels => "Not sent: the pull request carries none of the entry's `labels`.",
        SkipReason::TooMany => "Not sent: the event has more targets than `max_targets`.",
    }
}

/// What took a dispatch's place.
pub(crate) const fn superseded(why: SupersededWhy) -> &'static str {
    match why {
        SupersededWhy::NewHead => "superseded by a newer head",
        SupersededWhy::Closed => "superseded: the pull request was closed",
        SupersededWhy::Repeated => "superseded: the same head was dispatched again",
    }
}

/// The word for a cell of an entry on this level: on L1 a send is all there is to see.
pub(crate) fn state(level: Level, state: CellState) -> &'static str {
    if level.reports() || state != CellState::Queued { state.word() } else { "sent" }
}

/// How far a target is, as a sentence.
pub(crate) fn target(target: &TargetRecord, approve_label: &str) -> String {
    match target.state {
        TargetState::Held => {
            format!("Held: the author is new here. The label `{approve_label}` on this head releases it.")
        }
        TargetState::Unsent => "Planned; it is being sent.".to_owned(),
        TargetState::Unconfirmed => "Sent, but GitHub's answer was lost; a report or a run will confirm it.".to_owned(),
        TargetState::Failed => target.error.as_ref().map_or_else(
            || "It could not be sent.".to_owned(),
            |error| format!("Not dispatched: {}.", error.message.trim_end_matches('.')),
        ),
        TargetState::Withdrawn => "Taken back before it was sent: something newer took its place.".to_owned(),
        TargetState::NeverReported => "Sent, and nothing was reported in time.".to_owned(),
        TargetState::Sent if !target.level.reports() => "Sent. On L1 reports are not taken.".to_owned(),
        TargetState::Sent if target.runs.is_empty() => "Sent; it has not reported yet.".to_owned(),
        TargetState::Sent if target.is_done() => format!("Done: {} of {} passed.", target.passed, target.total),
        TargetState::Sent => {
            let passed =
                format!("{} of {} passed", target.passed, plural(u64::from(target.total), "result", "results"));
            match target.open() {
                0 => format!("Every result has ended, {passed}; the run itself has not, as far as is known."),
                open => format!("{} open, {passed} so far.", plural(u64::from(open), "result is", "results are")),
            }
        }
    }
}

/// The merge gate as a mark.
pub(crate) fn gate(gate: &Gate) -> Mark {
    match gate.progress {
        Progress::Completed(Conclusion::Success) => Mark::new(Shape::Succeeded, "open"),
        Progress::Completed(_) => Mark::new(Shape::Failed, "closed"),
        Progress::Queued | Progress::InProgress => Mark::new(Shape::Waiting, "pending"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_and_state_has_words_of_its_own() {
        let reasons: std::collections::BTreeSet<&str> = SkipReason::ALL.into_iter().map(skipped).collect();
        assert_eq!(reasons.len(), SkipReason::ALL.len());
        for conclusion in Conclusion::ALL {
            assert!(!result_mark(State::Completed { conclusion, by: By::Report }).word.is_empty());
        }
    }
}
