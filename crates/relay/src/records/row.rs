use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_store::DeliveryId;

use super::{DispatchRecord, Kind, Superseded, TargetError, TargetRecord, TargetState};
use crate::allowlist::Level;
use crate::checks::gate::Gate;
use crate::conclusion::Conclusion;
use crate::plan::SkipReason;

/// `relay.row`: a row of the HUD, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRecord {
    /// Which dispatch it shows.
    pub delivery_id: String,
    /// Its place.
    pub seq: DeliveryId,
    /// Its tab.
    pub kind: Kind,
    /// The event's action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The commit.
    pub head: String,
    /// A push's ref.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_ref: Option<String>,
    /// A pull request's base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Title, or the first line of the message.
    #[serde(default)]
    pub title: String,
    /// Who.
    #[serde(default)]
    pub author: String,
    /// When it was planned.
    pub at: Timestamp,
    /// What took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<Superseded>,
    /// The merge gate of its head, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
    /// One cell per entry.
    pub cells: BTreeMap<RepoName, Cell>,
}

/// An entry's cell in a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The worst state of anything in it.
    pub state: CellState,
    /// The entry's level when it was planned.
    pub level: Level,
    /// Results that passed, of all.
    #[serde(default)]
    pub passed: u32,
    #[serde(default)]
    #[expect(missing_docs, reason = "see `passed`")]
    pub total: u32,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<SkipReason>,
    /// Why it could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TargetError>,
    /// Since when it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The newest attempt, from 2 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// Whether GitHub corrected something, or an echo differed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
}

/// What a cell shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each has a letter and a word beside it")]
pub enum CellState {
    Skipped,
    Held,
    Queued,
    Running,
    Passed,
    Failed,
    TimedOut,
    Cancelled,
    Neutral,
    NeverReported,
    NotDispatched,
}

impl CellState {
    /// The letter.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Skipped => "·",
            Self::Held => "H",
            Self::Queued => "Q",
            Self::Running => "R",
            Self::Passed => "P",
            Self::Failed => "F",
            Self::TimedOut => "T",
            Self::Cancelled => "C",
            Self::Neutral => "S",
            Self::NeverReported => "N",
            Self::NotDispatched => "X",
        }
    }

    /// The word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Skipped => "skipped",
            Self::Held => "held",
            Self::Queued => "waiting",
            Self::Running => "running",
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Cancelled => "cancelled",
            Self::Neutral => "skipped or neutral",
            Self::NeverReported => "never reported",
            Self::NotDispatched => "not dispatched",
        }
    }

    /// Whether somebody should look.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Failed | Self::TimedOut | Self::NeverReported | Self::NotDispatched)
    }

    /// What a result that ended so shows.
    #[must_use]
    pub const fn of(conclusion: Conclusion) -> Self {
        match conclusion {
            Conclusion::Success => Self::Passed,
            Conclusion::Failure => Self::Failed,
            Conclusion::TimedOut => Self::TimedOut,
            Conclusion::Cancelled => Self::Cancelled,
            Conclusion::Skipped | Conclusion::Neutral | Conclusion::ActionRequired => Self::Neutral,
        }
    }
}

impl RowRecord {
    /// The row of a dispatch with these cells.
    #[must_use]
    pub fn of(dispatch: &DispatchRecord, cells: BTreeMap<RepoName, Cell>) -> Self {
        Self {
            delivery_id: dispatch.delivery_id.clone(),
            seq: dispatch.seq,
            kind: dispatch.kind,
            action: dispatch.action.clone(),
            number: dispatch.number,
            head: dispatch.head.clone(),
            git_ref: dispatch.git_ref.clone(),
            base: dispatch.base.clone(),
            title: dispatch.title.clone(),
            author: dispatch.author.clone(),
            at: dispatch.planned_at,
            superseded: dispatch.superseded.clone(),
            gate: None,
            cells,
        }
    }

    /// Whether something in it fails.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        // A close asks downstream to stop, not to report.
        let closes = self.action.as_deref() == Some("closed");
        let bad = |cell: &Cell| cell.state.is_bad() && !(closes && cell.state == CellState::NeverReported);
        self.cells.values().any(bad)
    }
}

impl Cell {
    /// The cell of an entry that was skipped.
    #[must_use]
    pub fn skipped(level: Level, reason: SkipReason) -> Self {
        Self { skipped: Some(reason), ..Self::blank(CellState::Skipped, level) }
    }

    /// The cell of a target. A failure shows even while something else still runs.
    #[must_use]
    pub fn of(target: &TargetRecord) -> Self {
        let state = match target.state {
            TargetState::Held => CellState::Held,
            TargetState::Failed | TargetState::Withdrawn => CellState::NotDispatched,
            TargetState::NeverReported => CellState::NeverReported,
            TargetState::Unsent => CellState::Queued,
            TargetState::Sent | TargetState::Unconfirmed if !target.has_reported() => CellState::Queued,
            TargetState::Sent | TargetState::Unconfirmed => match target.worst_end() {
                Some(worst @ (Conclusion::Failure | Conclusion::TimedOut)) => CellState::of(worst),
                _ if target.open() > 0 => CellState::Running,
                Some(worst) => CellState::of(worst),
                None => CellState::Queued,
            },
        };
        let attempt = target.runs.iter().map(|run| run.attempt).max().filter(|attempt| *attempt > 1);
        Self {
            passed: target.passed,
            total: target.total,
            error: target.error.clone(),
            since: target.first_report_at.filter(|_| target.open() > 0),
            attempt,
            flagged: target.flagged,
            ..Self::blank(state, target.level)
        }
    }

    fn blank(state: CellState, level: Level) -> Self {
        Self {
            state,
            level,
            passed: 0,
            total: 0,
            skipped: None,
            error: None,
            since: None,
            attempt: None,
            flagged: false,
        }
    }
}
