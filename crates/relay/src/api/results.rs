//! `/repos/{owner}/{name}/results`: what an entry made of each dispatch, newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::{Deserialize, Serialize};
use switchboard_panel::Fault;
use switchboard_panel::api::{Page, RefusedOne};
use switchboard_store::{Key, KeyRange};
use utoipa::{IntoParams, ToSchema};

use super::repos::unknown;
use super::target::{RelayResult, TESTS_BYTES, bytes};
use super::{given, kind, limit};
use crate::pages::operate::RepoPath;
use crate::pages::question::{self, Filter, Question};
use crate::pages::{Desk, reading};
use crate::records::{CellState, Kind, ResultRecord, TargetRecord, keys, views};

/// Results of one dispatch that are told.
const RESULTS: usize = 512;
/// Results of one answer: the page ends before the dispatch with which there would be more.
const RESULTS_ALL: usize = 1_024;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResultsQuery {
    /// `pr`, `push` or `nightly`; `pr` unless said.
    #[param(example = "pr")]
    kind: Option<String>,
    /// Where the page begins: `next` of the one before.
    before: Option<String>,
    /// Dispatches of the page, 1 to 50; 50 unless said. A page may have fewer, and a next one all the same.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 50)]
    limit: Option<String>,
}

/// A dispatch at the entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayResults {
    /// The delivery id of the dispatch; for nightlies the commit.
    delivery_id: String,
    /// `pr`, `push` or `nightly`.
    #[schema(value_type = String)]
    kind: Kind,
    /// The pull request.
    #[schema(required)]
    number: Option<u64>,
    /// The commit.
    head_sha: String,
    /// A push's ref, in full.
    #[schema(required)]
    r#ref: Option<String>,
    /// When it was planned.
    #[schema(format = DateTime)]
    planned_at: String,
    /// The worst state of anything in it.
    #[schema(value_type = String)]
    state: CellState,
    /// Its results, every attempt, at most 512.
    results: Vec<RelayResult>,
}

/// An entry's results by dispatch, newest first.
#[utoipa::path(get, path = "/api/v1/relay/repos/{owner}/{name}/results", tag = "relay",
    params(("owner" = String, Path, description = "The owner."), ("name" = String, Path, description = "The name."), ResultsQuery),
    responses((status = 200, body = Page<RelayResults>), RefusedOne))]
pub(super) async fn results(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<RepoPath>,
    Query(query): Query<ResultsQuery>,
) -> Result<Json<Page<RelayResults>>, Fault> {
    let repo = question::entry(&format!("{owner}/{name}"))?;
    let (kind, limit) = (kind(query.kind.as_deref())?, limit(query.limit.as_deref())?);
    let before = given(query.before.as_deref()).map(question::place).transpose()?;
    let question = Question { kind, filter: Filter::Repo(repo.clone(), false), before, ..Question::default() };
    let page = reading::rows(&desk, &question, limit).await?;
    if page.rows.is_empty() && question.before.is_none() && reading::level(&desk, &repo).await?.is_none() {
        return Err(unknown());
    }
    let (mut items, mut next, mut last) = (Vec::new(), page.next, None);
    let (mut told, mut heavy) = (0, 0);
    for row in page.rows {
        let Some(cell) = row.cells.get(&repo) else { continue };
        let range = KeyRange::prefix(&keys::results(&row.delivery_id, &repo));
        let found: Vec<(Key, ResultRecord)> = desk.reader.list(&views::RESULT, range, RESULTS).await?;
        told += found.len();
        heavy += bytes(found.iter().map(|(_, result)| result));
        if last.is_some() && (told > RESULTS_ALL || heavy > TESTS_BYTES) {
            next = last;
            break;
        }
        last = Some(reading::place(&row));
        let target: Option<TargetRecord> = match found.iter().any(|(_, result)| result.is_open()) {
            true => desk.reader.get(&views::TARGET, &keys::target(&row.delivery_id, &repo)).await?,
            false => None,
        };
        let state = cell.state;
        items.push(RelayResults {
            delivery_id: row.delivery_id,
            kind: row.kind,
            number: row.number,
            head_sha: row.head,
            r#ref: row.git_ref,
            planned_at: row.at.rfc3339(),
            state,
            results: found.into_iter().map(|(_, result)| RelayResult::new(result, target.as_ref())).collect(),
        });
    }
    Ok(Json(Page { items, next }))
}
