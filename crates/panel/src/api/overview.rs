//! `/api/v1/overview` and `/api/v1/version`

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::Extension;
use switchboard_engine::gaps::{COMPLETENESS, CURRENT, Completeness};

use super::problem::Refused;
use super::wire::{Held, Overview, Version, time};
use crate::Fault;
use crate::core::Core;

type ByKind = BTreeMap<(String, String), u64>;

/// How everything is: what waits and since when, dead letters, holds, and whether anything is missing.
#[utoipa::path(get, path = "/api/v1/overview", tag = "state", responses((status = 200, body = Overview), Refused))]
pub(super) async fn overview(Extension(core): Extension<Arc<Core>>) -> Result<Json<Overview>, Fault> {
    let store = core.store.as_ref();
    let backlog = store.backlog().await?;
    let now = store.now();
    let holds = store.holds().await?;
    let complete = store.record(&COMPLETENESS, &CURRENT).await?;
    let complete = complete.and_then(|value| serde_json::from_value::<Completeness>(value).ok());
    let holds = holds.into_iter().filter(|hold| hold.until > now);
    Ok(Json(Overview {
        accepted_deliveries: backlog.accepted_deliveries,
        pending_deliveries: backlog.pending_deliveries,
        oldest_waiting_at: time(backlog.oldest_waiting),
        waiting: nested(&backlog.waiting),
        dead: nested(&backlog.dead),
        holds: holds.map(|hold| Held { installation: hold.installation.0, until: hold.until.rfc3339() }).collect(),
        nothing_missing_since: time(complete.as_ref().and_then(|complete| complete.nothing_missing_since)),
        missing: complete.map_or(0, |complete| complete.missing as u64),
    }))
}

fn nested(counts: &ByKind) -> BTreeMap<String, BTreeMap<String, u64>> {
    let mut nested = BTreeMap::<String, BTreeMap<String, u64>>::new();
    for ((automation, kind), count) in counts.iter().filter(|(_, count)| **count > 0) {
        nested.entry(automation.clone()).or_default().insert(kind.clone(), *count);
    }
    nested
}

/// What runs, and since when.
#[utoipa::path(get, path = "/api/v1/version", tag = "state", responses((status = 200, body = Version), Refused))]
pub(super) async fn version(Extension(core): Extension<Arc<Core>>) -> Json<Version> {
    let version = &core.version;
    Json(Version {
        version: version.version.clone(),
        image_sha: version.image.clone(),
        started_at: version.started_at.rfc3339(),
    })
}
