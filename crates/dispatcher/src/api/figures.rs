//! Numbers, as the rollup or a settlement wrote them: nothing is added up here.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_panel::Fault;
use switchboard_store::KeyRange;

use super::wire;
use crate::handlers::rollup::{WINDOWS, Window};
use crate::health::Health;
use crate::keys::{self, views};
use crate::names::RepositoryName;
use crate::pages::Desk;
use crate::pages::reading::counters_only;

/// Hours that a trend may cover: a week.
const HOURS_MAX: u32 = 168;
/// Hours of a trend unless said.
const HOURS: u32 = 24;
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Deserialize)]
pub(super) struct SummaryQuery {
    window: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct TrendQuery {
    hours: Option<String>,
    repo: Option<String>,
}

/// `GET /api/v1/dispatcher/summary?window=5|15|60`
pub(super) async fn summary(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<SummaryQuery>,
) -> Result<Json<Value>, Fault> {
    let minutes = match query.window.as_deref() {
        None | Some("") => WINDOWS[2],
        Some(text) => text
            .parse()
            .ok()
            .filter(|minutes| WINDOWS.contains(minutes))
            .ok_or_else(|| Fault::parameter("The window is 5, 15 or 60 minutes."))?,
    };
    let window: Option<Window> = desk.reader.get(&views::WINDOW, &keys::window(minutes)).await?;
    let totals = desk.reader.counter(&views::TOTAL, &keys::TOTAL_ALL).await?;
    let health: Option<Health> = desk.reader.get(&views::HEALTH, &keys::HEALTH_CURRENT).await?;
    Ok(Json(json!({
        "window": window.as_ref().map(wire::window),
        "totals": totals,
        "health": health.as_ref().map(wire::health),
    })))
}

/// `GET /api/v1/dispatcher/health`
pub(super) async fn health(State(desk): State<Arc<Desk>>) -> Result<Json<Value>, Fault> {
    let health: Option<Health> = desk.reader.get(&views::HEALTH, &keys::HEALTH_CURRENT).await?;
    Ok(Json(health.as_ref().map_or_else(
        // The rollup has not run yet.
        || json!({ "status": "unknown", "reasons": [], "checks": [], "lastEventAt": null }),
        wire::health,
    )))
}

/// `GET /api/v1/dispatcher/trend?hours=1..168&repo=`: hours in order, without those in which nothing was counted.
pub(super) async fn trend(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<TrendQuery>,
) -> Result<Json<Value>, Fault> {
    let hours: u32 = match query.hours.as_deref() {
        None | Some("") => HOURS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|hours| (1..=HOURS_MAX).contains(hours))
            .ok_or_else(|| Fault::parameter("The hours are a number from 1 to 168."))?,
    };
    let now = desk.reader.now();
    let (since, past) = (keys::hour(now - HOUR * (hours - 1)), keys::hour(now + HOUR));
    let (view, prefix) = match query.repo.as_deref().filter(|repo| !repo.is_empty()) {
        None => (&views::HOUR, String::new()),
        Some(repo) => {
            let name: RepositoryName =
                repo.parse().map_err(|_| Fault::parameter("A repository is written `owner/name`."))?;
            (&views::HOUR_REPO, format!("{}/", name.lower()))
        }
    };
    let range = KeyRange::between(format!("{prefix}{}", since.as_str()), format!("{prefix}{}", past.as_str()));
    let rows = desk.reader.counters(view, range, hours as usize).await?;
    let row = |row: &switchboard_store::CounterRow| {
        let hour = hour_start(row.key.as_str().strip_prefix(&prefix)?)?;
        Some(json!({ "hour": hour, "counters": counters_only(&row.counters) }))
    };
    Ok(Json(json!({ "hours": rows.iter().filter_map(row).collect::<Vec<_>>() })))
}

/// `2026112012` as the moment that it stands for.
fn hour_start(key: &str) -> Option<String> {
    if key.len() != 10 || !key.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(format!("{}-{}-{}T{}:00:00Z", &key[..4], &key[4..6], &key[6..8], &key[8..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_told_as_a_moment() {
        assert_eq!(hour_start("2026112012").as_deref(), Some("2026-11-20T12:00:00Z"));
        for key in ["", "20261120", "20261120ab", "日本語x"] {
            assert_eq!(hour_start(key), None, "{key}");
        }
    }
}
