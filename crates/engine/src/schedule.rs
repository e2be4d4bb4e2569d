//! How the schedules get going: a start of the server is a delivery like any other, whose jobs are the first runs.

use std::sync::Arc;

use bytes::Bytes;
use switchboard_clock::Timestamp;
use switchboard_store::{DeliveryKey, Digest, NewDelivery};

use crate::Automation;

/// The delivery that a start of the server is. Its jobs are keyed, so a run that still waits from before stands for
/// the one that would be added.
pub(crate) fn start(id: String, automations: &[Arc<dyn Automation>], now: Timestamp) -> NewDelivery {
    let jobs = automations
        .iter()
        .flat_map(|automation| {
            automation.schedules().into_iter().map(|schedule| {
                let due = if schedule.at_start { now } else { now + schedule.every };
                schedule.job(automation.name(), due)
            })
        })
        .collect();
    let body = Bytes::from_static(b"{}");
    NewDelivery {
        key: DeliveryKey {
            platform: "server".to_owned(),
            delivery_id: id,
            event: "start".to_owned(),
            action: String::new(),
        },
        digest: Digest::of(&body),
        headers: Vec::new(),
        body,
        installation: None,
        repository: None,
        subject: None,
        jobs,
    }
}
