//! When a pull request gets check runs of an entry.

use crate::allowlist::{Entry, Level};

/// What is known of a pull request when a check run might be written.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'s> {
    /// Its labels now.
    pub labels: &'s [String],
    /// Whether it is open.
    pub open: bool,
    /// Whether the check run would stand on its newest head.
    pub newest_head: bool,
}

/// What is to be done about check runs of an entry on a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// New ones are created, and those that are there follow their results.
    Yes,
    /// No new ones; those that are there follow their results to the end.
    Finish,
    /// No new ones; those that are there say that they no longer matter.
    Neutral(Withdrawn),
    /// Nothing at all.
    No,
}

/// Why check runs no longer matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawn {
    /// The device's label was taken off the pull request.
    LabelRemoved,
    /// The entry is on L1 now, or not listed at all.
    NotListed,
}

impl Withdrawn {
    /// What the check run says.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::LabelRemoved => "label removed",
            Self::NotListed => "no longer listed",
        }
    }
}

/// What is to be done about the check runs of an entry, as it stands in the list now (`None`: not listed).
#[must_use]
pub fn wanted(entry: Option<&Entry>, suppressed: bool, prefix: &str, pull: Standing<'_>) -> Wanted {
    let Some(entry) = entry.filter(|entry| entry.level > Level::L1) else {
        return Wanted::Neutral(Withdrawn::NotListed);
    };
    if entry.level == Level::L2 || entry.options.silent || (suppressed && entry.level == Level::L3) {
        return Wanted::Finish;
    }
    if !entry.is_asked_for(pull.labels, prefix) {
        return if pull.newest_head { Wanted::Neutral(Withdrawn::LabelRemoved) } else { Wanted::Finish };
    }
    if pull.open && pull.newest_head { Wanted::Yes } else { Wanted::Finish }
}
