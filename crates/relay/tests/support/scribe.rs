//! Writes down what a story needs to stand in the store already.

use async_trait::async_trait;
use serde_json::{Value, json};
use switchboard_engine::{API, Arrival, Automation, Context, Trouble};
use switchboard_relay::handlers::QUEUE;
use switchboard_relay::records::{HealthRecord, LevelRecord, keys, views};
use switchboard_store::{Follows, NewJob, RecordChange, Settlement, Work};

use super::{Town, UP, name};

const HEALTH: &str = "scribe.health";
const LIST: &str = "scribe.list";

/// Writes what it is told to.
pub struct Scribe;

#[async_trait]
impl Automation for Scribe {
    fn name(&self) -> &'static str {
        "scribe"
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        let (automation, kind, payload) = match arrival.key.event.as_str() {
            HEALTH if arrival.key.platform == API => ("scribe", HEALTH, serde_json::from_slice(arrival.body).unwrap()),
            LIST if arrival.key.platform == API => ("relay", "relay.allowlist", Value::Null),
            _ => return Vec::new(),
        };
        let job = NewJob {
            queue: QUEUE,
            automation,
            kind: kind.to_owned(),
            lane: kind.to_owned().into(),
            key: None,
            installation: None,
            payload,
            due: None,
            follows: Follows::Inherited,
        };
        vec![job]
    }

    async fn decide(&self, job: &Work, _: &Context) -> Result<Settlement, Trouble> {
        let repo = name(job.payload["repo"].as_str().unwrap());
        let put = RecordChange::Put(views::HEALTH, keys::entry(&name(UP), &repo), job.payload["health"].clone());
        Ok(Settlement { records: vec![put], ..Settlement::done() })
    }

    async fn carry(&self, _: &Work, _: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }
}

impl Town {
    /// The server reads the allowlist because it is time to, and not because anybody asks.
    pub async fn scheduled_read(&mut self) {
        self.world.operate(LIST, json!({})).await;
        self.world.settle().await;
    }

    /// The repositories in the list in force.
    pub async fn listed(&self) -> Vec<String> {
        let levels: Vec<LevelRecord> = self.all(&views::LEVEL).await;
        levels.iter().map(|level| level.entry.repo.to_string()).collect()
    }

    /// An entry's health becomes this, as if it had been evaluated.
    pub async fn health(&mut self, repo: &str, health: &HealthRecord) {
        let health: Value = serde_json::to_value(health).unwrap();
        self.world.operate(HEALTH, json!({ "repo": repo, "health": health })).await;
        self.world.settle().await;
    }
}
