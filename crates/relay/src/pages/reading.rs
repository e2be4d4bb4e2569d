//! What pages and API read: rows of the HUD, results of what is unfolded, targets of a dispatch. By key or key range, bounded.

use std::collections::{BTreeMap, HashMap};

use switchboard_clock::Timestamp;
use switchboard_engine::Reader;
use switchboard_github::RepoName;
use switchboard_store::{DeliveryId, Key, KeyRange, Result};

use super::Desk;
use super::question::{Filter, Question};
use crate::allowlist::Level;
use crate::keys::{inverted, name_of};
use crate::records::{
    AllowlistRecord, CellState, DispatchRecord, HeadRecord, Kind, LevelRecord, PullRecord, ResultRecord, RowRecord,
    TargetRecord, keys, views,
};

/// Rows of a page.
pub(crate) const ROWS: usize = 50;
/// Keyed reads that a HUD page makes at most, the strip aside.
pub(crate) const KEYED_READS: usize = 150;
/// Columns that an unfolded entry shows.
pub(crate) const COLUMNS: usize = 64;
/// Columns that are looked at, so that those that are not shown can be counted.
const COLUMNS_READ: usize = 512;
/// How long a column stays without a result.
const COLUMN_DAYS: u32 = 30;
/// Results of one target that are read.
pub(crate) const RESULTS: usize = 512;
/// Targets of one dispatch that are read.
pub(crate) const TARGETS: usize = 1_000;

/// Rows of the HUD, and where the next page begins.
pub(crate) struct Rows {
    /// The rows, newest first.
    pub(crate) rows: Vec<RowRecord>,
    /// The place of the last one, if there may be more.
    pub(crate) next: Option<String>,
    /// Keyed reads that this took.
    pub(crate) reads: usize,
}

/// The end of a row's key.
pub(crate) fn place(row: &RowRecord) -> String {
    inverted(row.seq)
}

/// The rows that a question is about.
///
/// # Errors
/// What the store says.
pub(crate) async fn rows(desk: &Desk, question: &Question, limit: usize) -> Result<Rows> {
    let (reader, up, kind) = (&desk.reader, desk.relay.upstream(), question.kind);
    match &question.filter {
        Filter::Pull(number) => {
            let record: Option<PullRecord> = reader.get(&views::PULL, &keys::pull(up, *number)).await?;
            let seqs = record.iter().flat_map(|record| record.dispatches.iter().rev().map(|relayed| relayed.seq));
            let seqs: Vec<_> = seqs.collect();
            let room = room(limit, 1, 1 + question.open.len());
            let mut rows = Vec::new();
            for seq in seqs.into_iter().take(room) {
                rows.extend(reader.get::<RowRecord>(&views::ROW, &keys::row(up, kind, seq)).await?);
            }
            let reads = 1 + rows.len();
            Ok(Rows { rows, next: None, reads })
        }
        Filter::Commit(sha) => {
            let heads: Vec<(Key, HeadRecord)> =
                reader.list(&views::HEAD, KeyRange::prefix(&keys::heads(up, sha)), ROWS).await?;
            let nightly = (kind == Kind::Nightly).then(|| sha.clone());
            let ids = heads.into_iter().flat_map(|(_, head)| head.dispatches.into_iter().rev()).chain(nightly);
            let ids: Vec<String> = ids.take(room(limit, 1, 2 + question.open.len())).collect();
            let mut rows = Vec::new();
            for id in &ids {
                let dispatch: Option<DispatchRecord> = reader.get(&views::DISPATCH, &keys::dispatch(id)).await?;
                let Some(dispatch) = dispatch.filter(|dispatch| dispatch.kind == kind) else { continue };
                rows.extend(reader.get::<RowRecord>(&views::ROW, &keys::row(up, kind, dispatch.seq)).await?);
            }
            Ok(Rows { rows, next: None, reads: 1 + 2 * ids.len() })
        }
        filter => {
            let (view, prefix) = match filter {
                Filter::Repo(repo, _) => (views::ROW_REPO, keys::rows_of(repo, up, kind)),
                Filter::Failing => (views::ROW_BAD, keys::rows(up, kind)),
                _ => (views::ROW, keys::rows(up, kind)),
            };
            let mut range = KeyRange::prefix(&prefix);
            if let Some(place) = &question.before {
                range = range.past(&format!("{prefix}{place}"));
            }
            let rows: Vec<(Key, RowRecord)> = reader.list(&view, range, limit).await?;
            let next = (rows.len() == limit).then(|| rows.last().map(|(_, row)| place(row))).flatten();
            let mut rows: Vec<RowRecord> = rows.into_iter().map(|(_, row)| row).collect();
            if matches!(filter, Filter::Repo(_, true)) {
                rows.retain(RowRecord::is_bad);
            }
            Ok(Rows { rows, next, reads: 0 })
        }
    }
}

/// Rows for which the page's reads suffice, when each takes so many.
fn room(limit: usize, fixed: usize, each: usize) -> usize {
    limit.min((KEYED_READS - fixed - super::question::OPEN_MAX) / each.max(1))
}

/// The list in force, and what is wrong with a newer one.
///
/// # Errors
/// What the store says.
pub(crate) async fn allowlist(desk: &Desk) -> Result<Option<AllowlistRecord>> {
    desk.reader.get(&views::ALLOWLIST, &keys::upstream(desk.relay.upstream())).await
}

/// An entry's columns: workflow and result names of the last 30 days in the order of their names, and how many more there are.
///
/// # Errors
/// What the store says.
pub(crate) async fn columns(desk: &Desk, repo: &RepoName) -> Result<(Vec<(String, String)>, usize)> {
    let prefix = keys::columns(desk.relay.upstream(), repo);
    let found = desk.reader.list::<Seen>(&views::COLUMN, KeyRange::prefix(&prefix), COLUMNS_READ).await?;
    let since = desk.reader.now() - std::time::Duration::from_secs(24 * 3600) * COLUMN_DAYS;
    let since = since.format("%Y-%m-%d");
    let names = found.into_iter().filter(|(_, seen)| seen.day >= since).filter_map(|(key, _)| {
        let (workflow, result) = key.as_str().strip_prefix(&prefix)?.split_once('/')?;
        Some((name_of(workflow)?, name_of(result)?))
    });
    let mut names: Vec<(String, String)> = names.collect();
    let more = names.len().saturating_sub(COLUMNS);
    names.truncate(COLUMNS);
    Ok((names, more))
}

#[derive(serde::Deserialize)]
struct Seen {
    #[serde(default)]
    day: String,
}

/// The results of one target by workflow and result name: of several runs and attempts the newest.
pub(crate) type Results = BTreeMap<(String, String), ResultRecord>;

/// The newest results of a target.
///
/// # Errors
/// What the store says.
pub(crate) async fn newest(reader: &Reader, delivery_id: &str, repo: &RepoName) -> Result<Results> {
    let mut newest = Results::new();
    for result in results(reader, delivery_id, repo).await? {
        let name = (result.workflow.clone(), result.result.clone());
        match newest.get(&name) {
            Some(known) if known.order() >= result.order() => {}
            _ => drop(newest.insert(name, result)),
        }
    }
    Ok(newest)
}

/// All results of a target, every attempt.
///
/// # Errors
/// What the store says.
pub(crate) async fn results(reader: &Reader, delivery_id: &str, repo: &RepoName) -> Result<Vec<ResultRecord>> {
    let range = KeyRange::prefix(&keys::results(delivery_id, repo));
    let rows = reader.list(&views::RESULT, range, RESULTS).await?;
    Ok(rows.into_iter().map(|(_, result)| result).collect())
}

/// The results behind the cells of unfolded entries, by delivery id and entry.
pub(crate) type Unfolded = HashMap<(String, RepoName), Results>;

/// Reads what the unfolded entries' cells hold, the newest rows first, as far as the page's reads suffice.
///
/// # Errors
/// What the store says.
pub(crate) async fn unfolded(
    desk: &Desk,
    rows: &[RowRecord],
    open: &[RepoName],
    mut reads_left: usize,
) -> Result<Unfolded> {
    let mut found = Unfolded::new();
    for row in rows {
        for repo in open {
            let Some(cell) = row.cells.get(repo) else { continue };
            let silent = matches!(cell.state, CellState::Skipped | CellState::Held | CellState::NotDispatched);
            if silent || cell.level < Level::L2 || reads_left == 0 {
                continue;
            }
            reads_left -= 1;
            let results = newest(&desk.reader, &row.delivery_id, repo).await?;
            found.insert((row.delivery_id.clone(), repo.clone()), results);
        }
    }
    Ok(found)
}

/// A dispatch.
///
/// # Errors
/// What the store says.
pub(crate) async fn dispatch(desk: &Desk, delivery_id: &str) -> Result<Option<DispatchRecord>> {
    desk.reader.get(&views::DISPATCH, &keys::dispatch(delivery_id)).await
}

/// The targets of a dispatch, by entry.
///
/// # Errors
/// What the store says.
pub(crate) async fn targets(desk: &Desk, delivery_id: &str) -> Result<Vec<TargetRecord>> {
    let range = KeyRange::prefix(&keys::targets(delivery_id));
    let rows = desk.reader.list(&views::TARGET, range, TARGETS).await?;
    Ok(rows.into_iter().map(|(_, target)| target).collect())
}

/// An entry as it is listed.
///
/// # Errors
/// What the store says.
pub(crate) async fn level(desk: &Desk, repo: &RepoName) -> Result<Option<LevelRecord>> {
    desk.reader.get(&views::LEVEL, &keys::entry(desk.relay.upstream(), repo)).await
}

/// When a result that was started then is given up.
pub(crate) fn deadline(target: &TargetRecord, result: &ResultRecord) -> Timestamp {
    let minutes = u64::from(target.timeout_minutes);
    result.started_at.unwrap_or(result.first_at) + std::time::Duration::from_secs(minutes * 60)
}

/// When a delivery was accepted: its id begins with that moment in milliseconds (RFC 9562, section 5.7).
pub(crate) fn accepted(seq: DeliveryId) -> Timestamp {
    Timestamp::from_millis(i64::try_from(seq.0.as_u128() >> 80).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filtered_page_has_room_for_as_many_rows_as_its_reads_allow() {
        assert_eq!(room(ROWS, 1, 1), 50);
        for (fixed, each) in [(1, 4), (1, 5), (1, 3)] {
            let rows = room(ROWS, fixed, each);
            assert!(
                fixed + rows * each + super::super::question::OPEN_MAX <= KEYED_READS && rows > 25,
                "{each}: {rows}"
            );
        }
    }
}
