//! How often a wrong token may be tried, for each address and for all together. In memory and bounded: the limit spares
//! the log and the processor; what keeps guessers out is the length of the token.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use switchboard_clock::Timestamp;

/// Wrong tokens that one address may send at once, and how long until it may send one more.
const ADDRESS: Allowance = Allowance { burst: 10, refill: Duration::from_secs(30) };
/// The same for all addresses together.
const EVERYBODY: Allowance = Allowance { burst: 200, refill: Duration::from_secs(1) };
/// Addresses remembered at once.
const ADDRESSES_MAX: usize = 4_096;

#[derive(Clone, Copy)]
struct Allowance {
    burst: u32,
    refill: Duration,
}

/// When everything used up will have been given back; "now" or earlier is a full allowance.
type FullAt = Timestamp;

impl Allowance {
    /// How long until another attempt is allowed; `None` if it is.
    fn wait(self, full_at: FullAt, now: Timestamp) -> Option<Duration> {
        let most = self.refill * (self.burst - 1);
        let wait = full_at.since(now).saturating_sub(most);
        (!wait.is_zero()).then_some(wait)
    }

    fn spend(self, full_at: FullAt, now: Timestamp) -> FullAt {
        // Capped, so that a flood that nobody stopped in time does not shut the door for hours.
        (full_at.max(now) + self.refill).min(now + self.refill * self.burst)
    }
}

/// Counts wrong tokens.
#[derive(Default)]
pub(crate) struct Limiter(Mutex<Failures>);

#[derive(Default)]
struct Failures {
    everybody: FullAt,
    addresses: HashMap<Option<IpAddr>, FullAt>,
}

impl Limiter {
    /// How long this address must wait before it may try again; `None` if it may now.
    pub(crate) fn wait(&self, client: Option<IpAddr>, now: Timestamp) -> Option<Duration> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = failures.addresses.get(&block(client)).and_then(|full_at| ADDRESS.wait(*full_at, now));
        own.max(EVERYBODY.wait(failures.everybody, now))
    }

    /// Notes a wrong token.
    pub(crate) fn failed(&self, client: Option<IpAddr>, now: Timestamp) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.everybody = EVERYBODY.spend(failures.everybody, now);
        if failures.addresses.len() >= ADDRESSES_MAX {
            failures.addresses.retain(|_, full_at| *full_at > now);
        }
        // With the table full of fresh failures, the limit for everybody is what holds.
        if failures.addresses.len() < ADDRESSES_MAX {
            let full_at = failures.addresses.entry(block(client)).or_default();
            *full_at = ADDRESS.spend(*full_at, now);
        }
    }
}

/// One IPv6 customer has at least a /64, so that is what counts as one address.
fn block(client: Option<IpAddr>) -> Option<IpAddr> {
    client.map(|client| match client.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        v4 @ IpAddr::V4(_) => v4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_slowed_down_and_others_are_not() {
        let limiter = Limiter::default();
        let now = Timestamp::from_seconds(1_000);
        let (guesser, operator) = (Some("192.0.2.1".parse().unwrap()), Some("192.0.2.2".parse().unwrap()));
        for _ in 0..10 {
            assert_eq!(limiter.wait(guesser, now), None);
            limiter.failed(guesser, now);
        }
        assert_eq!(limiter.wait(guesser, now), Some(Duration::from_secs(30)));
        assert_eq!(limiter.wait(operator, now), None);
        assert_eq!(limiter.wait(guesser, now + Duration::from_secs(30)), None);
    }

    #[test]
    fn many_addresses_together_are_slowed_down_in_bounded_memory() {
        let limiter = Limiter::default();
        let now = Timestamp::from_seconds(1_000);
        for n in 0..20_000u32 {
            limiter.failed(Some(IpAddr::V4(n.into())), now);
        }
        assert!(limiter.wait(Some("203.0.113.1".parse().unwrap()), now).is_some());
        assert!(limiter.0.lock().unwrap().addresses.len() <= ADDRESSES_MAX);
    }
}
