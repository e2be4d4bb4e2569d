//! Latencies in buckets, so that a percentile is a sum of counters and never a scan.

use std::time::Duration;

/// Upper bounds of the buckets in seconds; one more bucket holds what lies beyond.
pub const BOUNDS_SECONDS: [u32; 10] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600];

/// How many buckets there are.
pub const BUCKETS: usize = BOUNDS_SECONDS.len() + 1;

/// Which latency is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Latency {
    /// From the delivery's arrival to its plan.
    Plan,
    /// From the delivery's arrival to a successful dispatch, per target.
    EndToEnd,
}

const PLAN_FIELDS: [&str; BUCKETS] = [
    "plan_1", "plan_2", "plan_5", "plan_10", "plan_20", "plan_30", "plan_60", "plan_120", "plan_300", "plan_600",
    "plan_inf",
];
const END_TO_END_FIELDS: [&str; BUCKETS] =
    ["e2e_1", "e2e_2", "e2e_5", "e2e_10", "e2e_20", "e2e_30", "e2e_60", "e2e_120", "e2e_300", "e2e_600", "e2e_inf"];

impl Latency {
    /// The counters of all buckets, smallest first.
    #[must_use]
    pub const fn fields(self) -> &'static [&'static str; BUCKETS] {
        match self {
            Self::Plan => &PLAN_FIELDS,
            Self::EndToEnd => &END_TO_END_FIELDS,
        }
    }

    /// The counter that a measurement adds one to.
    #[must_use]
    pub fn field(self, took: Duration) -> &'static str {
        self.fields()[bucket(took)]
    }
}

/// The bucket of a latency: the first whose bound it does not pass.
fn bucket(took: Duration) -> usize {
    let fits = |bound: &u32| took <= Duration::from_secs(u64::from(*bound));
    BOUNDS_SECONDS.iter().position(fits).unwrap_or(BOUNDS_SECONDS.len())
}

/// Measurements by bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Histogram([u64; BUCKETS]);

/// Below which latency a share of the measurements lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Percentile {
    /// At most this many seconds.
    Within(u32),
    /// Longer than the last bound.
    Beyond,
}

impl Percentile {
    /// The bound in seconds; `None` beyond the last.
    #[must_use]
    pub const fn seconds(self) -> Option<u32> {
        match self {
            Self::Within(seconds) => Some(seconds),
            Self::Beyond => None,
        }
    }
}

impl Histogram {
    /// Reads the buckets from counters; what is missing or negative counts as 0.
    #[must_use]
    pub fn read(latency: Latency, counter: impl Fn(&str) -> Option<i64>) -> Self {
        Self(latency.fields().map(|field| counter(field).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)))
    }

    /// Adds another's measurements.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(other.0) {
            *own = own.saturating_add(more);
        }
    }

    /// How many measurements there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The upper bound of the bucket in which the `percent`-th percentile lies; `None` without measurements.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Percentile> {
        let count = u128::from(self.count());
        let wanted = (count * u128::from(percent.min(100))).div_ceil(100).max(1);
        let mut seen = 0;
        for (bucket, n) in self.0.iter().enumerate() {
            seen += u128::from(*n);
            if seen >= wanted {
                return Some(BOUNDS_SECONDS.get(bucket).map_or(Percentile::Beyond, |bound| Percentile::Within(*bound)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(counts: &[(&str, i64)]) -> Histogram {
        Histogram::read(Latency::Plan, |field| counts.iter().find(|(name, _)| *name == field).map(|(_, n)| *n))
    }

    #[test]
    fn a_measurement_goes_to_the_first_bound_it_does_not_pass() {
        let table = [
            (0, "e2e_1"),
            (1_000, "e2e_1"),
            (1_001, "e2e_2"),
            (30_000, "e2e_30"),
            (600_000, "e2e_600"),
            (600_001, "e2e_inf"),
        ];
        for (millis, field) in table {
            assert_eq!(Latency::EndToEnd.field(Duration::from_millis(millis)), field);
        }
    }

    #[test]
    fn counters_are_named_after_their_bounds() {
        for (bucket, bound) in BOUNDS_SECONDS.iter().enumerate() {
            assert_eq!(Latency::Plan.fields()[bucket], format!("plan_{bound}"));
            assert_eq!(Latency::EndToEnd.fields()[bucket], format!("e2e_{bound}"));
        }
    }

    #[test]
    fn a_percentile_is_the_upper_bound_of_its_bucket() {
        let seconds = |counts: &[(&str, i64)], percent| of(counts).percentile(percent).map(Percentile::seconds);
        assert_eq!(seconds(&[], 50), None);
        assert_eq!(seconds(&[("plan_5", 1)], 50), Some(Some(5)));
        assert_eq!(seconds(&[("plan_1", 50), ("plan_60", 50)], 50), Some(Some(1)));
        assert_eq!(seconds(&[("plan_1", 49), ("plan_60", 51)], 50), Some(Some(60)));
        assert_eq!(seconds(&[("plan_1", 95), ("plan_inf", 5)], 95), Some(Some(1)));
        assert_eq!(seconds(&[("plan_1", 94), ("plan_inf", 6)], 95), Some(None));
        assert_eq!(seconds(&[("plan_1", -3)], 95), None);
    }

    #[test]
    fn merging_adds_bucket_by_bucket() {
        let mut sum = of(&[("plan_1", 1)]);
        sum.merge(&of(&[("plan_1", 2), ("plan_inf", 4)]));
        assert_eq!((sum.count(), sum), (7, of(&[("plan_1", 3), ("plan_inf", 4)])));
    }
}
