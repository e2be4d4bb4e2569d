//! What can be read back: facts, records, counters, and how much waits.

use std::collections::BTreeMap;

use serde_json::Value;
use switchboard_clock::Timestamp;

use crate::{Class, DeliveryId, FactId, Key, Queue, Subject, View, WorkId};

/// One line of history.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Its id; ids sort in order of commit.
    pub id: FactId,
    /// When it was committed.
    pub at: Timestamp,
    /// The delivery that it follows from.
    pub delivery: Option<DeliveryId>,
    /// The job or intent whose settlement it is part of.
    pub work: WorkId,
    /// Whose history it is.
    pub automation: String,
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub kind: String,
    /// The particulars.
    pub data: Value,
}

/// Whose facts to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactsOf {
    /// About one subject.
    Subject(Subject),
    /// Following from one delivery.
    Delivery(DeliveryId),
    /// Settled by one work.
    Work(WorkId),
}

/// A record with its key.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Value,
}

/// Counters by field name.
pub type Counters = BTreeMap<String, i64>;

/// Counters with their key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterRow {
    /// The key.
    pub key: Key,
    /// The numbers.
    pub counters: Counters,
}

/// A range of keys, compared as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    /// The first key of the range.
    pub from: String,
    /// The first key past the range; `None` has no end.
    pub to: Option<String>,
    /// Which end to read from.
    pub direction: Direction,
}

/// Which end of a range to read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the smallest key up.
    Ascending,
    /// From the largest key down.
    Descending,
}

impl KeyRange {
    /// All keys.
    #[must_use]
    pub fn all() -> Self {
        Self { from: String::new(), to: None, direction: Direction::Ascending }
    }

    /// The keys that start with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &str) -> Self {
        Self { from: prefix.to_owned(), to: after_prefix(prefix), direction: Direction::Ascending }
    }

    /// The keys from `from` up to, but without, `to`.
    #[must_use]
    pub fn between(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: Some(to.into()), direction: Direction::Ascending }
    }

    /// The part of this range past `key`, for the next page.
    #[must_use]
    pub fn past(mut self, key: &str) -> Self {
        match self.direction {
            // The smallest text greater than `key` is `key` with the smallest character behind it.
            Direction::Ascending => self.from = self.from.max(format!("{key}\0")),
            Direction::Descending => {
                self.to = Some(self.to.map_or_else(|| key.to_owned(), |to| to.min(key.to_owned())));
            }
        }
        self
    }

    /// The same keys from the other end.
    #[must_use]
    pub fn descending(mut self) -> Self {
        self.direction = Direction::Descending;
        self
    }
}

/// The smallest text greater than every text with this prefix.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut head: Vec<char> = prefix.chars().collect();
    while let Some(last) = head.pop() {
        let next = (u32::from(last) + 1..=u32::from(char::MAX)).find_map(char::from_u32);
        if let Some(next) = next {
            head.push(next);
            return Some(head.into_iter().collect());
        }
    }
    None
}

/// How much waits. Waiting includes what is leased or in backoff: everything that is not settled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Backlog {
    /// When the oldest unsettled job that follows from a delivery was enqueued.
    pub oldest_waiting: Option<Timestamp>,
    /// Unsettled works by automation and kind.
    pub waiting: BTreeMap<(String, String), u64>,
    /// Those of them that are leased at this moment.
    pub leased: BTreeMap<(String, String), u64>,
    /// Those of them that hold their lane: their last attempt failed or was put off, the next one is to come, and
    /// whatever stands behind them waits with them.
    pub holding: BTreeMap<(String, String), u64>,
    /// Dead letters by automation and kind.
    pub dead: BTreeMap<(String, String), u64>,
    /// Deliveries that are pending.
    pub pending_deliveries: u64,
    /// Deliveries ever accepted.
    pub accepted_deliveries: u64,
}

/// A hint that something changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A delivery was accepted or changed its state.
    Delivery(DeliveryId),
    /// Work waits in a queue.
    Work(Class, Queue),
    /// Facts were appended about a subject.
    Facts(Subject),
    /// A record was written.
    Record(View, Key),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_before_the_next_text() {
        assert_eq!(KeyRange::prefix("a/b").to.as_deref(), Some("a/c"));
        assert_eq!(KeyRange::prefix("a\u{10ffff}").to.as_deref(), Some("b"));
        assert_eq!(KeyRange::prefix("\u{d7ff}").to.as_deref(), Some("\u{e000}"));
        assert_eq!(KeyRange::prefix("").to, None);
    }

    #[test]
    fn the_next_page_starts_past_the_last_key() {
        assert_eq!(KeyRange::prefix("a/").past("a/7").from, "a/7\0");
        assert_eq!(KeyRange::prefix("a/").descending().past("a/7").to.as_deref(), Some("a/7"));
    }
}
