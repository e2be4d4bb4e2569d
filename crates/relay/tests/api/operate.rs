//! What operators ask for over the API, and who may.

use serde_json::{Value, json};
use switchboard_engine::audit;
use switchboard_relay::criteria::Demotion;
use switchboard_relay::records::{HealthRecord, keys, views};

use crate::site::{OPERATOR, Site, VIEWER, played};
use crate::support::*;

const ID: &str = "9c5f7a0e-6a1b-4b7e-9a55-0d6f1e2b3c4d";

#[tokio::test]
async fn only_operators_act_and_what_they_did_names_them() {
    let (mut town, _) = played().await;
    let id = town.newest_of("three/c").await;
    let redispatch = format!("dispatches/{id}/three/c/redispatch");
    let actions = ["allowlist/refresh", "repos/three/c/identity/reset", "repos/three/c/demotion", &redispatch];
    {
        let site = Site::closed(&town);
        for path in actions {
            assert_eq!(site.post(path, "").await.refusal(), (401, "sign_in_needed".to_owned()), "{path}");
            assert_eq!(site.act(path, VIEWER, None, "").await.refusal(), (403, "read_only".to_owned()), "{path}");
        }
    }
    town.world.settle().await;
    assert_eq!(town.world.records(&audit::VIEW).await.len(), 1, "the list was read when the story began");
    let dispatches = town.runs("three/c").len();
    {
        let site = Site::closed(&town);
        for path in actions {
            let answer = site.act(path, OPERATOR, None, "").await;
            assert_eq!(answer.status, 202, "{path}: {}", answer.body);
            let asked = answer.json();
            assert_eq!((&asked["accepted"], &asked["duplicate"]), (&json!(true), &json!(false)), "{path}");
            assert!(asked["delivery"].is_string() && asked["id"].is_string(), "{asked}");
        }
    }
    town.minutes(30).await;
    assert_eq!(town.runs("three/c").len(), dispatches + 1, "sent once more");
    let facts = ["relay.identity.reset", "relay.demotion.lifted", "relay.target.redispatched"];
    for kind in facts {
        let told = town.facts(kind).await;
        assert_eq!((told.len(), &told[0]["repo"]), (1, &json!("three/c")), "{kind}: {told:?}");
        assert!(told[0]["by"].as_str().is_some_and(|by| !by.is_empty()), "{kind}: {told:?}");
    }
    let audit = town.world.records(&audit::VIEW).await;
    let mut done: Vec<&str> = audit.iter().map(|row| row.value["action"].as_str().unwrap()).collect();
    done.sort_unstable();
    let refresh = "relay.allowlist.refresh";
    assert_eq!(done, [refresh, refresh, "relay.demotion.lift", "relay.identity.reset", "relay.redispatch"]);
    assert!(audit.iter().all(|row| row.value["actor"] == "operator"), "{audit:?}");
    town.end_as_written().await;
}

#[tokio::test]
async fn asking_twice_with_one_id_is_asking_once() {
    let (mut town, _) = played().await;
    let id = town.newest_of("four/d").await;
    let (path, before) = (format!("dispatches/{id}/four/d/redispatch"), town.runs("four/d").len());
    {
        let site = Site::closed(&town);
        let first = site.act(&path, OPERATOR, Some(ID), "").await.json();
        let second = site.act(&path, OPERATOR, Some(ID), "").await.json();
        assert_eq!((&first["delivery"], &second["id"]), (&json!(ID), &first["id"]));
        assert_eq!((&first["duplicate"], &second["duplicate"]), (&json!(false), &json!(true)));
        let other = site.act("repos/four/d/demotion", OPERATOR, Some(ID), "").await;
        assert!(other.status == 202 || other.refusal() == (409, "conflict".to_owned()), "{}", other.body);
        let again = site.act(&format!("dispatches/{id}/three/c/redispatch"), OPERATOR, Some(ID), "").await;
        assert_eq!(again.refusal(), (409, "conflict".to_owned()));
        let odd = site.act(&path, OPERATOR, Some("not a uuid"), "").await;
        assert_eq!(odd.refusal(), (422, "parameter_invalid".to_owned()));
    }
    town.minutes(30).await;
    assert_eq!(town.runs("four/d").len(), before + 1);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_33_a_demotion_is_lifted_for_seven_days_and_suppressed_again() {
    let (mut town, _) = played().await;
    let due = HealthRecord { demotion: Demotion { due: true, against: 0 }, ..HealthRecord::default() };
    town.health("three/c", &due).await;
    let key = keys::entry(&name(UP), &name("three/c"));
    for (body, suppressed) in [("", false), (r#"{"action":"suppress"}"#, true), (r#"{"action":"lift"}"#, false)] {
        let site = Site::closed(&town);
        assert_eq!(site.act("repos/three/c/demotion", OPERATOR, None, body).await.status, 202, "{body}");
        drop(site);
        town.world.settle().await;
        let health: HealthRecord = town.world.record(&views::HEALTH, key.clone()).await.unwrap();
        assert_eq!(health.suppresses(town.world.now()), suppressed, "{body}");
        let told = Site::open(&town).get("repos/three/c").await["standing"].clone();
        assert_eq!((&told["demotionDue"], &told["suppressed"]), (&json!(true), &json!(suppressed)), "{body}");
        assert_eq!(told["liftedUntil"] == Value::Null, suppressed, "{body}");
    }
    assert_eq!(town.facts("relay.demotion.suppressed").await.len(), 1);
    town.minutes(60 * 24 * 7).await;
    let told = Site::open(&town).get("repos/three/c").await["standing"].clone();
    assert_eq!((&told["suppressed"], &told["liftedUntil"]), (&json!(true), &Value::Null), "after a week");
    town.end_as_written().await;
}

#[tokio::test]
async fn what_is_not_there_cannot_be_acted_on() {
    let (town, _) = played().await;
    let site = Site::closed(&town);
    let id = town.newest_of("three/c").await;
    for (path, body, status) in [
        ("dispatches/no-such/three/c/redispatch".to_owned(), "", 404),
        (format!("dispatches/{id}/two/b/redispatch"), "", 404),
        (format!("dispatches/{id}/no/body/redispatch"), "", 404),
        (format!("dispatches/{id}/three/../redispatch"), "", 422),
        ("repos/no/body/demotion".to_owned(), "", 404),
        ("repos/no/body/identity/reset".to_owned(), "", 404),
        ("repos/three/c/demotion".to_owned(), r#"{"action":"promote"}"#, 422),
        ("repos/three/c/demotion".to_owned(), "[", 422),
    ] {
        let answer = site.act(&path, OPERATOR, None, body).await;
        assert_eq!(answer.refusal().0, status, "{path}");
    }
    drop(site);
    town.end_as_written().await;
}
