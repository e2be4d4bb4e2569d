//! `/api/v1/installations`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, Query};
use serde::{Deserialize, Serialize};
use switchboard_engine::installations::{REPOSITORIES, Repositories, Seen, VIEW};
use switchboard_store::traffic::{self, Arrived};
use switchboard_store::{Key, KeyRange};
use utoipa::{IntoParams, ToSchema};

use super::limit;
use super::problem::{Refused, RefusedOne};
use super::wire::{Page, time};
use crate::Fault;
use crate::core::Core;
use crate::installed;
use crate::pages::installations::unknown;
use crate::query::place;

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
    /// How many it covers, if it covers selected ones and they were counted.
    #[schema(required)]
    repository_count: Option<u64>,
    /// The first hundred of them; in lists it is empty.
    repository_names: Vec<String>,
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
    /// What it sent last.
    #[schema(required)]
    last_delivery: Option<LastDelivery>,
    /// The tokens that are kept for further calls, never their values; the longest-lived first.
    tokens: Vec<Token>,
    /// What is left of GitHub's budget.
    #[schema(required)]
    budget: Option<Budget>,
}

/// A delivery, in short.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LastDelivery {
    /// Our id of it.
    #[schema(format = Uuid)]
    id: String,
    /// Its event, with the action: `issues.opened`.
    event: String,
    /// When it was taken in.
    #[schema(format = DateTime)]
    accepted_at: String,
}

/// A token that is kept for further calls.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Token {
    /// The permissions and repositories that it was narrowed to.
    scope: String,
    /// When GitHub ends it.
    #[schema(format = DateTime)]
    expires_at: String,
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

fn installation(core: &Core, seen: Seen, arrived: Option<&Arrived>, covered: Option<Repositories>) -> Installation {
    let lives = core.insight.budgets.as_ref().map(|budgets| budgets.tokens(switchboard_store::Installation(seen.id)));
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
        repository_count: seen.repository_count,
        repository_names: covered.map(|covered| covered.names).unwrap_or_default(),
        suspended_at: seen.suspended_at,
        granted: seen.granted,
        needed: seen.needed,
        events: seen.events,
        seen_at: time(seen.seen_at),
        last_delivery: arrived.map(|arrived| LastDelivery {
            id: arrived.delivery.to_string(),
            event: installed::event(arrived),
            accepted_at: arrived.at.rfc3339(),
        }),
        tokens: lives
            .into_iter()
            .flatten()
            .map(|life| Token { scope: life.scope, expires_at: life.expires_at.rfc3339() })
            .collect(),
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
    let cursor = place::<u64>(asked.cursor.as_deref())?;
    let range = cursor.map_or_else(KeyRange::all, |cursor| KeyRange::all().past(cursor));
    let rows = core.store.records(&VIEW, range.clone(), limit + 1).await?;
    let arrived = installed::arrived(core.store.as_ref(), range).await?;
    let page = Page::of(
        rows,
        limit,
        |record| record.key.to_string(),
        |record| {
            let seen = Seen::deserialize(record.value).unwrap_or_default();
            let last = arrived.get(&seen.id);
            installation(&core, seen, last, None)
        },
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
    let (store, key) = (core.store.as_ref(), Key::from(number.to_string()));
    let seen = store.record(&VIEW, &key).await?.ok_or_else(|| unknown(&id))?;
    let covered = store.record(&REPOSITORIES, &key).await?;
    let arrived = store.record(&traffic::ARRIVED, &key).await?;
    let arrived = arrived.and_then(|arrived| Arrived::deserialize(arrived).ok());
    let covered = covered.and_then(|covered| Repositories::deserialize(covered).ok());
    Ok(Json(installation(&core, Seen::deserialize(seen).unwrap_or_default(), arrived.as_ref(), covered)))
}
