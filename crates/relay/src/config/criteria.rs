use super::{SettingError, check_range};

/// Upper edges of the end-to-end buckets in minutes, exclusive; a last bucket has none. Only an edge can be a threshold of the P50.
pub const P50_EDGES: [u32; 14] = [1, 5, 10, 15, 20, 30, 45, 60, 90, 120, 150, 180, 240, 360];

/// The section `[relay.criteria]`: what an entry must show for L3, and to stay there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criteria {
    /// Days on L2, at least.
    pub min_days: u32,
    /// Days since the first result, at least.
    pub data_days: u32,
    /// Average queue in minutes: below.
    pub queue_minutes: u32,
    /// Share of runs that take `p50_minutes` or more, in percent: below.
    pub long_percent: u32,
    /// Median from dispatch to a run's last completion, in minutes: below.
    pub p50_minutes: u32,
    /// Share of timeouts in percent: below.
    pub timeout_percent: u32,
    /// Pass rate in percent: above.
    pub pass_percent: u32,
    /// Counted results without which nothing is judged.
    pub min_results: u32,
}

impl Criteria {
    /// The criteria of an operator who sets none.
    #[must_use]
    pub const fn defaults() -> Self {
        Self {
            min_days: 30,
            data_days: 14,
            queue_minutes: 30,
            long_percent: 1,
            p50_minutes: 180,
            timeout_percent: 1,
            pass_percent: 90,
            min_results: 20,
        }
    }

    pub(super) fn out_of_range(&self) -> Vec<(&'static str, SettingError)> {
        let checks = [
            ("criteria.min_days", self.min_days, 0..=365),
            ("criteria.data_days", self.data_days, 0..=365),
            ("criteria.queue_minutes", self.queue_minutes, 1..=10_080),
            ("criteria.long_percent", self.long_percent, 0..=100),
            ("criteria.timeout_percent", self.timeout_percent, 0..=100),
            ("criteria.pass_percent", self.pass_percent, 0..=100),
            ("criteria.min_results", self.min_results, 1..=1_000_000),
        ];
        let mut found: Vec<_> = checks
            .into_iter()
            .filter_map(|(key, value, range)| Some((key, check_range(value, &range).err()?)))
            .collect();
        if !P50_EDGES.contains(&self.p50_minutes) {
            let edges = P50_EDGES.map(|edge| edge.to_string()).join(", ");
            let error = SettingError::new(
                format!("{} is no edge of a bucket", self.p50_minutes),
                format!("use one of {edges}"),
            );
            found.push(("criteria.p50_minutes", error));
        }
        found
    }
}

impl Default for Criteria {
    fn default() -> Self {
        Self::defaults()
    }
}
