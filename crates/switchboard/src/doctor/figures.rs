//! What a check tells as data, for machines. Members are only ever added.

use std::collections::BTreeMap;

use serde::Serialize;

/// The figures of a check; which of these it has follows from its subject.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub enum Figures {
    /// `disk`
    Disk {
        /// Bytes that this user may still write.
        free_bytes: u64,
        /// Bytes of the file system.
        total_bytes: u64,
    },
    /// `database`
    Database {
        /// Its schema's version.
        schema: u32,
        /// The version of this release.
        release_schema: u32,
        /// Bytes of its files.
        bytes: u64,
    },
    /// `backlog`
    Backlog {
        /// Seconds since the oldest unsettled job was enqueued that follows from a delivery; 0 without one.
        oldest_seconds: u64,
        /// Deliveries with work that is not settled.
        deliveries_pending: u64,
    },
    /// `dead-letters`
    DeadLetters {
        /// Jobs and intents that were given up.
        count: u64,
    },
    /// `missing-deliveries`
    MissingDeliveries {
        /// How many are missing.
        missing: usize,
        /// When GitHub's list was last looked through, in RFC 3339.
        checked_at: String,
    },
    /// `repository-files`, of a file that does not parse
    File {
        /// `owner/name`
        repository: String,
        /// Its path in the repository.
        path: String,
        /// Line of the first error, from 1; none where only the verdict was kept.
        line: Option<u32>,
        /// Column in characters, from 1.
        column: Option<u32>,
        /// When it was read, in RFC 3339.
        read_at: String,
    },
    /// `relay-allowlist`, once it was read
    Allowlist {
        /// Entries in force.
        entries: usize,
        /// Since when, in RFC 3339; none before the first valid list.
        since: Option<String>,
        /// Why its source cannot be used now: `invalid`, `missing` or `unreachable`; none while it can.
        reason: Option<String>,
        /// When it was last read, in RFC 3339.
        read_at: String,
    },
    /// `relay-issuers`, of one that answers
    Issuer {
        /// Keys that could verify a token.
        keys: usize,
    },
    /// `clock`
    Clock {
        /// By how much GitHub's clock is ahead of this machine's; negative when it is behind.
        ahead_ms: i64,
        /// How far off that may be.
        within_ms: i64,
    },
    /// `permissions` and `approvals`, of one that is missing
    Permission {
        /// Its name, as the API spells it.
        permission: String,
        /// `read`, `write` or `admin`.
        access: &'static str,
        /// Which installation lacks it; none where the App does.
        #[serde(skip_serializing_if = "Option::is_none")]
        installation: Option<u64>,
    },
    /// `webhook-deliveries`
    Deliveries {
        /// Deliveries that were looked at, each by its last attempt.
        deliveries: usize,
        /// How many of them failed.
        failed: usize,
        /// How many were answered with which status; 0 stands for no answer.
        statuses: BTreeMap<i64, usize>,
    },
}
