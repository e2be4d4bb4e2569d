use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;

use crate::allowlist::Level;
use crate::criteria::{Demotion, Line};
use crate::names::Device;
use crate::window::Sums;

/// `relay.health`: what an entry's numbers say of its level.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HealthRecord {
    /// The criteria that matter on its level.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// Whether it is due for demotion.
    #[serde(default)]
    pub demotion: Demotion,
    /// When it was last evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_at: Option<Timestamp>,
    /// Until when operators have lifted the consequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_until: Option<Timestamp>,
}

impl HealthRecord {
    /// Whether a due demotion has consequences now.
    #[must_use]
    pub fn suppresses(&self, now: Timestamp) -> bool {
        self.demotion.due && self.lifted_until.is_none_or(|until| until <= now)
    }
}

/// `relay.pulse`: when something last happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// When.
    pub at: Timestamp,
}

impl Pulse {
    /// How often it is written at most: it is looked at in minutes.
    pub const EVERY: Duration = Duration::from_secs(10);
}

/// `relay.probe`: whether a head's results in the probe repository were as their names say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// The head.
    pub head: String,
    /// The dispatch that it was tried by.
    pub delivery_id: String,
    /// Whether there are results, and all of them are as expected.
    pub as_expected: bool,
}

/// `relay.daily`: the last day whose evaluation is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DailyRecord {
    /// `YYYY-MM-DD`.
    pub day: String,
}

/// `relay.summary`: an entry's sums over a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryRecord {
    /// The sums.
    pub sums: Sums,
    /// When they were summed up.
    pub at: Timestamp,
}

/// `relay.board`: all entries over a window, the worst pass rate first; those without data last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardRecord {
    /// The entries.
    pub entries: Vec<BoardEntry>,
    /// When they were put together.
    pub at: Timestamp,
}

/// An entry on the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoardEntry {
    /// Which.
    pub repo: RepoName,
    /// Its level.
    pub level: Level,
    /// Its device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Its sums.
    pub sums: Sums,
}
