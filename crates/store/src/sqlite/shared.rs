//! What the writer tells the rest: the time, the counts, the holds, and hints of what changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use switchboard_clock::Timestamp;
use tokio::sync::broadcast;

use super::backlog::{Counts, Delta};
use super::batch::Holds;
use super::now::StoreClock;
use super::open::{Opened, Options};
use crate::{Backlog, Change, Hold, Installation, Result};

/// Hints that a slow listener may fall behind before it misses some.
const HINTS_KEPT: usize = 1024;

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: StoreClock,
    pub(super) hints: broadcast::Sender<Change>,
    committed: Mutex<Committed>,
}

/// What stands in the database, kept at hand.
#[derive(Debug, Default)]
struct Committed {
    counts: Counts,
    holds: BTreeMap<Installation, Timestamp>,
}

impl Shared {
    pub(super) fn new(options: &Options, opened: &Opened) -> Self {
        let holds = opened.memory.holds.iter().map(|(installation, until)| (*installation, *until)).collect();
        Self {
            clock: StoreClock::new(Arc::clone(&options.clock), opened.at_least),
            hints: broadcast::Sender::new(HINTS_KEPT),
            committed: Mutex::new(Committed { counts: Counts::default(), holds }),
        }
    }

    pub(super) fn set_counts(&self, counts: Counts) {
        self.lock().counts = counts;
    }

    pub(super) fn has_listeners(&self) -> bool {
        self.hints.receiver_count() > 0
    }

    pub(super) fn oldest_after(&self, delta: &Delta, connection: &Connection) -> Result<Option<(i64, Timestamp)>> {
        self.lock().counts.oldest_after(delta, connection)
    }

    pub(super) fn committed(&self, delta: Delta, oldest: Option<(i64, Timestamp)>, held: Holds) {
        let mut committed = self.lock();
        committed.counts.apply(delta, oldest);
        committed.holds.extend(held);
    }

    pub(super) fn tell(&self, hints: Option<Vec<Change>>) {
        for hint in hints.into_iter().flatten() {
            // The last listener may have gone meanwhile.
            let _ = self.hints.send(hint);
        }
    }

    pub(super) fn backlog(&self) -> Backlog {
        self.lock().counts.backlog()
    }

    pub(super) fn holds(&self) -> Vec<Hold> {
        let now = self.clock.now();
        let mut committed = self.lock();
        committed.holds.retain(|_, until| *until > now);
        committed
            .holds
            .iter()
            .map(|(installation, until)| Hold { installation: *installation, until: *until })
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Committed> {
        self.committed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
