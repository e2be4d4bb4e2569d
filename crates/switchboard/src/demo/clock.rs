//! The demo's time: it begins a few minutes ago and runs faster than life until it has caught up with the present.
//!
//! GitHub lets things take their time: an unclear answer is looked into after 5 and 20 seconds, a missing webhook is not
//! missed before a minute has passed. Nobody who tries a demo waits that long, and nothing in it should be cut short.

use std::time::Duration;

use async_trait::async_trait;
use switchboard_clock::{Clock, SystemClock, Timestamp};

/// How many times as fast as life.
pub(super) const PACE: u32 = 10;
/// How long it takes to catch up, in real time; a little longer than the story.
const CATCHES_UP_AFTER: Duration = Duration::from_secs(30);
/// The longest sleep in one piece, so that nobody oversleeps the moment at which the pace changes.
const NAP: Duration = Duration::from_millis(100);

/// See the [module's documentation](self).
#[derive(Debug, Clone)]
pub(super) struct StoryClock {
    /// When the story began, by the operating system's clock.
    began: Timestamp,
    /// When it catches up.
    present_from: Timestamp,
}

impl StoryClock {
    /// A clock whose story begins now.
    pub(super) fn start() -> Self {
        let began = SystemClock.now();
        Self { began, present_from: began + CATCHES_UP_AFTER }
    }

    /// The story's time at a moment of real time.
    fn at(&self, real: Timestamp) -> Timestamp {
        // What is left until it has caught up is PACE times as long in the story.
        let left = self.present_from.since(real.max(self.began));
        real.max(self.present_from) - left * PACE
    }
}

#[async_trait]
impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        self.at(SystemClock.now())
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        loop {
            let left = deadline.since(self.now());
            if left.is_zero() {
                return;
            }
            // The story's milliseconds are whole, so less than one of real time would be no sleep at all.
            tokio::time::sleep((left / PACE).clamp(Duration::from_millis(1), NAP)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_runs_ahead_until_it_meets_the_present() {
        let began = Timestamp::from_seconds(1_000_000);
        let clock = StoryClock { began, present_from: began + CATCHES_UP_AFTER };
        let story = |real: Duration| clock.at(began + real);
        assert_eq!(story(SECOND).since(story(Duration::ZERO)), SECOND * PACE);
        assert_eq!(story(CATCHES_UP_AFTER), began + CATCHES_UP_AFTER);
        assert_eq!(story(CATCHES_UP_AFTER + SECOND), began + CATCHES_UP_AFTER + SECOND);
        assert_eq!(clock.at(began - SECOND), story(Duration::ZERO));
    }
}
