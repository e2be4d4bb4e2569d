//! Numbers, as the rollup or a settlement wrote them: nothing is added up here.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use switchboard_panel::Fault;
use switchboard_panel::api::Refused;
use switchboard_store::KeyRange;
use utoipa::{IntoParams, ToSchema};

use super::wire::{Counters, DispatcherHealth, DispatcherWindow};
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SummaryQuery {
    /// The window in minutes: 5, 15 or 60; 60 unless said.
    #[param(value_type = Option<u8>)]
    window: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TrendQuery {
    /// Hours back from now, 1 to 168; 24 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 168)]
    hours: Option<String>,
    /// Only of this source: `owner/name`.
    repo: Option<String>,
}

/// What happened lately, and since ever.
#[derive(Serialize, ToSchema)]
pub(super) struct Summary {
    /// The last minutes; `null` before the first rollup.
    #[schema(required)]
    window: Option<DispatcherWindow>,
    /// Since ever.
    totals: Counters,
    /// How the dispatcher is doing; `null` before the first rollup.
    #[schema(required)]
    health: Option<DispatcherHealth>,
}

/// Hours in order, without those in which nothing was counted.
#[derive(Serialize, ToSchema)]
pub(super) struct Trend {
    /// The hours.
    hours: Vec<Hour>,
}

/// An hour.
#[derive(Serialize, ToSchema)]
struct Hour {
    /// Its first moment.
    #[schema(format = DateTime)]
    hour: String,
    /// What was counted in it.
    counters: Counters,
}

/// What happened in the last minutes, in all, and how the dispatcher is doing.
#[utoipa::path(get, path = "/api/v1/dispatcher/summary", tag = "dispatcher", params(SummaryQuery), responses((status = 200, body = Summary), Refused))]
pub(super) async fn summary(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<SummaryQuery>,
) -> Result<Json<Summary>, Fault> {
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
    Ok(Json(Summary { window: window.map(DispatcherWindow::from), totals, health: health.map(DispatcherHealth::from) }))
}

/// How the dispatcher is doing, check by check.
#[utoipa::path(get, path = "/api/v1/dispatcher/health", tag = "dispatcher", responses((status = 200, body = DispatcherHealth), Refused))]
pub(super) async fn health(State(desk): State<Arc<Desk>>) -> Result<Json<DispatcherHealth>, Fault> {
    let health: Option<Health> = desk.reader.get(&views::HEALTH, &keys::HEALTH_CURRENT).await?;
    Ok(Json(health.map_or_else(DispatcherHealth::unknown, DispatcherHealth::from)))
}

/// Counters by the hour, in order, without hours in which nothing was counted.
#[utoipa::path(get, path = "/api/v1/dispatcher/trend", tag = "dispatcher", params(TrendQuery), responses((status = 200, body = Trend), Refused))]
pub(super) async fn trend(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<TrendQuery>,
) -> Result<Json<Trend>, Fault> {
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
        Some(Hour { hour, counters: counters_only(&row.counters) })
    };
    Ok(Json(Trend { hours: rows.iter().filter_map(row).collect() }))
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
