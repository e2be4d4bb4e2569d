use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::criteria::{Demotion, Line};

/// `relay.health`: what an entry's numbers say of its level.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HealthRecord {
    /// The criteria that matter on its level.
    #[serde(default)]
    pub lines: Vec<Line>,
    /// Whether it is due for demotion.
    #[serde(default)]
    pub demotion: Demotion,
    /// When it was last evaluated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_at: Option<Timestamp>,
    /// Until when operators have lifted the consequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifted_until: Option<Timestamp>,
}

impl HealthRecord {
    /// Whether a due demotion has consequences now.
    #[must_use]
    pub fn suppresses(&self, now: Timestamp) -> bool {
        self.demotion.due && self.lifted_until.is_none_or(|until| until <= now)
    }
}

/// `relay.pulse`: when something last happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pulse {
    /// When.
    pub at: Timestamp,
}

impl Pulse {
    /// How often it is written at most: it is looked at in minutes.
    pub const EVERY: Duration = Duration::from_secs(10);
}
