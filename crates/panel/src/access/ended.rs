//! Sessions that were ended before their time.
//!
//! Known to this process at once, and by a record to those after it, which read the records when the first cookie comes.
//! Known limits: a sign-out in the very moment of a crash may be settled after they were read, and a second server on the
//! same store hears of it only when it starts.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use switchboard_clock::Timestamp;
use switchboard_engine::sign_ins;
use switchboard_store::{Store, StoreError};
use tokio::sync::OnceCell;

/// How many are remembered until they would have ended by themselves.
const ENDED_MAX: usize = 10_000;

#[derive(Default)]
pub(super) struct Ended {
    known: Mutex<HashMap<String, Timestamp>>,
    recalled: OnceCell<()>,
}

impl Ended {
    pub(super) fn contains(&self, session: &str) -> bool {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).contains_key(session)
    }

    pub(super) fn insert(&self, session: String, until: Timestamp, now: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, until| *until > now);
        if known.len() < ENDED_MAX {
            known.insert(session, until);
        }
    }

    /// Reads the records, once. A store that cannot be read is asked again next time.
    pub(super) async fn recall(&self, store: &dyn Store) -> Result<(), StoreError> {
        let read = async || {
            let now = store.now();
            for (session, until) in sign_ins::ended(store, ENDED_MAX).await? {
                self.insert(session, until, now);
            }
            Ok::<_, StoreError>(())
        };
        self.recalled.get_or_try_init(read).await?;
        Ok(())
    }
}
