//! The OpenAPI document: what the handlers say of themselves, put together.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, SecurityRequirement};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;

use super::problem::Problem;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Switchboard",
        version = "1",
        description = "What the pages show, for programs. Lists give a `next` cursor to ask for the next page with; \
                       refusals are problem documents (RFC 9457) with a stable `code` and a `hint`. Actions take an \
                       `Idempotency-Key`, so that asking twice is asking once, and are followed like any delivery."
    ),
    tags(
        (name = "state", description = "How everything is, and what runs."),
        (name = "subjects", description = "What people ask about, by any id that they may have."),
        (name = "deliveries", description = "Webhooks and operators' actions, as they were taken in."),
        (name = "jobs", description = "Jobs and intents: what was decided and what was carried out."),
        (name = "installations", description = "Where the App is installed, and with which permissions."),
        (name = "operation", description = "Who did what, and the settings in force."),
    ),
    components(schemas(Problem)),
    modifiers(&Ways)
)]
struct Base;

/// The ways to sign in.
struct Ways;

impl Modify for Ways {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The operator's token, or the viewer's, which may look and not act."))
            .build();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
        let cookie = ApiKeyValue::with_description(
            "__Host-switchboard",
            "The session of somebody who signed in at `/sign-in`. Requests that act must then come from a page of the panel.",
        );
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        let either = |name: &str| SecurityRequirement::new(name, Vec::<String>::new());
        document.security = Some(vec![either("token"), either("session")]);
    }
}

/// Gives each operation a name that no other has: `get_deliveries_id`. Those of their handlers repeat.
fn name_operations(document: &mut OpenApi) {
    for (path, item) in &mut document.paths.paths {
        let words = path.trim_start_matches("/api/v1/").split('/').map(|word| word.trim_matches(['{', '}']));
        let words = words.collect::<Vec<_>>().join("_");
        for (method, operation) in [("get", &mut item.get), ("post", &mut item.post)] {
            if let Some(operation) = operation {
                operation.operation_id = Some(format!("{method}_{words}"));
            }
        }
    }
}

/// The routes of `api` and of its own description.
pub(crate) fn document(api: OpenApiRouter) -> Router {
    let (router, mut document) = OpenApiRouter::with_openapi(Base::openapi()).merge(api).split_for_parts();
    name_operations(&mut document);
    let text = document.to_pretty_json().unwrap_or_default();
    let answer = move || {
        let text = text.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], text).into_response() }
    };
    router.route("/api/v1/openapi.json", get(answer))
}
