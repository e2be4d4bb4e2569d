//! `/api/v1/settings`

use std::sync::Arc;

use axum::Json;
use axum::extract::Extension;
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::Refused;
use crate::core::Core;

/// The settings in force.
#[derive(Serialize, ToSchema)]
pub(super) struct Settings {
    /// In the order of their sections.
    items: Vec<Setting>,
}

/// A setting in force.
#[derive(Serialize, ToSchema)]
pub(super) struct Setting {
    /// Its section: `server`.
    section: String,
    /// Its key there.
    key: String,
    /// Its value; a secret's fingerprint; `null` if it is unset.
    #[schema(required)]
    value: Option<String>,
    /// Where it came from.
    origin: String,
    /// What it is for.
    about: String,
}

/// The settings in force, each with where it came from. Secrets are told as fingerprints.
#[utoipa::path(get, path = "/api/v1/settings", tag = "operation", responses((status = 200, body = Settings), Refused))]
pub(super) async fn list(Extension(core): Extension<Arc<Core>>) -> Json<Settings> {
    let items = core.insight.settings.iter().map(|row| Setting {
        section: row.section.clone(),
        key: row.name.clone(),
        value: row.shown.clone(),
        origin: row.origin.clone(),
        about: row.about.clone(),
    });
    Json(Settings { items: items.collect() })
}
