//! How far GitHub's clock is from ours, measured on every answer.

use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use switchboard_clock::Timestamp;

use crate::classify::date;

/// `Date` holds whole seconds, cut off (RFC 9110, 5.6.7): on average half a second is missing.
const HALF_A_SECOND_MS: i64 = 500;

/// What one answer's `Date` told about the clocks. The truth lies within [`ClockReading::within_ms`] of what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// By how much GitHub's clock is ahead of ours, in milliseconds; negative when it is behind.
    pub ahead_ms: i64,
    /// How far off that may be: half a second for the header's resolution, and half of the time that the call took.
    pub within_ms: i64,
    /// When it was measured, by our clock.
    pub at: Timestamp,
}

impl ClockReading {
    /// Measures by an answer to what was sent at `sent` and answered at `received`, both by our clock.
    fn of(headers: &HeaderMap, sent: Timestamp, received: Timestamp) -> Option<Self> {
        let server = date(headers)?.millis().saturating_add(HALF_A_SECOND_MS);
        let half_way = received.millis().saturating_sub(sent.millis()).max(0) / 2;
        let ours = sent.millis().saturating_add(half_way);
        let (ahead_ms, within_ms) = (server.saturating_sub(ours), half_way.saturating_add(HALF_A_SECOND_MS));
        Some(Self { ahead_ms, within_ms, at: received })
    }
}

/// The latest reading.
#[derive(Debug, Default)]
pub(super) struct ClockReadings(Mutex<Option<ClockReading>>);

impl ClockReadings {
    /// An answer has come. One without a usable `Date` teaches nothing.
    pub(super) fn note(&self, headers: &HeaderMap, sent: Timestamp, received: Timestamp) {
        if let Some(reading) = ClockReading::of(headers, sent, received) {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(reading);
        }
    }

    pub(super) fn latest(&self) -> Option<ClockReading> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use http::header::DATE;
    use serde_json::json;
    use switchboard_clock::Clock as _;

    use super::*;
    use crate::testing::{World, answer};

    fn measured(date: &str, sent: i64, received: i64) -> Option<(i64, i64)> {
        let headers = HeaderMap::from_iter([(DATE, date.parse().unwrap())]);
        let reading = ClockReading::of(&headers, Timestamp::from_millis(sent), Timestamp::from_millis(received));
        reading.map(|reading| (reading.ahead_ms, reading.within_ms))
    }

    #[test]
    fn the_header_is_compared_with_the_middle_of_the_call() {
        let ten = "Thu, 01 Jan 1970 00:00:10 GMT";
        for (sent, received, expected) in [
            (10_500, 10_500, (0, 500)),
            (10_000, 10_800, (100, 900)),
            (4_300, 4_500, (6_100, 600)),
            (70_400, 70_600, (-60_000, 600)),
            // A clock that was set back meanwhile.
            (10_500, 9_000, (0, 500)),
        ] {
            assert_eq!(measured(ten, sent, received), Some(expected), "{sent} {received}");
        }
        assert_eq!(measured("yesterday", 0, 0), None);
    }

    #[tokio::test]
    async fn an_ordinary_answer_tells_the_time() {
        let world = World::new();
        assert_eq!(world.github.clock_reading(), None);
        let now = world.clock.now();
        let ahead = Timestamp::from_seconds(now.seconds() + 90).format("%a, %d %b %Y %H:%M:%S GMT");
        world.stub.will_answer([answer(200, &[("date", &ahead)], &json!({"id": 42}))]);
        world.github.app().fetch().await.unwrap();
        let reading = world.github.clock_reading().unwrap();
        assert!((reading.ahead_ms - 90_000).abs() <= reading.within_ms, "{reading:?}");
        assert_eq!(world.github.clock_skew_ms(), 0, "nothing was refused, so nothing is corrected for");
    }
}
