//! How long to wait before trying again.

use std::time::Duration;

use switchboard_clock::Timestamp;

/// The wait grows by this factor from attempt to attempt.
const GROWTH: u32 = 4;
/// No wait is longer than this.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// The wait before further attempt number `n` (from 1): `base`·4^(n−1), at most 15 minutes, times a factor between 0.5 and 1 that
/// `chance` (between 0 and 1) picks.
#[must_use]
pub fn delay(base: Duration, n: u32, chance: f64) -> Duration {
    let factor = GROWTH.checked_pow(n.saturating_sub(1)).unwrap_or(u32::MAX);
    base.saturating_mul(factor).min(LONGEST).mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0))
}

/// Whether a dispatch that was asked for at `asked` has waited longer than it may.
#[must_use]
pub fn is_expired(asked: Timestamp, now: Timestamp, expiry: Duration) -> bool {
    now.since(asked) > expiry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_fourfold_up_to_a_quarter_of_an_hour() {
        let base = Duration::from_millis(200);
        let waits: Vec<u128> = (1..=9).map(|n| delay(base, n, 1.0).as_millis()).collect();
        assert_eq!(waits, [200, 800, 3_200, 12_800, 51_200, 204_800, 819_200, 900_000, 900_000]);
        assert_eq!(delay(base, 1_000, 1.0), LONGEST);
        assert_eq!(delay(Duration::MAX, 3, 1.0), LONGEST);
    }

    #[test]
    fn chance_takes_away_up_to_half() {
        let base = Duration::from_secs(10);
        assert_eq!(delay(base, 1, 0.0), Duration::from_secs(5));
        assert_eq!(delay(base, 1, 0.5), Duration::from_millis(7_500));
        assert_eq!(delay(base, 1, 7.0), base);
    }

    #[test]
    fn a_dispatch_expires_after_its_time_not_at_it() {
        let (asked, hour) = (Timestamp::from_seconds(10), Duration::from_secs(3_600));
        assert!(
            !is_expired(asked, asked + hour, hour) && is_expired(asked, asked + hour + Duration::from_millis(1), hour)
        );
        assert!(!is_expired(asked, Timestamp::EPOCH, hour), "a clock that was set back expires nothing");
    }
}
