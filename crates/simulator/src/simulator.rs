//! The handle on a simulated GitHub: requests in, webhooks out, the ledger to look at afterwards.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{Request, Response};
use switchboard_clock::{Clock, Timestamp};
use tokio::sync::Notify;

use crate::api::{self, Answer};
use crate::fault::{CannedAnswer, Fault, FaultKind, FaultPlan, Faults};
use crate::ids::DeliveryId;
use crate::ledger::{self, Call, Expected, Unexpected};
use crate::pattern::CallPattern;
use crate::settings::Settings;
use crate::state::State;
use crate::webhook::{DeliveryOutcome, OutgoingDelivery, WebhookFault};

/// A simulated GitHub. Clones share it.
///
/// Its time is the clock's: before anything is asked of it, it lets everything happen that has become due.
#[derive(Clone)]
pub struct Simulator {
    pub(crate) clock: Arc<dyn Clock>,
    state: Arc<Mutex<State>>,
    /// Wakes [`Simulator::run`] when something may have become due.
    pub(crate) changed: Arc<Notify>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("clock", &self.clock).finish_non_exhaustive()
    }
}

/// Numbers about a simulated GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize)]
pub struct Summary {
    /// Repositories.
    pub repositories: usize,
    /// Installations of Apps.
    pub installations: usize,
    /// Workflow runs.
    pub runs: usize,
    /// API calls that arrived.
    pub calls: usize,
    /// Calls that changed something that people see.
    pub writes: usize,
    /// Attempts to deliver a webhook that were made.
    pub deliveries: usize,
    /// Attempts that a receiver answered with 2xx.
    pub delivered: usize,
}

impl Simulator {
    /// An empty GitHub. The same seed and the same story give the same ids, tokens and GUIDs.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, seed: u64) -> Self {
        let state = State::new(clock.now(), seed);
        Self { clock, state: Arc::new(Mutex::new(state)), changed: Arc::default() }
    }

    /// Brings the state up to now and hands it out.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.next_due();
        state.advance(self.clock.now());
        let result = f(&mut state);
        let after = state.next_due();
        drop(state);
        if before != after {
            self.changed.notify_one();
        }
        result
    }

    /// Changes how this GitHub behaves.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        self.with(|state| change(&mut state.settings));
    }

    /// Answers an API request.
    ///
    /// # Errors
    /// A [`Fault`] when the schedule has it that no answer arrives.
    pub async fn handle(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Fault> {
        let (fault, outcome) = self.with(|state| {
            let incoming = api::receive(state, &request);
            let fault = state.faults.take(&incoming.call.method, &incoming.call.path);
            let outcome = match &fault {
                Some(FaultKind::Answer(answer)) => {
                    let call = Call { status: None, answered: true, ..incoming.call };
                    state.ledger.push(call);
                    Ok(answer.dressed(state))
                }
                Some(FaultKind::Fail(fault)) => {
                    state.ledger.push(Call { answered: false, ..incoming.call });
                    Err(*fault)
                }
                _ => {
                    let (response, mut call) = api::serve(state, &request, incoming);
                    let outcome = match &fault {
                        Some(FaultKind::FailAfter(fault)) => Err(*fault),
                        Some(FaultKind::AnswerAfter(answer)) => Ok(answer.dressed(state)),
                        _ => Ok(response),
                    };
                    call.answered = outcome.is_ok();
                    state.ledger.push(call);
                    outcome
                }
            };
            (fault, outcome)
        });
        if let Some(FaultKind::Slow(by)) = fault {
            self.clock.sleep(by).await;
        }
        outcome
    }

    /// Schedules a fault for calls with this method and path; see [`CallPattern`].
    pub fn fault(&self, method: &str, path: &str) -> FaultPlan<'_> {
        FaultPlan::new(self, CallPattern::new(method, path))
    }

    /// Whatever was scheduled to go wrong with calls does so no longer; a call that hangs goes on hanging.
    pub fn end_faults(&self) {
        self.with(|state| state.faults = Faults::default());
    }

    /// Lets `fault` befall the next `times` webhooks of this event (`*`: any) and action (`None`: any).
    pub fn webhook_fault(&self, event: &str, action: Option<&str>, times: u64, fault: WebhookFault) {
        self.with(|state| state.hooks.faults.add(event, action, times, fault));
    }

    /// When the next thing happens by itself (a run that proceeds) or the next webhook is due.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.with(|state| state.next_due())
    }

    /// Lets everything happen that is due now and takes the webhooks that leave. Each wants a [`Simulator::report`].
    #[must_use]
    pub fn take_due(&self) -> Vec<OutgoingDelivery> {
        self.with(State::take_due_deliveries)
    }

    /// Tells what became of a webhook; GitHub does not try again by itself.
    pub fn report(&self, delivery: DeliveryId, outcome: DeliveryOutcome) {
        self.with(|state| state.report_delivery(delivery, outcome));
    }

    /// Every API call so far, in order of arrival.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.with(|state| state.ledger.clone())
    }

    /// The calls that changed something that people see; tokens and redeliveries do not.
    #[must_use]
    pub fn writes(&self) -> Vec<Call> {
        self.with(|state| state.ledger.iter().filter(|call| call.wrote()).cloned().collect())
    }

    /// Calls outside of a list of allowed methods and path patterns.
    #[must_use]
    pub fn unexpected_calls(&self, allowed: &[(&str, &str)]) -> Vec<Call> {
        let allowed: Vec<CallPattern> = allowed.iter().map(|(method, path)| CallPattern::new(method, path)).collect();
        let outside = |call: &&Call| !allowed.iter().any(|pattern| pattern.matches(&call.method, &call.path));
        self.with(|state| state.ledger.iter().filter(outside).cloned().collect())
    }

    /// Ends a story: every write so far must have been expected, and every expected one must have happened.
    ///
    /// # Errors
    /// [`Unexpected`] with the writes too many and too few.
    pub fn finish(&self, expected: &[Expected]) -> Result<(), Unexpected> {
        self.with(|state| ledger::settle(&state.ledger, expected))
    }

    /// Forgets the calls so far, for example those of a story's first act.
    pub fn clear_ledger(&self) {
        self.with(|state| state.ledger.clear());
    }

    /// What there is and what happened, in numbers.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.with(|state| {
            let attempts = || state.hooks.attempts.values().filter(|attempt| attempt.sent_at.is_some());
            let arrived = |outcome: &DeliveryOutcome| matches!(outcome, DeliveryOutcome::Answered(200..=299));
            Summary {
                repositories: state.repositories.len(),
                installations: state.installations.len(),
                runs: state.repositories.values().map(|r| r.runs.len()).sum(),
                calls: state.ledger.len(),
                writes: state.ledger.iter().filter(|call| call.wrote()).count(),
                deliveries: attempts().count(),
                delivered: attempts().filter(|a| a.outcome.as_ref().is_some_and(|(_, o)| arrived(o))).count(),
            }
        })
    }
}

impl CannedAnswer {
    fn dressed(&self, state: &mut State) -> Response<Bytes> {
        let answer = Answer::json(self.status, self.body.clone());
        let mut response = api::dressed(state, &answer, None, None);
        for (name, value) in &self.headers {
            if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::from_str(value)) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}
