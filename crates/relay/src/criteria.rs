//! What an entry must show to rise from L2 to L3, and what makes one on L3 due for demotion.

use serde::{Deserialize, Serialize};

use crate::config::Criteria;

/// The days whose numbers count for a promotion.
pub const PROMOTION_DAYS: u32 = 14;
/// The days whose numbers count for a demotion.
pub const DEMOTION_DAYS: u32 = 7;
/// Failing evaluations in a row that make an entry due, and passing ones that clear it: one bad day is not enough.
const IN_A_ROW: u8 = 2;
/// A whole, in basis points.
const WHOLE: u64 = 10_000;

/// The numbers of an entry over a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Numbers {
    /// Full days at its level.
    pub days_at_level: u32,
    /// Full days since its first result; `None` before there is one.
    pub days_of_data: Option<u32>,
    /// Sum of the known queue times in milliseconds, and how many.
    pub queue: (u64, u64),
    /// Runs with a known end-to-end time.
    pub runs: u64,
    /// Those that took [`Criteria::p50_minutes`] or more.
    pub long_runs: u64,
    /// The median end-to-end time in minutes, an edge; `None` beyond the last edge.
    pub p50_minutes: Option<u32>,
    /// Results that passed, failed and timed out.
    pub pass: u64,
    #[expect(missing_docs, reason = "see `pass`")]
    pub fail: u64,
    #[expect(missing_docs, reason = "see `pass`")]
    pub timeout: u64,
}

impl Numbers {
    fn counted(&self) -> u64 {
        self.pass + self.fail + self.timeout
    }
}

/// One criterion, compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which.
    pub criterion: Criterion,
    /// What it is, in the criterion's [unit](Criterion::unit); `None` without data.
    pub value: Option<u64>,
    /// What it is compared with, in the same unit.
    pub threshold: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// Days at L2: at least.
    DaysAtLevel,
    /// Days since the first result: at least.
    DaysOfData,
    /// The average queue: below.
    Queue,
    /// The share of long runs: below.
    LongRuns,
    /// The median end-to-end time: below.
    P50,
    /// The share of timeouts: below.
    TimeoutRate,
    /// The share of passes: above.
    PassRate,
    /// Counted results: at least.
    Results,
}

/// The unit of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Unit {
    Days,
    Milliseconds,
    Minutes,
    BasisPoints,
    Count,
}

impl Criterion {
    /// The unit of its value and threshold.
    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::DaysAtLevel | Self::DaysOfData => Unit::Days,
            Self::Queue => Unit::Milliseconds,
            Self::P50 => Unit::Minutes,
            Self::LongRuns | Self::TimeoutRate | Self::PassRate => Unit::BasisPoints,
            Self::Results => Unit::Count,
        }
    }
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The criterion is met.
    Met,
    /// It is not.
    Missed,
    /// Nobody can say.
    NoData,
}

/// The criteria of a promotion from L2 to L3, over [`PROMOTION_DAYS`] days.
#[must_use]
pub fn promotion(criteria: &Criteria, numbers: &Numbers) -> Vec<Line> {
    let at_least = |value: Option<u64>, threshold: u64| (value, threshold, value.map(|value| value >= threshold));
    let queue_ms = u64::from(criteria.queue_minutes) * 60_000;
    let (queue_sum, queue_samples) = numbers.queue;
    let below_queue = compare_ratio(queue_sum, queue_samples, queue_ms, |sum, bound| sum < bound);
    let mut lines = vec![
        line(Criterion::DaysAtLevel, at_least(Some(numbers.days_at_level.into()), criteria.min_days.into())),
        line(Criterion::DaysOfData, at_least(numbers.days_of_data.map(u64::from), criteria.data_days.into())),
        line(Criterion::Queue, below_queue),
        line(
            Criterion::LongRuns,
            share(numbers.long_runs, numbers.runs, criteria.long_percent, |sum, bound| sum < bound),
        ),
    ];
    lines.extend(stability(criteria, numbers));
    lines.push(line(Criterion::Results, at_least(Some(numbers.counted()), criteria.min_results.into())));
    lines
}

/// The criteria that an entry on L3 must keep, over [`DEMOTION_DAYS`] days.
#[must_use]
pub fn stability(criteria: &Criteria, numbers: &Numbers) -> [Line; 3] {
    let p50 = (numbers.runs > 0).then(|| numbers.p50_minutes.is_some_and(|p50| p50 < criteria.p50_minutes));
    let p50_value = if numbers.runs > 0 { numbers.p50_minutes.map(u64::from) } else { None };
    [
        line(Criterion::P50, (p50_value, criteria.p50_minutes.into(), p50)),
        line(
            Criterion::TimeoutRate,
            share(numbers.timeout, numbers.counted(), criteria.timeout_percent, |sum, bound| sum < bound),
        ),
        line(
            Criterion::PassRate,
            share(numbers.pass, numbers.counted(), criteria.pass_percent, |sum, bound| sum > bound),
        ),
    ]
}

type Compared = (Option<u64>, u64, Option<bool>);

fn line(criterion: Criterion, (value, threshold, met): Compared) -> Line {
    let outcome = match met {
        Some(true) => Outcome::Met,
        Some(false) => Outcome::Missed,
        None => Outcome::NoData,
    };
    Line { criterion, value, threshold, outcome }
}

/// `part` of `all` against a percentage, compared exactly and shown in basis points.
fn share(part: u64, all: u64, percent: u32, met: fn(u128, u128) -> bool) -> Compared {
    let threshold = u64::from(percent) * (WHOLE / 100);
    let met = (all > 0).then(|| met(u128::from(part) * u128::from(WHOLE), u128::from(threshold) * u128::from(all)));
    let value = u128::from(part) * u128::from(WHOLE) / u128::from(all.max(1));
    ((all > 0).then(|| u64::try_from(value).unwrap_or(u64::MAX)), threshold, met)
}

/// The average of `samples` samples that add up to `sum`, against a bound, compared exactly.
fn compare_ratio(sum: u64, samples: u64, bound: u64, met: fn(u128, u128) -> bool) -> Compared {
    let met = (samples > 0).then(|| met(u128::from(sum), u128::from(bound) * u128::from(samples)));
    (sum.checked_div(samples), bound, met)
}

/// Whether an entry on L3 is due for demotion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Demotion {
    /// Whether it is due.
    pub due: bool,
    /// Evaluations in a row that speak against the present state.
    pub against: u8,
}

/// What one daily evaluation found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evaluation {
    /// All criteria are kept.
    Passing,
    /// At least one is not.
    Failing,
    /// Too few results to say.
    NoData,
}

/// What an evaluation finds, over [`DEMOTION_DAYS`] days.
#[must_use]
pub fn evaluate(criteria: &Criteria, numbers: &Numbers) -> Evaluation {
    if numbers.counted() < u64::from(criteria.min_results) {
        return Evaluation::NoData;
    }
    let missed = stability(criteria, numbers).iter().any(|line| line.outcome == Outcome::Missed);
    if missed { Evaluation::Failing } else { Evaluation::Passing }
}

impl Demotion {
    /// The state after one more evaluation.
    #[must_use]
    pub fn after(self, evaluation: Evaluation) -> Self {
        let against = match evaluation {
            Evaluation::NoData => return self,
            Evaluation::Failing => !self.due,
            Evaluation::Passing => self.due,
        };
        match if against { self.against + 1 } else { 0 } {
            IN_A_ROW.. => Self { due: !self.due, against: 0 },
            against => Self { against, ..self },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Numbers {
        Numbers {
            days_at_level: 30,
            days_of_data: Some(14),
            queue: (100 * 29 * 60_000, 100),
            runs: 200,
            long_runs: 1,
            p50_minutes: Some(150),
            pass: 991,
            fail: 0,
            timeout: 9,
        }
    }

    fn outcome(numbers: &Numbers, criterion: Criterion) -> Outcome {
        let lines = promotion(&Criteria::default(), numbers);
        lines.into_iter().find(|line| line.criterion == criterion).unwrap().outcome
    }

    #[test]
    fn everything_met() {
        assert!(promotion(&Criteria::default(), &good()).iter().all(|line| line.outcome == Outcome::Met));
    }

    #[test]
    fn every_boundary() {
        let missed = [
            (Numbers { days_at_level: 29, ..good() }, Criterion::DaysAtLevel),
            (Numbers { days_of_data: Some(13), ..good() }, Criterion::DaysOfData),
            (Numbers { queue: (30 * 60_000, 1), ..good() }, Criterion::Queue),
            (Numbers { long_runs: 2, ..good() }, Criterion::LongRuns),
            (Numbers { p50_minutes: Some(180), ..good() }, Criterion::P50),
            (Numbers { p50_minutes: None, ..good() }, Criterion::P50),
            (Numbers { pass: 99, timeout: 1, ..good() }, Criterion::TimeoutRate),
            (Numbers { pass: 90, fail: 10, timeout: 0, ..good() }, Criterion::PassRate),
            (Numbers { pass: 19, fail: 0, timeout: 0, ..good() }, Criterion::Results),
        ];
        for (numbers, criterion) in missed {
            assert_eq!(outcome(&numbers, criterion), Outcome::Missed, "{criterion:?}");
        }
        let met = [
            (Numbers { queue: (30 * 60_000 - 1, 1), ..good() }, Criterion::Queue),
            (Numbers { pass: 901, fail: 99, timeout: 0, ..good() }, Criterion::PassRate),
            (Numbers { pass: 20, fail: 0, timeout: 0, ..good() }, Criterion::Results),
            (Numbers { days_at_level: 30, ..good() }, Criterion::DaysAtLevel),
            (Numbers { days_of_data: Some(14), ..good() }, Criterion::DaysOfData),
            (Numbers { long_runs: 1, runs: 101, ..good() }, Criterion::LongRuns),
            (Numbers { p50_minutes: Some(150), ..good() }, Criterion::P50),
            (Numbers { pass: 100, fail: 0, timeout: 1, ..good() }, Criterion::TimeoutRate),
        ];
        for (numbers, criterion) in met {
            assert_eq!(outcome(&numbers, criterion), Outcome::Met, "{criterion:?}");
        }
    }

    #[test]
    fn without_data_nothing_is_met_or_missed() {
        let lines = promotion(&Criteria::default(), &Numbers::default());
        let unknown =
            [Criterion::DaysOfData, Criterion::Queue, Criterion::LongRuns, Criterion::P50, Criterion::PassRate];
        for line in lines.iter().filter(|line| unknown.contains(&line.criterion)) {
            assert_eq!((line.outcome, line.value), (Outcome::NoData, None));
        }
    }

    #[test]
    fn relay_33_two_bad_days_make_an_entry_due_and_two_good_ones_clear_it() {
        let bad = Numbers { pass: 50, fail: 50, timeout: 0, ..good() };
        let criteria = Criteria::default();
        assert_eq!(
            (evaluate(&criteria, &bad), evaluate(&criteria, &good())),
            (Evaluation::Failing, Evaluation::Passing)
        );
        let few = Numbers { pass: 0, fail: 19, timeout: 0, ..good() };
        assert_eq!(evaluate(&criteria, &few), Evaluation::NoData);

        let enough = Numbers { fail: 20, ..few };
        assert_eq!(evaluate(&criteria, &enough), Evaluation::Failing, "at least, not more than");
        let edge = |pass, fail, timeout| evaluate(&criteria, &Numbers { pass, fail, timeout, ..good() });
        assert_eq!((edge(90, 10, 0), edge(91, 9, 0)), (Evaluation::Failing, Evaluation::Passing), "above 90 %");
        assert_eq!((edge(99, 0, 1), edge(992, 0, 8)), (Evaluation::Failing, Evaluation::Passing), "below 1 %");
        let p50 = |p50_minutes| evaluate(&criteria, &Numbers { p50_minutes, ..good() });
        assert_eq!(
            (p50(Some(180)), p50(Some(150)), p50(None)),
            (Evaluation::Failing, Evaluation::Passing, Evaluation::Failing)
        );

        let after =
            |evaluations: &[Evaluation]| evaluations.iter().fold(Demotion::default(), |now, next| now.after(*next));
        use Evaluation::{Failing, NoData, Passing};
        assert!(!after(&[Failing]).due && !after(&[Failing, Passing, Failing]).due);
        assert!(after(&[Failing, Failing]).due && after(&[Failing, NoData, Failing]).due);
        assert!(after(&[Failing, Failing, Passing, Failing, Passing]).due);
        assert!(!after(&[Failing, Failing, Passing, Passing]).due);
    }
}
