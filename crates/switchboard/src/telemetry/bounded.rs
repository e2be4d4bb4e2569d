//! A label's values, kept from growing without end.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// What stands for every value beyond the limit.
pub const OTHER: &str = "other";

/// The first so many values that a label took; all later ones are [`OTHER`].
#[derive(Debug)]
pub struct Bounded {
    limit: usize,
    seen: Mutex<BTreeSet<String>>,
}

impl Bounded {
    /// A label with at most `limit` values beside [`OTHER`].
    pub fn new(limit: usize) -> Self {
        Self { limit, seen: Mutex::default() }
    }

    /// The value to label with.
    pub fn label(&self, value: &str) -> String {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(value) {
            return value.to_owned();
        }
        if seen.len() >= self.limit {
            return OTHER.to_owned();
        }
        seen.insert(value.to_owned());
        value.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_first_keeps_its_name_and_the_rest_shares_one() {
        let label = Bounded::new(2);
        let labels: Vec<String> = ["a", "b", "c", "a", "d"].into_iter().map(|value| label.label(value)).collect();
        assert_eq!(labels, ["a", "b", OTHER, "a", OTHER]);
    }
}
