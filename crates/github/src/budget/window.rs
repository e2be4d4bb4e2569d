//! How much was spent in a sliding span of time.

use std::collections::VecDeque;
use std::time::Duration;

use switchboard_clock::Timestamp;

/// Slices that a span is divided into. A charge stays until the end of its slice lies a whole span back, so that the sum
/// over any real span is never underestimated.
const SLICES: u32 = 60;

/// Charges of the last `span`, with a limit.
#[derive(Debug)]
pub(super) struct Window {
    span: Duration,
    /// Start of a slice and what was charged in it, oldest first.
    slices: VecDeque<(Timestamp, u32)>,
    spent: u32,
}

impl Window {
    pub(super) fn new(span: Duration) -> Self {
        Self { span, slices: VecDeque::new(), spent: 0 }
    }

    fn width(&self) -> Duration {
        self.span / SLICES
    }

    fn expires(&self, slice: Timestamp) -> Timestamp {
        slice + self.width() + self.span
    }

    fn forget(&mut self, now: Timestamp) {
        while let Some(&(slice, charged)) = self.slices.front() {
            if self.expires(slice) > now {
                return;
            }
            self.spent -= charged;
            self.slices.pop_front();
        }
    }

    /// What was spent in the span that ends now.
    pub(super) fn spent(&mut self, now: Timestamp) -> u32 {
        self.forget(now);
        self.spent
    }

    /// When `cost` more will fit under `limit`: now or later, [`Timestamp::MAX`] if never.
    pub(super) fn fits_at(&mut self, cost: u32, limit: u32, now: Timestamp) -> Timestamp {
        self.forget(now);
        let mut spent = self.spent;
        if spent.saturating_add(cost) <= limit {
            return now;
        }
        for &(slice, charged) in &self.slices {
            spent -= charged;
            if spent.saturating_add(cost) <= limit {
                return self.expires(slice);
            }
        }
        Timestamp::MAX
    }

    /// Notes a charge.
    pub(super) fn charge(&mut self, cost: u32, now: Timestamp) {
        let width = i64::try_from(self.width().as_millis()).unwrap_or(i64::MAX).max(1);
        let slice = Timestamp::from_millis(now.millis().div_euclid(width).saturating_mul(width));
        self.spent = self.spent.saturating_add(cost);
        match self.slices.back_mut() {
            // A clock stepped back charges the newest slice, so that the order stays.
            Some((last, charged)) if *last >= slice => *charged = charged.saturating_add(cost),
            _ => self.slices.push_back((slice, cost)),
        }
    }

    /// Takes back a charge made at `when`, if it still counts.
    pub(super) fn refund(&mut self, cost: u32, when: Timestamp) {
        let found = self.slices.iter_mut().rev().find(|(slice, charged)| *slice <= when && *charged >= cost);
        if let Some((_, charged)) = found {
            *charged -= cost;
            self.spent -= cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    #[test]
    fn what_was_spent_frees_itself_after_the_span() {
        let mut window = Window::new(MINUTE);
        window.charge(8, START);
        window.charge(2, START + Duration::from_secs(30));
        assert_eq!(window.fits_at(1, 10, START), START + Duration::from_secs(61));
        assert_eq!(window.fits_at(9, 10, START), START + Duration::from_secs(91));
        assert_eq!(window.fits_at(11, 10, START), Timestamp::MAX);
        assert_eq!(window.spent(START + Duration::from_secs(61)), 2);
    }

    #[test]
    fn a_refund_makes_room_at_once() {
        let mut window = Window::new(MINUTE);
        window.charge(10, START);
        window.refund(4, START);
        assert_eq!(window.fits_at(4, 10, START), START);
        window.refund(100, START);
        assert_eq!(window.spent(START), 6);
    }

    proptest! {
        #[test]
        fn no_span_ever_holds_more_than_the_limit(steps in prop::collection::vec((0..5_000u64, 1..30u32), 1..200)) {
            let (limit, mut now, mut window, mut charges) = (100, START, Window::new(MINUTE), Vec::new());
            for (pause, cost) in steps {
                now = now + Duration::from_millis(pause);
                now = window.fits_at(cost, limit, now);
                window.charge(cost, now);
                charges.push((now, cost));
                let recent: u32 = charges.iter().filter(|(at, _)| now.since(*at) <= MINUTE).map(|(_, cost)| cost).sum();
                prop_assert!(recent <= limit);
            }
        }
    }
}
