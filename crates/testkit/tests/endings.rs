//! A kit that cannot fail tests nothing: every way in which a story may end badly is noticed.
#![expect(clippy::unwrap_used, reason = "what tests share fails by panicking, too")]

use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use switchboard_engine::{Arrival, Automation, Context, Trouble};
use switchboard_github::Scope;
use switchboard_github::api::issues::NewIssue;
use switchboard_github::permission::{Access, Permission};
use switchboard_store::{Failure, Follows, Lane, NewFact, NewJob, Queue, Settlement, Work};
use switchboard_testkit::{Expected, World};

const QUEUE: Queue = Queue::of("obedient");
const SECRET: &str = "simulator-only-webhook-secret";

/// Does to a story whatever the event is called.
struct Obedient;

#[async_trait]
impl Automation for Obedient {
    fn name(&self) -> &'static str {
        "obedient"
    }

    fn route(&self, arrival: &Arrival<'_>) -> Vec<NewJob> {
        vec![NewJob {
            queue: QUEUE,
            automation: "obedient",
            kind: arrival.key.event.clone(),
            lane: Lane::of("all"),
            key: None,
            installation: arrival.installation(),
            payload: json!(null),
            due: None,
            follows: Follows::Inherited,
        }]
    }

    async fn decide(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        match job.kind.as_str() {
            "write" => {
                let installation = job.installation.map(|id| switchboard_github::InstallationId(id.0)).unwrap();
                let scope = Scope::new(installation, Permission::ISSUES, Access::Write);
                let issue = NewIssue { title: "An issue", body: "" };
                context.github.create_issue(scope, &"acme/app".parse().unwrap(), &issue).send().await?;
            }
            "die" => return Err(Trouble::permanent("told_so", "as it was told")),
            "dawdle" => {
                let failure = Failure { code: "later".to_owned(), message: "later".to_owned(), hint: None };
                return Err(Trouble::Wait { until: context.now + Duration::from_secs(3600), hold: None, failure });
            }
            "blab" => {
                let fact = NewFact {
                    automation: "obedient",
                    subject: "secrets".into(),
                    kind: "told".to_owned(),
                    data: json!(SECRET),
                };
                return Ok(Settlement { facts: vec![fact], ..Settlement::done() });
            }
            _ => {}
        }
        Ok(Settlement::done())
    }

    async fn carry(&self, _intent: &Work, _context: &Context) -> Result<Settlement, Trouble> {
        Ok(Settlement::done())
    }
}

/// A world in which this event has arrived and was dealt with.
async fn after(event: &str) -> World {
    let mut world = World::with(|| Obedient).queue(QUEUE).begin().await;
    world.repository("acme/app");
    let body = json!({ "installation": { "id": world.installation("acme").id() } });
    world.post(world.webhook("1", event, body.to_string())).await;
    world.settle().await;
    world
}

#[tokio::test]
async fn a_good_story_ends_well() {
    after("nothing").await.finish(&[]).await;
    after("write").await.finish(&[Expected::once("POST", "/repos/acme/app/issues")]).await;
}

#[tokio::test]
#[should_panic(expected = "unexpected write")]
async fn a_write_that_nobody_expected_is_noticed() {
    after("write").await.finish(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "missing 1")]
async fn a_write_that_never_came_is_noticed() {
    after("nothing").await.finish(&[Expected::once("POST", "/repos/acme/app/issues")]).await;
}

#[tokio::test]
#[should_panic(expected = "expected dead letters")]
async fn a_dead_letter_is_noticed() {
    after("die").await.finish(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "expected dead letters")]
async fn a_dead_letter_that_never_came_is_noticed() {
    let mut world = after("nothing").await;
    world.expect_dead_letters(&["die"]);
    world.finish(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "left to do")]
async fn work_that_is_left_is_noticed() {
    after("dawdle").await.finish(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "not idle after")]
async fn work_that_takes_too_long_is_noticed() {
    after("dawdle").await.run_until_idle(Duration::from_secs(60)).await;
}

#[tokio::test]
#[should_panic(expected = "still on their way")]
async fn a_webhook_that_nobody_let_arrive_is_noticed() {
    let world = after("nothing").await;
    world.app.deliver("nothing", &json!({}));
    world.finish(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "switchboard.db-wal holds credentials")]
async fn a_secret_on_the_disk_is_noticed() {
    after("blab").await.finish(&[]).await;
}

#[tokio::test]
#[should_panic(expected = "a story needs an end")]
async fn a_story_without_an_end_is_noticed() {
    drop(after("nothing").await);
}
