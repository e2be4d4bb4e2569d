use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_engine::yaml::Diagnostic;

use crate::allowlist::{Allowlist, Entry};

/// `relay.allowlist`: the list in force, and what is wrong with a newer one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllowlistRecord {
    /// The last good list; none before there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<Allowlist>,
    /// Its text.
    #[serde(default)]
    pub text: String,
    /// By what GitHub tells whether its source still has this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// When it came into force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When the source was last read, with whatever success.
    pub checked_at: Timestamp,
    /// Remarks on the list in force.
    #[serde(default)]
    pub warnings: Vec<Diagnostic>,
    /// Why the source could not be used when it was last read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<AllowlistError>,
}

/// Why the allowlist's source cannot be used; the last good list stays in force.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AllowlistError {
    /// The word of an [`AllowlistReason`](crate::observe::AllowlistReason).
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
    /// What is wrong where, if it is invalid.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
}

/// `relay.level`: an entry as it is listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelRecord {
    /// The entry.
    pub entry: Entry,
    /// Since when it is on this level.
    pub since: Timestamp,
}
