//! `/repos` and `/repos/{owner}/{name}`: the board of all entries, and how one of them is doing.

use std::collections::HashSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::Fault;
use switchboard_panel::api::{Refused, RefusedOne};
use switchboard_store::{Counters, Key, KeyRange};
use utoipa::{IntoParams, ToSchema};

use super::levels::RelayStanding;
use super::list::RelayEntry;
use super::row::RelayError;
use super::{given, kind};
use crate::allowlist::{Level, MAX_ENTRIES};
use crate::keys::{name_of, repo as repo_part};
use crate::names::Device;
use crate::pages::operate::RepoPath;
use crate::pages::{Desk, question, reading};
use crate::records::{
    BoardEntry, BoardRecord, HealthRecord, Kind, LevelRecord, SummaryRecord, TargetError, keys, views,
};
use crate::window::{Sums, WINDOWS};

/// Rows of each list of an entry.
const OPEN: usize = 50;
const FAILED: usize = 20;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct BoardQuery {
    /// `pr`, `push` or `nightly`; `pr` unless said.
    #[param(example = "pr")]
    kind: Option<String>,
    /// The window: 1 (the last 24 hours), 7, 14, 30 or 90 days; 7 unless said.
    #[param(value_type = Option<u8>, example = 7)]
    days: Option<String>,
}

/// All entries over a window.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayBoard {
    /// `pr`, `push` or `nightly`.
    #[schema(value_type = String)]
    kind: Kind,
    /// The window.
    days: u32,
    /// When it was put together; `null` before anything was counted.
    #[schema(required, format = DateTime)]
    at: Option<String>,
    /// The entries, the worst pass rate first; those without data last.
    items: Vec<RelayBoardEntry>,
}

/// An entry on the board.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayBoardEntry {
    /// Which.
    #[schema(value_type = String)]
    repository: RepoName,
    /// Its level now.
    #[schema(value_type = String)]
    level: Level,
    /// Its device.
    #[schema(required, value_type = Option<String>)]
    device: Option<Device>,
    /// Its numbers.
    figures: RelayFigures,
}

/// What was counted over a stretch of time.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayFigures {
    /// Sends that GitHub took.
    sent: u64,
    /// Sends that failed.
    send_failed: u64,
    /// Targets that never reported.
    never_reported: u64,
    /// Targets with a counted result.
    heads: u64,
    /// Results that passed.
    pass: u64,
    /// Results that failed.
    fail: u64,
    /// Those of them whose verdict is that the upstream is at fault.
    fail_upstream: u64,
    /// Results that timed out.
    timeout: u64,
    /// Results with another end.
    other: u64,
    /// `pass` of `pass`, `fail` and `timeout`, in basis points; `null` without data.
    #[schema(required)]
    pass_rate: Option<u64>,
    /// `timeout` of the same, in basis points; `null` without data.
    #[schema(required)]
    timeout_rate: Option<u64>,
    /// The average time from send to start.
    #[schema(required)]
    queue_ms: Option<u64>,
    /// The average time from start to end.
    #[schema(required)]
    execution_ms: Option<u64>,
    /// Runs with a known time from send to last completion.
    measured_runs: u64,
    /// At least half of those runs took less than so many minutes; `null` without data, or beyond 360 minutes.
    #[schema(required)]
    p50_minutes: Option<u32>,
}

/// How one entry is doing.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayRepository {
    /// Which.
    #[schema(value_type = String)]
    repository: RepoName,
    /// What the allowlist says of it; `null` if it is not listed now.
    #[schema(required)]
    entry: Option<RelayEntry>,
    /// Since when it is on its level.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    /// The id of the repository that its name stands for; `null` until a send or report has told it.
    #[schema(required)]
    pinned_id: Option<u64>,
    /// Targets that wait for an approval.
    held: i64,
    /// Targets that are sent or to be sent, and have not reported.
    waiting: i64,
    /// Results that are open.
    open: i64,
    /// Its numbers by kind and window.
    summaries: Vec<RelaySummary>,
    /// What they say of its level; `null` before the first daily look.
    #[schema(required)]
    standing: Option<RelayStanding>,
    /// Open results, the nearest deadline first, at most 50.
    open_results: Vec<RelayOpen>,
    /// Sends that failed, newest first, at most 20.
    failed_sends: Vec<RelayFailedSend>,
}

/// Numbers of one kind over one window.
#[derive(Serialize, ToSchema)]
pub(super) struct RelaySummary {
    /// `pr`, `push` or `nightly`.
    #[schema(value_type = String)]
    kind: Kind,
    /// The window: 1 stands for the last 24 hours.
    days: u32,
    /// When they were summed up.
    #[schema(format = DateTime)]
    at: String,
    /// The numbers.
    figures: RelayFigures,
}

/// An open result.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayOpen {
    /// The dispatch.
    delivery_id: String,
    /// The workflow's name.
    workflow: String,
    /// The job's name.
    result: String,
    /// The run.
    run_id: String,
    /// Its attempt.
    attempt: u32,
    /// When it is given up.
    #[schema(format = DateTime)]
    deadline: String,
}

/// A send that failed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayFailedSend {
    /// The dispatch.
    delivery_id: String,
    /// Why.
    error: RelayError,
    /// When.
    #[schema(format = DateTime)]
    at: String,
}

/// `relay.failed`, as a send's outcome writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    delivery_id: String,
    error: TargetError,
    at: Timestamp,
}

/// The board: all entries, the worst pass rate first.
#[utoipa::path(get, path = "/api/v1/relay/repos", tag = "relay", params(BoardQuery),
    responses((status = 200, body = RelayBoard), Refused))]
pub(super) async fn list(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<BoardQuery>,
) -> Result<Json<RelayBoard>, Fault> {
    let (kind, days) = (kind(query.kind.as_deref())?, days(query.days.as_deref())?);
    let (reader, up) = (&desk.reader, desk.relay.upstream());
    let board: Option<BoardRecord> = reader.get(&views::BOARD, &keys::board(up, kind, days)).await?;
    let listed: Vec<(Key, LevelRecord)> =
        reader.list(&views::LEVEL, KeyRange::prefix(&keys::entries(up)), MAX_ENTRIES).await?;
    let at = board.as_ref().map(|board| board.at.rfc3339());
    let counted = board.map(|board| board.entries).unwrap_or_default();
    // The board has them in order; what is not on it yet has no data and stands last, what is not listed any more is left out.
    let known: HashSet<RepoName> = counted.iter().map(|entry| entry.repo.clone()).collect();
    let now = |repo: &RepoName| listed.iter().map(|(_, record)| &record.entry).find(|entry| entry.repo == *repo);
    let mut items: Vec<RelayBoardEntry> = counted
        .into_iter()
        .filter_map(|BoardEntry { repo, sums, .. }| now(&repo).map(|entry| RelayBoardEntry::new(entry, &sums)))
        .collect();
    let fresh = listed.iter().map(|(_, record)| &record.entry).filter(|entry| !known.contains(&entry.repo));
    items.extend(fresh.map(|entry| RelayBoardEntry::new(entry, &Sums::default())));
    Ok(Json(RelayBoard { kind, days, at, items }))
}

/// One entry: what the list says of it, its numbers, its level's criteria, what is open and what could not be sent.
#[utoipa::path(get, path = "/api/v1/relay/repos/{owner}/{name}", tag = "relay",
    params(("owner" = String, Path, description = "The owner."), ("name" = String, Path, description = "The name.")),
    responses((status = 200, body = RelayRepository), RefusedOne))]
pub(super) async fn one(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<RepoPath>,
) -> Result<Json<RelayRepository>, Fault> {
    let repo = question::entry(&format!("{owner}/{name}"))?;
    let (reader, up) = (&desk.reader, desk.relay.upstream());
    let level = reading::level(&desk, &repo).await?;
    let pinned: Option<Value> = reader.get(&views::IDENTITY, &keys::identity(&repo)).await?;
    let prefix = format!("{}/", keys::entry(up, &repo));
    let summaries: Vec<(Key, SummaryRecord)> =
        reader.list(&views::SUMMARY, KeyRange::prefix(&prefix), Kind::ALL.len() * WINDOWS.len()).await?;
    let own = format!("{}/", repo_part(&repo));
    let failed: Vec<(Key, Failed)> = reader.list(&views::FAILED, KeyRange::prefix(&own), FAILED).await?;
    if level.is_none() && pinned.is_none() && summaries.is_empty() && failed.is_empty() {
        return Err(unknown());
    }
    let open: Vec<(Key, Value)> = reader.list(&views::OPEN, KeyRange::prefix(&own), OPEN).await?;
    let health: Option<HealthRecord> = reader.get(&views::HEALTH, &keys::entry(up, &repo)).await?;
    let gauge = reader.counter(&views::GAUGE, &keys::gauge(up, Some(&repo))).await?;
    let mut summaries: Vec<RelaySummary> =
        summaries.iter().filter_map(|(key, record)| RelaySummary::new(key.as_str(), &prefix, record)).collect();
    summaries.sort_by_key(|summary| (summary.kind, summary.days));
    let failed_send = |(_, failed): (Key, Failed)| RelayFailedSend {
        delivery_id: failed.delivery_id,
        error: failed.error.into(),
        at: failed.at.rfc3339(),
    };
    Ok(Json(RelayRepository {
        standing: level
            .as_ref()
            .zip(health.as_ref())
            .map(|(level, health)| RelayStanding::new(level, Some(health), &desk)),
        entry: level.as_ref().map(|level| RelayEntry::from(&level.entry)),
        since: level.as_ref().map(|level| level.since.rfc3339()),
        pinned_id: pinned.and_then(|pinned| pinned["id"].as_u64()),
        held: gauged(&gauge, "held"),
        waiting: gauged(&gauge, "waiting"),
        open: gauged(&gauge, "open"),
        summaries,
        open_results: open.iter().filter_map(|(key, _)| RelayOpen::new(key.as_str(), &own)).collect(),
        failed_sends: failed.into_iter().map(failed_send).collect(),
        repository: level.map_or(repo, |level| level.entry.repo),
    }))
}

/// 404: no such entry.
pub(super) fn unknown() -> Fault {
    Fault::not_found("This repository is not on the allowlist, and nothing was relayed to it.")
        .hint("The allowlist says who takes part: /api/v1/relay/allowlist.")
}

fn days(text: Option<&str>) -> Result<u32, Fault> {
    match given(text) {
        None => Ok(WINDOWS[1]),
        Some(text) => text
            .parse()
            .ok()
            .filter(|days| WINDOWS.contains(days))
            .ok_or_else(|| Fault::parameter("The days are one of 1, 7, 14, 30 and 90.")),
    }
}

fn gauged(gauge: &Counters, field: &str) -> i64 {
    gauge.get(field).copied().unwrap_or_default().max(0)
}

impl RelayBoardEntry {
    fn new(entry: &crate::allowlist::Entry, sums: &Sums) -> Self {
        Self { repository: entry.repo.clone(), level: entry.level, device: entry.device.clone(), figures: sums.into() }
    }
}

impl From<&Sums> for RelayFigures {
    fn from(sums: &Sums) -> Self {
        Self {
            sent: sums.sent,
            send_failed: sums.send_failed,
            never_reported: sums.never_reported,
            heads: sums.heads,
            pass: sums.pass,
            fail: sums.fail,
            fail_upstream: sums.fail_upstream,
            timeout: sums.timeout,
            other: sums.other,
            pass_rate: sums.pass_rate(),
            timeout_rate: sums.timeout_rate(),
            queue_ms: sums.queue(),
            execution_ms: sums.execution(),
            measured_runs: sums.e2e.iter().sum(),
            p50_minutes: sums.p50().flatten(),
        }
    }
}

impl RelaySummary {
    /// Kind and window stand in the key.
    fn new(key: &str, prefix: &str, record: &SummaryRecord) -> Option<Self> {
        let (word, days) = key.strip_prefix(prefix)?.split_once('/')?;
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == word)?;
        Some(Self { kind, days: days.parse().ok()?, at: record.at.rfc3339(), figures: (&record.sums).into() })
    }
}

impl RelayOpen {
    /// The deadline and the result's own key stand in the key.
    fn new(key: &str, prefix: &str) -> Option<Self> {
        let (deadline, result) = key.strip_prefix(prefix)?.split_once('/')?;
        let mut parts = result.split('/').map(name_of);
        let (delivery_id, _repo) = (parts.next()??, parts.next()??);
        Some(Self {
            delivery_id,
            workflow: parts.next()??,
            result: parts.next()??,
            run_id: parts.next()??,
            attempt: parts.next()??.parse().ok()?,
            deadline: Timestamp::from_millis(deadline.parse().ok()?).rfc3339(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_open_is_told_by_its_key() {
        let repo = "Acme/Api".parse().unwrap();
        let result = keys::result("d-1", &repo, "CI / x", "build (gpu)", "5", 2);
        let key = keys::open(&repo, Timestamp::from_millis(60_000), &result);
        let open = RelayOpen::new(key.as_str(), "acme%2Fapi/").unwrap();
        assert_eq!((open.delivery_id.as_str(), open.workflow.as_str(), open.attempt), ("d-1", "CI / x", 2));
        assert_eq!((open.result.as_str(), open.run_id.as_str()), ("build (gpu)", "5"));
        assert_eq!(open.deadline, "1970-01-01T00:01:00.000Z");
        assert!(RelayOpen::new("acme%2Fapi/x", "acme%2Fapi/").is_none());
    }

    #[test]
    fn a_summary_is_told_by_its_key() {
        let (up, repo) = ("org/up".parse().unwrap(), "a/b".parse().unwrap());
        let record = SummaryRecord { sums: Sums { pass: 3, fail: 1, ..Sums::default() }, at: Timestamp::EPOCH };
        let key = keys::summary(&up, Some(&repo), Kind::Push, 14);
        let summary = RelaySummary::new(key.as_str(), "org%2Fup/a%2Fb/", &record).unwrap();
        assert_eq!((summary.kind, summary.days, summary.figures.pass_rate), (Kind::Push, 14, Some(7_500)));
        assert_eq!((summary.figures.queue_ms, summary.figures.p50_minutes), (None, None));
    }
}
