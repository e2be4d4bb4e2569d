//! The store's clock: the machine's, but never backwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use switchboard_clock::{Clock, Timestamp};

#[derive(Debug)]
pub(super) struct StoreClock {
    clock: Arc<dyn Clock>,
    /// The latest moment given out, in milliseconds.
    latest: AtomicI64,
}

impl StoreClock {
    /// A clock that never shows less than `at_least`.
    pub(super) fn new(clock: Arc<dyn Clock>, at_least: Timestamp) -> Self {
        Self { clock, latest: AtomicI64::new(at_least.millis()) }
    }

    pub(super) fn now(&self) -> Timestamp {
        let now = self.clock.now().millis();
        Timestamp::from_millis(self.latest.fetch_max(now, Ordering::Relaxed).max(now))
    }
}
