//! `/dispatcher/runs`: runs that were planned, newest first, by one filter at a time.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use switchboard_clock::Timestamp;
use switchboard_panel::components::{Empty, Mark, Pager, State as Shape, Time};
use switchboard_panel::{Fault, Shell};

use super::question::RunQuery;
use super::reading::{self, Filter, Listed};
use super::{Desk, assets, links, words};
use crate::handlers::records::{ProblemRow, RunRow};
use crate::reasons::Reason;

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "pages/runs.html")]
struct RunsPage {
    stylesheet: String,
    chosen: Option<(&'static str, String)>,
    why: Option<Reason>,
    runs: RunTable,
    problems: ProblemTable,
    pager: Pager,
    first: bool,
    empty: Empty,
}

impl RunsPage {
    fn is(&self, name: &str) -> bool {
        self.chosen.as_ref().is_some_and(|(chosen, _)| *chosen == name)
    }
}

/// Rows of runs.
#[derive(Template)]
#[template(path = "parts/runs.html")]
pub(super) struct RunTable {
    pub(super) rows: Vec<RunLine>,
}

/// A run in a list.
pub(super) struct RunLine {
    key: String,
    href: String,
    mark: Mark,
    repository: String,
    workflow: String,
    branch: Option<String>,
    sha: String,
    verdict: String,
    planned: Time,
}

impl RunLine {
    pub(super) fn new(row: &RunRow, now: Timestamp) -> Self {
        Self {
            key: row.key.to_string().replace(['/', '~'], "-"),
            href: links::run(row.key),
            mark: run_mark(row),
            repository: row.repository.to_string(),
            workflow: row.workflow.to_string(),
            branch: row.branch.as_deref().map(|branch| words::clip(branch, 60)),
            sha: row.sha.chars().take(7).collect(),
            verdict: verdict(row),
            planned: Time { at: row.planned_at, now },
        }
    }
}

/// What the plan found, as a state.
fn run_mark(row: &RunRow) -> Mark {
    match (row.invalid, row.counts) {
        (true, _) => Mark::new(Shape::Failed, "invalid file"),
        (_, counts) if counts.candidates == 0 => Mark::new(Shape::Cancelled, "nothing"),
        (_, counts) if counts.allowed + counts.waiting == 0 => Mark::new(Shape::Denied, "denied"),
        (_, counts) if counts.denied > 0 => Mark::new(Shape::Denied, "partly denied"),
        (_, counts) if counts.waiting > 0 => Mark::new(Shape::Waiting, "waiting"),
        _ => Mark::new(Shape::Succeeded, "allowed"),
    }
}

/// What the plan decided, in words. The outcomes of the dispatches stand on the run's page.
fn verdict(row: &RunRow) -> String {
    let counts = row.counts;
    if counts.candidates == 0 {
        return row.reason.map_or("no targets".to_owned(), |reason| reason.code().replace('_', " "));
    }
    let parts = [(counts.allowed, "allowed"), (counts.denied, "denied"), (counts.waiting, "waiting")];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    parts.join(", ")
}

/// Rows of denied and failed targets.
#[derive(Template)]
#[template(path = "parts/problems.html")]
pub(super) struct ProblemTable {
    pub(super) rows: Vec<ProblemLine>,
}

/// A denied or failed target in a list.
pub(super) struct ProblemLine {
    key: String,
    href: String,
    mark: Mark,
    target: String,
    workflow: String,
    source: String,
    source_workflow: String,
    reason: Reason,
    at: Time,
}

impl ProblemLine {
    pub(super) fn new(row: &ProblemRow, now: Timestamp) -> Self {
        Self {
            key: format!("{}-{}", row.key.to_string().replace(['/', '~'], "-"), row.n),
            href: format!("{}#t{}", links::run(row.key), row.n),
            mark: words::mark(row.state),
            target: row.repository.to_string(),
            workflow: row.workflow.to_string(),
            source: row.source.to_string(),
            source_workflow: row.source_workflow.to_string(),
            reason: row.reason,
            at: Time { at: row.at, now },
        }
    }
}

impl askama::filters::HtmlSafe for RunTable {}
impl askama::filters::HtmlSafe for ProblemTable {}

/// `GET /dispatcher/runs?source=|target=|reason=`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Query(query): Query<RunQuery>,
) -> Result<Response, Fault> {
    if let Some(address) = query.by_form() {
        return Ok(Redirect::to(&address).into_response());
    }
    let filter = query.filter()?;
    let cursor = filter.order().cursor(query.cursor.as_deref())?;
    let now = shell.now();
    let (mut runs, mut problems) = (Vec::new(), Vec::new());
    let next = match reading::runs(&desk.reader, &filter, cursor, ROWS).await? {
        Listed::Runs(page) => {
            runs = page.rows.iter().map(|row| RunLine::new(row, now)).collect();
            page.next
        }
        Listed::Problems(page) => {
            problems = page.rows.iter().map(|row| ProblemLine::new(row, now)).collect();
            page.next
        }
    };
    let chosen = filter.parameter();
    let parameter = chosen.as_ref().map(|(name, value)| (*name, value.as_str()));
    let page = RunsPage {
        stylesheet: assets::stylesheet(),
        pager: Pager::new("/dispatcher/runs", parameter, cursor, next.as_deref()),
        why: match filter {
            Filter::Reason(reason) => Some(reason),
            _ => None,
        },
        empty: if chosen.is_some() {
            Empty::new(
                "No run matches this filter.",
                "Runs are listed by the repository that they ran in, by a repository that they named as a target, or by a reason such as `inbound_not_authorized`.",
            )
        } else {
            teach()
        },
        runs: RunTable { rows: runs },
        problems: ProblemTable { rows: problems },
        first: cursor.is_none(),
        chosen,
    };
    shell.live(["record/dispatcher.recent", "record/dispatcher.problem"]).page("Runs", &page).await
}

/// What stands where no run is yet.
pub(super) fn teach() -> Empty {
    Empty::new(
        "Each workflow run that completes will be listed here, with what it started elsewhere and what it was denied.",
        "Add `dispatching.yml` to two repositories: `outbound` in the one whose run completes, `inbound` in the one to start. Or see it at work:",
    )
    .command("switchboard demo")
}
