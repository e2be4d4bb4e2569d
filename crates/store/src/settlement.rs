//! Everything that one finished attempt changes.

use serde_json::Value;
use switchboard_clock::Timestamp;

use crate::{Failure, Installation, Key, NewIntent, NewJob, Subject, View, WorkId};

/// What a settlement should stay under. Every backend commits so much at once.
pub const SMALL_CHANGES_MAX: usize = 90;
/// The most changes a settlement may hold; a backend may need a journal for it. Beyond it the work must be split.
pub const LARGE_CHANGES_MAX: usize = 2_000;
/// The most bytes of JSON a settlement may hold.
pub const SETTLEMENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Everything that one finished attempt changes; commits as a whole or not at all.
/// Facts, jobs and intents inherit the delivery of the work that is settled.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settlement {
    /// What becomes of the work itself.
    pub outcome: Outcome,
    /// History to append, in this order.
    pub facts: Vec<NewFact>,
    /// Records to put or delete, in this order.
    pub records: Vec<RecordChange>,
    /// Counters to add to.
    pub counters: Vec<CounterAdd>,
    /// Jobs to enqueue.
    pub jobs: Vec<NewJob>,
    /// Intents to put.
    pub intents: Vec<NewIntent>,
    /// Waiting works to take back. One that is leased or settled already is left alone.
    pub withdraw: Vec<Withdrawal>,
    /// Dead works to queue again, their attempts counted afresh.
    pub revive: Vec<WorkId>,
    /// Dead works to close for good; they become withdrawn.
    pub discard: Vec<WorkId>,
    /// An installation whose intents must wait.
    pub hold: Option<Hold>,
    /// The outside calls that the attempt made, for the work's timeline. `Null` if none.
    pub calls: Value,
}

/// What becomes of the settled work.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Outcome {
    /// Finished.
    #[default]
    Done,
    /// To be tried again. Until then it holds its lane.
    Retry {
        /// Not before this moment.
        at: Timestamp,
        /// Why.
        failure: Failure,
        /// Whether this attempt counts. One that was only told to wait does not.
        counted: bool,
        /// Whether the attempt may have had an effect all the same. The next one finds [`crate::Work::unanswered`] set.
        unanswered: bool,
    },
    /// Given up: a dead letter.
    Dead {
        /// Why.
        failure: Failure,
    },
}

/// A fact to append. Time, delivery and work are added by the store.
#[derive(Debug, Clone, PartialEq)]
pub struct NewFact {
    /// Whose history it is.
    pub automation: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What happened, dotted: `dispatch.target.denied`.
    pub kind: String,
    /// The particulars.
    pub data: Value,
}

/// A change of one record.
#[derive(Debug, Clone, PartialEq)]
pub enum RecordChange {
    /// Writes the record, whether it was there or not.
    Put(View, Key, Value),
    /// Removes the record, if it is there.
    Delete(View, Key),
    /// Removes the counters under the key, if there are any, before those of this settlement are added.
    DeleteCounters(View, Key),
}

/// Numbers to add under one key. Counts as one change, however many fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterAdd {
    /// The view.
    pub view: View,
    /// The key.
    pub key: Key,
    /// Field names with what to add to each; may be negative.
    pub add: Vec<(String, i64)>,
}

/// A work to take back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Withdrawal {
    /// By its id.
    Work(WorkId),
    /// An intent by its key.
    Intent(String),
}

/// Intents of an installation wait until a moment, because GitHub said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Whose.
    pub installation: Installation,
    /// How long. A later hold prolongs an earlier one and never shortens it.
    pub until: Timestamp,
}

impl Settlement {
    /// A settlement that finishes the work and changes nothing else.
    #[must_use]
    pub fn done() -> Self {
        Self::default()
    }

    /// A settlement with this outcome and nothing else.
    #[must_use]
    pub fn with(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }

    /// How many changes it makes, counted against the limits.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.facts.len()
            + self.records.len()
            + self.counters.len()
            + self.jobs.len()
            + self.intents.len()
            + self.withdraw.len()
            + self.revive.len()
            + self.discard.len()
    }
}
