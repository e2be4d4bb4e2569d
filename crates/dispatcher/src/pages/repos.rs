//! `/dispatcher/repos`: the repositories whose `dispatching.yml` was looked at, by name.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_panel::components::{Empty, Mark, Pager, State as Shape, Time, plural};
use switchboard_panel::{Fault, Shell};

use super::reading::{self, Order};
use super::{Desk, assets, links};
use crate::handlers::records::RepoRecord;
use crate::names::RepositoryName;

/// Rows of a page.
const ROWS: usize = 50;

/// The query of the list.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RepoQuery {
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/repos.html")]
struct ReposPage {
    stylesheet: String,
    rows: Vec<RepoLine>,
    pager: Pager,
    empty: Empty,
}

struct RepoLine {
    key: String,
    name: String,
    href: String,
    mark: Mark,
    path: Option<String>,
    remarks: String,
    checked: Time,
}

impl RepoLine {
    fn new(name: &str, record: &RepoRecord, now: Timestamp) -> Option<Self> {
        let known: RepositoryName = name.parse().ok()?;
        Some(Self {
            key: name.replace('/', "-"),
            href: links::repo(&known),
            name: name.to_owned(),
            mark: verdict(&record.state),
            path: record.path.clone(),
            remarks: match record.diagnostics.len() {
                0 => String::new(),
                n => plural(n as u64, "remark", "remarks"),
            },
            checked: Time { at: record.checked_at, now },
        })
    }
}

/// What a file is, as a state.
pub(super) fn verdict(state: &str) -> Mark {
    match state {
        "found" => Mark::new(Shape::Succeeded, "valid"),
        "invalid" => Mark::new(Shape::Failed, "invalid"),
        "missing" => Mark::new(Shape::Cancelled, "no file"),
        other => Mark::new(Shape::Waiting, other.to_owned()),
    }
}

/// `GET /dispatcher/repos`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Query(query): Query<RepoQuery>,
) -> Result<Response, Fault> {
    let cursor = Order::Repositories.cursor(query.cursor.as_deref())?;
    let page = reading::repos(&desk.reader, cursor, ROWS).await?;
    let now = shell.now();
    let page = ReposPage {
        stylesheet: assets::stylesheet(),
        rows: page.rows.iter().filter_map(|(name, record)| RepoLine::new(name, record, now)).collect(),
        pager: Pager::new("/dispatcher/repos", None, cursor, page.next.as_deref()),
        empty: Empty::new(
            "Each repository whose workflow run completed will be listed here, with the verdict on its `dispatching.yml`.",
            "A repository appears with its first completed run. To look at a file before it is pushed, lint it:",
        )
        .command("switchboard lint dispatching.yml"),
    };
    shell.live(["record/dispatcher.repo"]).page("Repositories", &page).await
}
