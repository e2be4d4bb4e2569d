//! `/matrix`: the HUD's rows.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use switchboard_panel::Fault;
use switchboard_panel::api::{Page, Refused};
use utoipa::IntoParams;

use super::row::RelayRow;
use super::{given, kind, limit};
use crate::pages::question::{self, Filter, Question};
use crate::pages::{Desk, reading};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct MatrixQuery {
    /// `pr`, `push` or `nightly`; `pr` unless said.
    #[param(example = "pr")]
    kind: Option<String>,
    /// Only rows of this entry, `owner/repo`, with its own cell alone.
    #[param(example = "acme/backend")]
    repo: Option<String>,
    /// Only rows in which something fails: `true`.
    #[param(value_type = Option<bool>)]
    failing: Option<String>,
    /// Where the page begins: `next` of the one before.
    before: Option<String>,
    /// Rows of the page, 1 to 50; 50 unless said.
    #[param(value_type = Option<u8>, minimum = 1, maximum = 50)]
    limit: Option<String>,
}

impl MatrixQuery {
    fn question(&self) -> Result<Question, Fault> {
        let failing = match given(self.failing.as_deref()) {
            None | Some("false" | "0") => false,
            Some("true" | "1") => true,
            Some(_) => return Err(Fault::parameter("`failing` is true or false.")),
        };
        let filter = match given(self.repo.as_deref()) {
            Some(repo) => Filter::Repo(question::entry(repo)?, failing),
            None if failing => Filter::Failing,
            None => Filter::All,
        };
        let before = given(self.before.as_deref()).map(question::place).transpose()?;
        Ok(Question { kind: kind(self.kind.as_deref())?, filter, before, ..Question::default() })
    }
}

/// The matrix of upstream events by entries, newest first. A page that is full names the next one, which may be empty.
#[utoipa::path(get, path = "/api/v1/relay/matrix", tag = "relay", params(MatrixQuery),
    responses((status = 200, body = Page<RelayRow>), Refused))]
pub(super) async fn matrix(
    State(desk): State<Arc<Desk>>,
    Query(query): Query<MatrixQuery>,
) -> Result<Json<Page<RelayRow>>, Fault> {
    let (question, limit) = (query.question()?, limit(query.limit.as_deref())?);
    let page = reading::rows(&desk, &question, limit).await?;
    Ok(Json(Page { items: page.rows.into_iter().map(RelayRow::from).collect(), next: page.next }))
}
