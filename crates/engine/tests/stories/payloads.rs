//! Real payloads: everything that GitHub publishes as an example is taken in, and kept byte for byte.

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::value::RawValue;
use switchboard_engine::{Arrival, Automation, Context, Trouble};
use switchboard_store::{NewJob, Settlement, Work};
use switchboard_testkit::World;

/// Names the file of `@octokit/webhooks-examples`: an array of `{name, examples: [payload, …]}`.
const EXAMPLES: &str = "SWITCHBOARD_WEBHOOK_EXAMPLES";

/// The examples of one event, as they are published.
#[derive(Deserialize)]
struct Event {
    name: String,
    examples: Vec<Box<RawValue>>,
}

/// Wants nothing, so that only taking in and keeping is tried.
struct Deaf;

#[async_trait]
impl Automation for Deaf {
    fn name(&self) -> &'static str {
        "deaf"
    }

    fn route(&self, _arrival: &Arrival<'_>) -> Vec<NewJob> {
        Vec::new()
    }

    async fn decide(&self, _job: &Work, _context: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }

    async fn carry(&self, _intent: &Work, _context: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }
}

#[tokio::test]
async fn every_published_example_is_accepted_and_stored_byte_for_byte() {
    let Ok(path) = std::env::var(EXAMPLES) else {
        assert!(std::env::var("CI").is_err(), "{EXAMPLES} names no file; `cargo xtask test` fetches it and sets it");
        println!("nothing was tried: {EXAMPLES} names no file; `cargo xtask test` fetches it and sets it");
        return;
    };
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let events: Vec<Event> = serde_json::from_slice(&text).unwrap();
    let mut world = World::with(|| Deaf).begin().await;
    let mut sent = Vec::new();
    for Event { name, examples } in &events {
        for (n, example) in examples.iter().enumerate() {
            let (guid, body) = (format!("{name}-{n}"), example.get().to_owned());
            let answered = world.post(world.webhook(&guid, name, body.clone())).await;
            assert_eq!(answered.status, 202, "{guid}: {}", answered.body);
            sent.push((guid, body));
        }
    }
    assert!(sent.len() > 100, "{} examples are too few to be all of them", sent.len());
    for (guid, body) in &sent {
        assert_eq!(world.body(guid).await.unwrap(), body.as_bytes(), "{guid}");
    }
    // The engine's own looks at the installations that the examples tell of: nobody knows those.
    world.settle().await;
    world.finish(&[]).await;
}
