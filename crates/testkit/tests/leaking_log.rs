//! A secret in the log is noticed. The log is the process's, so this story has a process of its own.

use async_trait::async_trait;
use switchboard_engine::{Arrival, Automation, Context, Trouble};
use switchboard_store::{NewJob, Settlement, Work};
use switchboard_testkit::World;

/// Logs whatever it hears.
struct Gossip;

#[async_trait]
impl Automation for Gossip {
    fn name(&self) -> &'static str {
        "gossip"
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        tracing::info!(body = %String::from_utf8_lossy(arrival.body), "have you heard");
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
#[should_panic(expected = "the log holds credentials that begin with [\"simula\"]")]
async fn a_secret_in_the_log_is_noticed() {
    let world = World::with(|| Gossip).begin().await;
    world.post(world.webhook("1", "ping", r#"{"secret":"simulator-only-webhook-secret"}"#)).await;
    world.finish(&[]).await;
}
