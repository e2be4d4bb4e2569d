//! Whether deliveries can be accepted now: asked of the store by writing to it, and remembered for a moment, so that pages
//! may ask as often as they are drawn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_store::{Store, StoreError};

/// How long an answer is good enough for a page.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// Why deliveries are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusing {
    /// What the store said: `the disk is full`.
    pub reason: String,
    /// What the operator can do about it.
    pub hint: Option<&'static str>,
    /// Since when, as far as anybody has asked.
    pub since: Timestamp,
}

impl Refusing {
    fn new(error: &StoreError, since: Timestamp) -> Self {
        Self { reason: error.to_string(), hint: error.hint(), since }
    }
}

/// What the last look found.
#[derive(Debug, Clone)]
struct Found {
    at: Timestamp,
    refusing: Option<Refusing>,
}

/// Knows whether deliveries can be accepted.
pub struct Readiness {
    store: Arc<dyn Store>,
    last: Mutex<Option<Found>>,
}

impl Readiness {
    /// Of this store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, last: Mutex::default() }
    }

    /// Asks the store now.
    ///
    /// # Errors
    /// What the store said, if it takes nothing.
    pub async fn probe(&self) -> Result<(), StoreError> {
        let answer = self.store.probe().await;
        let now = self.store.now();
        let mut last = self.last();
        let since = last.as_ref().and_then(|found| found.refusing.as_ref()).map_or(now, |refusing| refusing.since);
        let refusing = answer.as_ref().err().map(|error| Refusing::new(error, since));
        *last = Some(Found { at: now, refusing });
        answer
    }

    /// Why deliveries are refused, if they are; asks the store only if nobody has lately.
    pub async fn refusing(&self) -> Option<Refusing> {
        let known = self.last().clone().filter(|found| self.store.now().since(found.at) < GOOD_FOR);
        if let Some(found) = known {
            return found.refusing;
        }
        // What it says is remembered.
        let _ = self.probe().await;
        self.last().clone().and_then(|found| found.refusing)
    }

    fn last(&self) -> MutexGuard<'_, Option<Found>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
