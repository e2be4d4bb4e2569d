//! `/api/v1/installations`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query};
use serde::{Deserialize, Serialize};
use switchboard_engine::installations::{Seen, VIEW};
use switchboard_store::{Key, KeyRange};
use utoipa::{IntoParams, ToSchema};

use super::limit;
use super::problem::{Refused, RefusedOne};
use super::wire::{Page, time};
use crate::Fault;
use crate::core::Core;
use crate::pages::installations::unknown;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 100; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

/// An account that installed the App, as GitHub last said.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Installation {
    /// Its number.
    id: u64,
    /// The account's name.
    #[schema(required)]
    account: Option<String>,
    /// `User` or `Organization`.
    #[schema(required)]
    kind: Option<String>,
    /// `all` or `selected` repositories.
    #[schema(required)]
    repositories: Option<String>,
    /// Since when it is suspended.
    #[schema(required)]
    suspended_at: Option<String>,
    /// What the account granted, permission by access.
    granted: BTreeMap<String, String>,
    /// What the App asks for.
    needed: BTreeMap<String, String>,
    /// The events that it sends.
    events: Vec<String>,
    /// When GitHub said so.
    #[schema(required, format = DateTime)]
    seen_at: Option<String>,
    /// What is left of GitHub's budget.
    #[schema(required)]
    budget: Option<Budget>,
}

/// What is left of GitHub's budget of an installation.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Budget {
    /// Requests left of the hour, as GitHub last said.
    #[schema(required)]
    remaining: Option<u64>,
    /// Requests that it allows an hour.
    #[schema(required)]
    limit: Option<u64>,
    /// When the hour starts anew.
    #[schema(required, format = DateTime)]
    reset_at: Option<String>,
    /// Points spent in the last minute.
    points_minute: u32,
    /// Content writes in the last hour.
    writes_hour: u32,
    /// Requests under way.
    in_flight: u32,
    /// No request before this moment, because GitHub said so.
    #[schema(required, format = DateTime)]
    held_until: Option<String>,
}

fn installation(core: &Core, seen: Seen) -> Installation {
    let budget = core.insight.budgets.as_ref().map(|budgets| {
        let budget = budgets.budget(switchboard_store::Installation(seen.id));
        Budget {
            remaining: budget.hour.map(|(left, _, _)| left),
            limit: budget.hour.map(|(_, of, _)| of),
            reset_at: time(budget.hour.map(|(_, _, reset)| reset)),
            points_minute: budget.points_minute,
            writes_hour: budget.writes_hour,
            in_flight: budget.in_flight,
            held_until: time(budget.held_until),
        }
    });
    Installation {
        id: seen.id,
        account: seen.account,
        kind: seen.kind,
        repositories: seen.repositories,
        suspended_at: seen.suspended_at,
        granted: seen.granted,
        needed: seen.needed,
        events: seen.events,
        seen_at: time(seen.seen_at),
        budget,
    }
}

/// Where the App is installed.
#[utoipa::path(get, path = "/api/v1/installations", tag = "installations", params(Asked), responses((status = 200, body = Page<Installation>), Refused))]
pub(super) async fn list(
    Extension(core): Extension<Arc<Core>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<Installation>>, Fault> {
    let limit = limit(asked.limit.as_deref())?;
    let cursor = asked.cursor.filter(|cursor| !cursor.is_empty());
    let range = cursor.iter().fold(KeyRange::all(), |range, cursor| range.past(cursor));
    let rows = core.store.records(&VIEW, range, limit + 1).await?;
    let page = Page::of(
        rows,
        limit,
        |record| record.key.to_string(),
        |record| installation(&core, Seen::deserialize(record.value).unwrap_or_default()),
    );
    Ok(Json(page))
}

/// One installation.
#[utoipa::path(
    get, path = "/api/v1/installations/{id}", tag = "installations",
    params(("id" = u64, Path, description = "Its number.")),
    responses((status = 200, body = Installation), RefusedOne)
)]
pub(super) async fn one(
    Extension(core): Extension<Arc<Core>>,
    Path(id): Path<String>,
) -> Result<Json<Installation>, Fault> {
    let number: u64 = id.parse().map_err(|_| unknown(&id))?;
    let seen = core.store.record(&VIEW, &Key::from(number.to_string())).await?.ok_or_else(|| unknown(&id))?;
    Ok(Json(installation(&core, Seen::deserialize(seen).unwrap_or_default())))
}
