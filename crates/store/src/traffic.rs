//! What came in and what became of it, counted in buckets of time; and what each installation sent last.
//!
//! The store keeps these itself, in the very transactions that accept and settle, so that they are never ahead of what
//! happened nor behind it. They are read like any other [counters](crate::Store::counters) and
//! [records](crate::Store::record). A new bucket pushes out those that have outlived their time, so they stay bounded.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::{Counters, DeliveryId, Installation, Key, KeyRange, View};

/// How wide a bucket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Ten minutes; kept for two days.
    TenMinutes,
    /// An hour; kept for 35 days.
    Hour,
}

impl Width {
    /// Every width, narrowest first.
    pub const ALL: [Self; 2] = [Self::TenMinutes, Self::Hour];

    /// The counters of this width.
    #[must_use]
    pub const fn view(self) -> View {
        match self {
            Self::TenMinutes => View::of("store.traffic.ten_minutes"),
            Self::Hour => View::of("store.traffic.hour"),
        }
    }

    /// From the beginning of a bucket to that of the next.
    #[must_use]
    pub const fn span(self) -> Duration {
        match self {
            Self::TenMinutes => Duration::from_secs(600),
            Self::Hour => Duration::from_secs(3_600),
        }
    }

    /// How long a bucket is kept.
    #[must_use]
    pub const fn kept(self) -> Duration {
        match self {
            Self::TenMinutes => Duration::from_secs(2 * 86_400),
            Self::Hour => Duration::from_secs(35 * 86_400),
        }
    }

    /// The beginning of the bucket that a moment falls into, counted from the epoch.
    #[must_use]
    pub fn start(self, at: Timestamp) -> Timestamp {
        let span = i64::try_from(self.span().as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(at.millis() - at.millis().rem_euclid(span))
    }

    /// The key of the bucket that a moment falls into: its first second since the epoch, in twelve digits.
    #[must_use]
    pub fn key(self, at: Timestamp) -> Key {
        Key::from(format!("{:012}", self.start(at).seconds().max(0)))
    }

    /// The beginning of the bucket under a key; `None` if it is no key of a bucket.
    #[must_use]
    pub fn of_key(key: &Key) -> Option<Timestamp> {
        key.as_str().parse().ok().map(Timestamp::from_seconds)
    }

    /// The keys of the last `buckets` buckets, that of `now` among them.
    #[must_use]
    pub fn last(self, buckets: u32, now: Timestamp) -> KeyRange {
        let first = now - self.span() * buckets.saturating_sub(1);
        KeyRange::between(self.key(first).as_str(), self.key(now + self.span()).as_str())
    }
}

/// What is counted in a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Count {
    /// Deliveries that were accepted; duplicates are none.
    Accepted,
    /// Those of them that nobody wanted.
    Ignored,
    /// Deliveries of which the last open job ended, none of its jobs dead. One that was replayed settles again.
    Settled,
    /// Jobs and intents that were given up: dead letters.
    Failed,
    /// Attempts that failed and are made again.
    Retried,
}

impl Count {
    /// Every count.
    pub const ALL: [Self; 5] = [Self::Accepted, Self::Ignored, Self::Settled, Self::Failed, Self::Retried];

    /// The field of the counters that it stands in.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Ignored => "ignored",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Retried => "retried",
        }
    }

    /// What a bucket's counters say of it.
    #[must_use]
    pub fn of(self, counters: &Counters) -> u64 {
        counters.get(self.field()).and_then(|n| u64::try_from(*n).ok()).unwrap_or(0)
    }
}

/// By installation number: what it sent last, as [`Arrived`]. A row goes together with the delivery that it names.
pub const ARRIVED: View = View::of("store.arrived");

/// The key of an installation in [`ARRIVED`].
#[must_use]
pub fn arrived_key(installation: Installation) -> Key {
    Key::from(installation.to_string())
}

/// The last delivery of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// Its id.
    pub delivery: DeliveryId,
    /// When it was accepted.
    pub at: Timestamp,
    /// Its event: `push`.
    pub event: String,
    /// Its action, empty if it has none.
    pub action: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_begins_on_its_own_mark_and_is_known_by_it() {
        let at = Timestamp::parse("2026-11-20T12:34:56.789Z").unwrap();
        for (width, start) in
            [(Width::TenMinutes, "2026-11-20T12:30:00.000Z"), (Width::Hour, "2026-11-20T12:00:00.000Z")]
        {
            assert_eq!(width.start(at).rfc3339(), start);
            assert_eq!(Width::of_key(&width.key(at)), Some(width.start(at)));
            assert_eq!(width.key(width.start(at)), width.key(at));
        }
        assert_eq!(Width::of_key(&Key::of("all")), None);
    }

    #[test]
    fn the_last_buckets_end_with_the_one_of_now() {
        let now = Timestamp::from_seconds(1_795_000_000);
        let range = Width::Hour.last(24, now);
        let inside = |at: Timestamp| {
            let key = Width::Hour.key(at);
            key.as_str() >= range.from.as_str() && range.to.as_deref().is_none_or(|to| key.as_str() < to)
        };
        let hour = Duration::from_secs(3_600);
        assert!(inside(now) && inside(now - hour * 23));
        assert!(!inside(now + hour) && !inside(now - hour * 24));
    }
}
