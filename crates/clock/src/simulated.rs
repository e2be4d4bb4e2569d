use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use tokio::sync::watch;

use crate::{Clock, Timestamp};

/// A clock that stands still until a test moves it. Clones share one time.
#[derive(Clone)]
pub struct SimulatedClock {
    time: Arc<watch::Sender<Timestamp>>,
    sleepers: Arc<Mutex<Vec<Timestamp>>>,
}

impl SimulatedClock {
    /// A clock that shows `start`.
    #[must_use]
    pub fn new(start: Timestamp) -> Self {
        Self { time: Arc::new(watch::Sender::new(start)), sleepers: Arc::default() }
    }

    /// Moves the time forward to `moment`, waking who sleeps until then. An earlier moment changes nothing.
    pub fn advance_to(&self, moment: Timestamp) {
        self.time.send_if_modified(|time| {
            let later = moment > *time;
            if later {
                *time = moment;
            }
            later
        });
    }

    /// Moves the time forward by `duration`.
    pub fn advance(&self, duration: std::time::Duration) {
        self.advance_to(self.now() + duration);
    }

    /// The earliest moment that somebody sleeps until, if anybody does.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        self.sleepers().iter().min().copied()
    }

    fn sleepers(&self) -> MutexGuard<'_, Vec<Timestamp>> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for SimulatedClock {
    /// Starts at 2026-01-05T12:00:00Z, a Monday noon.
    fn default() -> Self {
        Self::new(Timestamp::from_seconds(1_767_614_400))
    }
}

impl fmt::Debug for SimulatedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimulatedClock").field(&self.now()).finish()
    }
}

/// Takes a sleeper off the list when its future ends or is dropped.
struct Sleeper<'a>(&'a SimulatedClock, Timestamp);

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.0.sleepers();
        if let Some(at) = sleepers.iter().position(|t| *t == self.1) {
            sleepers.swap_remove(at);
        }
    }
}

#[async_trait]
impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        *self.time.borrow()
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        let mut time = self.time.subscribe();
        self.sleepers().push(deadline);
        let _sleeper = Sleeper(self, deadline);
        // The sender lives in `self`, so waiting cannot fail.
        let _ = time.wait_for(|now| *now >= deadline).await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_sleeper_wakes_when_the_time_has_come() {
        let clock = SimulatedClock::default();
        let start = clock.now();
        let sleeping = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        assert_eq!(clock.next_wake(), Some(start + Duration::from_secs(3600)));
        clock.advance(Duration::from_secs(3600));
        sleeping.await.unwrap();
        assert_eq!(clock.next_wake(), None);
    }
}
