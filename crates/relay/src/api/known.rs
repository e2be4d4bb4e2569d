//! `/prs/{number}`, `/commits/{sha}`, `/dispatches/{id}`: everything that is known, per target.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use switchboard_github::RepoName;
use switchboard_panel::Fault;
use switchboard_panel::api::RefusedOne;
use switchboard_store::{Key, KeyRange};
use utoipa::ToSchema;

use super::gate::{self, RelayGateState};
use super::number;
use super::row::{RelayGate, RelayReason, RelaySuperseded};
use super::target::{RelayCheck, RelayTarget, TESTS_BYTES, bytes};
use crate::checks::state::Written;
use crate::keys::name_of;
use crate::pages::{Desk, question, reading};
use crate::pull::PrState;
use crate::records::{
    DispatchRecord, HeadRecord, Kind, PullRecord, ResultRecord, RowRecord, SkippedEntry, TargetRecord, keys, views,
};

/// Dispatches of one commit that are told whole; the others are named.
const DISPATCHES: usize = 8;
/// Heads of one commit: pull requests and refs that share it.
const HEADS: usize = 50;
/// Targets whose results are read.
const TARGETS_READ: usize = 64;
/// Results of each that are told.
const RESULTS: usize = 64;
/// Check runs of a commit that are read.
const CHECKS: usize = 1_000;

/// A pull request of the upstream.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayPull {
    /// Its number.
    number: u64,
    /// Its title.
    title: String,
    /// Login of its author.
    author: String,
    /// `open` or `closed`.
    #[schema(value_type = String)]
    state: PrState,
    /// The branch that it is to be merged into.
    base: String,
    /// Its labels.
    labels: Vec<String>,
    /// Its newest head that the relay knows.
    head_sha: String,
    /// When GitHub last changed it, as far as the relay knows.
    #[schema(format = DateTime)]
    updated_at: String,
    /// The merge gate of that head, as of now.
    gate: RelayGateState,
    /// The newest target of each entry on that head.
    targets: Vec<RelayTarget>,
    /// Entries that its newest dispatch was not sent to.
    skipped: Vec<RelaySkipped>,
    /// Its dispatches, newest first, at most the last 50.
    dispatches: Vec<RelayDispatched>,
}

/// A dispatch of a pull request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayDispatched {
    /// Its delivery id.
    delivery_id: String,
    /// The head that was dispatched.
    head_sha: String,
    /// When the upstream's delivery was accepted.
    #[schema(format = DateTime)]
    accepted_at: String,
    /// Whether something newer took its place.
    superseded: bool,
}

/// An entry that was skipped.
#[derive(Serialize, ToSchema)]
pub(super) struct RelaySkipped {
    /// The entry.
    #[schema(value_type = String)]
    repository: RepoName,
    /// Why.
    reason: RelayReason,
}

/// A commit of the upstream.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayCommit {
    /// The commit.
    sha: String,
    /// What was dispatched of it, and its nightlies: the newest of each pull request and ref first, at most 8.
    dispatches: Vec<RelayDispatch>,
    /// The delivery ids of further ones.
    more: Vec<String>,
}

/// What one upstream delivery set in motion, or the nightlies of one commit.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayDispatch {
    /// The upstream's `X-GitHub-Delivery`; for nightlies the commit.
    delivery_id: String,
    /// `pr`, `push` or `nightly`.
    #[schema(value_type = String)]
    kind: Kind,
    /// The event's action.
    #[schema(required)]
    action: Option<String>,
    /// The pull request.
    #[schema(required)]
    number: Option<u64>,
    /// The commit.
    head_sha: String,
    /// A push's ref, in full.
    #[schema(required)]
    r#ref: Option<String>,
    /// The branch that a pull request is to be merged into.
    #[schema(required)]
    base: Option<String>,
    /// The pull request's labels as the event told them.
    labels: Vec<String>,
    /// Its title, or the first line of the commit's message.
    title: String,
    /// Who opened the pull request or pushed.
    author: String,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// What took its place.
    #[schema(required)]
    superseded: Option<RelaySuperseded>,
    /// The merge gate as it stood when this dispatch last changed.
    #[schema(required)]
    gate: Option<RelayGate>,
    /// Entries that it was sent to, or is to be.
    targets: Vec<RelayTarget>,
    /// Entries that it was not sent to.
    skipped: Vec<RelaySkipped>,
}

/// A pull request with the newest target of each entry on its newest head.
#[utoipa::path(get, path = "/api/v1/relay/prs/{number}", tag = "relay",
    params(("number" = u64, Path, description = "Its number.")),
    responses((status = 200, body = RelayPull), RefusedOne))]
pub(super) async fn pull(State(desk): State<Arc<Desk>>, Path(asked): Path<String>) -> Result<Json<RelayPull>, Fault> {
    let up = desk.relay.upstream();
    let record: Option<PullRecord> = desk.reader.get(&views::PULL, &keys::pull(up, number(&asked)?)).await?;
    let record = record.ok_or_else(|| {
        Fault::not_found("Nothing is known of this pull request.")
            .hint("A pull request appears with its first event that the relay takes in.")
    })?;
    let head = record.info.head_sha.as_str().to_owned();
    let of_head: Vec<&str> = record
        .dispatches
        .iter()
        .rev()
        .filter(|relayed| relayed.head == head)
        .map(|relayed| relayed.delivery_id.as_str())
        .collect();
    let mut newest: BTreeMap<RepoName, (String, TargetRecord)> = BTreeMap::new();
    for id in of_head.iter().take(DISPATCHES) {
        for target in reading::targets(&desk, id).await? {
            newest.entry(target.repo.clone()).or_insert_with(|| ((*id).to_owned(), target));
        }
    }
    let planned = match of_head.first() {
        Some(id) => reading::dispatch(&desk, id).await?,
        None => None,
    };
    let skipped = planned.map(|planned| planned.skipped).unwrap_or_default();
    let skipped = skipped.into_iter().filter(|skip| !newest.contains_key(&skip.repo)).map(RelaySkipped::from).collect();
    let mut told = Telling::new(&desk);
    let targets = told.targets(&head, newest.into_values().collect()).await?;
    let gate = gate::of(&desk, &record, &head).await?;
    let dispatched = |relayed: &crate::records::RelayedHead| RelayDispatched {
        delivery_id: relayed.delivery_id.clone(),
        head_sha: relayed.head.clone(),
        accepted_at: reading::accepted(relayed.seq).rfc3339(),
        superseded: relayed.superseded,
    };
    Ok(Json(RelayPull {
        gate,
        targets,
        skipped,
        dispatches: record.dispatches.iter().rev().map(dispatched).collect(),
        number: record.info.number,
        title: record.info.title,
        author: record.info.author,
        state: record.info.state,
        base: record.info.base,
        labels: record.info.labels,
        updated_at: record.info.updated_at.rfc3339(),
        head_sha: head,
    }))
}

/// A commit with what was dispatched of it.
#[utoipa::path(get, path = "/api/v1/relay/commits/{sha}", tag = "relay",
    params(("sha" = String, Path, description = "The whole SHA.", example = "2b66fd261ee5c6cfc8de7fa466bab600bcfe4f69")),
    responses((status = 200, body = RelayCommit), RefusedOne))]
pub(super) async fn commit(State(desk): State<Arc<Desk>>, Path(sha): Path<String>) -> Result<Json<RelayCommit>, Fault> {
    let sha = question::sha(&sha)?;
    let range = KeyRange::prefix(&keys::heads(desk.relay.upstream(), &sha));
    let heads: Vec<(Key, HeadRecord)> = desk.reader.list(&views::HEAD, range, HEADS).await?;
    let lists: Vec<Vec<String>> = heads.into_iter().map(|(_, head)| head.dispatches).collect();
    let mut ids = newest_first(&lists);
    if ids.is_empty() {
        return Err(Fault::not_found("Nothing was relayed of this commit.")
            .hint("A commit appears with its first event that the relay dispatches, or with its first nightly."));
    }
    let more = ids.split_off(ids.len().min(DISPATCHES));
    let mut told = Telling::new(&desk);
    let mut dispatches = Vec::new();
    for id in &ids {
        if let Some(dispatch) = reading::dispatch(&desk, id).await? {
            dispatches.push(told.dispatch(dispatch).await?);
        }
    }
    Ok(Json(RelayCommit { sha, dispatches, more }))
}

/// A dispatch with its targets.
#[utoipa::path(get, path = "/api/v1/relay/dispatches/{id}", tag = "relay",
    params(("id" = String, Path, description = "The upstream's `X-GitHub-Delivery`; for nightlies the commit.")),
    responses((status = 200, body = RelayDispatch), RefusedOne))]
pub(super) async fn dispatch(
    State(desk): State<Arc<Desk>>,
    Path(id): Path<String>,
) -> Result<Json<RelayDispatch>, Fault> {
    let dispatch = reading::dispatch(&desk, &id).await?.ok_or_else(|| {
        Fault::not_found("There is no such dispatch here.")
            .hint("Dispatches are kept for as long as `retention_days` says; a delivery that was not relayed has none.")
    })?;
    Ok(Json(Telling::new(&desk).dispatch(dispatch).await?))
}

/// The newest of each list, then the second newest, and so on, each once.
fn newest_first(lists: &[Vec<String>]) -> Vec<String> {
    let depth = lists.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<String> = Vec::new();
    for back in 0..depth {
        for list in lists {
            if let Some(id) = list.iter().rev().nth(back).filter(|id| !all.contains(id)) {
                all.push(id.clone());
            }
        }
    }
    all
}

/// An answer that is being put together: how much it may still read.
struct Telling<'d> {
    desk: &'d Desk,
    targets_left: usize,
    bytes_left: usize,
    checks: Option<(String, Vec<RelayCheck>)>,
}

impl<'d> Telling<'d> {
    const fn new(desk: &'d Desk) -> Self {
        Self { desk, targets_left: TARGETS_READ, bytes_left: TESTS_BYTES, checks: None }
    }

    async fn dispatch(&mut self, dispatch: DispatchRecord) -> Result<RelayDispatch, Fault> {
        let desk = self.desk;
        let key = keys::row(desk.relay.upstream(), dispatch.kind, dispatch.seq);
        let row: Option<RowRecord> = desk.reader.get(&views::ROW, &key).await?;
        let targets = reading::targets(desk, &dispatch.delivery_id).await?;
        let targets = targets.into_iter().map(|target| (dispatch.delivery_id.clone(), target)).collect();
        Ok(RelayDispatch {
            targets: self.targets(&dispatch.head, targets).await?,
            gate: row.and_then(|row| row.gate).as_ref().map(RelayGate::from),
            skipped: dispatch.skipped.into_iter().map(RelaySkipped::from).collect(),
            superseded: dispatch.superseded.map(RelaySuperseded::from),
            planned_at: dispatch.planned_at.rfc3339(),
            delivery_id: dispatch.delivery_id,
            kind: dispatch.kind,
            action: dispatch.action,
            number: dispatch.number,
            head_sha: dispatch.head,
            r#ref: dispatch.git_ref,
            base: dispatch.base,
            labels: dispatch.labels,
            title: dispatch.title,
            author: dispatch.author,
        })
    }

    async fn targets(&mut self, head: &str, targets: Vec<(String, TargetRecord)>) -> Result<Vec<RelayTarget>, Fault> {
        let (desk, mut told) = (self.desk, Vec::with_capacity(targets.len()));
        for (delivery_id, target) in targets {
            let results = self.results(&delivery_id, &target).await?;
            let checks = if target.level.checks() { self.checks(head).await? } else { &[] };
            told.push(RelayTarget::new(desk, &delivery_id, target, results, checks));
        }
        Ok(told)
    }

    /// A target's results, if there is room for them. One whose entry reports nothing has none to read.
    async fn results(&mut self, delivery_id: &str, target: &TargetRecord) -> Result<Option<Vec<ResultRecord>>, Fault> {
        if target.results == 0 {
            return Ok(Some(Vec::new()));
        }
        if self.targets_left == 0 || self.bytes_left == 0 {
            return Ok(None);
        }
        let range = KeyRange::prefix(&keys::results(delivery_id, &target.repo));
        let found: Vec<(Key, ResultRecord)> = self.desk.reader.list(&views::RESULT, range, RESULTS).await?;
        let results: Vec<ResultRecord> = found.into_iter().map(|(_, result)| result).collect();
        self.targets_left -= 1;
        self.bytes_left = self.bytes_left.saturating_sub(bytes(&results));
        Ok(Some(results))
    }

    /// The check runs of a commit, read once.
    async fn checks(&mut self, head: &str) -> Result<&[RelayCheck], Fault> {
        if self.checks.as_ref().is_none_or(|(of, _)| of != head) {
            let prefix = keys::checks(head);
            let found: Vec<(Key, Written)> =
                self.desk.reader.list(&views::CHECK, KeyRange::prefix(&prefix), CHECKS).await?;
            let named = found.iter().filter_map(|(key, written)| {
                let name = name_of(key.as_str().strip_prefix(&prefix)?)?;
                Some(RelayCheck::new(self.desk, name, written))
            });
            self.checks = Some((head.to_owned(), named.collect()));
        }
        Ok(self.checks.as_ref().map_or(&[], |(_, checks)| checks))
    }
}

impl From<SkippedEntry> for RelaySkipped {
    fn from(skip: SkippedEntry) -> Self {
        Self { repository: skip.repo, reason: skip.reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_pull_requests_on_one_commit_each_shows_its_newest_dispatch_first() {
        let list = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        let all = newest_first(&[list(&["a1", "a2", "a3"]), list(&["b1"]), list(&["c1", "a3"])]);
        assert_eq!(all, ["a3", "b1", "a2", "c1", "a1"]);
        assert!(newest_first(&[]).is_empty());
    }
}
