//! Lists: runs, problems, repositories.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use switchboard_panel::Fault;

use super::wire;
use crate::handlers::records::RepoRecord;
use crate::keys::{self, views};
use crate::names::RepositoryName;
use crate::pages::Desk;
use crate::pages::question::RunQuery;
use crate::pages::reading::{self, Listed, Page, Side};

/// Rows of a page unless said.
const LIMIT: usize = 50;
/// Most rows of a page.
const LIMIT_MAX: usize = 100;

#[derive(Deserialize)]
pub(super) struct ListQuery {
    cursor: Option<String>,
    limit: Option<String>,
}

fn limit(text: Option<&str>) -> Result<usize, Fault> {
    match text {
        None | Some("") => Ok(LIMIT),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| Fault::parameter("The limit is a number from 1 to 100.")),
    }
}

fn list<T>(page: &Page<T>, wire: impl Fn(&T) -> Value) -> Json<Value> {
    Json(json!({ "items": page.rows.iter().map(wire).collect::<Vec<_>>(), "next": page.next }))
}

/// `GET /api/v1/dispatcher/runs?source=|target=|reason=`: runs, or for a reason the targets that ended with it.
pub(super) async fn runs(State(desk): State<Arc<Desk>>, Query(query): Query<RunQuery>) -> Result<Json<Value>, Fault> {
    let (filter, limit) = (query.filter()?, limit(query.limit.as_deref())?);
    let cursor = reading::cursor(query.cursor.as_deref())?;
    Ok(match reading::runs(&desk.reader, &filter, cursor, limit).await? {
        Listed::Runs(page) => list(&page, wire::run_row),
        Listed::Problems(page) => list(&page, wire::problem),
    })
}

/// `GET /api/v1/dispatcher/problems`
pub(super) async fn problems(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Value>, Fault> {
    let (cursor, limit) = (reading::cursor(query.cursor.as_deref())?, limit(query.limit.as_deref())?);
    Ok(list(&reading::problems(&desk.reader, cursor, limit).await?, wire::problem))
}

/// `GET /api/v1/dispatcher/repos`
pub(super) async fn repos(State(desk): State<Arc<Desk>>, Query(query): Query<ListQuery>) -> Result<Json<Value>, Fault> {
    let (cursor, limit) = (reading::cursor(query.cursor.as_deref())?, limit(query.limit.as_deref())?);
    let page = reading::repos(&desk.reader, cursor, limit).await?;
    Ok(list(&page, |(name, record)| json!({ "repository": name, "file": wire::repo_file(Some(record)) })))
}

/// `GET /api/v1/dispatcher/repos/{owner}/{name}`
pub(super) async fn repo(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Json<Value>, Fault> {
    let unknown = || Fault::not_found("Nothing is known of this repository.");
    let name = RepositoryName::new(&owner, &name).map_err(|_| unknown())?;
    let record: Option<RepoRecord> = desk.reader.get(&views::REPO, &keys::repository(&name)).await?;
    let out = reading::edges(&desk.reader, Side::Out, &name).await?;
    let inward = reading::edges(&desk.reader, Side::In, &name).await?;
    if record.is_none() && out.is_empty() && inward.is_empty() {
        return Err(unknown());
    }
    Ok(Json(json!({
        "repository": name,
        "file": wire::repo_file(record.as_ref()),
        "out": out.iter().map(|edge| wire::edge(edge, Side::Out)).collect::<Vec<_>>(),
        "in": inward.iter().map(|edge| wire::edge(edge, Side::In)).collect::<Vec<_>>(),
    })))
}
