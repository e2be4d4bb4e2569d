//! Equal work under way at the same time is done once.
//!
//! Whoever comes first does it, holding the key's lock; who comes meanwhile waits for the lock and finds the outcome
//! there. If the first is cancelled, the lock opens without outcome and the next one takes over. Nothing is remembered
//! longer than somebody waits for it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

type Slot<V> = Arc<tokio::sync::Mutex<Option<V>>>;

/// Work under way, by key.
#[derive(Debug)]
pub(crate) struct Flights<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
}

impl<K, V> Default for Flights<K, V> {
    fn default() -> Self {
        Self { slots: Mutex::default() }
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Flights<K, V> {
    /// The outcome of `work`, or of equal work that was under way when this was called. Also tells which.
    pub(crate) async fn join(&self, key: &K, work: impl Future<Output = V>) -> (V, bool) {
        let slot = self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_default().clone();
        let _tidy = Tidy { flights: self, key, slot: &slot };
        let mut outcome = slot.lock().await;
        if let Some(outcome) = &*outcome {
            return (outcome.clone(), true);
        }
        let fresh = work.await;
        *outcome = Some(fresh.clone());
        // Who comes from now on starts anew.
        self.take_off(key, &slot);
        (fresh, false)
    }

    fn take_off(&self, key: &K, slot: &Slot<V>) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.get(key).is_some_and(|current| Arc::ptr_eq(current, slot)) {
            slots.remove(key);
        }
    }
}

/// Takes a slot off the map when the last who waited for it was cancelled.
struct Tidy<'a, K: Hash + Eq + Clone, V: Clone> {
    flights: &'a Flights<K, V>,
    key: &'a K,
    slot: &'a Slot<V>,
}

impl<K: Hash + Eq + Clone, V: Clone> Drop for Tidy<'_, K, V> {
    fn drop(&mut self) {
        let mut slots = self.flights.slots.lock().unwrap_or_else(PoisonError::into_inner);
        // Counted under the map's lock, where alone a slot is handed out: the map's and our own are the last two.
        let alone = Arc::strong_count(self.slot) <= 2;
        if alone && slots.get(self.key).is_some_and(|current| Arc::ptr_eq(current, self.slot)) {
            slots.remove(self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Semaphore;

    use super::*;

    struct Work {
        flights: Flights<u8, u32>,
        done: AtomicU32,
        gate: Semaphore,
    }

    impl Work {
        async fn run(&self) -> (u32, bool) {
            let work = async {
                self.gate.acquire().await.unwrap().forget();
                self.done.fetch_add(1, Ordering::SeqCst) + 1
            };
            self.flights.join(&0, work).await
        }
    }

    fn start(work: &Arc<Work>) -> tokio::task::JoinHandle<(u32, bool)> {
        let work = work.clone();
        tokio::spawn(async move { work.run().await })
    }

    async fn settle() {
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn equal_work_is_shared_while_it_lasts() {
        let work = Arc::new(Work { flights: Flights::default(), done: AtomicU32::new(0), gate: Semaphore::new(0) });
        let tasks = [start(&work), start(&work), start(&work)];
        settle().await;
        work.gate.add_permits(2);
        let mut shared = 0;
        for task in tasks {
            let (outcome, was_shared) = task.await.unwrap();
            assert_eq!(outcome, 1);
            shared += u32::from(was_shared);
        }
        assert_eq!(shared, 2);
        assert_eq!(work.run().await, (2, false));
        assert!(work.flights.slots.lock().unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_waits_takes_over_from_who_is_cancelled() {
        let work = Arc::new(Work { flights: Flights::default(), done: AtomicU32::new(0), gate: Semaphore::new(0) });
        let first = start(&work);
        settle().await;
        let second = start(&work);
        settle().await;
        first.abort();
        work.gate.add_permits(1);
        assert_eq!(second.await.unwrap(), (1, false));

        let last = start(&work);
        settle().await;
        last.abort();
        assert!(last.await.is_err());
        assert!(work.flights.slots.lock().unwrap().is_empty());
    }
}
