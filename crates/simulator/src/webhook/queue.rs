//! The order in which things leave.

use std::collections::BTreeMap;

use switchboard_clock::Timestamp;

/// What waits to leave, by when it is due and then by when it came.
#[derive(Debug)]
pub(crate) struct Queue<Id> {
    waiting: BTreeMap<(Timestamp, u64), Id>,
    came: u64,
    /// What the next one overtakes.
    overtaken: Vec<((Timestamp, u64), Id)>,
}

impl<Id> Default for Queue<Id> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), came: 0, overtaken: Vec::new() }
    }
}

impl<Id: Copy> Queue<Id> {
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.waiting.first_key_value().map(|((due, _), _)| *due)
    }

    /// What leaves next, if it is due.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<Id> {
        let first = self.waiting.first_entry().filter(|entry| entry.key().0 <= now)?;
        Some(first.remove())
    }

    fn enqueue(&mut self, due: Timestamp, id: Id) -> (Timestamp, u64) {
        self.came += 1;
        self.waiting.insert((due, self.came), id);
        (due, self.came)
    }

    /// Lets something leave, and what it overtakes right behind it.
    pub(crate) fn push(&mut self, due: Timestamp, id: Id) {
        self.enqueue(due, id);
        for (key, late) in std::mem::take(&mut self.overtaken) {
            if self.waiting.remove(&key).is_some() {
                self.enqueue(due, late);
            }
        }
    }

    /// Lets it leave twice.
    pub(crate) fn push_twice(&mut self, due: Timestamp, id: Id) {
        self.push(due, id);
        self.enqueue(due, id);
    }

    /// Lets it leave behind the next, or when it is due, if none comes.
    pub(crate) fn push_overtaken(&mut self, due: Timestamp, id: Id) {
        let key = self.enqueue(due, id);
        self.overtaken.push((key, id));
    }
}
