//! `/api/v1/audit`

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use switchboard_engine::audit::{Entry, VIEW};
use switchboard_store::KeyRange;
use utoipa::{IntoParams, ToSchema};

use super::limit;
use super::problem::Refused;
use super::wire::Page;
use crate::Fault;
use crate::core::Core;
use crate::query::{AuditKey, place};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Where the page begins: `next` of the one before.
    cursor: Option<String>,
    /// Rows of the page, 1 to 100; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 100)]
    limit: Option<String>,
}

/// What somebody did.
#[derive(Serialize, ToSchema)]
pub(super) struct Deed {
    /// When it was carried out.
    #[schema(format = DateTime)]
    at: String,
    /// Who.
    actor: String,
    /// What: `engine.replay`.
    action: String,
    /// The delivery that the action entered as: our id.
    #[schema(required, format = Uuid)]
    delivery: Option<String>,
    /// The particulars.
    data: Value,
}

/// Who did what, newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "operation", params(Asked), responses((status = 200, body = Page<Deed>), Refused))]
pub(super) async fn list(
    Extension(core): Extension<Arc<Core>>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<Deed>>, Fault> {
    let limit = limit(asked.limit.as_deref())?;
    let cursor = place::<AuditKey>(asked.cursor.as_deref())?;
    let range = cursor.map_or_else(KeyRange::all, |cursor| KeyRange::all().past(cursor));
    let rows = core.store.records(&VIEW, range, limit + 1).await?;
    let deed = |record: switchboard_store::Record| {
        // A row that does not read back is shown as what it is, rather than left out of a page that has to add up.
        let entry = Entry::deserialize(&record.value).ok();
        Deed {
            at: entry.as_ref().map_or_else(String::new, |entry| entry.at.rfc3339()),
            actor: entry.as_ref().map_or_else(String::new, |entry| entry.actor.clone()),
            action: entry.as_ref().map_or_else(String::new, |entry| entry.action.clone()),
            delivery: entry.as_ref().and_then(|entry| entry.delivery).map(|id| id.to_string()),
            data: entry.map_or(record.value, |entry| entry.data),
        }
    };
    Ok(Json(Page::of(rows, limit, |record| record.key.to_string(), deed)))
}
