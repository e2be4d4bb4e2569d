//! The matrix: rows of dispatches under columns of entries. What it shows was read before; this only arranges it.

use std::hash::{DefaultHasher, Hash, Hasher};

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::components::{Mark, Sha, Time};

use super::cell::CellView;
use super::columns::EntryColumns;
use crate::pages::question::{Filter, Question};
use crate::pages::reading::{Unfolded, place};
use crate::pages::{figures, links, words};
use crate::records::{BoardRecord, Kind, RowRecord, keys, views};

/// The matrix as it is shown.
#[derive(Template)]
#[template(path = "relay/matrix.html")]
pub(crate) struct Matrix {
    kind: Kind,
    levels: Vec<LevelHead>,
    heads: Vec<EntryHead>,
    names: Vec<NameHead>,
    unfolded: bool,
    pub(crate) rows: Vec<RowView>,
}

/// The head over the entries of one level.
struct LevelHead {
    label: String,
    span: usize,
}

/// The head over one entry's columns.
struct EntryHead {
    repo: RepoName,
    owner: String,
    name: String,
    href: String,
    toggle: String,
    open: bool,
    span: usize,
    rows: usize,
    more: usize,
    can_open: bool,
    rate: Option<Rate>,
}

/// How an entry has been doing.
struct Rate {
    class: &'static str,
    percent: String,
    title: String,
}

/// The head of one result's column.
struct NameHead {
    workflow: String,
    label: String,
    title: String,
    first: bool,
}

impl HtmlSafe for Matrix {}

/// A row as it is shown.
#[derive(Template)]
#[template(path = "relay/row.html")]
pub(crate) struct RowView {
    key: String,
    topic: String,
    part: Option<String>,
    shape: String,
    href: String,
    number: Option<u64>,
    title: String,
    subject: String,
    author: String,
    head: Sha,
    base: Option<String>,
    at: Time,
    action: Option<String>,
    gate: Option<Mark>,
    superseded: Option<(&'static str, String)>,
    bad: bool,
    passed: usize,
    cells: Vec<CellView>,
}

impl HtmlSafe for RowView {}

impl Matrix {
    /// Arranges rows under columns.
    pub(crate) fn new(
        question: &Question,
        columns: &[EntryColumns],
        board: Option<&BoardRecord>,
        rows: Vec<RowView>,
    ) -> Self {
        let span = |entry: &EntryColumns| entry.results.as_ref().map_or(1, |results| results.len().max(1));
        let unfolded = columns.iter().any(|entry| entry.results.is_some());
        let mut levels: Vec<LevelHead> = Vec::new();
        for entry in columns {
            let label = match entry.level {
                _ if entry.probe => "Probe".to_owned(),
                Some(level) => format!("{level} {}", level.word()),
                None => "not listed".to_owned(),
            };
            match levels.last_mut().filter(|last| last.label == label) {
                Some(last) => last.span += span(entry),
                None => levels.push(LevelHead { label, span: span(entry) }),
            }
        }
        let heads = columns.iter().map(|entry| {
            let (owner, name) = entry.repo.as_str().split_once('/').unwrap_or_default();
            EntryHead {
                owner: owner.to_owned(),
                name: name.to_owned(),
                href: links::repo(&entry.repo),
                toggle: question.toggled(&entry.repo).href(),
                open: entry.results.is_some(),
                span: span(entry),
                rows: if unfolded && entry.results.is_none() { 2 } else { 1 },
                more: entry.more,
                can_open: entry.level.is_none_or(crate::allowlist::Level::reports),
                rate: board.and_then(|board| rate(board, &entry.repo)),
                repo: entry.repo.clone(),
            }
        });
        let names = columns.iter().flat_map(|entry| {
            let results = entry.results.as_deref();
            let empty = results.is_some_and(<[_]>::is_empty).then(|| NameHead {
                workflow: String::new(),
                label: "no result in 30 days".to_owned(),
                title: String::new(),
                first: true,
            });
            let shown = results.unwrap_or_default().iter().enumerate().map(|(at, column)| NameHead {
                workflow: column.workflow.clone(),
                label: column.label.clone(),
                title: column.names.join(", "),
                first: at == 0,
            });
            shown.chain(empty).collect::<Vec<_>>()
        });
        Self { kind: question.kind, levels, heads: heads.collect(), names: names.collect(), unfolded, rows }
    }
}

impl RowView {
    /// One row under these columns.
    pub(crate) fn new(
        row: &RowRecord,
        columns: &[EntryColumns],
        unfolded: &Unfolded,
        question: &Question,
        up: &RepoName,
        now: Timestamp,
    ) -> Self {
        let key = place(row);
        let mut cells = Vec::new();
        for entry in columns {
            push(&mut cells, row, entry, unfolded, now);
        }
        let number = row.number.filter(|_| row.kind == Kind::PullRequest);
        let of_one = match &question.filter {
            Filter::Repo(repo, false) => Some(repo),
            _ => None,
        };
        // A row may leave a page of those that fail, so such a page is drawn as a whole.
        let live = matches!(question.filter, Filter::All | Filter::Pull(_) | Filter::Commit(_)) || of_one.is_some();
        let filter = of_one.map_or(Filter::All, |repo| Filter::Repo(repo.clone(), false));
        let part = Question { filter, open: question.open.clone(), ..Question::default() }.href();
        let part = part.split_once('?').map_or("", |(_, query)| query);
        let topic = match of_one {
            Some(repo) => format!("record/{}/{}", views::ROW_REPO, keys::row_of(repo, up, row.kind, row.seq)),
            None => format!("record/{}/{}", views::ROW, keys::row(up, row.kind, row.seq)),
        };
        Self {
            part: live.then(|| format!("/relay/rows/{}/{key}?{part}", row.kind.as_str())),
            topic,
            shape: shape(columns),
            href: number.map_or_else(|| links::dispatch(&row.delivery_id), links::pull),
            number,
            title: if row.title.is_empty() { "(no title)".to_owned() } else { row.title.clone() },
            subject: row.git_ref.as_deref().map_or_else(String::new, short_ref),
            author: row.author.clone(),
            head: Sha::new(row.head.clone()),
            base: row.base.clone(),
            at: Time { at: row.at, now },
            action: row.action.clone(),
            // What stands of a row under one entry is written with that entry alone, and the gate with all of them.
            gate: row.gate.as_ref().filter(|_| !matches!(question.filter, Filter::Repo(..))).map(words::gate),
            superseded: row.superseded.as_ref().map(|by| (words::superseded(by.why), links::dispatch(&by.by))),
            bad: row.is_bad(),
            passed: cells.iter().filter(|cell| cell.is_passed()).count(),
            key,
            cells,
        }
    }
}

/// An entry's pass rate over the board's days, if anything was counted.
fn rate(board: &BoardRecord, repo: &RepoName) -> Option<Rate> {
    let sums = board.entries.iter().find(|entry| entry.repo == *repo).map(|entry| &entry.sums)?;
    sums.pass_rate()?;
    let (mark, of) = figures::pass_rate(sums);
    let title = format!("7 days: {of} passed, median end to end {}", figures::p50(sums));
    Some(Rate { class: mark.state.class(), percent: mark.word.into_owned(), title })
}

/// What the columns are: a row that was drawn for other columns does not fit among these.
fn shape(columns: &[EntryColumns]) -> String {
    let mut hasher = DefaultHasher::new();
    for entry in columns {
        entry.repo.key().hash(&mut hasher);
        for result in entry.results.iter().flatten() {
            (&result.workflow, &result.names).hash(&mut hasher);
        }
    }
    format!("{:x}", hasher.finish())
}

/// One entry's cells in one row.
fn push(cells: &mut Vec<CellView>, row: &RowRecord, entry: &EntryColumns, unfolded: &Unfolded, now: Timestamp) {
    let repo = &entry.repo;
    let href = links::target(&row.delivery_id, repo);
    let Some(cell) = row.cells.get(repo) else {
        let columns = entry.results.as_ref().map_or(1, |results| results.len().max(1));
        cells.extend((0..columns).map(|at| CellView::nothing(repo.to_string(), at == 0)));
        return;
    };
    let found = unfolded.get(&(row.delivery_id.clone(), repo.clone()));
    match (entry.results.as_deref(), found) {
        (Some(columns), Some(found)) if !columns.is_empty() => {
            cells.extend(columns.iter().enumerate().map(|(at, column)| {
                let label = format!("{repo}, {} / {}", column.workflow, column.label);
                CellView::of_names(found, &column.workflow, &column.names, label, &href, at == 0)
            }));
        }
        (columns, _) => {
            // Nothing was read of it, or there is nothing: one cell says how it is as a whole.
            cells.push(CellView::entry(cell, repo.to_string(), href, now));
            let rest = columns.map_or(0, <[_]>::len).saturating_sub(1);
            cells.extend((0..rest).map(|_| CellView::nothing(repo.to_string(), false)));
        }
    }
}

/// A ref without what all branches and tags begin with.
fn short_ref(full: &str) -> String {
    full.strip_prefix("refs/heads/").or_else(|| full.strip_prefix("refs/tags/")).unwrap_or(full).to_owned()
}

/// The letters and what they mean.
pub(crate) fn legend() -> Vec<(&'static str, &'static str, &'static str)> {
    use crate::records::CellState as S;
    let states = [
        S::Passed,
        S::Failed,
        S::TimedOut,
        S::Running,
        S::Queued,
        S::Cancelled,
        S::Neutral,
        S::Held,
        S::NeverReported,
        S::NotDispatched,
        S::Skipped,
    ];
    let shown = |state: S| {
        (
            state.letter(),
            words::shape(state).class(),
            if state == S::Skipped { "not for this entry" } else { state.word() },
        )
    };
    states.into_iter().map(shown).collect()
}
