//! What one installation has spent and what GitHub last said is left.

use std::time::Duration;

use serde::Serialize;
use switchboard_clock::Timestamp;

use super::window::Window;
use super::{BudgetLimits, Cost, Priority};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// GitHub's own account, as told in the `x-ratelimit-…` headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Requests an hour.
    pub limit: u64,
    /// How many are left until `reset`.
    pub remaining: u64,
    /// When the hour starts anew.
    pub reset: Timestamp,
}

/// What a budget looks like at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BudgetSnapshot {
    /// Requests under way.
    pub in_flight: u32,
    /// Points spent in the last minute.
    pub points_minute: u32,
    /// Content writes in the last minute.
    pub content_minute: u32,
    /// Content writes in the last hour.
    pub content_hour: u32,
    /// What GitHub last said, until its reset.
    pub told: Option<Told>,
    /// No call before this moment: GitHub said so.
    pub held_until: Option<Timestamp>,
}

/// Why a call cannot go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotNow {
    /// Others must end first.
    Crowded,
    /// Our own limits allow it then.
    Spent(Timestamp),
    /// GitHub allows it then.
    Held(Timestamp),
}

#[derive(Debug)]
pub(super) struct Account {
    in_flight: u32,
    points: Window,
    content_minute: Window,
    content_hour: Window,
    told: Option<Told>,
    hold: Option<Timestamp>,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            in_flight: 0,
            points: Window::new(MINUTE),
            content_minute: Window::new(MINUTE),
            content_hour: Window::new(HOUR),
            told: None,
            hold: None,
        }
    }
}

impl Account {
    /// Takes what a call costs, or says why not now.
    pub(super) fn take(
        &mut self,
        cost: Cost,
        priority: Priority,
        limits: &BudgetLimits,
        now: Timestamp,
    ) -> Result<(), NotNow> {
        let share = |limit: u32| limits.share(limit, priority);
        self.allowed(priority, limits, now)?;
        let content = u32::from(cost.content);
        let fits = [
            self.points.fits_at(cost.points, share(limits.points_per_minute), now),
            self.content_minute.fits_at(content, share(limits.content_per_minute), now),
            self.content_hour.fits_at(content, share(limits.content_per_hour), now),
        ];
        if let Some(until) = fits.into_iter().max().filter(|until| *until > now) {
            return Err(NotNow::Spent(until));
        }
        if self.in_flight >= share(limits.concurrent) {
            return Err(NotNow::Crowded);
        }
        self.in_flight += 1;
        self.points.charge(cost.points, now);
        if cost.content {
            self.content_minute.charge(content, now);
            self.content_hour.charge(content, now);
        }
        Ok(())
    }

    /// A call has ended.
    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// A call made at `when` cost nothing after all.
    pub(super) fn refund(&mut self, cost: Cost, when: Timestamp) {
        self.points.refund(cost.points, when);
    }

    /// Notes what an answer said. Answers overtake one another: within one hour the lowest count is the latest.
    pub(super) fn hear(&mut self, told: Told) {
        // The reset is told in whole seconds and converted to our clock, hence wanders a little.
        const SAME_HOUR: Duration = Duration::from_secs(30);
        let known = self.told.filter(|known| told.reset.since(known.reset) < SAME_HOUR);
        self.told = match known {
            Some(known) if known.reset.since(told.reset) >= SAME_HOUR => Some(known),
            Some(known) => Some(Told { remaining: told.remaining.min(known.remaining), ..told }),
            None => Some(told),
        };
    }

    /// Lets no call go before `until`.
    pub(super) fn hold(&mut self, until: Timestamp) {
        self.hold = self.hold.max(Some(until));
    }

    /// Whether GitHub lets a call of this priority through.
    fn allowed(&mut self, priority: Priority, limits: &BudgetLimits, now: Timestamp) -> Result<(), NotNow> {
        self.hold = self.hold.filter(|until| *until > now);
        self.told = self.told.filter(|told| told.reset > now);
        if let Some(until) = self.hold {
            return Err(NotNow::Held(until));
        }
        let Some(told) = self.told else { return Ok(()) };
        let reserved = match priority {
            Priority::Live => 0,
            Priority::Background => told.limit.saturating_mul(u64::from(limits.live_percent.min(100))) / 100,
        };
        if told.remaining <= reserved {
            Err(NotNow::Held(told.reset))
        } else if told.remaining <= reserved + u64::from(self.in_flight) {
            // What is under way may use up the rest, or cost nothing.
            Err(NotNow::Crowded)
        } else {
            Ok(())
        }
    }

    pub(super) fn snapshot(&mut self, now: Timestamp) -> BudgetSnapshot {
        BudgetSnapshot {
            in_flight: self.in_flight,
            points_minute: self.points.spent(now),
            content_minute: self.content_minute.spent(now),
            content_hour: self.content_hour.spent(now),
            told: self.told.filter(|told| told.reset > now),
            held_until: self.hold.filter(|until| *until > now),
        }
    }
}
