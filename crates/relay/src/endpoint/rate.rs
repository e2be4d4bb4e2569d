//! How many reports of one repository are taken in a minute: a sliding window, so that whoever waits as told gets through.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_github::RepoName;

use crate::cache::values::RateOfNode;

/// The window.
const WINDOW: Duration = Duration::from_secs(60);
const WINDOW_MS: i64 = 60_000;
/// By how much other nodes' clocks may be ahead, in milliseconds.
const AHEAD_MS: i64 = 5_000;
/// Repositories whose windows are kept; only listed ones get here.
const KEPT: usize = 4_096;

/// The windows of all repositories.
pub(super) struct Windows {
    limit: usize,
    taken: Mutex<HashMap<RepoName, VecDeque<Timestamp>>>,
}

impl Windows {
    /// Windows that take so many reports each.
    pub(super) fn new(limit: u32) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), taken: Mutex::default() }
    }

    /// Takes a place in the window, besides what other nodes have taken; refused, it says how long until there is one again.
    pub(super) fn take(&self, repo: &RepoName, now: Timestamp, others: &[RateOfNode]) -> Result<Timestamp, Duration> {
        let mut taken = self.taken();
        if taken.len() >= KEPT && !taken.contains_key(repo) {
            taken.retain(|_, window| window.back().is_some_and(|last| now.since(*last) < WINDOW));
        }
        let window = taken.entry(repo.clone()).or_default();
        while window.front().is_some_and(|oldest| now.since(*oldest) >= WINDOW) {
            window.pop_front();
        }
        let others = elsewhere(others, now);
        let taken = others.iter().fold(window.len(), |sum, (_, count)| sum.saturating_add(*count as usize));
        if taken < self.limit {
            window.push_back(now);
            return Ok(now);
        }
        let mut to_leave = taken - self.limit + 1;
        let mut places: Vec<(Timestamp, usize)> = window.iter().map(|at| (*at, 1)).collect();
        places.extend(others.into_iter().map(|(at, count)| (at, count as usize)));
        places.sort_unstable();
        let last = places.into_iter().find(|(_, count)| {
            to_leave = to_leave.saturating_sub(*count);
            to_leave == 0
        });
        Err(last.map_or(WINDOW, |(at, _)| (at + WINDOW).since(now)))
    }

    /// What is taken of a repository's window here, for other nodes.
    pub(super) fn taken_of(&self, repo: &RepoName, now: Timestamp) -> RateOfNode {
        let mut seconds: Vec<(i64, u32)> = Vec::new();
        for at in self.taken().get(repo).into_iter().flatten().filter(|at| now.since(**at) < WINDOW) {
            match seconds.last_mut().filter(|(second, _)| *second == at.seconds()) {
                Some((_, count)) => *count += 1,
                None => seconds.push((at.seconds(), 1)),
            }
        }
        RateOfNode { seconds }
    }

    /// Gives a place back: what is refused for another reason does not count.
    pub(super) fn give_back(&self, repo: &RepoName, place: Timestamp) {
        if let Some(window) = self.taken().get_mut(repo)
            && let Some(at) = window.iter().rposition(|taken| *taken == place)
        {
            window.remove(at);
        }
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<RepoName, VecDeque<Timestamp>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What other nodes took in this window; a second's places as if they were all taken at its end, so that whoever waits gets through.
fn elsewhere(nodes: &[RateOfNode], now: Timestamp) -> Vec<(Timestamp, u32)> {
    let all = nodes.iter().flat_map(|node| &node.seconds);
    let within = all.filter_map(|(second, count)| {
        let begin = i64::checked_mul(*second, 1_000)?;
        let at = Timestamp::from_millis(begin.checked_add(999)?);
        // Other clocks may be a little ahead; more than that is nonsense.
        let recent =
            begin <= now.millis() + AHEAD_MS && now.since(at) < WINDOW && at.millis() > now.millis() - WINDOW_MS;
        recent.then_some((at.min(now), *count))
    });
    within.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    #[test]
    fn relay_20_the_101st_waits_and_then_gets_through_while_others_knock() {
        let (windows, repo) = (Windows::new(100), "a/b".parse().unwrap());
        for n in 0..100 {
            assert!(windows.take(&repo, at(n / 10), &[]).is_ok());
        }
        assert_eq!(windows.take(&repo, at(20), &[]), Err(Duration::from_secs(40)));
        for knock in 21..60 {
            assert!(windows.take(&repo, at(knock), &[]).is_err());
        }
        assert!(windows.take(&repo, at(60), &[]).is_ok());
        assert!(windows.take(&"other/one".parse().unwrap(), at(20), &[]).is_ok());
    }

    #[test]
    fn what_is_refused_later_does_not_count() {
        let (windows, repo) = (Windows::new(1), "a/b".parse().unwrap());
        let place = windows.take(&repo, at(0), &[]).unwrap();
        windows.give_back(&repo, place);
        assert!(windows.take(&repo, at(1), &[]).is_ok());
        assert!(windows.take(&repo, at(2), &[]).is_err());
    }

    #[test]
    fn what_other_nodes_take_counts_and_whoever_waits_as_told_gets_through() {
        let (windows, repo): (_, RepoName) = (Windows::new(10), "a/b".parse().unwrap());
        let other = |seconds: &[(i64, u32)]| RateOfNode {
            seconds: seconds.iter().map(|(second, count)| (at(*second).seconds(), *count)).collect(),
        };
        let others = [other(&[(0, 5), (7, 1)]), other(&[(2, 2)])];
        assert!(windows.take(&repo, at(10), &others).is_ok());
        assert!(windows.take(&repo, at(10), &others).is_ok());
        let wait = windows.take(&repo, at(10), &others).unwrap_err();
        assert!(Duration::from_secs(50) <= wait && wait < Duration::from_secs(51), "{wait:?}");
        assert!(windows.take(&repo, at(10) + wait, &others).is_ok());
        // Their story is this node's own, told to them.
        assert_eq!(windows.taken_of(&repo, at(61)), other(&[(10, 2), (60, 1)]));
        assert!(windows.taken_of(&"c/d".parse().unwrap(), at(11)).seconds.is_empty());
    }

    #[test]
    fn nonsense_of_other_nodes_neither_counts_nor_overflows() {
        let (windows, repo): (_, RepoName) = (Windows::new(1), "a/b".parse().unwrap());
        let long_ago_or_far_off = [i64::MIN, i64::MAX, 0, at(-61).seconds(), at(3_600).seconds()];
        let nonsense = [RateOfNode { seconds: long_ago_or_far_off.map(|second| (second, u32::MAX)).to_vec() }];
        assert!(windows.take(&repo, at(0), &nonsense).is_ok());
        let crowd = vec![RateOfNode { seconds: vec![(at(0).seconds(), u32::MAX); 3] }];
        assert!(windows.take(&"c/d".parse().unwrap(), at(0), &crowd).unwrap_err() <= WINDOW);
    }
}
