use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_store::DeliveryId;

use crate::plan::SkipReason;

/// What a dispatch or a nightly belongs to: a tab of the HUD.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A pull request's event.
    #[serde(rename = "pr")]
    PullRequest,
    /// A push.
    Push,
    /// A downstream's own run at an upstream commit.
    Nightly,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::PullRequest, Self::Push, Self::Nightly];

    /// The word in keys and addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pr",
            Self::Push => "push",
            Self::Nightly => "nightly",
        }
    }

    /// The event that downstream workflows get.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::PullRequest => "pull_request",
            Self::Push => "push",
            Self::Nightly => "nightly",
        }
    }
}

/// `relay.dispatch`: what one upstream delivery set in motion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DispatchRecord {
    /// `X-GitHub-Delivery`; for a nightly, the commit.
    pub delivery_id: String,
    /// Its place in the order of acceptance: the store's id of the delivery; a nightly's is that of its first report.
    pub seq: DeliveryId,
    /// Which tab it belongs to.
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
    /// The branch that a pull request is to be merged into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// The pull request's labels as the event told them.
    #[serde(default)]
    pub labels: Vec<String>,
    /// The pull request's title, or the first line of the commit's message.
    #[serde(default)]
    pub title: String,
    /// Who opened the pull request or pushed.
    #[serde(default)]
    pub author: String,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// The lane in which everything about it is decided.
    pub lane: String,
    /// Entries that it was not sent to, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedEntry>,
    /// What took its place, and of which entries; `None` in `repo` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded: Option<Superseded>,
}

/// An entry that a dispatch was not sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedEntry {
    /// The entry.
    pub repo: RepoName,
    /// Why.
    pub reason: SkipReason,
}

/// That something newer took the place of a dispatch or target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded {
    /// What kind of thing.
    pub why: SupersededWhy,
    /// The delivery id of what took its place.
    pub by: String,
}

/// Why something newer took the place of a dispatch or target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupersededWhy {
    /// The pull request has a newer head.
    NewHead,
    /// The pull request was closed.
    Closed,
    /// The same head was dispatched again.
    Repeated,
}

impl SupersededWhy {
    /// The word in facts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewHead => "new_head",
            Self::Closed => "closed",
            Self::Repeated => "repeated",
        }
    }
}

/// `relay.head`: the dispatches of one commit for one pull request or ref.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HeadRecord {
    /// The pull request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Delivery ids, oldest first, at most the last 50.
    pub dispatches: Vec<String>,
}

/// `relay.inbox`: something that was dispatched to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxRecord {
    /// Which dispatch.
    pub delivery_id: String,
    /// Of what kind.
    pub kind: Kind,
    /// When it was planned.
    pub planned_at: Timestamp,
}

/// `relay.body`: what all targets of a dispatch get.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BodyRecord {
    /// The whole request's body, JSON.
    pub body: String,
}
