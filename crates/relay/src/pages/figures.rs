//! Rates, times and criteria as people read them. Pure.

use std::time::Duration;

use switchboard_panel::components::{Mark, State as Shape, count, duration};

use crate::criteria::{Criterion, Line, Outcome, Unit};
use crate::window::Sums;

/// A pass rate is green from here on, in basis points, and amber from [`AMBER_FROM`].
const GREEN_FROM: u64 = 9_500;
const AMBER_FROM: u64 = 8_000;

/// A share in percent with one decimal: `97.3 %`.
pub(crate) fn percent(basis_points: u64) -> String {
    let tenths = basis_points / 10;
    if tenths.is_multiple_of(10) { format!("{} %", tenths / 10) } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

/// A pass rate with its colour and word, and the numbers behind it.
pub(crate) fn pass_rate(sums: &Sums) -> (Mark, String) {
    let of = format!("{} of {}", count(sums.pass), count(sums.counted()));
    match sums.pass_rate() {
        None => (Mark::new(Shape::Waiting, "no data yet"), of),
        Some(rate) if rate >= GREEN_FROM => (Mark::new(Shape::Succeeded, percent(rate)), of),
        Some(rate) if rate >= AMBER_FROM => (Mark::new(Shape::Denied, percent(rate)), of),
        Some(rate) => (Mark::new(Shape::Failed, percent(rate)), of),
    }
}

/// Milliseconds as people read them, or a dash.
pub(crate) fn millis(value: Option<u64>) -> String {
    value.map_or_else(|| "–".to_owned(), |millis| duration(Duration::from_millis(millis)))
}

/// A share, or a dash.
pub(crate) fn share(value: Option<u64>) -> String {
    value.map_or_else(|| "–".to_owned(), percent)
}

/// The median end-to-end time: an upper edge of its histogram.
pub(crate) fn p50(sums: &Sums) -> String {
    match sums.p50() {
        None => "–".to_owned(),
        Some(None) => "over 6 h".to_owned(),
        Some(Some(minutes)) => format!("under {}", duration(Duration::from_secs(u64::from(minutes) * 60))),
    }
}

/// A criterion as it is shown: what, its value, what it is compared with, and what came of it.
pub(crate) struct CriterionLine {
    /// What.
    pub(crate) what: &'static str,
    /// Its value.
    pub(crate) value: String,
    /// How it is compared, and with what.
    pub(crate) threshold: String,
    /// What came of it.
    pub(crate) mark: Mark,
}

impl CriterionLine {
    /// This line, of an entry that is to be promoted or that is to keep its level.
    pub(crate) fn new(line: &Line) -> Self {
        let (what, how) = match line.criterion {
            Criterion::DaysAtLevel => ("days on the level", "at least"),
            Criterion::DaysOfData => ("days since the first result", "at least"),
            Criterion::Queue => ("average queue", "below"),
            Criterion::LongRuns => ("share of long runs", "below"),
            Criterion::P50 => ("median end to end", "below"),
            Criterion::TimeoutRate => ("timeout rate", "below"),
            Criterion::PassRate => ("pass rate", "above"),
            Criterion::Results => ("counted results", "at least"),
        };
        let unit = line.criterion.unit();
        let mark = match line.outcome {
            Outcome::Met => Mark::new(Shape::Succeeded, "met"),
            Outcome::Missed => Mark::new(Shape::Failed, "missed"),
            Outcome::NoData => Mark::new(Shape::Waiting, "no data"),
        };
        Self {
            what,
            value: line.value.map_or_else(|| "–".to_owned(), |value| in_unit(value, unit)),
            threshold: format!("{how} {}", in_unit(line.threshold, unit)),
            mark,
        }
    }
}

fn in_unit(value: u64, unit: Unit) -> String {
    match unit {
        Unit::Days => format!("{value} d"),
        Unit::Milliseconds => duration(Duration::from_millis(value)),
        Unit::Minutes => duration(Duration::from_secs(value * 60)),
        Unit::BasisPoints => percent(value),
        Unit::Count => count(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pass_rate_turns_amber_at_80_and_green_at_95_percent() {
        for (pass, fail, class) in
            [(0, 0, "waiting"), (95, 5, "succeeded"), (949, 51, "denied"), (8, 2, "denied"), (79, 21, "failed")]
        {
            let (mark, of) = pass_rate(&Sums { pass, fail, ..Sums::default() });
            assert_eq!(mark.state.class(), class, "{of}");
        }
        assert_eq!(percent(9_730), "97.3 %");
        assert_eq!(percent(10_000), "100 %");
    }
}
