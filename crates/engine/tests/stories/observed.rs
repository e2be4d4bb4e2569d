//! Whoever measures is told of every delivery, however it came.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use switchboard_engine::observe::{Accepted, Observer, Via};
use switchboard_engine::operations::REVIVE;
use switchboard_simulator::WebhookFault;
use switchboard_store::DeliveryId;
use switchboard_testkit::{Expected, World};

use crate::echo::{COMMENT_ROUTE, HEAR, Stage};
use crate::script::{Fate, Script};

/// From one look at GitHub's list to the next.
const LOOK: Duration = Duration::from_secs(600);

/// The deliveries that were told of.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<(Via, String, &'static str, DeliveryId)>>);

impl Observer for Heard {
    fn accepted(&self, accepted: &Accepted<'_>) {
        let (event, delivery) = (accepted.event.unwrap().to_owned(), accepted.delivery.unwrap());
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.push((accepted.via, event, accepted.outcome, delivery));
    }
}

impl Heard {
    fn all(&self) -> Vec<(Via, String, &'static str, DeliveryId)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn watched(schedules: bool) -> (World, Script, Arc<Heard>) {
    let heard = Arc::new(Heard::default());
    let observer = Arc::clone(&heard);
    let stage = Stage::new().arrange(|builder| {
        let builder = builder.options(|options| options.observer = observer);
        if schedules { builder.schedules() } else { builder }
    });
    let (mut world, script) = stage.begin().await;
    world.settle().await;
    (world, script, heard)
}

#[tokio::test]
async fn what_is_taken_in_from_the_list_is_told_like_a_webhook() {
    let (mut world, _, heard) = watched(true).await;
    // The webhook, and both redeliveries.
    world.github.webhook_fault("issues", None, 3, WebhookFault::Drop);
    world.repository("acme/app").open_issue("Lost", "");
    world.run_for(LOOK * 3).await;
    let heard = heard.all();
    let [(via, event, outcome, delivery)] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!((*via, event.as_str(), *outcome), (Via::List, "issues", "accepted"));
    assert!(world.store().delivery(*delivery).await.unwrap().is_some());
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}

#[tokio::test]
async fn an_operators_action_is_told_and_what_was_given_up_comes_in_a_second_time() {
    let (mut world, script, heard) = watched(false).await;
    script.next(HEAR, [Fate::FailsForGood, Fate::FailsForGood]);
    world.repository("acme/app").open_issue("Hello", "");
    world.settle().await;
    let guid = world.arrived()[0].guid.clone();
    let body = world.body(&guid).await.unwrap();
    assert_eq!(world.post(world.webhook(&guid, "issues", body)).await.status, 202);
    world.settle().await;
    let letter = world.dead_letters().await.remove(0);
    world.operate(REVIVE, json!({ "work": letter.id })).await;
    world.settle().await;
    let heard = heard.all();
    let told: Vec<_> = heard.iter().map(|(via, event, outcome, _)| (*via, event.as_str(), *outcome)).collect();
    assert_eq!(
        told,
        [
            (Via::Webhook, "issues", "accepted"),
            (Via::Webhook, "issues", "requeued"),
            (Via::Operator, REVIVE, "accepted"),
        ]
    );
    assert_eq!(heard[0].3, heard[1].3, "one delivery");
    assert_ne!(heard[0].3, heard[2].3);
    world.finish(&[Expected::once("POST", COMMENT_ROUTE)]).await;
}
