//! `/relay/trends`: how the numbers move, overall or of one entry: outcomes and times by day, sends and reports by hour.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_engine::Reader;
use switchboard_github::RepoName;
use switchboard_panel::components::{Bucket, Chart, Series, Side, Tone, count};
use switchboard_panel::links::encoded;
use switchboard_panel::{Fault, Shell};
use switchboard_store::{CounterRow, Counters, KeyRange, Result as StoreResult};

use super::{Desk, assets, figures, question};
use crate::records::{Kind, keys, views};
use crate::window::Sums;

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// Hours shown.
const HOURS: u32 = 48;
/// Minutes at which a median above six hours is drawn.
const ABOVE_ALL_EDGES: u64 = 720;
/// Stretches that can be chosen, in days.
pub(crate) const STRETCHES: [u32; 4] = [7, 14, 30, 90];

const OUTCOMES: [Series; 4] = [
    Series { word: "passed", tone: Tone::Good, side: Side::Above },
    Series { word: "failed", tone: Tone::Bad, side: Side::Above },
    Series { word: "timed out", tone: Tone::Warn, side: Side::Above },
    Series { word: "other", tone: Tone::Quiet, side: Side::Above },
];
const RATE: [Series; 1] = [Series { word: "% passed", tone: Tone::Good, side: Side::Above }];
const QUEUE: [Series; 1] = [Series { word: "seconds in the queue", tone: Tone::Accent, side: Side::Above }];
const MEDIAN: [Series; 1] = [Series { word: "minutes end to end", tone: Tone::Accent, side: Side::Above }];
const TRAFFIC: [Series; 2] = [
    Series { word: "sent", tone: Tone::Accent, side: Side::Above },
    Series { word: "reports", tone: Tone::Good, side: Side::Below },
];

fn outcomes(sums: &Sums) -> Vec<u64> {
    vec![sums.pass, sums.fail, sums.timeout, sums.other]
}

fn rate(sums: &Sums) -> Vec<u64> {
    vec![sums.pass_rate().unwrap_or_default() / 100]
}

fn queue(sums: &Sums) -> Vec<u64> {
    vec![sums.queue().unwrap_or_default() / 1_000]
}

/// The upper edge; what is above all edges is drawn at twice the last one, and told in the table below.
fn median(sums: &Sums) -> Vec<u64> {
    vec![match sums.p50() {
        None => 0,
        Some(minutes) => minutes.map_or(ABOVE_ALL_EDGES, u64::from),
    }]
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct TrendsQuery {
    tab: Option<String>,
    repo: Option<String>,
    days: Option<u32>,
}

#[derive(Template)]
#[template(path = "relay/trends.html")]
struct TrendsPage {
    stylesheet: String,
    repo: Option<String>,
    tabs: Vec<(&'static str, String, bool)>,
    stretches: Vec<(u32, String, bool)>,
    outcomes: Chart,
    rates: Chart,
    queues: Chart,
    medians: Chart,
    traffic: Chart,
    days: Vec<DayLine>,
    any: bool,
}

struct DayLine {
    day: String,
    rate: String,
    pass: String,
    fail: String,
    timeout: String,
    other: String,
    queue: String,
    p50: String,
}

/// `GET /relay/trends`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Query(query): Query<TrendsQuery>,
) -> Result<Response, Fault> {
    let kind = query.tab.as_deref().map_or(Ok(Kind::PullRequest), question::kind)?;
    let repo = query.repo.as_deref().filter(|repo| !repo.is_empty()).map(question::entry).transpose()?;
    let days = stretch(query.days)?;
    let (reader, up, now) = (&desk.reader, desk.relay.upstream(), shell.now());
    let by_day = by_day(reader, up, repo.as_ref(), kind, days, now).await?;
    let from = keys::hour_of(up, repo.as_ref(), kind, now - HOUR * (HOURS - 1));
    let to = keys::hour_of(up, repo.as_ref(), kind, now + HOUR);
    let range = KeyRange::between(from.as_str(), to.as_str());
    let hours = reader.counters(&views::COUNT_HOUR, range, HOURS as usize + 1).await?;
    let hour = |ago: u32| {
        let at = now - HOUR * ago;
        let key = keys::hour_of(up, repo.as_ref(), kind, at);
        let numbers = hours.iter().find(|row| row.key == key).map(|row| &row.counters);
        let of = |field| positive(numbers, field);
        Bucket { name: at.format("%d %b %H:00"), counts: vec![of("sent"), of("reports")] }
    };
    let hour_buckets = (0..HOURS).rev().map(hour).collect();
    let by = |value: fn(&Sums) -> Vec<u64>| -> Vec<Bucket> {
        let bucket = |(at, sums): &(Timestamp, Sums)| Bucket { name: at.format("%d %b"), counts: value(sums) };
        by_day.iter().map(bucket).collect()
    };
    let day = || "Day (UTC)".to_owned();
    let href = |kind: Kind, days: u32| {
        let repo = repo.as_ref().map_or_else(String::new, |repo| format!("&repo={}", encoded(repo.as_str())));
        format!("/relay/trends?tab={}&days={days}{repo}", kind.as_str())
    };
    let page = TrendsPage {
        stylesheet: assets::stylesheet(),
        repo: repo.as_ref().map(ToString::to_string),
        tabs: Kind::ALL.map(|tab| (super::hud::tab_word(tab), href(tab, days), tab == kind)).into(),
        stretches: STRETCHES.map(|stretch| (stretch, href(kind, stretch), stretch == days)).into(),
        any: by_day.iter().any(|(_, sums)| *sums != Sums::default()),
        outcomes: Chart::new("outcomes", "Outcomes by day", day(), &OUTCOMES, by(outcomes)),
        rates: Chart::reaching("rates", "Pass rate by day, in percent", day(), &RATE, by(rate), 100),
        queues: Chart::new("queues", "Average queue by day, in seconds", day(), &QUEUE, by(queue)),
        medians: Chart::new(
            "medians",
            "Median end-to-end time by day, at most so many minutes",
            day(),
            &MEDIAN,
            by(median),
        ),
        traffic: Chart::new("traffic", "Sends and reports by hour", "Hour (UTC)".to_owned(), &TRAFFIC, hour_buckets),
        days: by_day.iter().rev().map(day_line).collect(),
    };
    shell.page("Trends", &page).await
}

/// The days that somebody asked for.
///
/// # Errors
/// 422 for another number.
pub(crate) fn stretch(days: Option<u32>) -> Result<u32, Fault> {
    let days = days.unwrap_or(30);
    if STRETCHES.contains(&days) { Ok(days) } else { Err(Fault::parameter("The days are one of 7, 14, 30 and 90.")) }
}

/// The sums of each of the last days, the oldest first: one range.
///
/// # Errors
/// What the store says.
pub(crate) async fn by_day(
    reader: &Reader,
    up: &RepoName,
    repo: Option<&RepoName>,
    kind: Kind,
    days: u32,
    now: Timestamp,
) -> StoreResult<Vec<(Timestamp, Sums)>> {
    let from = keys::day(up, repo, kind, now - DAY * (days - 1));
    let to = keys::day(up, repo, kind, now + DAY);
    let rows = reader.counters(&views::COUNT_DAY, KeyRange::between(from.as_str(), to.as_str()), days as usize).await?;
    let sums = |at: Timestamp| {
        let key = keys::day(up, repo, kind, at);
        let row: Option<&CounterRow> = rows.iter().find(|row| row.key == key);
        (at, Sums::of(row.map(|row| &row.counters)))
    };
    Ok((0..days).rev().map(|ago| sums(now - DAY * ago)).collect())
}

fn day_line((at, sums): &(Timestamp, Sums)) -> DayLine {
    DayLine {
        day: at.format("%Y-%m-%d"),
        rate: figures::share(sums.pass_rate()),
        pass: count(sums.pass),
        fail: count(sums.fail),
        timeout: count(sums.timeout),
        other: count(sums.other),
        queue: figures::millis(sums.queue()),
        p50: figures::p50(sums),
    }
}

fn positive(numbers: Option<&Counters>, field: &str) -> u64 {
    numbers.and_then(|numbers| numbers.get(field)).map_or(0, |number| u64::try_from(*number).unwrap_or_default())
}
