//! Lists: runs, problems, repositories.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use switchboard_panel::Fault;
use switchboard_panel::api::{self, Refused, RefusedOne};
use utoipa::IntoParams;

use super::wire::{
    self, DispatcherFile, DispatcherProblem, DispatcherRepository, DispatcherRepositoryStory, DispatcherRunRow,
    RunOrProblem,
};
use crate::handlers::records::RepoRecord;
use crate::keys::{self, views};
use crate::names::RepositoryName;
use crate::pages::Desk;
use crate::pages::question::RunQuery;
use crate::pages::reading::{self, Listed, Order, Page, Side};

/// Rows of a page unless said.
const LIMIT: usize = 50;
/// Most rows of a page.
const LIMIT_MAX: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 100; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
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

fn list<R, T>(page: Page<R>, wire: impl Fn(&R) -> T) -> Json<api::Page<T>> {
    Json(api::Page { items: page.rows.iter().map(wire).collect(), next: page.next })
}

/// Runs, newest first, by one filter at a time; for a reason, the targets that ended with it.
#[utoipa::path(get, path = "/api/v1/dispatcher/runs", tag = "dispatcher", params(RunQuery), responses((status = 200, body = api::Page<RunOrProblem>), Refused))]
pub(super) async fn runs(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<RunQuery>,
) -> Result<Json<api::Page<RunOrProblem>>, Fault> {
    let (filter, limit) = (query.filter()?, limit(query.limit.as_deref())?);
    let cursor = filter.order().cursor(query.cursor.as_deref())?;
    Ok(match reading::runs(&desk.reader, &filter, cursor, limit).await? {
        Listed::Runs(page) => list(page, |row| RunOrProblem::Run(DispatcherRunRow::from(row))),
        Listed::Problems(page) => list(page, |row| RunOrProblem::Problem(DispatcherProblem::from(row))),
    })
}

/// Targets that were denied or failed, newest first.
#[utoipa::path(get, path = "/api/v1/dispatcher/problems", tag = "dispatcher", params(ListQuery), responses((status = 200, body = api::Page<DispatcherProblem>), Refused))]
pub(super) async fn problems(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<api::Page<DispatcherProblem>>, Fault> {
    let (cursor, limit) = (Order::Problems.cursor(query.cursor.as_deref())?, limit(query.limit.as_deref())?);
    Ok(list(reading::problems(&desk.reader, cursor, limit).await?, |row| DispatcherProblem::from(row)))
}

/// Repositories that took part so far, by name.
#[utoipa::path(get, path = "/api/v1/dispatcher/repos", tag = "dispatcher", params(ListQuery), responses((status = 200, body = api::Page<DispatcherRepository>), Refused))]
pub(super) async fn repos(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<ListQuery>,
) -> Result<Json<api::Page<DispatcherRepository>>, Fault> {
    let (cursor, limit) = (Order::Repositories.cursor(query.cursor.as_deref())?, limit(query.limit.as_deref())?);
    let page = reading::repos(&desk.reader, cursor, limit).await?;
    Ok(list(page, |(name, record)| DispatcherRepository {
        repository: name.clone(),
        file: Some(DispatcherFile::from(record)),
    }))
}

/// A repository: its file, what it starts, and what starts there.
#[utoipa::path(
    get, path = "/api/v1/dispatcher/repos/{owner}/{name}", tag = "dispatcher",
    params(("owner" = String, Path, description = "The owner."), ("name" = String, Path, description = "The name.")),
    responses((status = 200, body = DispatcherRepositoryStory), RefusedOne)
)]
pub(super) async fn repo(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Json<DispatcherRepositoryStory>, Fault> {
    let unknown = || Fault::not_found("Nothing is known of this repository.");
    let name = RepositoryName::new(&owner, &name).map_err(|_| unknown())?;
    let record: Option<RepoRecord> = desk.reader.get(&views::REPO, &keys::repository(&name)).await?;
    let out = reading::edges(&desk.reader, Side::Out, &name).await?;
    let inward = reading::edges(&desk.reader, Side::In, &name).await?;
    if record.is_none() && out.is_empty() && inward.is_empty() {
        return Err(unknown());
    }
    Ok(Json(DispatcherRepositoryStory {
        repository: DispatcherRepository {
            repository: name.to_string(),
            file: record.as_ref().map(DispatcherFile::from),
        },
        out: out.iter().map(|edge| wire::edge(edge, Side::Out)).collect(),
        r#in: inward.iter().map(|edge| wire::edge(edge, Side::In)).collect(),
    }))
}
