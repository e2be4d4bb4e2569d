//! How each automation is doing, in its own words: one row each, so that whoever shows them all reads them at once.
//!
//! An automation writes its row in its own settlements, when what it says has changed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_store::{Key, RecordChange, View};

/// By the automation's name; holds [`Told`] rows, each with what the automation adds.
pub const VIEW: View = View::of("engine.health");

/// How well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wellness {
    /// Nothing happens, or too little is known.
    Quiet,
    /// All is well.
    Well,
    /// Worth a look.
    Look,
    /// Something is wrong.
    Bad,
}

/// What an automation says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// How well it is.
    pub wellness: Wellness,
    /// In a sentence or two.
    pub words: String,
    /// Since when it has been saying so.
    pub since: Timestamp,
}

impl Told {
    /// The same, but for the moment since when it is said: that of `before`, if it said so already.
    #[must_use]
    pub fn still(self, before: Option<&Self>) -> Self {
        let same = before.filter(|before| (before.wellness, &before.words) == (self.wellness, &self.words));
        Self { since: same.map_or(self.since, |before| before.since), ..self }
    }

    /// The change that writes it down, beside the automation's own particulars: the members of an object. Whoever knows
    /// those reads them from the same row.
    #[must_use]
    pub fn record(&self, automation: &str, particulars: &impl Serialize) -> RecordChange {
        let mut row = json!(particulars);
        if let (Some(row), Value::Object(told)) = (row.as_object_mut(), json!(self)) {
            row.extend(told);
        } else {
            row = json!(self);
        }
        RecordChange::Put(VIEW, key(automation), row)
    }
}

/// The key of an automation's row.
#[must_use]
pub fn key(automation: &str) -> Key {
    Key::from(automation)
}
