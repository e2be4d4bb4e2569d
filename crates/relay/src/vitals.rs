//! Whether the relay lives, for machines: what waits, when something last happened, and how its allowlist stands. Three reads.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::Reader;
use switchboard_github::RepoName;
use switchboard_store::{KeyRange, Result};

use crate::allowlist::Level;
use crate::records::{AllowlistRecord, Pulse, keys, views};

/// What pulses are of, in the order of their keys.
pub const PULSES: [&str; 3] = ["event", "report", "send"];

/// How the relay is at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vitals {
    /// Targets that wait for somebody's approval.
    pub held: i64,
    /// Targets that are to be sent, or are sent and have not reported.
    pub waiting: i64,
    /// Results that are running.
    pub open: i64,
    /// How long ago each of [`PULSES`] last happened; none before the first.
    pub ages: [Option<Duration>; 3],
    /// The allowlist; none before it was first read.
    pub allowlist: Option<ListVitals>,
}

/// How the allowlist stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListVitals {
    /// Entries in force on each level, the lowest first.
    pub entries: [(Level, usize); 4],
    /// Since its source was last read, with whatever success.
    pub read: Duration,
    /// For how long its source cannot be used; zero while it can.
    pub refused: Duration,
}

impl Vitals {
    /// Reads them.
    ///
    /// # Errors
    /// What the store says.
    pub async fn read(store: &Reader, up: &RepoName) -> Result<Self> {
        let now = store.now();
        let gauge = store.counter(&views::GAUGE, &keys::gauge(up, None)).await?;
        let of = |field: &str| gauge.get(field).copied().unwrap_or_default();
        let range = KeyRange::prefix(keys::pulse(up, "").as_str());
        let pulses: Vec<(_, Pulse)> = store.list(&views::PULSE, range, PULSES.len()).await?;
        let age = |what: &str| {
            let key = keys::pulse(up, what);
            pulses.iter().find(|(known, _)| *known == key).map(|(_, pulse)| now.since(pulse.at))
        };
        let list: Option<AllowlistRecord> = store.get(&views::ALLOWLIST, &keys::upstream(up)).await?;
        Ok(Self {
            held: of("held"),
            waiting: of("waiting"),
            open: of("open"),
            ages: PULSES.map(age),
            allowlist: list.map(|list| ListVitals::of(&list, now)),
        })
    }
}

impl ListVitals {
    fn of(record: &AllowlistRecord, now: Timestamp) -> Self {
        let entries = record.list.as_ref().map_or(&[][..], |list| list.entries());
        let on = |level: Level| entries.iter().filter(|entry| entry.level == level).count();
        Self {
            entries: Level::ALL.map(|level| (level, on(level))),
            read: now.since(record.checked_at),
            refused: record.error.as_ref().map_or(Duration::ZERO, |error| now.since(error.since)),
        }
    }
}
