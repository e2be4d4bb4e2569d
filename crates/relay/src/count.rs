//! What a result counts as, and what a change of mind takes back.

use serde::{Deserialize, Serialize};

use crate::conclusion::Conclusion;
use crate::config::P50_EDGES;
use crate::report::{Category, Verdict};

/// What a result counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It passed.
    Pass,
    /// It failed.
    Fail,
    /// It failed, and the downstream's own triage blames the upstream. It counts as failed all the same.
    FailUpstream,
    /// It did not end in time.
    Timeout,
    /// It says nothing about pass or fail.
    Other,
}

impl Class {
    /// The counter's fields that one such result adds to.
    #[must_use]
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Pass => &["pass"],
            Self::Fail => &["fail"],
            Self::FailUpstream => &["fail", "fail_upstream"],
            Self::Timeout => &["timeout"],
            Self::Other => &["other"],
        }
    }
}

/// Names of a probe's results that must end in a certain way, each with that way.
const EXPECTED: [(&str, Conclusion); 3] =
    [("xfail", Conclusion::Failure), ("xcancel", Conclusion::Cancelled), ("xtimeout", Conclusion::TimedOut)];

/// What a result counts as. In the probe repository, a name with `xfail`, `xcancel` or `xtimeout` passes by exactly that end.
#[must_use]
pub fn class(name: &str, conclusion: Conclusion, verdict: Option<&Verdict>, probe: bool) -> Class {
    if probe && let Some((_, expected)) = EXPECTED.iter().find(|(word, _)| name.contains(word)) {
        return if conclusion == *expected { Class::Pass } else { Class::Fail };
    }
    match conclusion {
        Conclusion::Success => Class::Pass,
        Conclusion::Failure if verdict.is_some_and(|verdict| verdict.category == Category::Upstream) => {
            Class::FailUpstream
        }
        Conclusion::Failure => Class::Fail,
        Conclusion::TimedOut => Class::Timeout,
        Conclusion::Neutral | Conclusion::Skipped | Conclusion::ActionRequired | Conclusion::Cancelled => Class::Other,
    }
}

/// What changes in the counters when a row counts as `now` after it counted as `before`: fields with what to add.
#[must_use]
pub fn moves(before: Option<Class>, now: Option<Class>) -> Vec<(&'static str, i64)> {
    if before == now {
        return Vec::new();
    }
    let mut adds: Vec<(&'static str, i64)> = Vec::new();
    let changes = before.map(|class| (class, -1)).into_iter().chain(now.map(|class| (class, 1)));
    for (class, by) in changes {
        for field in class.fields() {
            match adds.iter_mut().find(|(name, _)| name == field) {
                Some((_, sum)) => *sum += by,
                None => adds.push((field, by)),
            }
        }
    }
    adds.retain(|(_, sum)| *sum != 0);
    adds
}

/// The histogram's fields, one more than there are edges.
pub const E2E_FIELDS: [&str; 15] = [
    "e2e_0", "e2e_1", "e2e_2", "e2e_3", "e2e_4", "e2e_5", "e2e_6", "e2e_7", "e2e_8", "e2e_9", "e2e_10", "e2e_11",
    "e2e_12", "e2e_13", "e2e_14",
];

/// The histogram's field for a run that took so many milliseconds end to end.
#[must_use]
pub fn e2e_field(milliseconds: u64) -> &'static str {
    let bucket = P50_EDGES.partition_point(|edge| u64::from(*edge) * 60_000 <= milliseconds);
    E2E_FIELDS.get(bucket).copied().unwrap_or(E2E_FIELDS[14])
}

/// The median of a histogram: the first edge, in minutes, below which at least half of the samples lie. `Ok(None)` if half of them
/// lie beyond the last edge.
///
/// # Errors
/// [`NoSamples`].
pub fn p50_minutes(samples: &[u64; 15]) -> Result<Option<u32>, NoSamples> {
    let all: u64 = samples.iter().sum();
    if all == 0 {
        return Err(NoSamples);
    }
    let mut below = 0;
    for (edge, samples) in P50_EDGES.iter().zip(samples) {
        below += samples;
        if below >= all.div_ceil(2) {
            return Ok(Some(*edge));
        }
    }
    Ok(None)
}

/// There is nothing to take a median of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are no samples")]
pub struct NoSamples;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::report::Confidence;

    #[test]
    fn each_end_has_its_class() {
        let upstream = Verdict {
            category: Category::Upstream,
            confidence: Confidence::High,
            summary: String::new(),
            suspected_upstream: None,
            evidence: None,
        };
        let of = |conclusion| class("build", conclusion, Some(&upstream), false);
        assert_eq!(of(Conclusion::Success), Class::Pass);
        assert_eq!(
            (of(Conclusion::Failure), class("b", Conclusion::Failure, None, false)),
            (Class::FailUpstream, Class::Fail)
        );
        assert_eq!((of(Conclusion::TimedOut), of(Conclusion::Cancelled)), (Class::Timeout, Class::Other));
    }

    #[test]
    fn a_probe_passes_by_ending_as_its_name_says() {
        assert_eq!(class("job-xfail", Conclusion::Failure, None, true), Class::Pass);
        assert_eq!(class("job-xfail", Conclusion::Success, None, true), Class::Fail);
        assert_eq!(class("xtimeout", Conclusion::TimedOut, None, true), Class::Pass);
        assert_eq!(class("xcancel", Conclusion::Cancelled, None, true), Class::Pass);
        assert_eq!(class("job-xfail", Conclusion::Failure, None, false), Class::Fail);
    }

    #[test]
    fn a_probe_passes_by_exactly_that_end() {
        for (word, expected) in EXPECTED {
            for conclusion in Conclusion::ALL {
                let class = class(&format!("linux ({word}, 3.12)"), conclusion, None, true);
                assert_eq!(
                    class,
                    if conclusion == expected { Class::Pass } else { Class::Fail },
                    "{word} {conclusion}"
                );
            }
        }
        let other = [Conclusion::Neutral, Conclusion::Skipped, Conclusion::ActionRequired, Conclusion::Cancelled];
        for probe in [false, true] {
            assert!(other.iter().all(|conclusion| class("build", *conclusion, None, probe) == Class::Other));
        }
    }

    #[test]
    fn relay_21_a_change_of_mind_takes_back_what_was_counted() {
        assert_eq!(moves(None, Some(Class::Fail)), [("fail", 1)]);
        assert_eq!(moves(Some(Class::Fail), Some(Class::Pass)), [("fail", -1), ("pass", 1)]);
        assert_eq!(moves(Some(Class::Fail), Some(Class::FailUpstream)), [("fail_upstream", 1)]);
        assert_eq!(moves(Some(Class::Pass), Some(Class::Pass)), []);
        assert_eq!(moves(Some(Class::Timeout), None), [("timeout", -1)]);
    }

    #[test]
    fn edges_are_exclusive() {
        assert_eq!((e2e_field(0), e2e_field(59_999), e2e_field(60_000)), ("e2e_0", "e2e_0", "e2e_1"));
        assert_eq!((e2e_field(360 * 60_000 - 1), e2e_field(360 * 60_000)), ("e2e_13", "e2e_14"));
    }

    #[test]
    fn the_median_is_an_edge() {
        let mut samples = [0; 15];
        assert_eq!(p50_minutes(&samples), Err(NoSamples));
        samples[14] = 1;
        assert_eq!(p50_minutes(&samples), Ok(None));
        samples[0] = 1;
        assert_eq!(p50_minutes(&samples), Ok(Some(1)));
        samples[14] = 2;
        assert_eq!(p50_minutes(&samples), Ok(None));
        samples[11] = 1;
        assert_eq!(p50_minutes(&samples), Ok(Some(180)));
    }

    proptest! {
        #[test]
        fn counters_always_equal_the_last_state(
            history in prop::collection::vec(prop::option::of(prop::sample::select(vec![
                Class::Pass, Class::Fail, Class::FailUpstream, Class::Timeout, Class::Other,
            ])), 1..12),
        ) {
            let mut sums = std::collections::BTreeMap::<&str, i64>::new();
            let mut before = None;
            for now in &history {
                for (field, by) in moves(before, *now) {
                    *sums.entry(field).or_default() += by;
                }
                before = *now;
            }
            sums.retain(|_, sum| *sum != 0);
            let expected = before.map(Class::fields).unwrap_or_default();
            prop_assert!(sums.len() == expected.len() && expected.iter().all(|field| sums[field] == 1));
        }
    }
}
