use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use uuid::{Builder, Uuid};

use crate::Timestamp;

/// A source of randomness for jitter and ids. Not for keys or tokens: those come from the cryptography library.
pub trait Entropy: Send + Sync + std::fmt::Debug + 'static {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);

    /// A number in `0.0..1.0`.
    fn fraction(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }

    /// A new UUIDv7 of the moment `now`.
    fn id(&self, now: Timestamp) -> Uuid {
        let mut bytes = [0; 10];
        self.fill(&mut bytes);
        Builder::from_unix_timestamp_millis(u64::try_from(now.millis()).unwrap_or(0), &bytes).into_uuid()
    }
}

/// `duration` times a random factor between `low` and 1, so that many who wait do not come back at once.
pub fn jittered(entropy: &dyn Entropy, duration: Duration, low: f64) -> Duration {
    duration.mul_f64(low + (1.0 - low) * entropy.fraction())
}

/// The thread's own random number generator.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill(bytes);
    }
}

/// Randomness that is the same in every run of a test.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_seeds_repeat() {
        let (a, b) = (SeededEntropy::new(7), SeededEntropy::new(7));
        let early = a.id(Timestamp::from_millis(1_000));
        assert_eq!(early, b.id(Timestamp::from_millis(1_000)));
        assert!(early < a.id(Timestamp::from_millis(1_001)));
        let wait = jittered(&a, Duration::from_secs(10), 0.5);
        assert!(wait >= Duration::from_secs(5) && wait <= Duration::from_secs(10));
    }
}
