//! The server dies everywhere, and nobody can tell afterwards.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use switchboard_engine::crash::CrashPoint;
use switchboard_store::{Counters, DeliveryState};
use switchboard_testkit::{Builder, Expected};

use crate::echo::{COMMENT_ROUTE, HEAR, HEARD, ISSUES, NAME, Stage};
use crate::script::Fate;

/// Long enough for gap repair to notice what a death before the acceptance has cost.
const STORY: Duration = Duration::from_secs(30 * 60);

/// What can be told apart afterwards. Not among it: ids and moments, and the engine's own history of the repair.
#[derive(Debug, PartialEq)]
struct Ending {
    comments: BTreeMap<String, Vec<String>>,
    history: BTreeMap<String, Vec<(String, Value)>>,
    records: BTreeMap<String, Value>,
    counters: BTreeMap<String, Counters>,
    deliveries: Vec<(String, DeliveryState)>,
    dead: usize,
}

/// Three issues, one of which is hard to hear and one of which is answered into a broken wire; the server dies once, if
/// told where. Returns how it ended and how often the server died.
async fn story(death: Option<(CrashPoint, u32)>) -> (Ending, u32) {
    let (mut world, script) = Stage::new().arrange(Builder::schedules).begin().await;
    world.settle().await;
    if let Some((point, nth)) = death {
        world.crash_at(point, nth);
    }
    let (app, tool) = (world.repository("acme/app"), world.repository("rival/tool"));
    script.next(HEAR, [Fate::Well, Fate::Fails]);
    world.github.fault("POST", COMMENT_ROUTE).after(1).lose_answer();
    app.open_issue("One", "");
    app.open_issue("Two", "");
    tool.open_issue("Three", "");
    world.run_for(STORY).await;

    let mut ending = Ending {
        comments: BTreeMap::new(),
        history: BTreeMap::new(),
        records: world
            .records(&ISSUES)
            .await
            .into_iter()
            .map(|record| (record.key.to_string(), record.value))
            .collect(),
        counters: BTreeMap::new(),
        deliveries: Vec::new(),
        dead: world.dead_letters().await.len(),
    };
    for (repository, number) in [(&app, 1), (&app, 2), (&tool, 1)] {
        let subject = format!("{}#{number}", repository.full_name());
        let facts = world.facts(subject.as_str()).await.into_iter().filter(|fact| fact.automation == NAME);
        ending.history.insert(subject.clone(), facts.map(|fact| (fact.kind, fact.data)).collect());
        let comments = repository.comments(number).into_iter().map(|comment| comment.body).collect();
        ending.comments.insert(subject, comments);
        let name = repository.full_name();
        ending.counters.insert(name.clone(), world.counter(&HEARD, name.as_str()).await);
    }
    let issues = world.deliveries().await.into_iter().filter(|delivery| delivery.key.event == "issues");
    ending.deliveries = issues.map(|delivery| (delivery.key.delivery_id, delivery.state)).collect();
    ending.deliveries.sort_by(|a, b| a.0.cmp(&b.0));
    let deaths = world.deaths();
    world.finish(&[Expected::times(3, "POST", COMMENT_ROUTE)]).await;
    (ending, deaths)
}

/// Dies at every occasion of one point, and compares each end with the undisturbed one. Returns how many there were.
async fn sweep(point: CrashPoint) -> u32 {
    let (undisturbed, deaths) = story(None).await;
    assert_eq!(deaths, 0);
    assert!(undisturbed.comments.values().all(|comments| comments.len() == 1));
    for nth in 1.. {
        let (ending, deaths) = story(Some((point, nth))).await;
        assert_eq!(ending, undisturbed, "{point:?}, time {nth}");
        if deaths == 0 {
            return nth - 1;
        }
    }
    unreachable!("a story is finite")
}

#[tokio::test]
async fn dying_before_a_delivery_is_stored_changes_nothing() {
    assert_eq!(sweep(CrashPoint::BeforeAccept).await, 3);
}

#[tokio::test]
async fn dying_before_a_delivery_is_answered_changes_nothing() {
    assert_eq!(sweep(CrashPoint::AfterAccept).await, 3);
}

#[tokio::test]
async fn dying_with_work_just_claimed_changes_nothing() {
    assert!(sweep(CrashPoint::Claimed).await > 9);
}

#[tokio::test]
async fn dying_with_a_decision_unsettled_changes_nothing() {
    assert!(sweep(CrashPoint::Decided).await > 6);
}

#[tokio::test]
async fn dying_after_writing_outside_changes_nothing() {
    assert!(sweep(CrashPoint::Carried).await > 3);
}

#[tokio::test]
async fn dying_after_a_settlement_changes_nothing() {
    assert!(sweep(CrashPoint::Settled).await > 9);
}

#[test]
fn every_point_has_its_sweep() {
    use CrashPoint::{AfterAccept, BeforeAccept, Carried, Claimed, Decided, Settled};
    assert_eq!(CrashPoint::ALL, [BeforeAccept, AfterAccept, Claimed, Decided, Carried, Settled]);
}
