//! The rate budget: how fast we may go by GitHub's published limits, by what its answers say is left, and by what it told
//! us to wait for.
//!
//! Every installation has its own account, and so has the App itself; minting tokens has one more, whose calls cost
//! nothing, but which can be held. A call waits here for a moment at most ([`MAX_LOCAL_WAIT`]); when the budget opens later it fails with that time, and
//! whoever made it comes back then. The budget is kept in memory: after a restart GitHub's own answers correct it.

mod account;
mod window;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use switchboard_clock::{Clock, Timestamp};
use tokio::sync::Notify;

use account::{Account, NotNow};
pub use account::{BudgetSnapshot, Told};

use crate::classify::{reset, text};
use crate::endpoint::Effect;
use crate::error::HoldScope;
use crate::ids::InstallationId;
use crate::limits::{
    CONTENT_WRITES_PER_HOUR, CONTENT_WRITES_PER_MINUTE, MAX_CONCURRENT_REQUESTS, MAX_LOCAL_WAIT, POINTS_PER_MINUTE,
    READ_POINTS, WRITE_POINTS,
};
use crate::observe::PutOff;

/// Who goes first when the budget is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Priority {
    /// Somebody waits for it: a delivery that has just come in, a page.
    #[default]
    Live,
    /// It can wait: schedules, gap repair, catching up. Leaves a share of every limit to live calls.
    Background,
}

/// The limits of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Requests at once.
    pub concurrent: u32,
    /// Points a minute.
    pub points_per_minute: u32,
    /// Content writes a minute.
    pub content_per_minute: u32,
    /// Content writes an hour.
    pub content_per_hour: u32,
    /// The share of every limit that background calls leave to live ones, in percent.
    pub live_percent: u32,
}

impl Default for BudgetLimits {
    fn default() -> Self {
        Self {
            concurrent: MAX_CONCURRENT_REQUESTS,
            points_per_minute: POINTS_PER_MINUTE,
            content_per_minute: CONTENT_WRITES_PER_MINUTE,
            content_per_hour: CONTENT_WRITES_PER_HOUR,
            live_percent: 20,
        }
    }
}

impl BudgetLimits {
    fn share(&self, limit: u32, priority: Priority) -> u32 {
        match priority {
            Priority::Live => limit,
            Priority::Background => limit - limit * self.live_percent.min(100) / 100,
        }
    }
}

/// What a call costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    points: u32,
    content: bool,
}

impl Cost {
    /// A token request: GitHub counts it nowhere that it tells us of.
    pub(crate) const MINT: Self = Self { points: 0, content: false };

    pub(crate) fn of(effect: Effect) -> Self {
        match effect {
            Effect::Read => Self { points: READ_POINTS, content: false },
            Effect::Write => Self { points: WRITE_POINTS, content: false },
            Effect::ContentWrite => Self { points: WRITE_POINTS, content: true },
        }
    }
}

/// When to come back, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub until: Timestamp,
    pub why: PutOff,
}

#[derive(Debug, Default)]
struct Shared {
    account: Mutex<Account>,
    changed: Notify,
}

impl Shared {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All accounts.
#[derive(Debug)]
pub(crate) struct Budgets {
    limits: BudgetLimits,
    clock: Arc<dyn Clock>,
    accounts: Mutex<HashMap<HoldScope, Arc<Shared>>>,
}

impl Budgets {
    pub(crate) fn new(limits: BudgetLimits, clock: Arc<dyn Clock>) -> Self {
        Self { limits, clock, accounts: Mutex::default() }
    }

    fn shared(&self, scope: HoldScope) -> Arc<Shared> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).entry(scope).or_default().clone()
    }

    /// Waits for a place, shortly.
    pub(crate) async fn enter(&self, scope: HoldScope, cost: Cost, priority: Priority) -> Result<Permit, Wait> {
        const CROWDED_PAUSE: Duration = Duration::from_secs(1);
        let shared = self.shared(scope);
        let deadline = self.clock.now() + MAX_LOCAL_WAIT;
        loop {
            // Listen before looking, so that no change falls in between.
            let mut changed = std::pin::pin!(shared.changed.notified());
            changed.as_mut().enable();
            let now = self.clock.now();
            let taken = shared.account().take(cost, priority, &self.limits, now);
            let wake = match taken {
                Ok(()) => return Ok(Permit { shared: shared.clone(), cost, at: now }),
                Err(NotNow::Held(until)) => return Err(Wait { until, why: PutOff::Held }),
                Err(NotNow::Spent(until)) if until > deadline => {
                    return Err(Wait { until, why: PutOff::Spent });
                }
                Err(NotNow::Spent(until)) => until,
                Err(NotNow::Crowded) if now >= deadline => {
                    return Err(Wait { until: now + CROWDED_PAUSE, why: PutOff::Crowded });
                }
                Err(NotNow::Crowded) => deadline,
            };
            tokio::select! {
                () = changed => {}
                () = self.clock.sleep_until(wake) => {}
            }
        }
    }

    /// Lets no call of this scope go before `until`.
    pub(crate) fn hold(&self, scope: HoldScope, until: Timestamp) {
        self.shared(scope).account().hold(until);
    }

    pub(crate) fn snapshot(&self, scope: HoldScope) -> BudgetSnapshot {
        self.shared(scope).account().snapshot(self.clock.now())
    }

    /// The installations that have an account, in order, and how it looks.
    pub(crate) fn installations(&self) -> Vec<(InstallationId, BudgetSnapshot)> {
        let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut installations: Vec<_> = accounts
            .iter()
            .filter_map(|(scope, shared)| match scope {
                HoldScope::Installation(id) => Some((*id, shared.clone())),
                HoldScope::App | HoldScope::Mint => None,
            })
            .collect();
        drop(accounts);
        installations.sort_unstable_by_key(|(id, _)| *id);
        let now = self.clock.now();
        installations.into_iter().map(|(id, shared)| (id, shared.account().snapshot(now))).collect()
    }
}

/// A place among the requests under way; given back on drop.
#[derive(Debug)]
pub(crate) struct Permit {
    shared: Arc<Shared>,
    cost: Cost,
    at: Timestamp,
}

impl Permit {
    /// Takes note of what the answer's headers say.
    pub(crate) fn hear(&self, headers: &HeaderMap, now: Timestamp) {
        let number = |name| text(headers, name)?.trim().parse().ok();
        // Search, code scanning and others have accounts of their own.
        let core = text(headers, "x-ratelimit-resource").is_none_or(|resource| resource == "core");
        if let (true, Some(limit), Some(remaining), Some(reset)) =
            (core, number("x-ratelimit-limit"), number("x-ratelimit-remaining"), reset(headers, now))
        {
            self.shared.account().hear(Told { limit, remaining, reset });
        }
    }

    /// The answer was a 304, which costs nothing.
    pub(crate) fn refund(&self) {
        self.shared.account().refund(self.cost, self.at);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shared.account().leave();
        self.shared.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use switchboard_clock::SimulatedClock;

    use super::*;

    const SCOPE: HoldScope = HoldScope::Installation(InstallationId(1));
    const READ: Cost = Cost { points: 1, content: false };

    fn budgets() -> (Budgets, SimulatedClock) {
        let clock = SimulatedClock::default();
        (Budgets::new(BudgetLimits::default(), Arc::new(clock.clone())), clock)
    }

    /// How many calls go through before one has to wait longer than a moment.
    async fn spend(budgets: &Budgets, cost: Cost, priority: Priority) -> (u32, Wait) {
        let mut calls = 0;
        loop {
            match budgets.enter(SCOPE, cost, priority).await {
                Ok(_) => calls += 1,
                Err(wait) => return (calls, wait),
            }
        }
    }

    #[tokio::test]
    async fn points_and_content_writes_are_limited_a_minute_and_an_hour() {
        let (budgets, clock) = budgets();
        let start = clock.now();
        let (writes, wait) = spend(&budgets, Cost::of(Effect::Write), Priority::Live).await;
        assert_eq!((writes, wait.until), (180, start + Duration::from_secs(61)));
        clock.advance_to(wait.until);
        let mut contents = 0;
        while clock.now().since(start) < Duration::from_secs(3600) {
            let (calls, wait) = spend(&budgets, Cost::of(Effect::ContentWrite), Priority::Live).await;
            assert!(calls <= 80);
            contents += calls;
            clock.advance_to(wait.until);
        }
        assert_eq!(contents, 500);
    }

    #[tokio::test]
    async fn background_calls_leave_a_share_to_live_ones() {
        let (budgets, _clock) = budgets();
        assert_eq!(spend(&budgets, READ, Priority::Background).await.0, 720);
        assert_eq!(spend(&budgets, READ, Priority::Live).await.0, 180);
    }

    #[tokio::test]
    async fn what_costs_nothing_is_given_back() {
        let (budgets, _clock) = budgets();
        for _ in 0..2_000 {
            budgets.enter(SCOPE, READ, Priority::Live).await.unwrap().refund();
        }
        assert_eq!(budgets.snapshot(SCOPE).points_minute, 0);
    }

    #[tokio::test]
    async fn at_most_sixty_calls_are_under_way_and_the_next_waits_for_a_place() {
        let (budgets, clock) = budgets();
        let budgets = Arc::new(budgets);
        let mut permits = Vec::new();
        for _ in 0..60 {
            permits.push(budgets.enter(SCOPE, READ, Priority::Live).await.unwrap());
        }
        let waiting =
            |budgets: Arc<Budgets>| tokio::spawn(async move { budgets.enter(SCOPE, READ, Priority::Live).await });
        let next = waiting(budgets.clone());
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        assert!(!next.is_finished());
        permits.pop();
        let taken = next.await.unwrap().unwrap();
        assert_eq!(budgets.snapshot(SCOPE).in_flight, 60);

        let hopeless = waiting(budgets.clone());
        while clock.next_wake().is_none() {
            tokio::task::yield_now().await;
        }
        clock.advance(MAX_LOCAL_WAIT);
        assert!(hopeless.await.unwrap().is_err());
        drop(taken);
    }

    #[tokio::test]
    async fn a_hold_stops_one_installation_and_no_other() {
        let (budgets, clock) = budgets();
        let until = clock.now() + Duration::from_secs(37);
        budgets.hold(SCOPE, until);
        budgets.hold(SCOPE, clock.now() + Duration::from_secs(5));
        assert_eq!(budgets.enter(SCOPE, READ, Priority::Live).await.unwrap_err().until, until);
        assert_eq!(budgets.snapshot(SCOPE).held_until, Some(until));
        let other = HoldScope::Installation(InstallationId(2));
        assert!(budgets.enter(other, READ, Priority::Live).await.is_ok());
        clock.advance_to(until);
        assert!(budgets.enter(SCOPE, READ, Priority::Live).await.is_ok());
    }

    #[tokio::test]
    async fn what_github_says_is_left_counts() {
        let (budgets, clock) = budgets();
        let told = |remaining: u64, seconds: i64| {
            let pairs = [
                ("x-ratelimit-limit", 5_000.to_string()),
                ("x-ratelimit-remaining", remaining.to_string()),
                ("x-ratelimit-reset", (clock.now().seconds() + seconds).to_string()),
            ];
            pairs
                .into_iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect::<HeaderMap>()
        };
        let hear = async |headers: HeaderMap| {
            let priority = Priority::Live;
            budgets.enter(SCOPE, READ, priority).await.unwrap().hear(&headers, clock.now());
        };
        hear(told(900, 600)).await;
        let until = clock.now() + Duration::from_secs(600);
        // Under a fifth is left: only live calls go.
        assert_eq!(budgets.enter(SCOPE, READ, Priority::Background).await.unwrap_err().until, until);
        hear(told(0, 600)).await;
        assert_eq!(budgets.enter(SCOPE, READ, Priority::Live).await.unwrap_err().until, until);
        clock.advance_to(until);
        hear(told(4_999, 3_600)).await;
        // A late answer about the same hour does not raise the count again, nor does one about the hour before.
        hear(told(4_000, 3_600)).await;
        hear(told(4_998, 3_600)).await;
        hear(told(3, 1)).await;
        assert_eq!(budgets.snapshot(SCOPE).told.unwrap().remaining, 4_000);
    }
}
