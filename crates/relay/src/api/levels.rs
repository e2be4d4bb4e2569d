//! `/levels`: every entry by level, with the criteria, and who is to be promoted or demoted.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::Fault;
use switchboard_panel::api::Refused;
use switchboard_store::{Key, KeyRange};
use utoipa::ToSchema;

use crate::allowlist::{Level, MAX_ENTRIES};
use crate::config::Demotion;
use crate::criteria::{Criterion, Line, Outcome, Unit};
use crate::names::Device;
use crate::pages::Desk;
use crate::records::{HealthRecord, LevelRecord, keys, views};

const DAY_SECONDS: u64 = 24 * 3600;

/// Every entry with what its numbers say of its level.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayLevels {
    /// The entries, L4 first, those that are due for demotion first on each level.
    items: Vec<RelayStanding>,
}

/// What an entry's numbers say of its level.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayStanding {
    /// The entry.
    #[schema(value_type = String)]
    repository: RepoName,
    /// Its level.
    #[schema(value_type = String)]
    level: Level,
    /// Its device.
    #[schema(required, value_type = Option<String>)]
    device: Option<Device>,
    /// Since when it is on that level.
    #[schema(format = DateTime)]
    since: String,
    /// For how many whole days.
    days: u64,
    /// When its numbers were last looked at; once a day.
    #[schema(required, format = DateTime)]
    evaluated_at: Option<String>,
    /// What it has to show: on L2 for a promotion, on L3 and L4 to keep its level.
    criteria: Vec<RelayCriterion>,
    /// Whether an L2 entry meets all of them; the promotion is the maintainers' decision.
    ready: bool,
    /// Whether it is due for demotion.
    demotion_due: bool,
    /// Whether it gets no new check runs because of that.
    suppressed: bool,
    /// Until when operators have lifted that.
    #[schema(required, format = DateTime)]
    lifted_until: Option<String>,
}

/// A criterion.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayCriterion {
    /// `days_at_level`, `days_of_data`, `queue`, `long_runs`, `p50`, `timeout_rate`, `pass_rate` or `results`.
    #[schema(value_type = String)]
    criterion: Criterion,
    /// Of value and threshold: `days`, `milliseconds`, `minutes`, `basis_points` or `count`.
    unit: &'static str,
    /// What it is; `null` without data.
    #[schema(required)]
    value: Option<u64>,
    /// How it is compared: `at_least`, `below` or `above`.
    comparison: &'static str,
    /// With what.
    threshold: u64,
    /// `met`, `missed` or `no_data`.
    #[schema(value_type = String)]
    outcome: Outcome,
}

/// Levels and criteria: who is ready to be promoted, and who is due for demotion.
#[utoipa::path(get, path = "/api/v1/relay/levels", tag = "relay", responses((status = 200, body = RelayLevels), Refused))]
pub(super) async fn levels(State(desk): State<Arc<Desk>>) -> Result<Json<RelayLevels>, Fault> {
    let entries = KeyRange::prefix(&keys::entries(desk.relay.upstream()));
    let listed: Vec<(Key, LevelRecord)> = desk.reader.list(&views::LEVEL, entries.clone(), MAX_ENTRIES).await?;
    let health: Vec<(Key, HealthRecord)> = desk.reader.list(&views::HEALTH, entries, MAX_ENTRIES).await?;
    let health: HashMap<Key, HealthRecord> = health.into_iter().collect();
    let standing = |(key, level): &(Key, LevelRecord)| RelayStanding::new(level, health.get(key), &desk);
    let mut items: Vec<RelayStanding> = listed.iter().map(standing).collect();
    items.sort_by_key(|item| (std::cmp::Reverse(item.level), !item.demotion_due));
    Ok(Json(RelayLevels { items }))
}

impl RelayStanding {
    pub(super) fn new(level: &LevelRecord, health: Option<&HealthRecord>, desk: &Desk) -> Self {
        let (entry, now) = (&level.entry, desk.reader.now());
        let lines = health.map_or(&[][..], |health| &health.lines);
        let has_consequences = desk.relay.config().demotion == Demotion::Suppress && entry.level == Level::L3;
        let lifted = health.and_then(|health| health.lifted_until).filter(|until| *until > now);
        Self {
            repository: entry.repo.clone(),
            level: entry.level,
            device: entry.device.clone(),
            since: level.since.rfc3339(),
            days: now.since(level.since).as_secs() / DAY_SECONDS,
            evaluated_at: health.and_then(|health| health.evaluated_at).map(Timestamp::rfc3339),
            criteria: lines.iter().map(RelayCriterion::from).collect(),
            ready: entry.level == Level::L2
                && !lines.is_empty()
                && lines.iter().all(|line| line.outcome == Outcome::Met),
            demotion_due: health.is_some_and(|health| health.demotion.due),
            suppressed: has_consequences && health.is_some_and(|health| health.suppresses(now)),
            lifted_until: lifted.map(Timestamp::rfc3339),
        }
    }
}

impl From<&Line> for RelayCriterion {
    fn from(line: &Line) -> Self {
        let unit = match line.criterion.unit() {
            Unit::Days => "days",
            Unit::Milliseconds => "milliseconds",
            Unit::Minutes => "minutes",
            Unit::BasisPoints => "basis_points",
            Unit::Count => "count",
        };
        let comparison = match line.criterion {
            Criterion::DaysAtLevel | Criterion::DaysOfData | Criterion::Results => "at_least",
            Criterion::Queue | Criterion::LongRuns | Criterion::P50 | Criterion::TimeoutRate => "below",
            Criterion::PassRate => "above",
        };
        let Line { criterion, value, threshold, outcome } = *line;
        Self { criterion, unit, value, comparison, threshold, outcome }
    }
}
