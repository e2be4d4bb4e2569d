//! One attempt at one job or intent: run its handler or carrier, and settle what came of it.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use switchboard_clock::{Timestamp, jittered};
use switchboard_github::record::CallRecord;
use switchboard_store::{Attempt, Class, Failure, Hold, Leased, NewFact, Outcome, Settlement, StoreError, Work};
use tracing::Instrument as _;

use crate::crash::{CrashPoint, Crashed};
use crate::observe::{Attempted, Ending};
use crate::{Automation, Context, Engine, Trouble};

/// How long to wait before a settlement is offered again to a store that could not take it.
const SETTLE_AGAIN: Duration = Duration::from_secs(1);
/// How often it is offered before the attempt is let go; its lease then ends, and the work is done over.
const SETTLE_TRIES: u32 = 30;

/// How the store calls an attempt whose lease ended without a settlement.
const LOST: &str = "lost";
/// After so many lost attempts in a row a work is given up.
const LOSSES_MAX: usize = 20;

/// How an attempt ended, for whoever is told.
struct Ended {
    ending: Ending,
    failure: Option<String>,
    committed: bool,
    calls: Vec<CallRecord>,
    facts: Vec<NewFact>,
}

impl Ended {
    /// The lease went before there was anything to settle.
    fn lost() -> Self {
        Self { ending: Ending::Lost, failure: None, committed: false, calls: Vec::new(), facts: Vec::new() }
    }

    /// It comes to this, which is not committed yet.
    fn with(outcome: &Outcome, calls: Vec<CallRecord>) -> Self {
        let (ending, failure) = match outcome {
            Outcome::Done => (Ending::Done, None),
            Outcome::Retry { counted: true, failure, .. } => (Ending::Retry, Some(failure)),
            Outcome::Retry { counted: false, failure, .. } => (Ending::Wait, Some(failure)),
            Outcome::Dead { failure } => (Ending::Dead, Some(failure)),
        };
        let failure = failure.map(|failure| failure.code.clone());
        Self { ending, failure, committed: false, calls, facts: Vec::new() }
    }
}

impl Engine {
    /// Runs one leased work to its settlement. Every line that is logged meanwhile names the work and its delivery.
    pub(crate) async fn attempt(&self, leased: Leased) -> Result<(), Crashed> {
        let (started_at, begun) = (self.store.now(), Instant::now());
        let ended = self.attempt_within(&leased).instrument(span(&leased.work)).await?;
        self.tell(&leased.work, &ended, started_at, begun.elapsed());
        Ok(())
    }

    /// Tells whoever measures, and the log.
    fn tell(&self, work: &Work, ended: &Ended, started_at: Timestamp, took: Duration) {
        let (attempt, outcome, duration_ms) = (work.attempts, ended.ending.as_str(), took.as_millis());
        span(work).in_scope(|| match ended.ending {
            Ending::Retry => {
                let code = ended.failure.as_deref();
                tracing::info!(attempt, outcome, code, duration_ms, "an attempt failed; there will be another");
            }
            _ => tracing::debug!(attempt, outcome, duration_ms, "an attempt has ended"),
        });
        self.options.observer.attempted(&Attempted {
            work,
            ending: ended.ending,
            committed: ended.committed,
            failure: ended.failure.as_deref(),
            started_at,
            took,
            calls: &ended.calls,
            facts: &ended.facts,
        });
    }

    async fn attempt_within(&self, leased: &Leased) -> Result<Ended, Crashed> {
        self.crashes.pass(CrashPoint::Claimed)?;
        let Some(automation) = self.automation(&leased.work.automation) else {
            // Its automation is switched off: let it wait until somebody switches it on again.
            let failure = failure("automation_disabled", "the automation that this work belongs to is switched off");
            let at = self.store.now() + Duration::from_secs(300);
            let outcome = Outcome::Retry { at, failure, counted: false, unanswered: leased.work.unanswered };
            return self.settle(leased, Settlement::with(outcome), Vec::new()).await;
        };
        let (github, calls) = self.github.recording();
        let context = self.context(github);
        let running = async {
            match leased.work.class {
                Class::Job => automation.decide(&leased.work, &context).await,
                Class::Intent => automation.carry(&leased.work, &context).await,
            }
        };
        let result = {
            let guarded = AssertUnwindSafe(running).catch_unwind();
            let kept = self.keep_lease(leased);
            tokio::select! {
                result = guarded => result,
                () = kept => return Ok(Ended::lost()),
            }
        };
        self.crashes.pass(match leased.work.class {
            Class::Job => CrashPoint::Decided,
            Class::Intent => CrashPoint::Carried,
        })?;
        let mut settlement = match result {
            Ok(Ok(settlement)) => settlement,
            Ok(Err(trouble)) => self.after(trouble, automation.as_ref(), &leased.work, &context).await,
            Err(_) => {
                tracing::error!(work = %leased.work.id, kind = leased.work.kind, "a handler panicked");
                let trouble = Trouble::Again {
                    failure: failure("panicked", "the handler failed in an unforeseen way; please report this"),
                    at: None,
                    unanswered: true,
                };
                self.after(trouble, automation.as_ref(), &leased.work, &context).await
            }
        };
        let calls = calls.records();
        settlement.calls = noted(&calls);
        self.schedule_next(&leased.work, automation.as_ref(), &mut settlement);
        self.settle(leased, settlement, calls).await
    }

    /// Settles a lease that ended without a settlement.
    pub(crate) async fn lost(&self, leased: Leased) -> Result<(), Crashed> {
        let (started_at, begun) = (self.store.now(), Instant::now());
        let ended = self.lost_within(&leased).instrument(span(&leased.work)).await?;
        self.tell(&leased.work, &Ended { ending: Ending::Lost, ..ended }, started_at, begun.elapsed());
        Ok(())
    }

    async fn lost_within(&self, leased: &Leased) -> Result<Ended, Crashed> {
        let context = self.context(self.github.clone());
        let failure = failure("lease_lost", "the server stopped, or the attempt took longer than its lease");
        let settlement = match self.automation(&leased.work.automation) {
            None => Settlement::with(Outcome::Retry {
                at: context.now,
                failure,
                counted: false,
                unanswered: leased.work.unanswered,
            }),
            Some(automation) => match automation.lease_lost(&leased.work, &context).await {
                Some(settlement) => settlement,
                None => {
                    let mut settlement = self.after_loss(failure, automation.as_ref(), &leased.work, &context).await;
                    self.schedule_next(&leased.work, automation.as_ref(), &mut settlement);
                    settlement
                }
            },
        };
        self.settle(leased, settlement, Vec::new()).await
    }

    /// What a lost lease changes. The server's death is not the work's fault, so it does not count against it; but a work
    /// under which every attempt so far was lost may be the cause, and must not go on for ever.
    async fn after_loss(
        &self,
        failure: Failure,
        automation: &dyn Automation,
        work: &Work,
        context: &Context,
    ) -> Settlement {
        let attempts = self.store.attempts(work.id).await.unwrap_or_default();
        // A loss leaves two lines: the store's own, and that of what is settled here.
        let of_a_loss = |attempt: &&Attempt| {
            attempt.outcome == LOST || attempt.failure.as_ref().is_some_and(|known| known.code == failure.code)
        };
        let in_a_row = attempts.iter().rev().take_while(of_a_loss).filter(|attempt| attempt.outcome == LOST).count();
        if in_a_row >= LOSSES_MAX {
            return self.after(Trouble::Permanent { failure }, automation, work, context).await;
        }
        Settlement::with(Outcome::Retry { at: context.now, failure, counted: false, unanswered: true })
    }

    /// What an attempt's trouble changes.
    async fn after(&self, trouble: Trouble, automation: &dyn Automation, work: &Work, context: &Context) -> Settlement {
        let patience = automation.patience(&work.kind);
        let (failure, at, unanswered) = match trouble {
            Trouble::Wait { until, hold, failure } => {
                let outcome = Outcome::Retry { at: until, failure, counted: false, unanswered: work.unanswered };
                let hold = hold.map(|installation| Hold { installation, until });
                return Settlement { hold, ..Settlement::with(outcome) };
            }
            Trouble::Store(error) => {
                // Not the work's fault, so it does not count against it.
                let failure = failure("store_unavailable", &error.to_string());
                let at = context.now + SETTLE_AGAIN;
                return Settlement::with(Outcome::Retry { at, failure, counted: false, unanswered: work.unanswered });
            }
            Trouble::Again { failure, at, unanswered } if work.attempts < patience.attempts => {
                // An attempt that ended in trouble has not found out what became of an earlier one.
                (failure, at, unanswered || work.unanswered)
            }
            Trouble::Again { failure, .. } | Trouble::Permanent { failure } => {
                tracing::warn!(
                    work = %work.id,
                    kind = work.kind,
                    delivery = work.delivery.map(|id| id.to_string()),
                    attempts = work.attempts,
                    code = failure.code,
                    reason = failure.message,
                    hint = failure.hint,
                    "given up: a dead letter"
                );
                let settlement = automation.give_up(work, &failure, context).await;
                return Settlement { outcome: Outcome::Dead { failure }, ..settlement };
            }
        };
        let wait = jittered(context.entropy.as_ref(), patience.wait(work.attempts), patience.jitter);
        let at = at.unwrap_or(context.now + wait);
        Settlement::with(Outcome::Retry { at, failure, counted: true, unanswered })
    }

    /// Commits a settlement; a store in trouble is asked again, because the work itself is done.
    async fn settle(&self, leased: &Leased, settlement: Settlement, calls: Vec<CallRecord>) -> Result<Ended, Crashed> {
        let work = &leased.work;
        let ended = Ended::with(&settlement.outcome, calls);
        for _ in 0..SETTLE_TRIES {
            match self.store.settle(leased.lease, settlement.clone()).await {
                Ok(()) => {
                    self.crashes.pass(CrashPoint::Settled)?;
                    if let Some(automation) = self.automation(&work.automation) {
                        automation.settled(&settlement, self.store.now()).await;
                    }
                    return Ok(Ended { committed: true, facts: settlement.facts, ..ended });
                }
                Err(StoreError::StaleLease) => {
                    tracing::warn!("a stale lease settled nothing");
                    return Ok(ended);
                }
                Err(error @ StoreError::TooLarge { .. }) => {
                    tracing::error!(work = %work.id, kind = work.kind, %error, "given up: a dead letter");
                    let outcome = Outcome::Dead { failure: failure("settlement_too_large", &error.to_string()) };
                    let ended = Ended::with(&outcome, ended.calls);
                    // If this fails too, the lease ends and the attempt is made again.
                    let committed = self.store.settle(leased.lease, Settlement::with(outcome)).await.is_ok();
                    return Ok(Ended { committed, ..ended });
                }
                Err(error) => {
                    tracing::error!(work = %work.id, kind = work.kind, %error, hint = error.hint(), "could not settle");
                    self.clock.sleep(SETTLE_AGAIN).await;
                    // A lease that is not extended meanwhile would be lost together with the work.
                    let _ = self.store.extend(leased.lease, self.options.lease).await;
                }
            }
        }
        Ok(ended)
    }

    /// Extends the lease as long as it is polled; returns when the lease is gone.
    async fn keep_lease(&self, leased: &Leased) {
        loop {
            self.clock.sleep(self.options.lease / 3).await;
            match self.store.extend(leased.lease, self.options.lease).await {
                Ok(()) => {}
                Err(StoreError::StaleLease) => {
                    tracing::warn!(work = %leased.work.id, kind = leased.work.kind, "the lease is gone; letting go");
                    return;
                }
                Err(error) => tracing::error!(%error, "could not extend a lease"),
            }
        }
    }

    /// A scheduled job enqueues its next run when it settles for good.
    fn schedule_next(&self, work: &Work, automation: &dyn Automation, settlement: &mut Settlement) {
        let ended = matches!(settlement.outcome, Outcome::Done | Outcome::Dead { .. });
        if !ended || work.class != Class::Job || !work.key.as_deref().is_some_and(|key| key.starts_with("schedule/")) {
            return;
        }
        if let Some(schedule) = automation.schedules().iter().find(|schedule| schedule.kind == work.kind) {
            let due: Timestamp = self.store.now() + schedule.every;
            settlement.jobs.push(schedule.job(automation.name(), due));
        }
    }
}

/// The calls as they are kept with the attempt.
fn noted(calls: &[CallRecord]) -> serde_json::Value {
    if calls.is_empty() { serde_json::Value::Null } else { serde_json::to_value(calls).unwrap_or_default() }
}

/// What every line of an attempt's log says.
fn span(work: &Work) -> tracing::Span {
    let delivery = work.delivery.map(|id| id.to_string());
    tracing::info_span!("attempt", delivery, work = %work.id, kind = work.kind)
}

fn failure(code: &str, message: &str) -> Failure {
    Failure { code: code.to_owned(), message: message.to_owned(), hint: None }
}
