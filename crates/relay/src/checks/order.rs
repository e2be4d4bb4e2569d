//! Which of several results a check run shows: the newest, by dispatch, run, attempt and progress.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

/// Where a result stands among those that one check run could show; the greatest is shown.
///
/// Its [`Display`](fmt::Display) is a text that sorts in the same order, by which the store drops wishes that come too late.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The dispatch's place, in the order in which deliveries were accepted.
    pub seq: String,
    /// The run.
    pub run: RunOrder,
    /// Its attempt.
    pub attempt: u32,
    /// Whether it has ended.
    pub completed: bool,
}

/// Where a run stands among others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunOrder {
    /// There is no run yet.
    None,
    /// By when its first report was accepted: its id says nothing.
    Accepted(Timestamp),
    /// By its number.
    Number(u64),
}

impl RunOrder {
    /// The place of a run by its id, or, where that is no number, by its first acceptance.
    #[must_use]
    pub fn of(run_id: &str, first_accepted: Timestamp) -> Self {
        run_id.parse().map_or(Self::Accepted(first_accepted), Self::Number)
    }
}

impl PartialOrd for Order {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Order {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |order: &Self| (order.run.clone(), order.attempt, order.completed);
        self.seq.cmp(&other.seq).then_with(|| key(self).cmp(&key(other)))
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.seq)?;
        match &self.run {
            RunOrder::None => f.write_str("0")?,
            // Times before 1970 do not come from our clock.
            RunOrder::Accepted(at) => write!(f, "1{:020}", at.millis().max(0))?,
            RunOrder::Number(number) => write!(f, "2{number:020}")?,
        }
        write!(f, "/{:05}/{}", self.attempt, u8::from(self.completed))
    }
}

/// The one of several results that a check run shows.
#[must_use]
pub fn visible<T>(results: impl IntoIterator<Item = T>, order: impl Fn(&T) -> Order) -> Option<T> {
    results.into_iter().max_by(|a, b| order(a).cmp(&order(b)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_run() -> impl Strategy<Value = RunOrder> {
        prop_oneof![
            Just(RunOrder::None),
            (0..3_i64).prop_map(|at| RunOrder::Accepted(Timestamp::from_millis(at))),
            (0..3_u64).prop_map(RunOrder::Number),
            any::<u64>().prop_map(RunOrder::Number),
        ]
    }

    fn any_order() -> impl Strategy<Value = Order> {
        ("[ab]", any_run(), 1..1001_u32, any::<bool>()).prop_map(|(seq, run, attempt, completed)| Order {
            seq,
            run,
            attempt,
            completed,
        })
    }

    #[test]
    fn relay_21_the_newer_attempt_is_shown_whenever_the_older_one_speaks() {
        let first = Order { seq: "a".into(), run: RunOrder::Number(9), attempt: 1, completed: true };
        let second = Order { attempt: 2, completed: false, ..first.clone() };
        let newer = Order { run: RunOrder::Number(10), attempt: 1, ..second.clone() };
        assert_eq!(visible([&second, &first, &newer], |order| (*order).clone()), Some(&newer));
        assert_eq!(visible([&second, &first], |order| (*order).clone()), Some(&second));
        assert_eq!(RunOrder::of("10", Timestamp::EPOCH), RunOrder::Number(10));
        assert_eq!(RunOrder::of("0195f4a0-4c", Timestamp::EPOCH), RunOrder::Accepted(Timestamp::EPOCH));
    }

    proptest! {
        #[test]
        fn the_text_sorts_as_the_order(a in any_order(), b in any_order()) {
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn every_order_of_arrival_shows_the_same(orders in prop::collection::vec(any_order(), 1..6), turn in 0..6_usize) {
            let shown = visible(orders.clone(), Order::clone);
            let mut arrived = orders;
            let by = turn % arrived.len();
            arrived.rotate_left(by);
            prop_assert_eq!(visible(arrived.clone(), Order::clone), shown.clone());
            arrived.reverse();
            prop_assert_eq!(visible(arrived, Order::clone), shown);
        }
    }
}
