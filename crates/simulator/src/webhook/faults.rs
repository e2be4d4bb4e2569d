//! What can go wrong between an event and its receiver.

use std::time::Duration;

/// Something that befalls a webhook on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFault {
    /// It never arrives; GitHub lists the attempt as failed.
    Drop,
    /// It never arrives, but something in between answered 200, and that is what GitHub lists.
    Swallow,
    /// It arrives twice.
    Duplicate,
    /// It arrives later by this much.
    Delay(Duration),
    /// The next delivery arrives before it; without a next one it arrives after `at_most`.
    Reorder {
        /// How long it waits for another delivery to overtake it.
        at_most: Duration,
    },
}

#[derive(Debug)]
struct Rule {
    event: String,
    action: Option<String>,
    left: u64,
    fault: WebhookFault,
}

/// The schedule: rules in order of their arrival, each good for a number of deliveries.
#[derive(Debug, Default)]
pub(crate) struct WebhookFaults(Vec<Rule>);

impl WebhookFaults {
    pub(crate) fn add(&mut self, event: &str, action: Option<&str>, times: u64, fault: WebhookFault) {
        self.0.push(Rule { event: event.to_owned(), action: action.map(str::to_owned), left: times, fault });
    }

    /// The fault that befalls this delivery, if any.
    pub(crate) fn take(&mut self, event: &str, action: Option<&str>) -> Option<WebhookFault> {
        let rule = self.0.iter_mut().find(|rule| {
            rule.left > 0
                && (rule.event == "*" || rule.event == event)
                && rule.action.as_deref().is_none_or(|wanted| Some(wanted) == action)
        })?;
        rule.left -= 1;
        Some(rule.fault)
    }
}
