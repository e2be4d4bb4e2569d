//! The matrix, as programs get it.

use serde_json::{Value, json};

use crate::site::{Site, played};

/// Names, states, and how many passed of how many.
fn cells(row: &Value) -> Vec<(&str, &str, u64, u64)> {
    let number = |cell: &Value, name: &str| cell[name].as_u64().unwrap();
    let cell =
        |cell| (string(cell, "repository"), string(cell, "state"), number(cell, "passed"), number(cell, "total"));
    row["cells"].as_array().unwrap().iter().map(cell).collect()
}

fn string<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

#[tokio::test]
async fn a_row_tells_how_each_entry_stands() {
    let (town, pull) = played().await;
    let page = Site::open(&town).get("matrix").await;
    assert_eq!(page["next"], Value::Null);
    let row = &page["items"][0];
    assert_eq!(row["number"], pull.number());
    assert_eq!((row["headSha"].as_str(), row["kind"].as_str()), (Some(pull.head_sha().as_str()), Some("pr")));
    assert_eq!((row["title"].as_str(), row["action"].as_str()), (Some("Add a <b>kernel</b>"), Some("opened")));
    assert_eq!((&row["superseded"], &row["ref"]), (&Value::Null, &Value::Null));
    assert_eq!(
        cells(row),
        [
            ("four/d", "passed", 1, 1),
            ("one/a", "queued", 0, 0),
            ("three/c", "failed", 1, 2),
            ("two/b", "skipped", 0, 0)
        ]
    );
    let skipped = &row["cells"][3];
    assert_eq!((skipped["letter"].as_str(), skipped["skipped"]["code"].as_str()), (Some("·"), Some("labels")));
    assert!(skipped["skipped"]["text"].as_str().unwrap().contains("`labels`"));
    assert_eq!(
        row["gate"],
        json!({ "state": "open", "reasons": [{ "repository": "four/d", "reason": "passed", "text": "passed" }] })
    );
    town.end_as_written().await;
}

#[tokio::test]
async fn the_matrix_is_read_in_pages_by_one_filter_without_gaps_or_repeats() {
    let (mut town, _) = played().await;
    for title in ["Second", "Third"] {
        town.up.open_pull(title);
        town.minutes(20).await;
    }
    town.up.push("main", "Fix", &[("a.txt", "a")]);
    town.minutes(20).await;
    let site = Site::open(&town);
    for (filter, rows) in
        [("", 3), ("repo=three%2Fc&", 3), ("repo=THREE%2FC&failing=true&", 3), ("failing=true&", 3), ("kind=push&", 1)]
    {
        let whole = site.get(&format!("matrix?{filter}limit=50")).await;
        let (mut items, mut before) = (Vec::new(), String::new());
        for _ in 0..10 {
            let page = site.get(&format!("matrix?{filter}limit=2{before}")).await;
            items.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { break };
            before = format!("&before={next}");
        }
        assert_eq!((json!(items), items.len()), (whole["items"].clone(), rows), "{filter}");
    }
    let newest_first = site.get("matrix").await;
    assert_eq!(newest_first["items"][0]["title"], "Third");
    let push = site.get("matrix?kind=push").await;
    assert_eq!(
        (push["items"][0]["ref"].as_str(), &push["items"][0]["number"]),
        (Some("refs/heads/main"), &Value::Null)
    );
    let own = site.get("matrix?repo=four%2Fd").await;
    assert_eq!(cells(&own["items"][0]), [("four/d", "passed", 1, 1)]);
    let nobodys = site.get("matrix?repo=no%2Fbody").await;
    assert_eq!(nobodys, json!({ "items": [], "next": null }));
    town.end_as_written().await;
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let (town, _) = played().await;
    let site = Site::open(&town);
    for wrong in [
        "matrix?limit=0",
        "matrix?limit=51",
        "matrix?limit=x",
        "matrix?kind=prs",
        "matrix?repo=x",
        "matrix?repo=a%2F..",
        "matrix?failing=perhaps",
        "matrix?before=1",
        "matrix?before=%00",
        "repos?days=8",
        "repos?kind=x",
        "repos/a%2Fb/c",
        "repos/three/c/results?limit=51",
        "repos/three/c/results?before=zz",
        "prs/0",
        "prs/x",
        "commits/abc",
        "commits/%F0%9F%92%A5",
        "series?days=91",
        "series?days=0",
        "series?metric=odd",
        "series?repo=x",
        "gate/x?sha=0123456789012345678901234567890123456789",
    ] {
        assert_eq!(site.ask(wrong).await.refusal(), (422, "parameter_invalid".to_owned()), "{wrong}");
    }
    for unknown in [
        "prs/999",
        "commits/0123456789012345678901234567890123456789",
        "dispatches/no-such",
        "dispatches/%2e%2e%2fx",
        "repos/no/body",
        "repos/no/body/results",
        "nothing",
    ] {
        assert_eq!(site.ask(unknown).await.refusal(), (404, "not_found".to_owned()), "{unknown}");
    }
    assert_eq!(site.post("matrix", "").await.refusal(), (405, "method_not_allowed".to_owned()));
    town.end_as_written().await;
}
