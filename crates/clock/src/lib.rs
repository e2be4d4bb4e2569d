//! Time, chance and ids, injected so that tests run on simulated time.
//!
//! Everything in Switchboard that needs to know the time, to wait, to roll dice or to name something new
//! takes a [`Clock`] or an [`Entropy`] instead of asking the operating system. Production hands in
//! [`SystemClock`] and [`SystemEntropy`]; tests hand in [`SimulatedClock`] and [`SeededEntropy`], and a story
//! that spans hours runs in milliseconds, the same way every time.

mod entropy;
mod simulated;
mod timestamp;

use std::time::Duration;

use async_trait::async_trait;

pub use entropy::{Entropy, SeededEntropy, SystemEntropy, jittered};
pub use simulated::SimulatedClock;
pub use timestamp::{Timestamp, TimestampError};

/// A source of wall-clock time, and a way to wait on that same time.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug + 'static {
    /// The current time.
    fn now(&self) -> Timestamp;

    /// Returns once [`Clock::now`] is at or past `deadline`.
    async fn sleep_until(&self, deadline: Timestamp);

    /// Returns after `duration` of this clock's time.
    async fn sleep(&self, duration: Duration) {
        self.sleep_until(self.now() + duration).await;
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_system(std::time::SystemTime::now())
    }

    async fn sleep_until(&self, deadline: Timestamp) {
        // The wall clock may be stepped while we sleep, so look again after waking up.
        loop {
            let left = deadline.since(self.now());
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Duration::from_secs(60))).await;
        }
    }
}
