use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;

use super::Superseded;
use crate::allowlist::{Entry, Level};
use crate::checks::gate::Standing;
use crate::checks::order::RunOrder;
use crate::conclusion::Conclusion;
use crate::config::Config;
use crate::names::Device;

/// How far a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetState {
    /// It waits for an approval.
    Held,
    /// It is to be sent.
    Unsent,
    /// It was sent.
    Sent,
    /// Nobody knows whether it was sent: the answer was lost.
    Unconfirmed,
    /// It could not be sent.
    Failed,
    /// It was taken back before it was sent.
    Withdrawn,
    /// It was sent, and nothing was reported in time.
    NeverReported,
}

/// `relay.target`: one dispatch at one entry, unless that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetRecord {
    /// The entry.
    pub repo: RepoName,
    /// Its level when the target was planned.
    pub level: Level,
    /// Its device then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// How far it is.
    pub state: TargetState,
    /// Which send this is; a resend is a new one.
    #[serde(default)]
    pub generation: u32,
    /// When it was planned or released.
    pub planned_at: Timestamp,
    /// When GitHub took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// Requests that were sent.
    #[serde(default)]
    pub attempts: u32,
    /// Whether it is sent a second time, because no trace of the first was found.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resent: bool,
    /// Why it could not be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TargetError>,
    /// What took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<Superseded>,
    /// Whether the entry was under maintenance when it was planned: nothing of it counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
    /// How long a result may run, in minutes.
    pub timeout_minutes: u32,
    /// How long the first report may take, in minutes.
    pub start_timeout_minutes: u32,
    /// When the first report was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_report_at: Option<Timestamp>,
    /// Runs that have reported, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunRecord>,
    /// Result records that there are, attempts counted each.
    #[serde(default)]
    pub results: u32,
    /// Results whose newest attempt has passed, and all whose newest attempt counts.
    #[serde(default)]
    pub passed: u32,
    #[serde(default)]
    #[expect(missing_docs, reason = "see `passed`")]
    pub total: u32,
    /// The worst end of any result's newest attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst: Option<Conclusion>,
    /// Whether a result of it was counted, so that its head is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub head_counted: bool,
    /// Whether a result was corrected by GitHub, or an echo differed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
}

/// Why a target could not be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetError {
    /// The stable word: `not_installed`, `not_found`, `forbidden`, `payload_refused`, `expired`.
    pub code: String,
    /// In a sentence.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A run that has reported on a target; `relay.run` as well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Its id.
    pub id: String,
    /// When its first report was accepted.
    pub first_at: Timestamp,
    /// Its newest attempt.
    pub attempt: u32,
    /// Results of its newest attempt that are open.
    pub open: u32,
    /// When the last open one closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// How often GitHub was asked about it since then.
    #[serde(default)]
    pub looks: u32,
    /// Whether it has ended.
    #[serde(default)]
    pub ended: bool,
    /// How it has ended, where GitHub says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<Conclusion>,
    /// Whether a newer run has reported all of its results anew: how it ended no longer matters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdone: bool,
    /// The field of the end-to-end histogram that it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e2e: Option<String>,
    /// What it reports on; not in the target's own list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<String>,
}

impl TargetRecord {
    /// A target as it is when it is planned.
    #[must_use]
    pub fn of(entry: &Entry, state: TargetState, config: &Config, now: Timestamp) -> Self {
        let options = &entry.options;
        Self {
            repo: entry.repo.clone(),
            level: entry.level,
            device: entry.device.clone(),
            state,
            generation: 0,
            planned_at: now,
            sent_at: None,
            attempts: 0,
            resent: false,
            error: None,
            superseded: None,
            silent: options.silent,
            timeout_minutes: options.timeout_minutes.unwrap_or(config.timeout_minutes),
            start_timeout_minutes: options.start_timeout_minutes.unwrap_or(config.start_timeout_minutes),
            first_report_at: None,
            runs: Vec::new(),
            results: 0,
            passed: 0,
            total: 0,
            worst: None,
            head_counted: false,
            flagged: false,
        }
    }

    /// By when the first report is due.
    #[must_use]
    pub fn report_due(&self) -> Option<Timestamp> {
        Some(self.sent_at? + Duration::from_secs(u64::from(self.start_timeout_minutes) * 60))
    }

    /// Whether a run of what was last sent has reported.
    #[must_use]
    pub fn has_reported(&self) -> bool {
        self.runs.iter().any(|run| run.first_at >= self.planned_at)
    }

    /// Whether all that was to come has come: every run that reported has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.has_reported() && self.runs.iter().all(|run| run.ended && run.open == 0)
    }

    /// Whether it was ever sent. What left once stays known, whatever becomes of it later.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.attempts > 0 || self.generation > 0
    }

    /// Whether nothing was to reach the entry: it waits for an approval, or was taken back before it was sent.
    #[must_use]
    pub fn is_withheld(&self) -> bool {
        !self.has_left() && matches!(self.state, TargetState::Held | TargetState::Withdrawn)
    }

    /// The newest run that has reported, by number where runs have numbers, else by first report.
    #[must_use]
    pub fn newest_run(&self) -> Option<&RunRecord> {
        self.runs.iter().max_by_key(|run| RunOrder::of(&run.id, run.first_at))
    }

    /// Results that are open.
    #[must_use]
    pub fn open(&self) -> u32 {
        self.runs.iter().map(|run| run.open).sum()
    }

    /// The worst end of its results and runs.
    #[must_use]
    pub fn worst_end(&self) -> Option<Conclusion> {
        let runs = self.runs.iter().filter(|run| !run.outdone).filter_map(|run| run.conclusion);
        runs.chain(self.worst).max()
    }

    /// How it stands as far as the merge gate is concerned.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.state {
            TargetState::Held => Standing::Held,
            TargetState::Failed | TargetState::Withdrawn => Standing::NotDispatched,
            TargetState::NeverReported => Standing::NeverReported,
            TargetState::Unsent => Standing::Unsent,
            TargetState::Sent | TargetState::Unconfirmed if !self.has_reported() => Standing::Waiting,
            TargetState::Sent | TargetState::Unconfirmed if !self.is_done() => Standing::Running,
            TargetState::Sent | TargetState::Unconfirmed => self.worst_end().map_or(Standing::Running, Standing::Done),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowlist::parse;

    fn target(state: TargetState, runs: &[(i64, bool, Option<Conclusion>, bool)]) -> TargetRecord {
        let list = parse(b"L4: [a/b]").0.unwrap();
        let planned = Timestamp::from_seconds(100);
        let run = |(at, ended, conclusion, outdone): &(i64, bool, Option<Conclusion>, bool)| RunRecord {
            id: at.to_string(),
            first_at: Timestamp::from_seconds(*at),
            attempt: 1,
            open: 0,
            closed_at: None,
            looks: 0,
            ended: *ended,
            conclusion: *conclusion,
            outdone: *outdone,
            e2e: None,
            delivery_id: None,
        };
        let of = TargetRecord::of(list.entries().first().unwrap(), state, &Config::default(), planned);
        TargetRecord { runs: runs.iter().map(run).collect(), worst: Some(Conclusion::Success), ..of }
    }

    #[test]
    fn relay_30_what_a_target_is_to_the_gate() {
        use Conclusion::{Cancelled, Failure, Success};
        use TargetState::{Failed, Held, NeverReported, Sent, Unconfirmed, Unsent, Withdrawn};
        let (open, passed) = ((200, false, None, false), (200, true, Some(Success), false));
        let (failed, outdone) = ((150, true, Some(Failure), false), (150, true, Some(Cancelled), true));
        // That of before it was sent again.
        let old = (50, true, Some(Success), false);
        let table = [
            (Held, vec![], Standing::Held),
            (Unsent, vec![], Standing::Unsent),
            (Unsent, vec![old], Standing::Unsent),
            (Sent, vec![], Standing::Waiting),
            (Sent, vec![old], Standing::Waiting),
            (Unconfirmed, vec![], Standing::Waiting),
            (Failed, vec![passed], Standing::NotDispatched),
            (Withdrawn, vec![], Standing::NotDispatched),
            (NeverReported, vec![], Standing::NeverReported),
            (Sent, vec![open], Standing::Running),
            (Sent, vec![passed, open], Standing::Running),
            (Sent, vec![passed], Standing::Done(Success)),
            (Sent, vec![failed, passed], Standing::Done(Failure)),
            (Sent, vec![outdone, passed], Standing::Done(Success)),
        ];
        for (state, runs, expected) in table {
            assert_eq!(target(state, &runs).standing(), expected, "{state:?} {runs:?}");
        }
    }
}
