//! Drives the server's work to its end, moving the clock when, and only when, the work waits for it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use switchboard_clock::{Clock as _, SimulatedClock};

use crate::watched::Gauge;

/// How long a handler may sleep in one go before the story is taken to be stuck, by the simulated clock.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);
/// How often work may be claimed in one go before the story is taken to run in a circle.
const MOST_CLAIMS: u64 = 100_000;

/// Passes a call to wake up on, and remembers that there was one.
#[derive(Default)]
struct Alarm {
    sleeper: Mutex<Option<Waker>>,
    rang: AtomicBool,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.rang.store(true, SeqCst);
        if let Some(sleeper) = &*self.sleeper.lock().unwrap_or_else(PoisonError::into_inner) {
            sleeper.wake_by_ref();
        }
    }
}

/// Runs `work` to its end.
///
/// Work that is not finished when it was polled waits for one of three things. If it has been woken meanwhile, it only
/// has to be polled again; since some calls to wake up are put off until the runtime's next turn, it gets that turn
/// before it counts as asleep. If a call to the store is under way, the store will wake it. Otherwise it waits for the
/// clock, which stands still unless it is moved; so it is moved to the next moment that anybody sleeps until.
pub(crate) async fn drive<T>(clock: &SimulatedClock, gauge: &Gauge, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let (began, claims) = (clock.now(), gauge.claims());
    let alarm = Arc::new(Alarm::default());
    let mut asleep = false;
    poll_fn(|cx| {
        *alarm.sleeper.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        asleep &= !alarm.rang.swap(false, SeqCst);
        if let Poll::Ready(value) = work.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&alarm)))) {
            return Poll::Ready(value);
        }
        assert!(
            gauge.claims() - claims < MOST_CLAIMS,
            "the work runs in a circle: it is due again at once, every time"
        );
        if alarm.rang.load(SeqCst) || gauge.is_busy() {
            asleep = false;
            return Poll::Pending;
        }
        if asleep {
            let wake = clock.next_wake().expect("the work waits for neither the store nor the clock");
            assert!(wake.since(began) < LONGEST_WAIT, "the work has waited for {LONGEST_WAIT:?} and is not done");
            clock.advance_to(wake);
        }
        // Whoever slept until then need not be this work; and the runtime's next turn may wake it.
        asleep = !asleep;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_clock_moves_for_who_sleeps_and_no_further() {
        let clock = SimulatedClock::default();
        let start = clock.now();
        let work = async {
            clock.sleep(Duration::from_secs(300)).await;
            tokio::task::yield_now().await;
            tokio::select! {
                () = clock.sleep(Duration::from_secs(5)) => "short",
                () = clock.sleep(Duration::from_secs(20)) => "long",
            }
        };
        assert_eq!(drive(&clock, &Gauge::default(), work).await, "short");
        assert_eq!(clock.now().since(start), Duration::from_secs(305));
    }
}
