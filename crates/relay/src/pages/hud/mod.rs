//! `/relay`: upstream events down, entries across, and in each cell how far it is.

mod cell;
mod columns;
mod matrix;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use switchboard_github::RepoName;
use switchboard_panel::components::Empty;
use switchboard_panel::{Fault, Shell};
use switchboard_store::KeyRange;

use super::question::{self, Filter, Question};
use super::reading::{self, KEYED_READS, ROWS, Unfolded};
use super::strip::{Health, Strip};
use super::{Desk, assets};
use crate::allowlist::Allowlist;
use crate::names::Device;
use crate::records::{BoardRecord, Kind, RowRecord, keys, views};
use columns::{EntryColumns, Which};
pub(super) use matrix::Matrix;
use matrix::RowView;

/// Days of the pass rates over the columns.
const RATE_DAYS: u32 = 7;

#[derive(Template)]
#[template(path = "relay/hud.html")]
struct HudPage {
    stylesheet: String,
    script: String,
    up: String,
    strip: Strip,
    tabs: Vec<(&'static str, String, bool)>,
    filter: Option<FilterView>,
    failing: (String, bool),
    hidden: Vec<(&'static str, String)>,
    devices: Vec<(String, bool)>,
    matrix: Matrix,
    first: bool,
    more_entries: usize,
    newest: Option<String>,
    older: Option<String>,
    empty: Empty,
    legend: Vec<(&'static str, &'static str, &'static str)>,
}

/// The filter in words, and the address without it.
struct FilterView {
    what: &'static str,
    value: String,
    clear: String,
}

/// `GET /relay`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let query = query.unwrap_or_default();
    let question = Question::read(&query)?;
    let up = desk.relay.upstream();
    if query.contains("find=") {
        // The form's answer has the address that people share.
        return Ok(Redirect::to(&question.href()).into_response());
    }
    let record = reading::allowlist(&desk).await?;
    let list = record.as_ref().and_then(|record| record.list.as_ref());
    let board: Option<BoardRecord> = desk.reader.get(&views::BOARD, &keys::board(up, question.kind, RATE_DAYS)).await?;
    let drawn = draw(&desk, &question, (list, board.as_ref()), ROWS).await?;
    let devices = devices(list, &question);
    let health = Health::read(&desk, record).await?;
    let page = HudPage {
        stylesheet: assets::stylesheet(),
        script: assets::script(),
        up: up.to_string(),
        strip: Strip::new(&health, up),
        tabs: Kind::ALL.map(|kind| (tab_word(kind), question.tab(kind).href(), question.kind == kind)).into(),
        filter: filter_view(&question),
        failing: failing(&question),
        hidden: hidden(&question),
        devices,
        matrix: drawn.matrix,
        first: question.before.is_none(),
        more_entries: drawn.more_entries,
        newest: question.before.is_some().then(|| question.filtered(question.filter.clone()).href()),
        older: drawn.next.as_deref().map(|place| question.past(place).href()),
        empty: teach(&question, up.as_str()),
        legend: matrix::legend(),
    };
    shell.live(topics(&question, up)).page("Relay", &page).await
}

/// `GET /relay/strip`: the strip alone.
pub(super) async fn strip(State(desk): State<Arc<Desk>>, shell: Shell) -> Result<Response, Fault> {
    let record = reading::allowlist(&desk).await?;
    let health = Health::read(&desk, record).await?;
    shell.part(&Strip::new(&health, desk.relay.upstream()))
}

/// What a page about this follows: rows that come, on the first page; what stands on it follows its own rows, each by itself.
fn topics(question: &Question, up: &RepoName) -> Vec<String> {
    let row = |view, prefix: String| format!("record/{view}/{}", prefix.trim_end_matches('/'));
    let list = format!("record/{}", views::ALLOWLIST);
    match &question.filter {
        _ if question.before.is_some() => vec![list],
        Filter::Repo(repo, _) => vec![list, row(views::ROW_REPO, keys::rows_of(repo, up, question.kind))],
        _ => vec![list, row(views::ROW, keys::rows(up, question.kind))],
    }
}

/// `GET /relay/rows/{kind}/{row}`: one row, for a page that hears that it has changed.
pub(super) async fn row(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Path((kind, row)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    let question = Question { kind: question::kind(&kind)?, ..Question::read(&query.unwrap_or_default())? };
    let place = question::place(&row)?;
    let (up, now) = (desk.relay.upstream(), shell.now());
    // A range of one: the place is the end of the key, and the key is not put together from anything else.
    let range = KeyRange::prefix(&format!("{}{place}", keys::rows(up, question.kind)));
    let found: Vec<(_, RowRecord)> = desk.reader.list(&views::ROW, range, 1).await?;
    let Some((_, row)) = found.into_iter().next() else { return Err(Fault::not_found("There is no such row.")) };
    let record = reading::allowlist(&desk).await?;
    let rows = [row];
    let list = record.as_ref().and_then(|record| record.list.as_ref());
    let probe = desk.relay.config().probe_repo.as_ref();
    let (mut columns, _) = columns::entries(list, &rows, which(&question), probe);
    unfold(&desk, &question, &mut columns).await?;
    let unfolded: Unfolded = reading::unfolded(&desk, &rows, &question.open, KEYED_READS).await?;
    let view = RowView::new(&rows[0], &columns, &unfolded, &question, up, now);
    shell.part(&view)
}

/// The entries that have columns.
fn which(question: &Question) -> Which<'_> {
    match (&question.filter, &question.device) {
        (Filter::Repo(repo, _), _) => Which::Only(repo),
        (_, Some(device)) => Which::Of(device),
        (_, None) => Which::All,
    }
}

/// The devices that there are, each with whether it is the one that was asked for.
fn devices(list: Option<&Allowlist>, question: &Question) -> Vec<(String, bool)> {
    let listed = list.into_iter().flat_map(Allowlist::entries).filter_map(|entry| entry.device.as_ref());
    let all: BTreeSet<&Device> = listed.chain(&question.device).collect();
    all.into_iter().map(|device| (device.to_string(), question.device.as_ref() == Some(device))).collect()
}

/// A matrix, and what of it is elsewhere.
pub(super) struct Drawn {
    /// The matrix.
    pub(super) matrix: Matrix,
    /// The place behind which the next page begins.
    pub(super) next: Option<String>,
    /// Entries that have no column.
    pub(super) more_entries: usize,
}

/// Reads and arranges what a question is about: one range of rows and at most [`KEYED_READS`] keyed reads.
pub(super) async fn draw(
    desk: &Desk,
    question: &Question,
    (list, board): (Option<&Allowlist>, Option<&BoardRecord>),
    limit: usize,
) -> Result<Drawn, Fault> {
    let mut read = reading::rows(desk, question, limit).await?;
    let probe = desk.relay.config().probe_repo.as_ref();
    let (mut columns, more_entries) = columns::entries(list, &read.rows, which(question), probe);
    read.reads += usize::from(board.is_some()) + unfold(desk, question, &mut columns).await?;
    let left = KEYED_READS.saturating_sub(read.reads);
    let unfolded = reading::unfolded(desk, &read.rows, &question.open, left).await?;
    let (up, now) = (desk.relay.upstream(), desk.reader.now());
    let view = |row: &RowRecord| RowView::new(row, &columns, &unfolded, question, up, now);
    let rows = read.rows.iter().map(view).collect();
    Ok(Drawn { matrix: Matrix::new(question, &columns, board, rows), next: read.next, more_entries })
}

/// Gives the unfolded entries their columns; how many reads that took.
async fn unfold(desk: &Desk, question: &Question, columns: &mut [EntryColumns]) -> Result<usize, Fault> {
    let mut reads = 0;
    for entry in columns.iter_mut().filter(|entry| question.open.contains(&entry.repo)) {
        let (names, more) = reading::columns(desk, &entry.repo).await?;
        entry.results = Some(columns::grouped(&names));
        entry.more = more;
        reads += 1;
    }
    Ok(reads)
}

pub(super) const fn tab_word(kind: Kind) -> &'static str {
    match kind {
        Kind::PullRequest => "Pull requests",
        Kind::Push => "Pushes",
        Kind::Nightly => "Nightly",
    }
}

fn filter_view(question: &Question) -> Option<FilterView> {
    let clear = question.filtered(Filter::All).href();
    let view = |what, value: &str| Some(FilterView { what, value: value.to_owned(), clear });
    match &question.filter {
        Filter::All | Filter::Failing => None,
        Filter::Repo(repo, _) => view("entry", repo.as_str()),
        Filter::Pull(number) => view("pull request", &format!("#{number}")),
        Filter::Commit(sha) => view("commit", sha),
    }
}

/// The switch for what fails: where it leads, and whether it is on.
fn failing(question: &Question) -> (String, bool) {
    let (next, on) = match &question.filter {
        Filter::Failing => (Filter::All, true),
        Filter::Repo(repo, on) => (Filter::Repo(repo.clone(), !on), *on),
        _ => (Filter::Failing, false),
    };
    (question.filtered(next).href(), on)
}

/// What the form keeps of the present question.
fn hidden(question: &Question) -> Vec<(&'static str, String)> {
    let tab = (question.kind != Kind::PullRequest).then(|| ("tab", question.kind.as_str().to_owned()));
    let failing = (question.filter == Filter::Failing).then(|| ("failing", "1".to_owned()));
    tab.into_iter().chain(failing).chain(question.open.iter().map(|repo| ("open", repo.to_string()))).collect()
}

fn teach(question: &Question, up: &str) -> Empty {
    if question.filter != Filter::All || question.before.is_some() {
        return Empty::new("Nothing here fits this filter.", "Rows are kept for as long as `retention_days` says.");
    }
    match question.kind {
        Kind::PullRequest => Empty::new(
            format!(
                "Each event of a pull request of `{up}` that is relayed will have a row here, each entry of the allowlist a column."
            ),
            "Open or push to a pull request there, or look at the allowlist to see who would get it.",
        ),
        Kind::Push => Empty::new(
            format!("Each push to `{up}` that is relayed will have a row here."),
            "Entries choose refs by their option `refs`; without it they get all pushes.",
        ),
        Kind::Nightly => Empty::new(
            format!(
                "Runs that downstream repositories start by themselves at a commit of `{up}` will have a row here."
            ),
            "They report with `event_type` `nightly`, with the commit as `delivery_id`.",
        ),
    }
}
