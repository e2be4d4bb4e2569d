//! Writes down what a story needs to stand in the store already.

use async_trait::async_trait;
use serde_json::{Value, json};
use switchboard_engine::{API, Arrival, Automation, Context, Trouble};
use switchboard_relay::handlers::QUEUE;
use switchboard_relay::records::{HealthRecord, LevelRecord, keys, views};
use switchboard_store::{Follows, Key, NewJob, RecordChange, Settlement, View, Work};

use super::{Town, UP, name};

const WRITE: &str = "scribe.write";
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
            WRITE if arrival.key.platform == API => ("scribe", WRITE, serde_json::from_slice(arrival.body).unwrap()),
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
        let text = |name: &str| job.payload[name].as_str().unwrap().to_owned();
        let (view, key) = (View::from(text("view")), Key::from(text("key")));
        let change = match &job.payload["value"] {
            Value::Null => RecordChange::Delete(view, key),
            value => RecordChange::Put(view, key, value.clone()),
        };
        Ok(Settlement { records: vec![change], ..Settlement::done() })
    }

    async fn carry(&self, _: &Work, _: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }
}

impl Town {
    /// A record becomes this; `null` deletes it.
    pub async fn write(&mut self, view: &View, key: &Key, value: Value) {
        let order = json!({ "view": view.as_str(), "key": key.as_str(), "value": value });
        self.world.operate(WRITE, order).await;
        self.world.settle().await;
    }

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
        let key = keys::entry(&name(UP), &name(repo));
        self.write(&views::HEALTH, &key, serde_json::to_value(health).unwrap()).await;
    }
}
