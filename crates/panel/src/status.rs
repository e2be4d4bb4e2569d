//! The sentence in the header: is anything missing?

use askama::Template;
use askama::filters::HtmlSafe;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_store::{Key, Result, Store, View};

use crate::components::{Sentence, Since, State, ago, plural, zoned_minute};

/// Where the engine's gap repair writes down how complete we are.
const COMPLETENESS: View = View::of("engine.gaps");
const CURRENT: Key = Key::of("current");

/// How complete we are.
#[derive(Debug, Clone, Template)]
#[template(path = "parts/status.html")]
pub(crate) struct Status {
    pub(crate) seen: Seen,
    pub(crate) now: Timestamp,
}

/// What the last look at GitHub's own delivery list found.
#[derive(Debug, Clone)]
pub(crate) enum Seen {
    /// There was none yet.
    NotYet,
    /// The record could not be read.
    Unreadable,
    /// Nothing was missing, and has not been since then.
    Complete { since: Timestamp, checked_at: Timestamp },
    /// So many deliveries are missing.
    Missing { count: u64, checked_at: Timestamp },
}

#[derive(Deserialize)]
struct Completeness {
    checked_at: Timestamp,
    nothing_missing_since: Option<Timestamp>,
    missing: u64,
}

impl Status {
    /// What is said when it cannot be read.
    pub(crate) fn unreadable(now: Timestamp) -> Self {
        Self { seen: Seen::Unreadable, now }
    }

    /// In a sentence of its own.
    pub(crate) fn words(&self) -> Sentence {
        let looked = |at: Timestamp| ago(at, self.now);
        let (state, words) = match self.seen {
            Seen::NotYet => {
                (State::Waiting, "GitHub's own delivery list has not been compared with ours yet.".to_owned())
            }
            Seen::Unreadable => (State::Denied, "Whether anything is missing cannot be read.".to_owned()),
            Seen::Complete { since, checked_at } => (
                State::Succeeded,
                format!("Nothing missing since {}; compared with GitHub {}.", zoned_minute(since), looked(checked_at)),
            ),
            Seen::Missing { count, checked_at } => (
                State::Denied,
                format!(
                    "{} missing, being fetched; compared with GitHub {}.",
                    plural(count, "delivery", "deliveries"),
                    looked(checked_at)
                ),
            ),
        };
        Sentence::new(words).state(state)
    }

    /// Reads it; one read of the store.
    pub(crate) async fn read(store: &dyn Store) -> Result<Self> {
        let record = store.record(&COMPLETENESS, &CURRENT).await?;
        Ok(Self { seen: Seen::from(record), now: store.now() })
    }
}

impl From<Option<serde_json::Value>> for Seen {
    fn from(record: Option<serde_json::Value>) -> Self {
        let Some(record) = record else { return Self::NotYet };
        match Completeness::deserialize(record) {
            Ok(Completeness { checked_at, nothing_missing_since: Some(since), .. }) => {
                Self::Complete { since, checked_at }
            }
            Ok(Completeness { checked_at, missing, .. }) => Self::Missing { count: missing, checked_at },
            Err(_) => Self::Unreadable,
        }
    }
}

impl HtmlSafe for Status {}
