//! How many reports of one repository are taken in a minute: a sliding window, so that whoever waits as told gets through.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_github::RepoName;

/// The window.
const WINDOW: Duration = Duration::from_secs(60);
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

    /// Takes a place in the window; refused, it says how long until the oldest one has left.
    pub(super) fn take(&self, repo: &RepoName, now: Timestamp) -> Result<Timestamp, Duration> {
        let mut taken = self.taken();
        if taken.len() >= KEPT && !taken.contains_key(repo) {
            taken.retain(|_, window| window.back().is_some_and(|last| now.since(*last) < WINDOW));
        }
        let window = taken.entry(repo.clone()).or_default();
        while window.front().is_some_and(|oldest| now.since(*oldest) >= WINDOW) {
            window.pop_front();
        }
        match window.front().filter(|_| window.len() >= self.limit) {
            Some(oldest) => Err(WINDOW.saturating_sub(now.since(*oldest))),
            None => {
                window.push_back(now);
                Ok(now)
            }
        }
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
            assert!(windows.take(&repo, at(n / 10)).is_ok());
        }
        assert_eq!(windows.take(&repo, at(20)), Err(Duration::from_secs(40)));
        for knock in 21..60 {
            assert!(windows.take(&repo, at(knock)).is_err());
        }
        assert!(windows.take(&repo, at(60)).is_ok());
        assert!(windows.take(&"other/one".parse().unwrap(), at(20)).is_ok());
    }

    #[test]
    fn what_is_refused_later_does_not_count() {
        let (windows, repo) = (Windows::new(1), "a/b".parse().unwrap());
        let place = windows.take(&repo, at(0)).unwrap();
        windows.give_back(&repo, place);
        assert!(windows.take(&repo, at(1)).is_ok());
        assert!(windows.take(&repo, at(2)).is_err());
    }
}
