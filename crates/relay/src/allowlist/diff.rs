//! What a new allowlist changes.

use serde::{Deserialize, Serialize};
use switchboard_github::repo_name::RepoName;

use super::{Allowlist, Entry, Level};
use crate::names::Device;

/// Where an entry stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The level.
    pub level: Level,
    /// The device, on L3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
}

/// What a new list changes about one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The repository, in the new list's spelling if it stands there.
    pub repo: RepoName,
    /// Where it stood; `None` if it is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Standing>,
    /// Where it stands; `None` if it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Standing>,
    /// Whether its options differ.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub options: bool,
}

impl Change {
    /// Whether it came, left, or moved to another level. A change of the device alone is none of the level.
    #[must_use]
    pub fn is_of_level(&self) -> bool {
        let level = |standing: &Option<Standing>| standing.as_ref().map(|standing| standing.level);
        level(&self.before) != level(&self.after)
    }

    /// The change in a word: `added`, `removed`, `promoted`, `demoted`, `device` or `options`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match (&self.before, &self.after) {
            (None, _) => "added",
            (_, None) => "removed",
            (Some(before), Some(after)) if before.level < after.level => "promoted",
            (Some(before), Some(after)) if before.level > after.level => "demoted",
            (Some(before), Some(after)) if before.device != after.device => "device",
            _ => "options",
        }
    }
}

/// Everything that differs: entries of the new list in its order, then those that are gone, in the old one's order. Lines, order and
/// spelling are no difference.
#[must_use]
pub fn diff(old: &Allowlist, new: &Allowlist) -> Vec<Change> {
    let changed = new.entries().iter().filter_map(|entry| change(old.entry(&entry.repo), Some(entry)));
    let gone = old.entries().iter().filter(|entry| new.entry(&entry.repo).is_none());
    changed.chain(gone.filter_map(|entry| change(Some(entry), None))).collect()
}

fn change(before: Option<&Entry>, after: Option<&Entry>) -> Option<Change> {
    let standing = |entry: &Entry| Standing { level: entry.level, device: entry.device.clone() };
    let change = Change {
        repo: after.or(before)?.repo.clone(),
        options: before.zip(after).is_some_and(|(before, after)| before.options != after.options),
        before: before.map(standing),
        after: after.map(standing),
    };
    (change.before != change.after || change.options).then_some(change)
}
