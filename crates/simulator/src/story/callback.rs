//! What scripted runs report: looking at it, carrying it, and what may go wrong on its way.

use serde_json::Value;
use switchboard_clock::Timestamp;

use crate::ids::{CallbackId, RunId};
use crate::simulator::Simulator;
use crate::state::State;
use crate::state::callbacks::{Callback, OutgoingCallback};
use crate::webhook::{DeliveryOutcome, WebhookFault};

/// A report as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct CallbackView {
    /// Which it is.
    pub id: CallbackId,
    /// `owner/name` of the repository whose run reports; none: a story reports by itself.
    pub repository: Option<String>,
    /// The run.
    pub run: Option<RunId>,
    /// Where it goes.
    pub url: String,
    /// The token that it bears.
    pub token: String,
    /// What it says.
    pub body: Value,
    /// When it left; none while it waits.
    pub sent_at: Option<Timestamp>,
    /// What became of it; none while that is not known.
    pub outcome: Option<DeliveryOutcome>,
}

impl Simulator {
    /// Every report so far, oldest first.
    #[must_use]
    pub fn callbacks(&self) -> Vec<CallbackView> {
        let view = |state: &State, id: CallbackId, callback: &Callback| CallbackView {
            id,
            repository: callback.from.map(|(repo, _)| state.full_name(repo)),
            run: callback.from.map(|(_, run)| run),
            url: callback.url.clone(),
            token: callback.token.clone(),
            body: callback.body.clone(),
            sent_at: callback.sent_at,
            outcome: callback.outcome.clone(),
        };
        self.with(|state| state.callbacks.all.iter().map(|(id, callback)| view(state, *id, callback)).collect())
    }

    /// Reports by hand, with any token and any body: what no script leads to, be it a forgery or another provider's build.
    pub fn call_back(&self, token: &str, body: &Value) -> CallbackId {
        self.with(|state| {
            let url = state.settings.callback_url.clone();
            let (token, body) = (token.to_owned(), body.clone());
            state.queue_callback(Callback { from: None, url, token, body, sent_at: None, outcome: None })
        })
    }

    /// Lets everything happen that is due now and takes the reports that leave. Each wants a [`Simulator::report_callback`].
    #[must_use]
    pub fn take_due_callbacks(&self) -> Vec<OutgoingCallback> {
        self.with(State::take_due_callbacks)
    }

    /// Tells what became of a report; the reporting step does not try again.
    pub fn report_callback(&self, callback: CallbackId, outcome: DeliveryOutcome) {
        self.with(|state| state.report_callback(callback, outcome));
    }

    /// Lets `fault` befall the next `times` reports with this status (`in_progress`, `completed`; none: any).
    pub fn callback_fault(&self, status: Option<&str>, times: u64, fault: WebhookFault) {
        self.with(|state| state.fault_callbacks(status, times, fault));
    }
}
