//! What an entry's counters say over a stretch of days: rates, averages, medians. All in integers.

use serde::{Deserialize, Serialize};
use switchboard_store::Counters;

use crate::count::{E2E_FIELDS, p50_minutes};
use crate::criteria::Numbers;

/// The stretches that are summed up, in days; the first one is the last 24 hours.
pub const WINDOWS: [u32; 5] = [1, 7, 14, 30, 90];
/// A whole, in basis points.
const WHOLE: u128 = 10_000;

/// Sums over a stretch of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the counters' fields of the same names")]
pub struct Sums {
    pub sent: u64,
    pub send_failed: u64,
    pub never_reported: u64,
    pub heads: u64,
    pub runs: u64,
    pub pass: u64,
    pub fail: u64,
    pub fail_upstream: u64,
    pub timeout: u64,
    pub other: u64,
    pub queue_ms: u64,
    pub queue_n: u64,
    pub exec_ms: u64,
    pub exec_n: u64,
    /// The end-to-end histogram.
    pub e2e: [u64; 15],
}

impl Sums {
    /// Adds one bucket's counters.
    pub fn add(&mut self, counters: &Counters) {
        // A number that was corrected may fall below zero in a bucket that the correction did not come from; in sum it does not.
        let of = |field: &str| counters.get(field).copied().unwrap_or(0);
        let add = |sum: &mut u64, field: &str| *sum = sum.saturating_add_signed(of(field));
        add(&mut self.sent, "sent");
        add(&mut self.send_failed, "send_failed");
        add(&mut self.never_reported, "never_reported");
        add(&mut self.heads, "heads");
        add(&mut self.runs, "runs");
        add(&mut self.pass, "pass");
        add(&mut self.fail, "fail");
        add(&mut self.fail_upstream, "fail_upstream");
        add(&mut self.timeout, "timeout");
        add(&mut self.other, "other");
        add(&mut self.queue_ms, "queue_ms");
        add(&mut self.queue_n, "queue_n");
        add(&mut self.exec_ms, "exec_ms");
        add(&mut self.exec_n, "exec_n");
        for (sum, field) in self.e2e.iter_mut().zip(E2E_FIELDS) {
            add(sum, field);
        }
    }

    /// The sums of several buckets.
    #[must_use]
    pub fn of<'c>(buckets: impl IntoIterator<Item = &'c Counters>) -> Self {
        let mut sums = Self::default();
        buckets.into_iter().for_each(|bucket| sums.add(bucket));
        sums
    }

    /// Results that passed, failed or timed out.
    #[must_use]
    pub fn counted(&self) -> u64 {
        self.pass + self.fail + self.timeout
    }

    /// The pass rate in basis points; `None` without data.
    #[must_use]
    pub fn pass_rate(&self) -> Option<u64> {
        share(self.pass, self.counted())
    }

    /// The timeout rate in basis points; `None` without data.
    #[must_use]
    pub fn timeout_rate(&self) -> Option<u64> {
        share(self.timeout, self.counted())
    }

    /// The average queue time in milliseconds; `None` without data.
    #[must_use]
    pub fn queue(&self) -> Option<u64> {
        self.queue_ms.checked_div(self.queue_n)
    }

    /// The average execution time in milliseconds; `None` without data.
    #[must_use]
    pub fn execution(&self) -> Option<u64> {
        self.exec_ms.checked_div(self.exec_n)
    }

    /// The median end-to-end time: `Some(Some(t))` under t minutes, `Some(None)` beyond the last edge, `None` without data.
    #[must_use]
    pub fn p50(&self) -> Option<Option<u32>> {
        p50_minutes(&self.e2e).ok()
    }

    /// What the criteria look at. `long_from` is in minutes, an edge of the histogram.
    #[must_use]
    pub fn numbers(&self, days_at_level: u32, days_of_data: Option<u32>, long_from: u32) -> Numbers {
        let first_long =
            crate::config::P50_EDGES.iter().position(|edge| *edge == long_from).map_or(15, |edge| edge + 1);
        Numbers {
            days_at_level,
            days_of_data,
            queue: (self.queue_ms, self.queue_n),
            runs: self.e2e.iter().sum(),
            long_runs: self.e2e.iter().skip(first_long).sum(),
            p50_minutes: self.p50().flatten(),
            pass: self.pass,
            fail: self.fail,
            timeout: self.timeout,
        }
    }
}

/// A share in basis points.
fn share(part: u64, all: u64) -> Option<u64> {
    (all > 0).then(|| u64::try_from(u128::from(part) * WHOLE / u128::from(all)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::count::e2e_field;

    fn bucket(fields: &[(&str, i64)]) -> Counters {
        fields.iter().map(|(field, number)| ((*field).to_owned(), *number)).collect()
    }

    #[test]
    fn sums_and_rates_are_of_all_buckets() {
        let buckets =
            [bucket(&[("pass", 3), ("fail", 1), ("queue_ms", 3000), ("queue_n", 2)]), bucket(&[("timeout", 2)])];
        let sums = Sums::of(&buckets);
        assert_eq!((sums.counted(), sums.pass_rate(), sums.timeout_rate()), (6, Some(5_000), Some(3_333)));
        assert_eq!((sums.queue(), sums.execution(), sums.p50()), (Some(1_500), None, None));
    }

    #[test]
    fn long_runs_are_those_at_or_beyond_the_threshold() {
        let minute = 60_000;
        let at = |minutes: u64| e2e_field(minutes * minute);
        let sums = Sums::of(&[bucket(&[(at(179), 3), (at(180), 1), (at(500), 1)])]);
        let numbers = sums.numbers(1, None, 180);
        assert_eq!((numbers.runs, numbers.long_runs, numbers.p50_minutes), (5, 2, Some(180)));
    }
}
