//! The relay's JSON API, under `/api/v1/relay`.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;

use crate::pages::Desk;

/// Every route of the API.
pub(crate) fn routes() -> OpenApiRouter<Arc<Desk>> {
    OpenApiRouter::new()
}
