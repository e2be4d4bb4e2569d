//! `/allowlist`: who takes part, what is wrong with the file, and whether another one would be taken.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use http::StatusCode;
use http_body_util::LengthLimitError;
use serde::Serialize;
use switchboard_engine::yaml::Diagnostic;
use switchboard_github::RepoName;
use switchboard_panel::api::{Refused, RefusedAction};
use switchboard_panel::{Fault, Session};
use utoipa::ToSchema;

use super::status::RelayListState;
use crate::allowlist::{BUDGET, Entry, Level, Options, parse};
use crate::names::Device;
use crate::pages::{Desk, reading};
use crate::records::AllowlistError;

/// The allowlist in force, and what is wrong with its source.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayAllowlist {
    /// The upstream.
    #[schema(value_type = String)]
    upstream: RepoName,
    /// Where the file stands in its repository.
    path: String,
    /// The repository that holds it.
    #[schema(value_type = String)]
    repository: RepoName,
    #[serde(flatten)]
    standing: RelayListState,
    /// The list in force, in the file's order.
    entries: Vec<RelayEntry>,
    /// Remarks on the list in force, with `severity`, `line`, `column`, `code`, `path`, `message` and perhaps `hint`; those on what
    /// was refused stand in `error`.
    #[schema(value_type = Vec<Object>)]
    diagnostics: Vec<Diagnostic>,
}

/// Why the allowlist's source cannot be used.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayListError {
    /// `invalid`, `missing`, `too_large` or `unreachable`.
    reason: String,
    /// In a sentence.
    message: String,
    /// Since when.
    #[schema(format = DateTime)]
    since: String,
    /// What is wrong where, if it is invalid: with `severity`, `line`, `column`, `code`, `path`, `message` and perhaps `hint`.
    #[schema(value_type = Vec<Object>)]
    diagnostics: Vec<Diagnostic>,
}

/// An entry of the allowlist.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayEntry {
    /// The repository, as the file spells it.
    #[schema(value_type = String)]
    repository: RepoName,
    /// Its level.
    #[schema(value_type = String)]
    level: Level,
    /// Its device; on L3 only.
    #[schema(required, value_type = Option<String>)]
    device: Option<Device>,
    /// Its line in the file.
    line: u32,
    /// What the file says about it, by the options' names; what it leaves out is left out.
    #[schema(value_type = Object)]
    options: Options,
}

/// What there is to say about a file.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayLinted {
    /// Whether it would be taken.
    valid: bool,
    /// Repositories that it lists, if it is valid.
    entries: usize,
    /// Remarks with `severity`, `line`, `column`, `code`, `path`, `message` and perhaps `hint`, in the file's order.
    #[schema(value_type = Vec<Object>)]
    diagnostics: Vec<Diagnostic>,
}

/// The allowlist in force, and what is wrong with its source.
#[utoipa::path(get, path = "/api/v1/relay/allowlist", tag = "relay", responses((status = 200, body = RelayAllowlist), Refused))]
pub(super) async fn list(State(desk): State<Arc<Desk>>) -> Result<Json<RelayAllowlist>, Fault> {
    let record = reading::allowlist(&desk).await?;
    let (upstream, source) = (desk.relay.upstream(), &desk.relay.config().allowlist);
    let standing = RelayListState::of(record.as_ref());
    let (list, diagnostics) = record.map(|record| (record.list, record.warnings)).unwrap_or_default();
    let entries = list.as_ref().map_or(&[][..], |list| list.entries());
    Ok(Json(RelayAllowlist {
        upstream: upstream.clone(),
        path: source.path().to_owned(),
        repository: source.repo(upstream).clone(),
        standing,
        entries: entries.iter().map(RelayEntry::from).collect(),
        diagnostics,
    }))
}

/// Whether an allowlist of at most 256 KiB would be taken. Nothing is stored.
#[utoipa::path(post, path = "/api/v1/relay/allowlist/lint", tag = "relay",
    request_body(content = String, content_type = "application/yaml", description = "The file."),
    responses((status = 200, body = RelayLinted), RefusedAction))]
pub(super) async fn lint(_: Session, body: Body) -> Result<Json<RelayLinted>, Fault> {
    let text = axum::body::to_bytes(body, BUDGET.bytes).await.map_err(|error| {
        let too_large = std::error::Error::source(&error).is_some_and(<dyn std::error::Error>::is::<LengthLimitError>);
        if too_large {
            Fault::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "An allowlist has at most 256 KiB.")
                .hint("A file of that size is refused by the relay as well.")
        } else {
            Fault::new(StatusCode::BAD_REQUEST, "body_broken", "The body did not arrive whole.")
        }
    })?;
    let (list, diagnostics) = parse(&text);
    let entries = list.as_ref().map_or(0, |list| list.entries().len());
    Ok(Json(RelayLinted { valid: list.is_some(), entries, diagnostics }))
}

impl From<&Entry> for RelayEntry {
    fn from(entry: &Entry) -> Self {
        Self {
            repository: entry.repo.clone(),
            level: entry.level,
            device: entry.device.clone(),
            line: entry.line,
            options: entry.options.clone(),
        }
    }
}

impl From<&AllowlistError> for RelayListError {
    fn from(error: &AllowlistError) -> Self {
        Self {
            reason: error.reason.clone(),
            message: error.message.clone(),
            since: error.since.rfc3339(),
            diagnostics: error.diagnostics.clone(),
        }
    }
}
