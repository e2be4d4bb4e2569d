//! The relay's JSON API, under `/api/v1/relay`: what its pages show, for programs.
//!
//! Names are `camelCase`, times RFC 3339 in UTC, shares in basis points, durations in milliseconds; what is unknown is `null`, never 0.
//! Problems are told as RFC 9457 does: what is unknown is 404, a bad parameter 422. Like the pages, each endpoint reads by key or by
//! one range of keys, and bounded.
//!
//! | module | routes |
//! |---|---|
//! | [`matrix`] | `/matrix` |
//! | [`repos`], [`results`] | `/repos`, `/repos/{owner}/{name}`, `…/results` |
//! | [`known`] | `/prs/{number}`, `/commits/{sha}`, `/dispatches/{id}` |
//! | [`gate`] | `/gate/{number}` |
//! | [`series`], [`levels`], [`status`] | `/series`, `/levels`, `/status` |
//! | [`list`] | `/allowlist`, `/allowlist/lint` |
//! | [`operate`] | what operators ask for |
//! | [`inbox`](crate::endpoint::inbox) | `/inbox`: for downstreams, with the tokens of their runs instead of a sign-in |

mod gate;
mod known;
mod levels;
mod list;
mod matrix;
mod operate;
mod repos;
mod results;
mod row;
mod series;
mod status;
mod target;

use std::sync::Arc;

use switchboard_panel::Fault;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::pages::{Desk, question};
use crate::records::Kind;

/// Most rows of a page, and as many as it has unless said.
pub(crate) const LIMIT_MAX: usize = 50;

#[derive(utoipa::OpenApi)]
#[openapi(
    tags((name = "relay", description = "An upstream's pull requests and pushes at its downstream repositories, and their results.")),
    paths(crate::endpoint::inbox::inbox),
    modifiers(&RunTokens)
)]
struct Part;

/// How a downstream's run signs in.
struct RunTokens;

impl Modify for RunTokens {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some("The OIDC token of a downstream's run, as for its reports."))
            .build();
        document.components.get_or_insert_default().add_security_scheme("run", SecurityScheme::Http(bearer));
    }
}

/// The routes, described. `/inbox` is described here and served beside the reports' endpoint, outside of the sign-in.
pub(crate) fn routes() -> OpenApiRouter<Arc<Desk>> {
    OpenApiRouter::with_openapi(Part::openapi())
        .routes(routes!(matrix::matrix))
        .routes(routes!(repos::list))
        .routes(routes!(repos::one))
        .routes(routes!(results::results))
        .routes(routes!(known::pull))
        .routes(routes!(known::commit))
        .routes(routes!(known::dispatch))
        .routes(routes!(gate::gate))
        .routes(routes!(series::series))
        .routes(routes!(levels::levels))
        .routes(routes!(status::status))
        .routes(routes!(list::list))
        .routes(routes!(list::lint))
        .routes(routes!(operate::redispatch))
        .routes(routes!(operate::demotion))
        .routes(routes!(operate::identity_reset))
        .routes(routes!(operate::refresh))
}

/// The `limit` of a list.
///
/// # Errors
/// 422 for what is no number from 1 to [`LIMIT_MAX`].
pub(crate) fn limit(text: Option<&str>) -> Result<usize, Fault> {
    match given(text) {
        None => Ok(LIMIT_MAX),
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=LIMIT_MAX).contains(limit))
            .ok_or_else(|| Fault::parameter("The limit is a number from 1 to 50.")),
    }
}

/// A parameter that says something.
fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// The kind of events that is asked about: pull requests unless said.
fn kind(text: Option<&str>) -> Result<Kind, Fault> {
    given(text).map_or(Ok(Kind::PullRequest), question::kind)
}

/// A pull request's number.
fn number(text: &str) -> Result<u64, Fault> {
    let number = text.parse().ok().filter(|number| (1..=i64::MAX.unsigned_abs()).contains(number));
    number.ok_or_else(|| Fault::parameter("A pull request is named by its number."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_what_they_should_be_or_refused() {
        assert_eq!((limit(None).unwrap(), limit(Some("")).unwrap(), limit(Some("50")).unwrap()), (50, 50, 50));
        for wrong in ["0", "51", "-1", "x", "1e1", "99999999999999999999"] {
            assert_eq!(limit(Some(wrong)).unwrap_err().status, 422, "{wrong}");
        }
        assert_eq!(number("7").unwrap(), 7);
        for wrong in ["", "0", "#7", "-7", "99999999999999999999"] {
            assert_eq!(number(wrong).unwrap_err().status, 422, "{wrong}");
        }
        assert_eq!((kind(None).unwrap(), kind(Some("nightly")).unwrap()), (Kind::PullRequest, Kind::Nightly));
        assert!(kind(Some("prs")).is_err());
    }
}
