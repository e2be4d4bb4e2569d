//! A log of the calls that one piece of work made, kept with it so that its page can show them.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::ids::InstallationId;
use crate::observe::CallObserver;

/// What a call was for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// Minted a token.
    Mint,
    /// Read, and was sent in full.
    Read,
    /// Read what was known already: 304, at no cost.
    Revalidated,
    /// Read nothing by itself, but shared the answer to an equal read under way.
    Shared,
    /// Changed something, or tried to.
    Write,
}

/// One call. Holds no token, header or body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallRecord {
    /// When it was sent.
    pub at: Timestamp,
    /// What for.
    pub kind: CallKind,
    /// The method.
    pub method: String,
    /// The endpoint's route, with placeholders.
    pub route: String,
    /// The path and query that were called; at most 300 bytes.
    pub path: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why there was none.
    pub failure: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
    /// GitHub's id of the request.
    pub request_id: Option<String>,
    /// What GitHub said is left of the hour's budget.
    pub remaining: Option<u64>,
    /// For which installation.
    pub installation: Option<InstallationId>,
    /// As whom, and how far that reaches.
    pub scope: String,
}

/// Longest path that a record keeps, in bytes.
const MAX_PATH_BYTES: usize = 300;
/// Most calls that a log keeps; the rest is only counted.
const MAX_RECORDS: usize = 200;

impl CallRecord {
    /// Cuts `path` to what a record keeps.
    pub(crate) fn short_path(mut path: String) -> String {
        path.truncate(path.floor_char_boundary(MAX_PATH_BYTES));
        path
    }
}

/// Who is told of the calls made through a client.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witnesses {
    pub(crate) log: Option<CallLog>,
    pub(crate) observer: Option<Arc<dyn CallObserver>>,
}

#[derive(Debug, Default)]
struct Entries {
    records: Vec<CallRecord>,
    dropped: u64,
}

/// The calls made through one [`recording`](crate::GitHub::recording) client. Clones share one log.
#[derive(Debug, Clone, Default)]
pub struct CallLog(Arc<Mutex<Entries>>);

impl CallLog {
    /// The calls so far, in order of their ends; the first 200.
    #[must_use]
    pub fn records(&self) -> Vec<CallRecord> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).records.clone()
    }

    /// How many calls came after the first 200.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).dropped
    }

    pub(crate) fn note(&self, record: CallRecord) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.records.len() < MAX_RECORDS {
            entries.records.push(record);
        } else {
            entries.dropped += 1;
        }
    }
}
