//! `/relay/allowlist`: who is on it, what is wrong with it line by line, and whether a changed one would be taken.

use std::sync::Arc;

use askama::Template;
use askama::filters::HtmlSafe;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use switchboard_engine::glob::Glob;
use switchboard_engine::yaml::{Diagnostic, Severity};
use switchboard_panel::components::{ActionForm, Guarded, Mark, Sentence, State as Shape, Time, plural};
use switchboard_panel::{Fault, SessionForm, Shell};

use super::history::{self, Event};
use super::{Desk, assets, links, list_sentence, reading};
use crate::allowlist::{BUDGET, Entry, Level, parse};
use crate::records::AllowlistRecord;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    asked: Option<String>,
}

#[derive(Template)]
#[template(path = "relay/allowlist.html")]
struct ListPage {
    stylesheet: String,
    asked: bool,
    sentence: Sentence,
    refresh: Option<ActionForm>,
    since: Option<Time>,
    checked: Option<Time>,
    error: Option<(String, String, Time)>,
    remarks: Remarks,
    levels: Vec<(Level, Vec<EntryLine>)>,
    text: String,
    guarded: Option<Guarded>,
    linted: Option<Linted>,
    history: Vec<Event>,
}

/// Diagnostics, one line each.
#[derive(Template)]
#[template(path = "relay/remarks.html")]
struct Remarks {
    list: Vec<Remark>,
}

impl HtmlSafe for Remarks {}

struct Remark {
    mark: Mark,
    line: u32,
    column: u32,
    code: String,
    message: String,
    hint: Option<String>,
}

struct EntryLine {
    name: String,
    href: String,
    device: Option<String>,
    options: String,
    line: u32,
}

/// What there is to say of a pasted list.
struct Linted {
    mark: Mark,
    verdict: String,
    remarks: Remarks,
}

impl Remarks {
    fn new<'d>(diagnostics: impl IntoIterator<Item = &'d Diagnostic>) -> Self {
        let remark = |found: &Diagnostic| Remark {
            mark: match found.severity {
                Severity::Error => Mark::new(Shape::Failed, "error"),
                Severity::Warning => Mark::new(Shape::Denied, "warning"),
            },
            line: found.line,
            column: found.column,
            code: found.code.to_string(),
            message: found.message.clone(),
            hint: found.hint.as_ref().map(ToString::to_string),
        };
        Self { list: diagnostics.into_iter().map(remark).collect() }
    }
}

/// `GET /relay/allowlist`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Query(query): Query<ListQuery>,
) -> Result<Response, Fault> {
    let record = reading::allowlist(&desk).await?;
    let text = record.as_ref().map(|record| record.text.clone()).unwrap_or_default();
    draw(&desk, shell, record, query.asked.is_some(), text, None).await
}

/// The pasted list.
#[derive(Deserialize)]
pub(super) struct Pasted {
    #[serde(default)]
    text: String,
}

/// `POST /relay/allowlist/lint`
pub(super) async fn lint(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    form: SessionForm<Pasted>,
) -> Result<Response, Fault> {
    let text = form.fields.text;
    if text.len() > BUDGET.bytes {
        return Err(Fault::parameter("An allowlist has at most 256 KiB."));
    }
    let (list, diagnostics) = parse(text.as_bytes());
    let linted = match &list {
        Some(list) => Linted {
            mark: Mark::new(Shape::Succeeded, "valid"),
            verdict: format!("It would be taken: {}.", plural(list.entries().len() as u64, "entry", "entries")),
            remarks: Remarks::new(&diagnostics),
        },
        None => Linted {
            mark: Mark::new(Shape::Failed, "refused"),
            verdict: "It would be refused as a whole; the list in force would stay.".to_owned(),
            remarks: Remarks::new(&diagnostics),
        },
    };
    let record = reading::allowlist(&desk).await?;
    draw(&desk, shell, record, false, text, Some(linted)).await
}

async fn draw(
    desk: &Desk,
    shell: Shell,
    record: Option<AllowlistRecord>,
    asked: bool,
    text: String,
    linted: Option<Linted>,
) -> Result<Response, Fault> {
    let now = shell.now();
    let time = |at| Time { at, now };
    let list = record.as_ref().and_then(|record| record.list.as_ref());
    let on = |level: Level| list.into_iter().flat_map(move |list| list.on(level)).map(line).collect();
    let error = record.as_ref().and_then(|record| record.error.as_ref());
    let warnings = record.as_ref().map_or(&[][..], |record| &record.warnings);
    let page = ListPage {
        stylesheet: assets::stylesheet(),
        asked,
        sentence: list_sentence(desk.relay.upstream().as_str(), record.as_ref()),
        refresh: shell.action("/relay/allowlist/refresh", "Read it now"),
        since: record.as_ref().and_then(|record| record.since).map(time),
        checked: record.as_ref().map(|record| time(record.checked_at)),
        error: error.map(|error| (error.message.clone(), error.reason.clone(), time(error.since))),
        remarks: Remarks::new(error.map_or(warnings, |error| &error.diagnostics)),
        levels: Level::ALL.into_iter().rev().map(|level| (level, on(level))).collect(),
        text,
        guarded: shell.guarded(),
        linted,
        history: history::read(desk, now).await?,
    };
    shell.live(["record/relay.allowlist"]).page("Allowlist", &page).await
}

fn line(entry: &Entry) -> EntryLine {
    let options = &entry.options;
    let mut said = Vec::new();
    if !options.events.pull_request {
        said.push("nightly only".to_owned());
    } else if !options.events.nightly {
        said.push("no nightly".to_owned());
    }
    let globs = |name: &str, globs: &Option<Vec<Glob>>| {
        globs.as_ref().map(|globs| {
            let all = globs.iter().map(Glob::as_str).collect::<Vec<_>>();
            format!("{name} {}", if all.is_empty() { "none".to_owned() } else { all.join(", ") })
        })
    };
    said.extend(globs("refs", &options.refs));
    said.extend(globs("branches", &options.branches));
    if !options.labels.is_empty() {
        said.push(format!("labels {}", options.labels.join(", ")));
    }
    if !options.oncalls.is_empty() {
        said.push(format!("oncalls {}", options.oncalls.join(", ")));
    }
    if options.silent {
        said.push("silent".to_owned());
    }
    EntryLine {
        name: entry.repo.to_string(),
        href: links::repo(&entry.repo),
        device: entry.device.as_ref().map(|device| device.as_str().to_owned()),
        options: said.join("; "),
        line: entry.line,
    }
}
