//! Leaves alone what keeps failing.

use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use switchboard_clock::Timestamp;

use super::backend::Standing;

/// Failures in a row after which it is left alone.
const FAILURES: u32 = 3;
/// For how long.
const PAUSE: Duration = Duration::from_secs(30);

/// Counts failures, and says when to leave it alone.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    in_a_row: AtomicU32,
    /// Until when, in milliseconds since 1970.
    paused_until: AtomicI64,
    errors: AtomicU64,
}

impl Breaker {
    /// Whether it may be asked.
    pub(super) fn is_closed(&self, now: Timestamp) -> bool {
        now.millis() >= self.paused_until.load(Relaxed)
    }

    pub(super) fn succeeded(&self) {
        self.in_a_row.store(0, Relaxed);
    }

    /// Counts a failure; true if it is the one by which it is left alone. After a pause a single one is enough.
    pub(super) fn failed(&self, now: Timestamp) -> bool {
        self.errors.fetch_add(1, Relaxed);
        let in_a_row = self.in_a_row.fetch_add(1, Relaxed).saturating_add(1);
        if in_a_row < FAILURES || !self.is_closed(now) {
            return false;
        }
        self.paused_until.store((now + PAUSE).millis(), Relaxed);
        true
    }

    pub(super) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    pub(super) fn standing(&self) -> Standing {
        if self.in_a_row.load(Relaxed) == 0 { Standing::Ready } else { Standing::Failing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn three_failures_in_a_row_are_left_alone_for_thirty_seconds_and_one_more_after_that() {
        let breaker = Breaker::default();
        assert!(!breaker.failed(at(0)) && !breaker.failed(at(0)));
        breaker.succeeded();
        assert!(!breaker.failed(at(1)) && !breaker.failed(at(1)) && breaker.is_closed(at(1)));
        assert!(breaker.failed(at(1)));
        assert!(!breaker.is_closed(at(30)) && breaker.is_closed(at(31)));
        assert!(breaker.failed(at(31)) && !breaker.is_closed(at(60)));
        breaker.succeeded();
        assert_eq!((breaker.errors(), breaker.standing()), (6, Standing::Ready));
    }
}
