//! `/api/v1/jobs`: jobs and intents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query};
use http::{HeaderMap, StatusCode};
use switchboard_store::WorkId;

use super::deliveries::{action_id, asked};
use super::limit;
use super::problem::{Refused, RefusedAction, RefusedOne};
use super::wire::{Asked, Attempt, Job, JobStory, Page};
use crate::core::Core;
use crate::pages::actions::{self, Letter};
use crate::pages::job;
use crate::query::JobQuery;
use crate::{Fault, Operator};

/// Jobs and intents, newest first, by one filter at a time; jobs unless something else is asked for.
#[utoipa::path(get, path = "/api/v1/jobs", tag = "jobs", params(JobQuery), responses((status = 200, body = Page<Job>), Refused))]
pub(super) async fn list(
    Extension(core): Extension<Arc<Core>>,
    Query(query): Query<JobQuery>,
) -> Result<Json<Page<Job>>, Fault> {
    let limit = limit(query.limit.as_deref())?;
    let rows = core.store.works(query.filter()?.0, query.cursor()?, limit + 1).await?;
    Ok(Json(Page::of(rows, limit, |work| work.id.to_string(), |work| Job::from(&work))))
}

/// One job or intent with its attempts.
#[utoipa::path(
    get, path = "/api/v1/jobs/{id}", tag = "jobs",
    params(("id" = String, Path, description = "Its id.", format = Uuid)),
    responses((status = 200, body = JobStory), RefusedOne)
)]
pub(super) async fn one(
    Extension(core): Extension<Arc<Core>>,
    Path(id): Path<String>,
) -> Result<Json<JobStory>, Fault> {
    let work = match id.parse::<WorkId>() {
        Ok(id) => core.store.work(id).await?,
        Err(_) => None,
    };
    let work = work.ok_or_else(|| job::unknown(&id))?;
    let attempts = core.store.attempts(work.id).await?;
    Ok(Json(JobStory {
        job: Job::from(&work),
        payload: work.payload,
        tried: attempts.iter().map(Attempt::from).collect(),
    }))
}

/// Queues a dead letter again, its attempts counted afresh.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/revive", tag = "jobs",
    params(
        ("id" = String, Path, description = "Its id.", format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    responses((status = 202, body = Asked), RefusedAction)
)]
pub(super) async fn revive(
    core: Extension<Arc<Core>>,
    id: Path<String>,
    operator: Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    letter(&core, &id, &operator, &headers, Letter::Revive).await
}

/// Closes a dead letter for good.
#[utoipa::path(
    post, path = "/api/v1/jobs/{id}/discard", tag = "jobs",
    params(
        ("id" = String, Path, description = "Its id.", format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "A UUID: asking twice with it is asking once.", format = Uuid),
    ),
    responses((status = 202, body = Asked), RefusedAction)
)]
pub(super) async fn discard(
    core: Extension<Arc<Core>>,
    id: Path<String>,
    operator: Operator,
    headers: HeaderMap,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    letter(&core, &id, &operator, &headers, Letter::Discard).await
}

async fn letter(
    core: &Core,
    id: &str,
    operator: &Operator,
    headers: &HeaderMap,
    letter: Letter,
) -> Result<(StatusCode, Json<Asked>), Fault> {
    let action = action_id(headers);
    let acceptance = actions::ask_letter(core, id, letter, &operator.0, action.clone()).await?;
    Ok(asked(action, &acceptance))
}
