//! `/series`: one number by the day, as a chart shows it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::{Deserialize, Serialize};
use switchboard_github::RepoName;
use switchboard_panel::Fault;
use switchboard_panel::api::Refused;
use utoipa::{IntoParams, ToSchema};

use super::{given, kind};
use crate::pages::{Desk, question, trends};
use crate::records::Kind;
use crate::window::Sums;

/// Most days of a series.
const DAYS_MAX: u32 = 90;
/// Days unless said.
const DAYS: u32 = 30;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SeriesQuery {
    /// Only of this entry, `owner/repo`; of all together unless said.
    #[param(example = "acme/backend")]
    repo: Option<String>,
    /// `pass_rate`, `timeout_rate`, `queue`, `execution`, `p50`, `pass`, `fail`, `fail_upstream`, `timeout`, `other`, `sent`,
    /// `send_failed`, `never_reported` or `heads`; `pass_rate` unless said.
    #[param(example = "pass_rate")]
    metric: Option<String>,
    /// Days back from today, 1 to 90; 30 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 90)]
    days: Option<String>,
    /// `pr`, `push` or `nightly`; `pr` unless said.
    #[param(example = "pr")]
    kind: Option<String>,
}

/// One number by the day.
#[derive(Serialize, ToSchema)]
pub(super) struct RelaySeries {
    /// The entry; `null` for all together.
    #[schema(required, value_type = Option<String>)]
    repository: Option<RepoName>,
    /// `pr`, `push` or `nightly`.
    #[schema(value_type = String)]
    kind: Kind,
    /// What is told.
    metric: &'static str,
    /// In what: `basis_points`, `milliseconds`, `minutes` or `count`.
    unit: &'static str,
    /// Every day, the oldest first.
    points: Vec<RelayPoint>,
}

/// A day.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayPoint {
    /// `2026-11-20`, in UTC.
    #[schema(format = Date)]
    day: String,
    /// The number; `null` if there is nothing to tell it by.
    #[schema(required)]
    value: Option<u64>,
}

/// Name, unit, and how the number follows from a day's sums.
type Metric = (&'static str, &'static str, fn(&Sums) -> Option<u64>);

const METRICS: [Metric; 14] = [
    ("pass_rate", "basis_points", Sums::pass_rate),
    ("timeout_rate", "basis_points", Sums::timeout_rate),
    ("queue", "milliseconds", Sums::queue),
    ("execution", "milliseconds", Sums::execution),
    ("p50", "minutes", |sums| sums.p50().flatten().map(u64::from)),
    ("pass", "count", |sums| Some(sums.pass)),
    ("fail", "count", |sums| Some(sums.fail)),
    ("fail_upstream", "count", |sums| Some(sums.fail_upstream)),
    ("timeout", "count", |sums| Some(sums.timeout)),
    ("other", "count", |sums| Some(sums.other)),
    ("sent", "count", |sums| Some(sums.sent)),
    ("send_failed", "count", |sums| Some(sums.send_failed)),
    ("never_reported", "count", |sums| Some(sums.never_reported)),
    ("heads", "count", |sums| Some(sums.heads)),
];

/// One number by the day, of all entries together or of one.
#[utoipa::path(get, path = "/api/v1/relay/series", tag = "relay", params(SeriesQuery),
    responses((status = 200, body = RelaySeries), Refused))]
pub(super) async fn series(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<SeriesQuery>,
) -> Result<Json<RelaySeries>, Fault> {
    let repo = given(query.repo.as_deref()).map(question::entry).transpose()?;
    let (metric, unit, number) = metric(query.metric.as_deref())?;
    let (kind, days) = (kind(query.kind.as_deref())?, days(query.days.as_deref())?);
    let (reader, up) = (&desk.reader, desk.relay.upstream());
    let by_day = trends::by_day(reader, up, repo.as_ref(), kind, days, reader.now()).await?;
    let point = |(at, sums): &(switchboard_clock::Timestamp, Sums)| RelayPoint {
        day: at.format("%Y-%m-%d"),
        value: number(sums),
    };
    Ok(Json(RelaySeries { points: by_day.iter().map(point).collect(), repository: repo, kind, metric, unit }))
}

fn metric(name: Option<&str>) -> Result<Metric, Fault> {
    let name = given(name).unwrap_or(METRICS[0].0);
    METRICS.into_iter().find(|(known, ..)| *known == name).ok_or_else(|| {
        let names: Vec<&str> = METRICS.iter().map(|(name, ..)| *name).collect();
        Fault::parameter("There is no such metric.").hint(format!("Ask for one of {}.", names.join(", ")))
    })
}

fn days(text: Option<&str>) -> Result<u32, Fault> {
    match given(text) {
        None => Ok(DAYS),
        Some(text) => text
            .parse()
            .ok()
            .filter(|days| (1..=DAYS_MAX).contains(days))
            .ok_or_else(|| Fault::parameter("The days are a number from 1 to 90.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_without_data_has_no_rate_and_counts_nothing() {
        let nothing = Sums::default();
        for (name, unit, number) in METRICS {
            assert_eq!(number(&nothing), (unit == "count").then_some(0), "{name}");
        }
        let (.., rate) = metric(None).unwrap();
        assert_eq!(rate(&Sums { pass: 1, timeout: 3, ..nothing }), Some(2_500));
        assert_eq!(metric(Some("odd")).unwrap_err().status, 422);
    }
}
