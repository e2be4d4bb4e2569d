//! Writes down what a story needs to stand in the store already.

use async_trait::async_trait;
use serde_json::{Value, json};
use switchboard_engine::{API, Arrival, Automation, Context, Trouble};
use switchboard_relay::handlers::QUEUE;
use switchboard_relay::records::{HealthRecord, keys, views};
use switchboard_store::{Follows, NewJob, RecordChange, Settlement, Work};

use super::{Town, UP, name};

const HEALTH: &str = "scribe.health";

/// Writes what it is told to.
pub struct Scribe;

#[async_trait]
impl Automation for Scribe {
    fn name(&self) -> &'static str {
        "scribe"
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        if arrival.key.platform != API || arrival.key.event != HEALTH {
            return Vec::new();
        }
        let job = NewJob {
            queue: QUEUE,
            automation: "scribe",
            kind: HEALTH.to_owned(),
            lane: HEALTH.to_owned().into(),
            key: None,
            installation: None,
            payload: serde_json::from_slice(arrival.body).unwrap(),
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
    /// An entry's health becomes this, as if it had been evaluated.
    pub async fn health(&mut self, repo: &str, health: &HealthRecord) {
        let health: Value = serde_json::to_value(health).unwrap();
        self.world.operate(HEALTH, json!({ "repo": repo, "health": health })).await;
        self.world.settle().await;
    }
}
