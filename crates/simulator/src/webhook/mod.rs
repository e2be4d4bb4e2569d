//! Webhooks: an event in a repository becomes one delivery for every App that is installed there and asked for it.

pub(crate) mod faults;
pub(crate) mod payload;
pub(crate) mod post;
mod queue;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_lc_rs::hmac;
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use switchboard_clock::{Entropy as _, Timestamp};

pub use faults::WebhookFault;
pub(crate) use faults::WebhookFaults;
pub(crate) use queue::Queue;

use crate::ids::{AppId, DeliveryId, InstallationId, RepoId};
use crate::keys::hex;
use crate::state::State;
use crate::state::access::Access;

/// How long GitHub waits for the answer to a delivery.
/// <https://docs.github.com/webhooks/using-webhooks/handling-failed-webhook-deliveries>
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long GitHub lists a delivery and lets it be redelivered.
/// <https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries>
pub const DELIVERIES_KEPT: Duration = Duration::from_secs(3 * 24 * 3600);

/// A webhook that is on its way.
#[derive(Debug, Clone)]
pub struct OutgoingDelivery {
    /// This attempt; what [`crate::Simulator::report`] is told about.
    pub id: DeliveryId,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// The App that it goes to.
    pub app: AppId,
    /// Where the App wants its webhooks, if that is known.
    pub url: String,
    /// Every header that GitHub sends, names in GitHub's spelling.
    pub headers: Vec<(String, String)>,
    /// The raw body that the signatures are over.
    pub body: Bytes,
}

/// What became of a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum DeliveryOutcome {
    /// The receiver answered with this status code.
    Answered(u16),
    /// No answer within [`DELIVERY_TIMEOUT`].
    TimedOut,
    /// No connection.
    Unreachable,
}

impl DeliveryOutcome {
    /// The text that GitHub's delivery list shows.
    pub(crate) fn status(&self) -> String {
        match self {
            Self::Answered(200..=299) => "OK".to_owned(),
            Self::Answered(code) => format!("Invalid HTTP Response: {code}"),
            Self::TimedOut => "timed out".to_owned(),
            Self::Unreachable => "failed to connect to host".to_owned(),
        }
    }

    /// The code that the list shows; 0 stands for no answer.
    pub(crate) fn status_code(&self) -> u16 {
        match self {
            Self::Answered(code) => *code,
            Self::TimedOut | Self::Unreachable => 0,
        }
    }
}

/// One attempt to deliver a webhook.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    pub id: DeliveryId,
    pub guid: String,
    pub app: AppId,
    pub event: String,
    pub action: Option<String>,
    pub installation: Option<InstallationId>,
    pub repository: Option<RepoId>,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    pub redelivery: bool,
    /// When it was sent; unset while it waits.
    pub sent_at: Option<Timestamp>,
    pub outcome: Option<(Timestamp, DeliveryOutcome)>,
}

/// All attempts, and the order in which the waiting ones leave.
#[derive(Debug, Default)]
pub(crate) struct Hooks {
    pub attempts: BTreeMap<DeliveryId, Attempt>,
    queue: Queue<DeliveryId>,
    pub faults: WebhookFaults,
}

impl Hooks {
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.queue.next_due()
    }
}

impl State {
    /// Sends an event of a repository to every App that is installed there and listens.
    pub(crate) fn emit(
        &mut self,
        repo: RepoId,
        sender: crate::ids::AccountId,
        event: &str,
        action: Option<&str>,
        members: &Value,
    ) {
        let listeners: Vec<InstallationId> = self.repositories.get(&repo).map_or_else(Vec::new, |repository| {
            let listens = |i: &&crate::state::Installation| {
                i.suspended_at.is_none() && i.covers(repository) && i.events.iter().any(|e| e == event)
            };
            self.installations.values().filter(listens).map(|i| i.id).collect()
        });
        for installation in listeners {
            if let Some((app, body)) = self.payload(repo, installation, sender, action, members) {
                self.send(app, Some(installation), Some(repo), event, action, &body);
            }
        }
    }

    /// Tells one App what its checks write access entitles it to hear: those events need no subscription.
    pub(crate) fn emit_to(
        &mut self,
        app: AppId,
        repo: RepoId,
        sender: crate::ids::AccountId,
        event: &str,
        action: &str,
        members: &Value,
    ) {
        let installed = self.installation_for(app, repo);
        let entitled = installed.filter(|i| i.suspended_at.is_none() && i.permissions.allow("checks", Access::Write));
        let Some(installation) = entitled.map(|i| i.id) else { return };
        if let Some((app, body)) = self.payload(repo, installation, sender, Some(action), members) {
            self.send(app, Some(installation), Some(repo), event, Some(action), &body);
        }
    }

    /// Signs and queues one delivery, as the fault schedule has it.
    pub(crate) fn send(
        &mut self,
        app: AppId,
        installation: Option<InstallationId>,
        repository: Option<RepoId>,
        event: &str,
        action: Option<&str>,
        payload: &Value,
    ) {
        // An inactive webhook sends nothing, and nothing is listed.
        let Some(registered) = self.apps.get(&app).filter(|app| !app.webhook_url.is_empty()) else { return };
        let body = Bytes::from(payload.to_string());
        let guid = self.entropy.id(self.now).to_string();
        let key = |algorithm| hmac::Key::new(algorithm, registered.webhook_secret.as_bytes());
        let signature = |algorithm| hex(hmac::sign(&key(algorithm), &body).as_ref());
        let headers = [
            ("Accept", "*/*".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", "GitHub-Hookshot/51b1ab7".to_owned()),
            ("X-GitHub-Delivery", guid.clone()),
            ("X-GitHub-Event", event.to_owned()),
            ("X-GitHub-Hook-ID", registered.hook.to_string()),
            ("X-GitHub-Hook-Installation-Target-ID", app.to_string()),
            ("X-GitHub-Hook-Installation-Target-Type", "integration".to_owned()),
            ("X-Hub-Signature", format!("sha1={}", signature(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY))),
            ("X-Hub-Signature-256", format!("sha256={}", signature(hmac::HMAC_SHA256))),
        ];
        let attempt = Attempt {
            id: self.next_id(),
            guid,
            app,
            event: event.to_owned(),
            action: action.map(str::to_owned),
            installation,
            repository,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
            body,
            redelivery: false,
            sent_at: None,
            outcome: None,
        };
        self.queue_attempt(attempt);
    }

    fn queue_attempt(&mut self, mut attempt: Attempt) {
        let due = self.now + self.settings.webhook_latency;
        let (id, now) = (attempt.id, self.now);
        match self.hooks.faults.take(&attempt.event, attempt.action.as_deref()) {
            None => self.hooks.queue.push(due, id),
            Some(WebhookFault::Delay(by)) => self.hooks.queue.push(due + by, id),
            Some(WebhookFault::Duplicate) => self.hooks.queue.push_twice(due, id),
            Some(WebhookFault::Reorder { at_most }) => self.hooks.queue.push_overtaken(due + at_most, id),
            Some(WebhookFault::Drop) => {
                (attempt.sent_at, attempt.outcome) = (Some(now), Some((now, DeliveryOutcome::Unreachable)));
            }
            Some(WebhookFault::Swallow) => {
                (attempt.sent_at, attempt.outcome) = (Some(now), Some((now, DeliveryOutcome::Answered(200))));
            }
        }
        self.hooks.attempts.insert(id, attempt);
        // Only what is over may go: a waiting attempt must still be sent.
        let over = |attempt: &Attempt| attempt.outcome.is_some();
        while self.hooks.attempts.len() > self.settings.deliveries_kept
            && self.hooks.attempts.first_key_value().is_some_and(|(_, oldest)| over(oldest))
        {
            self.hooks.attempts.pop_first();
        }
    }

    /// Queues a new attempt of an old delivery.
    pub(crate) fn redeliver(&mut self, original: DeliveryId) -> bool {
        let Some(original) = self.hooks.attempts.get(&original).cloned() else { return false };
        let attempt = Attempt { id: self.next_id(), redelivery: true, sent_at: None, outcome: None, ..original };
        self.queue_attempt(attempt);
        true
    }

    /// Takes the deliveries that are due, in the order in which they leave.
    pub(crate) fn take_due_deliveries(&mut self) -> Vec<OutgoingDelivery> {
        let mut taken = Vec::new();
        while let Some(id) = self.hooks.queue.pop(self.now) {
            let Some(attempt) = self.hooks.attempts.get_mut(&id) else { continue };
            attempt.sent_at = Some(self.now);
            taken.push(OutgoingDelivery {
                id,
                guid: attempt.guid.clone(),
                event: attempt.event.clone(),
                app: attempt.app,
                url: self.apps.get(&attempt.app).map(|app| app.webhook_url.clone()).unwrap_or_default(),
                headers: attempt.headers.clone(),
                body: attempt.body.clone(),
            });
        }
        taken
    }

    pub(crate) fn report_delivery(&mut self, id: DeliveryId, outcome: DeliveryOutcome) {
        let now = self.now;
        if let Some(attempt) = self.hooks.attempts.get_mut(&id) {
            attempt.outcome = Some((now, outcome));
        }
    }
}
