//! Who gets an upstream event, and who does not, and why.
//!
//! [`plan`] gives every entry that the event concerns a verdict: the first check that applies names the reason. [`released`] finds the
//! targets that an approval sets free. Neither knows of dispatches, lanes or time: what was before comes in as a [`Memory`].

use std::collections::HashMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use switchboard_github::ids::{DeliveryGuid, HeadSha};
use switchboard_github::repo_name::RepoName;

use crate::allowlist::{Allowlist, Entry};
use crate::config::Config;
use crate::names::same_label;
use crate::pull::{Action, PrInfo, PrState, PullRequestEvent};
use crate::push::PushEvent;

/// An upstream event that may be relayed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Something happened to a pull request.
    PullRequest(PullRequestEvent),
    /// A branch or tag moved.
    Push(PushEvent),
}

/// What becomes of an event at one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is sent.
    Send,
    /// It waits until its head is approved.
    Hold,
    /// It is not sent.
    Skip(SkipReason),
}

impl Verdict {
    /// The word under which the verdict is recorded: `send`, `held`, or the reason.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Hold => "held",
            Self::Skip(reason) => reason.word(),
        }
    }
}

/// Why an event is not sent to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// The event is older than what is known of the pull request, and would cancel the newer run.
    Stale,
    /// The entry takes part in nightly reports only.
    Events,
    /// The pushed ref is not one of the entry's.
    Refs,
    /// The pull request's base is not one of the entry's.
    Branches,
    /// The ref was deleted, and the operator does not relay deletions.
    Deletion,
    /// The pull request was closed, and nothing of it was ever sent there.
    NeverSent,
    /// The pull request carries none of the entry's labels.
    Labels,
    /// More entries come before it than one event may have targets.
    TooMany,
}

impl SkipReason {
    /// Every reason, in the order in which they are checked.
    pub const ALL: [Self; 8] = [
        Self::Stale,
        Self::Events,
        Self::Refs,
        Self::Branches,
        Self::Deletion,
        Self::NeverSent,
        Self::Labels,
        Self::TooMany,
    ];

    /// The word under which the reason is recorded and shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stale => "stale",
            Self::Events => "events",
            Self::Refs => "refs",
            Self::Branches => "branches",
            Self::Deletion => "deletion",
            Self::NeverSent => "never_sent",
            Self::Labels => "labels",
            Self::TooMany => "too_many",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What is known of a pull request before the event: for a push, and for one never heard of, nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Memory {
    /// The pull request as last heard of.
    pub info: Option<PrInfo>,
    /// Heads that were approved.
    pub approved: Vec<HeadSha>,
    /// The targets of the pull request's earlier dispatches, by entry, in order of acceptance. Those of the event's own delivery do not
    /// belong here.
    pub earlier: HashMap<RepoName, Vec<EarlierTarget>>,
}

impl Memory {
    fn earlier(&self, repo: &RepoName) -> &[EarlierTarget] {
        self.earlier.get(repo).map_or(&[], Vec::as_slice)
    }
}

/// A target of an earlier dispatch of the same pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EarlierTarget {
    /// The dispatch it belongs to.
    pub delivery: DeliveryGuid,
    /// The head that was dispatched.
    pub head_sha: HeadSha,
    /// What became of it when it was planned, or since it was released.
    pub outcome: Outcome,
    /// Whether a newer head, a close or a repetition has taken its place.
    pub superseded: bool,
}

/// As much of a target's state as decides about later ones. A held target that is superseded stays [`Held`](Self::Held).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was not to be sent.
    Skipped,
    /// It waits, or waited, for an approval that did not come.
    Held,
    /// It was to be sent, whatever came of that.
    Planned,
}

/// Gives each entry that `event` concerns its verdict, in the list's order. Events that start nothing concern nobody.
///
/// A `labeled` event concerns the entries whose `labels` name the new label and that nothing of this head was planned for: GitHub says
/// `labeled` after `opened` for labels that were there from the start, and a label may come and go, but a head is dispatched once.
#[must_use]
pub fn plan<'l>(list: &'l Allowlist, event: &Event, memory: &Memory, config: &Config) -> Vec<(&'l Entry, Verdict)> {
    match event {
        Event::Push(push) => rank(list.entries(), config, |entry| judge_push(entry, push, config)),
        Event::PullRequest(event) => {
            let pull = Pull::new(event, memory, config);
            let concerned = list.entries().iter().filter(|entry| pull.concerns(entry));
            rank(concerned, config, |entry| pull.judge(entry))
        }
    }
}

/// Numbers the targets: those past the operator's limit are skipped, whether they would have been sent or held.
fn rank<'l>(
    entries: impl IntoIterator<Item = &'l Entry>,
    config: &Config,
    judge: impl Fn(&Entry) -> Verdict,
) -> Vec<(&'l Entry, Verdict)> {
    let mut targets = 0_u32;
    let mut verdict = |entry: &Entry| match judge(entry) {
        skipped @ Verdict::Skip(_) => skipped,
        _ if targets >= config.max_targets => Verdict::Skip(SkipReason::TooMany),
        wanted => {
            targets += 1;
            wanted
        }
    };
    entries.into_iter().map(|entry| (entry, verdict(entry))).collect()
}

fn judge_push(entry: &Entry, push: &PushEvent, config: &Config) -> Verdict {
    if !entry.options.events.pull_request {
        Verdict::Skip(SkipReason::Events)
    } else if !entry.options.takes_ref(&push.full_ref) {
        Verdict::Skip(SkipReason::Refs)
    } else if push.is_deletion() && !config.relay_deletions {
        Verdict::Skip(SkipReason::Deletion)
    } else {
        Verdict::Send
    }
}

/// A pull request event beside what is known of the pull request.
struct Pull<'e> {
    event: &'e PullRequestEvent,
    memory: &'e Memory,
    /// The pull request as it is now: an event that was overtaken does not bring back old labels.
    current: &'e PrInfo,
    holds: bool,
}

impl<'e> Pull<'e> {
    fn new(event: &'e PullRequestEvent, memory: &'e Memory, config: &Config) -> Self {
        let newer = memory.info.as_ref().filter(|known| known.updated_at > event.info.updated_at);
        let head = &event.info.head_sha;
        let approved = memory.approved.contains(head) || approved_head(event, config) == Some(head);
        let holds = config.hold_new_authors && event.is_by_new_author() && !approved;
        Self { event, memory, current: newer.unwrap_or(&event.info), holds }
    }

    fn concerns(&self, entry: &Entry) -> bool {
        match &self.event.action {
            Action::Opened | Action::Reopened | Action::Synchronize | Action::Closed => true,
            Action::Labeled(label) => {
                let head = &self.event.info.head_sha;
                let of_head = |target: &EarlierTarget| target.head_sha == *head && target.outcome != Outcome::Skipped;
                self.current.state == PrState::Open
                    && entry.options.names_label(label)
                    && !self.memory.earlier(&entry.repo).iter().any(of_head)
            }
            Action::Unlabeled(_) | Action::Other(_) => false,
        }
    }

    fn judge(&self, entry: &Entry) -> Verdict {
        let closes = self.event.action == Action::Closed;
        if self.is_stale() {
            Verdict::Skip(SkipReason::Stale)
        } else if !entry.options.events.pull_request {
            Verdict::Skip(SkipReason::Events)
        } else if !entry.options.takes_base(&self.event.info.base) {
            Verdict::Skip(SkipReason::Branches)
        } else if closes && !self.memory.earlier(&entry.repo).iter().any(|target| target.outcome == Outcome::Planned) {
            Verdict::Skip(SkipReason::NeverSent)
        } else if !closes && !entry.options.is_met_by(&self.current.labels) {
            Verdict::Skip(SkipReason::Labels)
        } else if !closes && self.holds {
            Verdict::Hold
        } else {
            Verdict::Send
        }
    }

    /// Whether a newer event of another head, or of the other state, was heard of before this one.
    fn is_stale(&self) -> bool {
        let told = &self.event.info;
        self.current.updated_at > told.updated_at
            && (self.current.head_sha != told.head_sha || self.current.state != told.state)
    }
}

/// The head that `event` approves, if it does: somebody who may label gave it the operator's label. A later head is not approved by it.
#[must_use]
pub fn approved_head<'e>(event: &'e PullRequestEvent, config: &Config) -> Option<&'e HeadSha> {
    match &event.action {
        Action::Labeled(label) if same_label(label, &config.approve_label) => Some(&event.info.head_sha),
        _ => None,
    }
}

/// The targets that `event` sets free: held ones of the head that it approves, at repositories that still stand in the list. Each is
/// sent under the delivery id that it was planned with.
#[must_use]
pub fn released<'l, 'm>(
    list: &'l Allowlist,
    event: &PullRequestEvent,
    memory: &'m Memory,
    config: &Config,
) -> Vec<(&'l Entry, &'m EarlierTarget)> {
    let Some(head) = approved_head(event, config) else { return Vec::new() };
    let is_freed =
        |target: &&EarlierTarget| target.outcome == Outcome::Held && !target.superseded && target.head_sha == *head;
    let of_entry =
        |entry: &'l Entry| memory.earlier(&entry.repo).iter().filter(is_freed).map(move |target| (entry, target));
    list.entries().iter().flat_map(of_entry).collect()
}

#[cfg(test)]
mod tests;
