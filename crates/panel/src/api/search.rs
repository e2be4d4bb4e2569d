//! `/api/v1/search`: where any id leads.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::problem::Refused;
use crate::Fault;
use crate::core::Core;
use crate::pages::search;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// A delivery's GUID, a job's id, a run's id, `owner/repo`, `owner/repo#12`, `owner/repo@<sha>`, a SHA or number alone,
    /// `installation/7`, or an address on GitHub; at most 500 characters.
    #[param(example = "acme/api#12")]
    q: String,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub(super) struct Found {
    /// What the text may mean, at most 50.
    items: Vec<Meant>,
}

/// Something that the text may mean.
#[derive(Serialize, ToSchema)]
pub(super) struct Meant {
    /// Its name.
    what: String,
    /// What it is: `delivery`, `commit`, `dispatcher`.
    kind: String,
    /// The path of its page.
    path: String,
}

/// Where any id leads. Nothing found is an empty list.
#[utoipa::path(get, path = "/api/v1/search", tag = "subjects", params(Asked), responses((status = 200, body = Found), Refused))]
pub(super) async fn search(
    Extension(core): Extension<Arc<Core>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Found>, Fault> {
    let hits = search::hits(&core, asked.q.trim()).await?;
    let items = hits.into_iter().map(|hit| Meant { what: hit.what, kind: hit.kind, path: hit.href });
    Ok(Json(Found { items: items.collect() }))
}
