//! Numbers: the board, an entry, series, levels, the health strip.

use serde_json::{Value, json};
use switchboard_relay::criteria::Demotion;
use switchboard_relay::records::HealthRecord;

use crate::site::{Site, played};
use crate::support::*;

#[tokio::test]
async fn the_board_has_the_worst_first_and_whoever_has_no_data_last() {
    let (town, _) = played().await;
    let site = Site::open(&town);
    let board = site.get("repos?days=1").await;
    assert_eq!((&board["kind"], &board["days"]), (&json!("pr"), &json!(1)));
    assert!(board["at"].is_string(), "{board}");
    let rows: Vec<_> = board["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            json!([
                item["repository"],
                item["level"],
                item["figures"]["pass"],
                item["figures"]["fail"],
                item["figures"]["passRate"]
            ])
        })
        .collect();
    assert_eq!(rows[..2], [json!(["three/c", "L3", 1, 1, 5_000]), json!(["four/d", "L4", 1, 0, 10_000])]);
    assert_eq!(rows.len(), 4, "{rows:?}");
    assert!(rows[2..].iter().all(|row| row[4].is_null()), "{rows:?}");
    assert_eq!(site.get("repos?kind=nightly&days=90").await["items"].as_array().unwrap().len(), 4);
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn an_entry_is_told_with_its_numbers_and_what_it_must_show() {
    let (mut town, _) = played().await;
    let due = HealthRecord {
        demotion: Demotion { due: true, against: 0 },
        evaluated_at: Some(town.world.now()),
        ..HealthRecord::default()
    };
    town.health("three/c", &due).await;
    let site = Site::open(&town);
    let one = site.get("repos/THREE/c").await;
    assert_eq!((&one["repository"], &one["entry"]["device"]), (&json!("three/c"), &json!("cuda")));
    assert!(one["pinnedId"].is_u64() && one["since"].is_string(), "{one}");
    assert_eq!((&one["held"], &one["waiting"], &one["open"]), (&json!(0), &json!(0), &json!(0)));
    let day = one["summaries"].as_array().unwrap().iter().find(|sum| sum["kind"] == "pr" && sum["days"] == 1).unwrap();
    assert_eq!((&day["figures"]["heads"], &day["figures"]["passRate"]), (&json!(1), &json!(5_000)));
    assert_eq!((&day["figures"]["measuredRuns"], &day["figures"]["p50Minutes"]), (&json!(1), &json!(10)));
    assert_eq!((&one["standing"]["demotionDue"], &one["standing"]["suppressed"]), (&json!(true), &json!(true)));

    let levels = site.get("levels").await;
    let items = levels["items"].as_array().unwrap();
    let order: Vec<&str> = items.iter().map(|item| item["level"].as_str().unwrap()).collect();
    assert_eq!(order, ["L4", "L3", "L2", "L1"]);
    assert_eq!(items[1], one["standing"]);
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn criteria_are_told_with_their_units_once_they_were_looked_at() {
    let (mut town, _) = played().await;
    town.minutes(60 * 24 + 30).await;
    let levels = Site::open(&town).get("levels").await;
    let of = |repo: &str| {
        levels["items"].as_array().unwrap().iter().find(|item| item["repository"] == repo).unwrap().clone()
    };
    let (second, third) = (of("two/b"), of("three/c"));
    if second["evaluatedAt"].is_null() {
        // This world runs no schedules; the daily look is a story of its own.
        assert_eq!(second["criteria"], json!([]));
    }
    assert_eq!((&second["ready"], &third["days"]), (&json!(false), &json!(1)));
    town.end_as_written().await;
}

#[tokio::test]
async fn a_series_has_every_day_and_unknown_is_null() {
    let (town, _) = played().await;
    let site = Site::open(&town);
    let rate = site.get("series?days=3").await;
    assert_eq!(
        (&rate["metric"], &rate["unit"], &rate["repository"]),
        (&json!("pass_rate"), &json!("basis_points"), &Value::Null)
    );
    let values: Vec<&Value> = rate["points"].as_array().unwrap().iter().map(|point| &point["value"]).collect();
    assert_eq!(values, [&Value::Null, &Value::Null, &json!(6_666)]);
    let today = town.world.now().format("%Y-%m-%d");
    assert_eq!(rate["points"][2]["day"], today);
    let fails = site.get("series?repo=three%2Fc&metric=fail&days=90").await;
    let points = fails["points"].as_array().unwrap();
    assert_eq!((points.len(), &points[89]["value"], &points[0]["value"]), (90, &json!(1), &json!(0)));
    assert_eq!(site.get("series?repo=no%2Fbody&metric=queue&days=1").await["points"][0]["value"], Value::Null);
    drop(site);
    town.end_as_written().await;
}

#[tokio::test]
async fn relay_34_the_strip_is_told_and_never_is_stale() {
    let (mut town, _) = played().await;
    let site = Site::open(&town);
    let status = site.get("status").await;
    assert_eq!(
        (&status["upstream"], &status["cache"], &status["deadLetters"]),
        (&json!(UP), &json!("embedded"), &json!(0))
    );
    assert_eq!((&status["allowlist"]["state"], &status["probe"]), (&json!("valid"), &Value::Null));
    let stale = |status: &Value| {
        status["pulses"]
            .as_array()
            .unwrap()
            .iter()
            .map(|pulse| (pulse["what"].as_str().unwrap().to_owned(), pulse["stale"].as_bool().unwrap()))
            .collect::<Vec<_>>()
    };
    let all = |stale: bool| ["event", "send", "report"].map(|what| (what.to_owned(), stale)).to_vec();
    assert_eq!(stale(&status), all(false));
    town.minutes(7 * 60).await;
    assert_eq!(stale(&site.get("status").await), all(true));
    drop(site);
    town.end_as_written().await;

    let quiet = Town::with(config(), "L1: [one/a]").await;
    let status = Site::open(&quiet).get("status").await;
    assert_eq!(stale(&status), all(true));
    assert!(status["pulses"][0]["at"].is_null());
    quiet.end(&[]).await;
}
