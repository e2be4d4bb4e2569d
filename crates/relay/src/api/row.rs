//! How rows of the HUD look on the wire: headers, cells, gates.

use serde::Serialize;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use utoipa::ToSchema;

use crate::allowlist::Level;
use crate::checks::gate::{Gate, Reason};
use crate::checks::state::Progress;
use crate::conclusion::Conclusion;
use crate::pages::words;
use crate::plan::SkipReason;
use crate::records::{Cell, CellState, Kind, RowRecord, Superseded, SupersededWhy, TargetError};

/// What one upstream delivery, or the nightlies of one commit, came to at each entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayRow {
    /// The delivery id of the dispatch; for nightlies the commit.
    delivery_id: String,
    /// `pr`, `push` or `nightly`.
    #[schema(value_type = String)]
    kind: Kind,
    /// The event's action: `synchronize`.
    #[schema(required)]
    action: Option<String>,
    /// The pull request.
    #[schema(required)]
    number: Option<u64>,
    /// The commit.
    head_sha: String,
    /// A push's ref, in full; for nightlies the ref that holds the commit.
    #[schema(required)]
    r#ref: Option<String>,
    /// The branch that a pull request is to be merged into.
    #[schema(required)]
    base: Option<String>,
    /// Its title, or the first line of the commit's message.
    title: String,
    /// Who opened the pull request or pushed.
    author: String,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// What took its place.
    #[schema(required)]
    superseded: Option<RelaySuperseded>,
    /// The merge gate as it stood when this dispatch last changed; ask `/gate/{number}` before a merge.
    #[schema(required)]
    gate: Option<RelayGate>,
    /// One for each entry that the event concerned.
    cells: Vec<RelayCell>,
}

/// How one entry stands in a row.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayCell {
    /// The entry.
    #[schema(value_type = String)]
    repository: RepoName,
    /// Its level when it was planned.
    #[schema(value_type = String)]
    level: Level,
    /// The worst state of anything in it: `skipped`, `held`, `queued`, `running`, `passed`, `failed`, `timed_out`, `cancelled`,
    /// `neutral`, `never_reported` or `not_dispatched`.
    #[schema(value_type = String)]
    state: CellState,
    /// The letter that stands for the state on the HUD.
    letter: &'static str,
    /// Results that passed.
    passed: u32,
    /// All results.
    total: u32,
    /// Why it was skipped.
    #[schema(required)]
    skipped: Option<RelayReason>,
    /// Why it could not be sent.
    #[schema(required)]
    error: Option<RelayError>,
    /// Since when it runs.
    #[schema(required, format = DateTime)]
    running_since: Option<String>,
    /// The newest attempt, from 2 on.
    #[schema(required)]
    attempt: Option<u32>,
    /// Whether GitHub corrected a result, or a report echoed something else than was sent.
    flagged: bool,
}

/// A reason: a stable word, and what people read.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayReason {
    /// The word: `labels`.
    code: &'static str,
    /// The sentence.
    text: &'static str,
}

/// Why something could not be sent.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayError {
    /// A stable word: `not_installed`, `not_found`, `forbidden`, `payload_refused`, `expired`.
    code: String,
    /// What happened.
    message: String,
    /// What to do about it.
    #[schema(required)]
    hint: Option<String>,
}

/// What took something's place.
#[derive(Serialize, ToSchema)]
pub(super) struct RelaySuperseded {
    /// `new_head`, `closed` or `repeated`.
    #[schema(value_type = String)]
    why: SupersededWhy,
    /// The delivery id of the newer dispatch.
    by: String,
}

/// A merge gate.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayGate {
    /// `open`, `closed` or `pending`.
    state: &'static str,
    /// Each target that counts.
    reasons: Vec<RelayGateReason>,
}

/// What one entry says of a merge.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayGateReason {
    /// The entry; `null` where the reason is none of an entry's.
    #[schema(required, value_type = Option<String>)]
    pub(super) repository: Option<RepoName>,
    /// A stable word: `passed`, `held`, `unsent`, `waiting`, `running`, `failed`, `no_verdict` or `not_dispatched`; `other_head`,
    /// `not_relayed` or `no_gate` where the reason is none of an entry's.
    pub(super) reason: &'static str,
    /// What people read.
    pub(super) text: &'static str,
}

impl From<RowRecord> for RelayRow {
    fn from(row: RowRecord) -> Self {
        Self {
            delivery_id: row.delivery_id,
            kind: row.kind,
            action: row.action,
            number: row.number,
            head_sha: row.head,
            r#ref: row.git_ref,
            base: row.base,
            title: row.title,
            author: row.author,
            planned_at: row.at.rfc3339(),
            superseded: row.superseded.map(RelaySuperseded::from),
            gate: row.gate.as_ref().map(RelayGate::from),
            cells: row.cells.into_iter().map(|(repo, cell)| RelayCell::new(repo, cell)).collect(),
        }
    }
}

impl RelayCell {
    pub(super) fn new(repository: RepoName, cell: Cell) -> Self {
        Self {
            repository,
            level: cell.level,
            state: cell.state,
            letter: cell.state.letter(),
            passed: cell.passed,
            total: cell.total,
            skipped: cell.skipped.map(RelayReason::from),
            error: cell.error.map(RelayError::from),
            running_since: cell.since.map(Timestamp::rfc3339),
            attempt: cell.attempt,
            flagged: cell.flagged,
        }
    }
}

impl From<SkipReason> for RelayReason {
    fn from(reason: SkipReason) -> Self {
        Self { code: reason.word(), text: words::skipped(reason) }
    }
}

impl From<TargetError> for RelayError {
    fn from(error: TargetError) -> Self {
        Self { code: error.code, message: error.message, hint: error.hint }
    }
}

impl From<Superseded> for RelaySuperseded {
    fn from(superseded: Superseded) -> Self {
        Self { why: superseded.why, by: superseded.by }
    }
}

impl From<&Gate> for RelayGate {
    fn from(gate: &Gate) -> Self {
        Self { state: state(gate.progress), reasons: reasons(gate) }
    }
}

/// How a gate stands, in a word. Nothing but a success opens it.
pub(super) const fn state(progress: Progress) -> &'static str {
    match progress {
        Progress::Completed(Conclusion::Success) => "open",
        Progress::Completed(_) => "closed",
        Progress::Queued | Progress::InProgress => "pending",
    }
}

/// What each entry says.
pub(super) fn reasons(gate: &Gate) -> Vec<RelayGateReason> {
    let reason = |(repo, reason): &(RepoName, Reason)| RelayGateReason {
        repository: Some(repo.clone()),
        reason: reason.as_str(),
        text: reason.text(),
    };
    gate.reasons.iter().map(reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_opens_a_gate() {
        let open: Vec<_> =
            Conclusion::ALL.into_iter().filter(|end| state(Progress::Completed(*end)) == "open").collect();
        assert_eq!(open, [Conclusion::Success]);
        assert_eq!((state(Progress::Queued), state(Progress::InProgress)), ("pending", "pending"));
    }
}
