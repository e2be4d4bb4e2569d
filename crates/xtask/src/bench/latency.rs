//! How long answers took.

use std::time::Duration;

/// Every measured duration, sorted once.
#[derive(Debug, Clone)]
pub(crate) struct Latencies {
    sorted: Vec<Duration>,
}

impl Latencies {
    pub(crate) fn new(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self { sorted: durations }
    }

    pub(crate) fn count(&self) -> u64 {
        self.sorted.len() as u64
    }

    /// The smallest duration that at least `percent` of all do not exceed (nearest rank); zero without any.
    pub(crate) fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.sorted.len() * percent).div_ceil(100).max(1);
        self.sorted.get(rank - 1).copied().unwrap_or_default()
    }

    pub(crate) fn max(&self) -> Duration {
        self.sorted.last().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let latencies = Latencies::new((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(latencies.percentile(50), Duration::from_millis(100));
        assert_eq!(latencies.percentile(99), Duration::from_millis(198));
        assert_eq!(latencies.percentile(100), latencies.max());
        assert_eq!(latencies.max(), Duration::from_millis(200));
    }

    #[test]
    fn a_single_or_no_measurement_has_percentiles() {
        let one = Latencies::new(vec![Duration::from_millis(7)]);
        assert_eq!((one.percentile(1), one.percentile(99)), (Duration::from_millis(7), Duration::from_millis(7)));
        assert_eq!(Latencies::new(Vec::new()).percentile(99), Duration::ZERO);
    }
}
