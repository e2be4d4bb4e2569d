//! The same for programs: JSON under `/api/v1/`. Lists are `{"items": […], "next": "<cursor>" | null}`, take `cursor` and
//! `limit` (1 to 100, 50 unless said), and problems are told as RFC 9457 does.
//!
//! Handlers say what they take and answer beside their code, and `document` makes OpenAPI 3.1 of it: a route cannot be
//! served without being described. Automations add theirs by [`AutomationPages::api`](crate::AutomationPages::api).

mod audit;
mod deliveries;
mod document;
mod installations;
mod jobs;
mod letters;
mod overview;
mod problem;
mod search;
mod settings;
mod subjects;
mod wire;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Fault;

pub(crate) use document::document;
pub use problem::{Refused, RefusedAction, RefusedOne};
pub use wire::{Asked, Page};

/// Rows of a page unless said.
const LIMIT: usize = 50;
/// Most rows of a page.
const LIMIT_MAX: usize = 100;

/// The API that every automation shares.
pub(crate) fn routes() -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(overview::overview))
        .routes(routes!(overview::version))
        .routes(routes!(search::search))
        .routes(routes!(subjects::one))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::one))
        .routes(routes!(deliveries::body))
        .routes(routes!(deliveries::replay))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::one))
        .routes(routes!(jobs::revive))
        .routes(routes!(jobs::discard))
        .routes(routes!(letters::preview, letters::act))
        .routes(routes!(installations::list))
        .routes(routes!(installations::one))
        .routes(routes!(audit::list))
        .routes(routes!(settings::list))
}

/// The `limit` of a list.
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
