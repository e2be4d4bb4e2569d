//! A label's values, kept from growing without end.

use std::collections::BTreeSet;
use std::sync::{PoisonError, RwLock};

/// What stands for every value beyond the limit.
pub(super) const OTHER: &str = "other";

/// The first so many values that a label took; all later ones are to be counted as [`OTHER`].
///
/// Only for words of this program and ids of installations. What a stranger may choose is looked up in a fixed list
/// instead, or else the first to come could crowd out the rest.
#[derive(Debug)]
pub(super) struct Bounded<K> {
    limit: usize,
    seen: RwLock<BTreeSet<K>>,
}

impl<K: Ord + Clone> Bounded<K> {
    /// A label with at most `limit` values beside [`OTHER`].
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, seen: RwLock::new(BTreeSet::new()) }
    }

    /// Whether this value has a line of its own.
    pub(super) fn admits(&self, value: &K) -> bool {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
        if seen.contains(value) || seen.len() >= self.limit {
            return seen.contains(value);
        }
        drop(seen);
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if seen.len() < self.limit {
            seen.insert(value.clone());
        }
        seen.contains(value)
    }
}

/// An automation and one of its words, both of them [`OTHER`] beyond the limit.
pub(super) type Pair = (String, String);

impl Bounded<Pair> {
    /// What to label with.
    pub(super) fn pair(&self, automation: &str, word: &str) -> Pair {
        let pair = (automation.to_owned(), word.to_owned());
        if self.admits(&pair) { pair } else { (OTHER.to_owned(), OTHER.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_first_keeps_its_name_and_the_rest_shares_one() {
        let label = Bounded::new(2);
        let named: Vec<bool> = [1, 2, 3, 1, 4, 2].iter().map(|value| label.admits(value)).collect();
        assert_eq!(named, [true, true, false, true, false, true]);
    }
}
