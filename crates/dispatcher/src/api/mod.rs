//! The same for programs: JSON under `/api/v1/dispatcher/`.
//!
//! Lists are `{"items": […], "next": "<cursor>" | null}` and take `cursor` and `limit` (1 to 100, 50 unless said); names are
//! `camelCase`, times RFC 3339 in UTC; problems are told as RFC 9457 does. What is unknown is 404, a bad parameter 422. Like the pages,
//! each endpoint reads by key or one range of keys.

mod ask;
mod figures;
mod lists;
mod run;
mod run_wire;
mod wire;

use std::sync::Arc;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::pages::Desk;

#[derive(utoipa::OpenApi)]
#[openapi(tags((name = "dispatcher", description = "Workflows that start workflows in other repositories.")))]
struct Part;

/// The routes, described.
pub(crate) fn routes() -> OpenApiRouter<Arc<Desk>> {
    OpenApiRouter::with_openapi(Part::openapi())
        .routes(routes!(figures::summary))
        .routes(routes!(figures::health))
        .routes(routes!(figures::trend))
        .routes(routes!(lists::runs))
        .routes(routes!(lists::problems))
        .routes(routes!(lists::repos))
        .routes(routes!(lists::repo))
        .routes(routes!(run::one))
        .routes(routes!(run::replay))
        .routes(routes!(run::journey))
        .routes(routes!(ask::lint))
        .routes(routes!(ask::simulate))
}
