//! `/dispatcher`: is it well, what happened lately, and what went wrong.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use switchboard_clock::Timestamp;
use switchboard_panel::components::{Bucket, Chart, Empty, Mark, Sentence, State as Shape, Time, count};
use switchboard_panel::{Fault, Shell};
use switchboard_store::{CounterRow, KeyRange};

use super::chart;
use super::reading::{self, Filter, Listed, count_of};
use super::runs::{ProblemLine, ProblemTable, RunLine, RunTable, teach};
use super::{Desk, assets, health_sentence, links};
use crate::handlers::rollup::{Percentiles, WINDOWS, Window};
use crate::health::{Check, Health, Status};
use crate::keys::{self, views};
use crate::reasons::Reason;

/// Rows of each list.
const RUNS: usize = 8;
const PROBLEMS: usize = 8;
/// Hours shown.
const HOURS: usize = 24;
const HOUR: Duration = Duration::from_secs(3_600);

#[derive(Template)]
#[template(path = "pages/overview.html")]
struct OverviewPage {
    stylesheet: String,
    health: Sentence,
    checks: Vec<(Mark, Check)>,
    last_event: Option<Time>,
    windows: Vec<WindowColumn>,
    top_of: u32,
    top: Vec<(String, String, u64, u64, u64)>,
    chart: Chart,
    runs: RunTable,
    problems: ProblemTable,
    reasons: Vec<ReasonRow>,
    figures: Vec<Figure>,
    empty: Empty,
}

/// One counter, in each window and since the beginning.
struct Figure {
    word: &'static str,
    windows: Vec<String>,
    total: String,
}

struct WindowColumn {
    minutes: u32,
    rate: String,
    plan: String,
    e2e: String,
    truncated: bool,
}

struct ReasonRow {
    code: String,
    href: String,
    sentence: &'static str,
    count: u64,
}

/// The counters that people ask for first, with the words for them.
const SHOWN: [(&str, &str); 8] = [
    ("accepted", "runs"),
    ("planned", "planned"),
    ("skipped", "skipped"),
    ("candidates", "targets"),
    ("denied", "denied"),
    ("succeeded", "dispatched"),
    ("failed", "failed"),
    ("retried", "retried"),
];

/// `GET /dispatcher`
pub(super) async fn page(State(desk): State<Arc<Desk>>, shell: Shell) -> Result<Response, Fault> {
    let (reader, now) = (&desk.reader, shell.now());
    let health: Option<Health> = reader.get(&views::HEALTH, &keys::HEALTH_CURRENT).await?;
    let windows: Vec<(_, Window)> = reader.list(&views::WINDOW, KeyRange::all(), WINDOWS.len()).await?;
    let past = keys::hour(now + HOUR);
    let since = keys::hour(now - HOUR * (HOURS as u32 - 1));
    let hours = KeyRange::between(since.as_str(), past.as_str());
    let hours = reader.counters(&views::HOUR, hours, HOURS).await?;
    let Listed::Runs(runs) = reading::runs(reader, &Filter::All, None, RUNS).await? else {
        return Err(Fault::not_found("There are no runs."));
    };
    let problems = reading::problems(reader, None, PROBLEMS).await?;
    let today = KeyRange::prefix(&format!("{}/", keys::day(now)));
    let reasons = reader.counters(&views::DAY_REASON, today, Reason::ALL.len()).await?;
    let total = reader.counter(&views::TOTAL, &keys::TOTAL_ALL).await?;

    let of = |minutes: &u32| windows.iter().map(|(_, window)| window).find(|window| window.minutes == *minutes);
    let shown: Vec<&Window> = WINDOWS.iter().filter_map(of).collect();
    let widest = of(&WINDOWS[2]);
    let page = OverviewPage {
        stylesheet: assets::stylesheet(),
        health: health_sentence(health.as_ref(), now),
        last_event: health.as_ref().and_then(|health| health.last_event_at).map(|at| Time { at, now }),
        checks: health
            .map_or_else(Vec::new, |health| health.checks)
            .into_iter()
            .map(|check| (mark(&check), check))
            .collect(),
        windows: shown.iter().map(|window| column(window)).collect(),
        top_of: WINDOWS[2],
        top: widest.map_or_else(Vec::new, top),
        chart: chart::chart(by_hour(&hours, now)),
        runs: RunTable { rows: runs.rows.iter().map(|row| RunLine::new(row, now)).collect() },
        problems: ProblemTable { rows: problems.rows.iter().map(|row| ProblemLine::new(row, now)).collect() },
        reasons: reasons.iter().filter_map(reason).collect(),
        figures: SHOWN
            .iter()
            .map(|(field, word)| Figure {
                word,
                windows: shown.iter().map(|window| count(count_of(&window.counters, field))).collect(),
                total: count(count_of(&total, field)),
            })
            .collect(),
        empty: teach(),
    };
    let topics =
        ["record/engine.health", "record/dispatcher.window", "record/dispatcher.recent", "record/dispatcher.problem"];
    shell.live(topics).page("Dispatcher", &page).await
}

fn mark(check: &Check) -> Mark {
    let (shape, word) = match check.status {
        Status::Green => (Shape::Succeeded, "good"),
        Status::Amber => (Shape::Denied, "look"),
        Status::Red => (Shape::Failed, "bad"),
        Status::Idle => (Shape::Cancelled, "idle"),
        Status::Unknown => (Shape::Waiting, "unknown"),
    };
    Mark::new(shape, word)
}

fn column(window: &Window) -> WindowColumn {
    let bounds = |percentiles: Percentiles| match (percentiles.p50, percentiles.p95) {
        (None, None) => "–".to_owned(),
        (p50, p95) => format!("{} / {}", seconds(p50), seconds(p95)),
    };
    WindowColumn {
        minutes: window.minutes,
        rate: window.success_rate.map_or("–".to_owned(), |rate| format!("{rate} %")),
        plan: bounds(window.latency.plan),
        e2e: bounds(window.latency.e2e),
        truncated: window.truncated,
    }
}

/// A percentile is the upper bound of its bucket; beyond the last there is no bound.
fn seconds(bound: Option<u32>) -> String {
    bound.map_or("> 10 min".to_owned(), |seconds| format!("≤ {seconds} s"))
}

fn top(window: &Window) -> Vec<(String, String, u64, u64, u64)> {
    let row = |top: &crate::handlers::rollup::TopRepo| {
        let name = top.repo.parse().ok()?;
        let count = |field| count_of(&top.counters, field);
        Some((top.repo.clone(), links::repo(&name), count("accepted"), count("succeeded"), count("denied")))
    };
    window.top_repos.iter().filter_map(row).collect()
}

/// The hours in order, those in which nothing happened among them.
fn by_hour(rows: &[CounterRow], now: Timestamp) -> Vec<Bucket> {
    (0..HOURS as u32)
        .rev()
        .map(|ago| {
            let at = now - HOUR * ago;
            let key = keys::hour(at);
            chart::hour(at, rows.iter().find(|row| row.key == key).map(|row| &row.counters))
        })
        .collect()
}

fn reason(row: &CounterRow) -> Option<ReasonRow> {
    let code = row.key.as_str().rsplit_once('/')?.1;
    let reason: Reason = code.parse().ok()?;
    Some(ReasonRow {
        code: code.to_owned(),
        href: links::runs("reason", code),
        sentence: reason.sentence(),
        count: count_of(&row.counters, "count"),
    })
}
