use serde::{Deserialize, Serialize};
use switchboard_engine::glob::Glob;
use switchboard_github::repo_name::RepoName;

use super::Level;
use crate::names::{Device, same_label};

/// A downstream repository in the allowlist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The repository, as the file spells it.
    pub repo: RepoName,
    /// The level it stands on.
    pub level: Level,
    /// What it tests: there on L3, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// Its line in the file, from 1.
    pub line: u32,
    /// What the file says about it.
    #[serde(default, skip_serializing_if = "Options::is_default")]
    pub options: Options,
}

impl Entry {
    /// Whether its check runs are wanted on a pull request with these labels: always on L4, on L3 with `prefix` and the device.
    /// Says nothing of silence, demotion or the state of the pull request.
    #[must_use]
    pub fn is_asked_for(&self, labels: &[String], prefix: &str) -> bool {
        match (self.level, &self.device) {
            (Level::L4, _) => true,
            (Level::L3, Some(device)) => {
                let wanted = device.label(prefix);
                labels.iter().any(|label| same_label(label, &wanted))
            }
            _ => false,
        }
    }
}

/// What may be said about an entry; unless said otherwise, everything is relayed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Logins, or `organization/team`, to mention; without `@`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub oncalls: Vec<String>,
    /// The kinds of events it takes part in.
    #[serde(skip_serializing_if = "Events::is_default")]
    pub events: Events,
    /// Pushes to relay, by full ref; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refs: Option<Vec<Glob>>,
    /// Base branches of the pull requests to relay; `None` for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branches: Option<Vec<Glob>>,
    /// Labels of which a pull request must carry one; empty for no such condition.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    /// How long a result may run, in minutes; `None` for the operator's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_minutes: Option<u32>,
    /// How long the first report may take, in minutes; `None` for the operator's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout_minutes: Option<u32>,
    /// Maintenance: dispatches and rows go on; no check runs, gate, comments or counting.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub silent: bool,
}

impl Options {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether pushes to this full ref are relayed.
    #[must_use]
    pub fn takes_ref(&self, full_ref: &str) -> bool {
        self.refs.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(full_ref)))
    }

    /// Whether pull requests into this branch are relayed.
    #[must_use]
    pub fn takes_base(&self, branch: &str) -> bool {
        self.branches.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(branch)))
    }

    /// Whether `label` is one of those of which a pull request must carry one.
    #[must_use]
    pub fn names_label(&self, label: &str) -> bool {
        self.labels.iter().any(|named| same_label(named, label))
    }

    /// Whether a pull request with these labels meets the condition on labels, if there is one.
    #[must_use]
    pub fn is_met_by(&self, labels: &[String]) -> bool {
        self.labels.is_empty() || labels.iter().any(|label| self.names_label(label))
    }
}

/// The kinds of events that an entry takes part in. A kind that is added later must be off by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Events {
    /// `pull_request`: pull request events and pushes are relayed.
    pub pull_request: bool,
    /// `nightly`: nightly and periodic reports are taken.
    pub nightly: bool,
}

impl Events {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self { pull_request: true, nightly: true }
    }
}
