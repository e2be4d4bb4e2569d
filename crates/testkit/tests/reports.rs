//! Reports of scripted runs arrive at the server's door, whether or not somebody opens.

use std::time::Duration;

use async_trait::async_trait;
use switchboard_engine::{Arrival, Automation, Context, Trouble};
use switchboard_simulator::{DeliveryOutcome, Downstream};
use switchboard_store::{NewJob, Settlement, Work};
use switchboard_testkit::World;

struct Idle;

#[async_trait]
impl Automation for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn route(&self, _: &Arrival<'_>) -> Vec<NewJob> {
        Vec::new()
    }

    async fn decide(&self, _: &Work, _: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }

    async fn carry(&self, _: &Work, _: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }
}

#[tokio::test]
async fn a_report_is_carried_when_it_is_due_and_its_answer_told() {
    let mut world = World::with(|| Idle).events(&["issues"]).begin().await;
    let minute = Duration::from_mins(1);
    let script = Downstream::run("Nightly").waits(minute).result("all").succeeds_after(minute);
    let begun = world.now();
    world.repository("vendor/backend").start_nightly(script.clone(), &"a".repeat(40)).unwrap();
    world.run_until_idle(minute * 5).await;
    let report = world.github.callbacks().pop().unwrap();
    assert_eq!(report.sent_at.unwrap().since(begun), minute * 2);
    let told = world.reported().last().unwrap();
    assert_eq!((told.id, &told.outcome), (report.id, &DeliveryOutcome::Answered(404)), "nobody opens that door here");
    assert_eq!(told.answer.as_ref().unwrap().status, 404);

    world.stop();
    world.repository("vendor/backend").start_nightly(script, &"b".repeat(40)).unwrap();
    world.run_for(minute * 5).await;
    let told = world.reported().last().unwrap();
    assert_eq!((world.reported().len(), &told.outcome), (2, &DeliveryOutcome::Unreachable));
    world.start().await;
    world.finish(&[]).await;
}
