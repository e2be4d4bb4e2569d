//! Who did what: one record for every action of an operator, newest first, beside the facts that tell it where it
//! belongs. Written in the settlement that carries the action out, so what stands here has happened.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_store::{DeliveryId, Key, RecordChange, View, Work};

/// The view; a range of it from its beginning reads newest first. Holds [`Entry`] rows.
pub const VIEW: View = View::of("engine.audit");

/// Keys begin with how far a moment is from here, so that later ones sort first: 9999-12-31T23:59:59.999Z in milliseconds.
const END_MILLIS: i64 = 253_402_300_799_999;

/// What somebody did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was carried out.
    pub at: Timestamp,
    /// Who, as the sign-in names them.
    pub actor: String,
    /// What, dotted: `engine.replay`.
    pub action: String,
    /// The delivery that the action entered as.
    pub delivery: Option<DeliveryId>,
    /// The particulars.
    #[serde(default)]
    pub data: Value,
}

/// The record of an action that `job` carries out.
#[must_use]
pub fn entry(job: &Work, now: Timestamp, actor: &str, data: Value) -> RecordChange {
    let entry = Entry { at: now, actor: actor.to_owned(), action: job.kind.clone(), delivery: job.delivery, data };
    let key = format!("{:015}/{}", END_MILLIS - now.millis().clamp(0, END_MILLIS), job.id);
    RecordChange::Put(VIEW, Key::from(key), json!(entry))
}
