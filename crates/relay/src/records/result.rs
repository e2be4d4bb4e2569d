use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_store::DeliveryId;

use super::Kind;
use crate::advance::State;
use crate::checks::order::{Order, RunOrder};
use crate::count::Class;
use crate::report::Decorations;

/// `relay.result`: one CI job of one run attempt downstream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultRecord {
    /// The workflow's name.
    pub workflow: String,
    /// The job's name.
    pub result: String,
    /// The run.
    pub run_id: String,
    /// Its attempt.
    pub attempt: u32,
    /// How far it is.
    pub state: State,
    /// The commit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub head: String,
    /// The dispatch's place.
    pub seq: DeliveryId,
    /// When the run's first report was accepted.
    pub run_first_at: Timestamp,
    /// When its own first report was accepted; its day is the bucket that it counts in.
    pub first_at: Timestamp,
    /// When its start was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When its end was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// From the send to its start, in milliseconds; first attempts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_ms: Option<u64>,
    /// From its start to its end, in milliseconds, both reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_ms: Option<u64>,
    /// The id of its check run downstream.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_run_id: Option<String>,
    /// What was reported beside.
    #[serde(default)]
    pub decorations: Decorations,
    /// What is worth knowing: `late`, `contradicted: failure`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Whether the echo told something else than what was dispatched.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub echo_differs: bool,
    /// What it counts as, where it is the attempt that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// What a result counts as, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// As what.
    pub class: Class,
    /// A moment of the day that it counts in.
    pub bucket: Timestamp,
    /// The tab that it counts under.
    pub kind: Kind,
}

impl ResultRecord {
    /// Its place among those that one check run could show.
    #[must_use]
    pub fn order(&self) -> Order {
        Order {
            seq: self.seq.to_string(),
            run: RunOrder::of(&self.run_id, self.run_first_at),
            attempt: self.attempt,
            completed: matches!(self.state, State::Completed { .. }),
        }
    }

    /// Whether it is still open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == State::Running
    }
}
