//! `dispatcher.rollup`: sums the last complete minutes into the windows that the pages show, and writes the health.
//!
//! It is the only place that reads many rows, and it runs once a minute, whoever looks at the pages.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;
use std::time::Duration;
use switchboard_clock::Timestamp;
use switchboard_engine::health::Told;
use switchboard_engine::{Context, Trouble, gaps};
use switchboard_store::{Counters, KeyRange, RecordChange, Settlement};

use crate::handlers::tally::Count;
use crate::handlers::{NAME, PLAN};
use crate::health::{Health, Vitals, examine};
use crate::histogram::{Histogram, Latency, Percentile};
use crate::keys::{self, views};

/// The windows in minutes, shortest first.
pub const WINDOWS: [u32; 3] = [5, 15, 60];
/// Sources listed in a window.
const TOP_REPOS: usize = 10;
/// Rows of minutes by repository that are read at a time, and at most.
const PAGE: usize = 1_000;
const ROWS_MAX: usize = 20_000;
const MINUTE: Duration = Duration::from_secs(60);

/// `dispatcher.window`: what happened in the last minutes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Window {
    /// How many minutes.
    pub minutes: u32,
    /// Its first moment.
    pub from: Timestamp,
    /// The first moment past it.
    pub to: Timestamp,
    /// The counters.
    pub counters: Counters,
    /// Succeeded dispatches per hundred that ended; `None` if none ended.
    pub success_rate: Option<f64>,
    /// Percentiles of the latencies, in seconds.
    pub latency: Latencies,
    /// The busiest sources.
    pub top_repos: Vec<TopRepo>,
    /// Whether there were more rows than are read.
    #[serde(default)]
    pub truncated: bool,
}

/// Percentiles of both latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Latencies {
    /// From the delivery to its plan.
    pub plan: Percentiles,
    /// From the delivery to the dispatch.
    pub e2e: Percentiles,
}

/// Upper bounds in seconds; `None` without measurements or beyond the last bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Percentiles {
    /// The median.
    pub p50: Option<u32>,
    /// The 95th percentile.
    pub p95: Option<u32>,
}

/// A source with its counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopRepo {
    /// `owner/name` in lower case.
    pub repo: String,
    /// Its counters in the window.
    pub counters: Counters,
}

/// What the rollup knows of one window while it sums.
#[derive(Default)]
struct Sum {
    counters: Counters,
    repos: BTreeMap<String, Counters>,
    truncated: bool,
}

pub(super) async fn rollup(context: &Context) -> Result<Settlement, Trouble> {
    let to = Timestamp::from_millis(context.now.millis() - context.now.millis().rem_euclid(60_000));
    let mut settlement = Settlement::done();
    let mut hour = Sum::default();
    for minutes in WINDOWS {
        let from = to - MINUTE * minutes;
        let sum = sum(from, to, context).await?;
        let window = window(minutes, from, to, &sum);
        let key = keys::window(minutes);
        let known: Option<Window> = context.store.get(&views::WINDOW, &key).await?;
        // Silence that goes on is not written down again each minute.
        if known.is_none_or(|known| !same_numbers(&known, &window)) {
            settlement.records.push(RecordChange::Put(views::WINDOW, key, json!(window)));
        }
        hour = sum;
    }
    let row: Option<serde_json::Value> = context.store.get(&views::HEALTH, &keys::HEALTH_CURRENT).await?;
    let known = row.as_ref().and_then(|row| Health::deserialize(row).ok());
    let health = examine(&vitals(&hour, to, known.as_ref(), context).await?);
    if known.as_ref() != Some(&health) {
        let before = row.as_ref().and_then(|row| Told::deserialize(row).ok());
        settlement.records.push(health.told(context.now).still(before.as_ref()).record(NAME, &health));
    }
    Ok(settlement)
}

/// Sums the rows of complete minutes.
async fn sum(from: Timestamp, to: Timestamp, context: &Context) -> Result<Sum, Trouble> {
    let mut sum = Sum::default();
    let (first, past) = (keys::minute(from), keys::minute(to));
    let minutes = KeyRange::between(first.as_str(), past.as_str());
    for row in context.store.counters(&views::MINUTE, minutes.clone(), PAGE).await? {
        add(&mut sum.counters, &row.counters);
    }
    let mut range = minutes;
    let mut rows = 0;
    loop {
        let page = context.store.counters(&views::MINUTE_REPO, range.clone(), PAGE).await?;
        rows += page.len();
        for row in &page {
            if let Some((_, repo)) = row.key.as_str().split_once('/') {
                add(sum.repos.entry(repo.to_owned()).or_default(), &row.counters);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE && rows < ROWS_MAX => range = range.past(last.key.as_str()),
            last => {
                sum.truncated = last.is_some() && page.len() == PAGE;
                return Ok(sum);
            }
        }
    }
}

fn add(sum: &mut Counters, more: &Counters) {
    for (field, by) in more {
        *sum.entry(field.clone()).or_default() += by;
    }
}

fn window(minutes: u32, from: Timestamp, to: Timestamp, sum: &Sum) -> Window {
    let mut top: Vec<TopRepo> =
        sum.repos.iter().map(|(repo, counters)| TopRepo { repo: repo.clone(), counters: counters.clone() }).collect();
    top.sort_by_key(|row| std::cmp::Reverse(of(&row.counters, Count::Accepted)));
    top.truncate(TOP_REPOS);
    let (succeeded, failed) = (of(&sum.counters, Count::Succeeded), of(&sum.counters, Count::Failed));
    let ended = succeeded + failed;
    #[expect(clippy::cast_precision_loss, reason = "a percentage of counts far below 2^52")]
    let success_rate = (ended > 0).then(|| (succeeded as f64 * 1000.0 / ended as f64).round() / 10.0);
    let names: Vec<&str> =
        [Latency::Plan, Latency::EndToEnd].iter().flat_map(|latency| latency.fields().iter().copied()).collect();
    let counters = sum.counters.iter().filter(|(field, _)| !names.contains(&field.as_str()));
    Window {
        minutes,
        from,
        to,
        counters: counters.map(|(field, n)| (field.clone(), *n)).collect(),
        success_rate,
        latency: Latencies { plan: percentiles(sum, Latency::Plan), e2e: percentiles(sum, Latency::EndToEnd) },
        top_repos: top,
        truncated: sum.truncated,
    }
}

fn percentiles(sum: &Sum, latency: Latency) -> Percentiles {
    let histogram = Histogram::read(latency, |field| sum.counters.get(field).copied());
    let bound = |percent| histogram.percentile(percent).and_then(Percentile::seconds);
    Percentiles { p50: bound(50), p95: bound(95) }
}

fn of(counters: &Counters, count: Count) -> i64 {
    counters.get(count.field()).copied().unwrap_or(0)
}

/// Whether two windows differ in nothing but their time.
fn same_numbers(known: &Window, new: &Window) -> bool {
    let moved = Window { from: known.from, to: known.to, ..new.clone() };
    *known == moved
}

async fn vitals(hour: &Sum, to: Timestamp, known: Option<&Health>, context: &Context) -> Result<Vitals, Trouble> {
    let backlog = context.store.backlog().await?;
    let total = context.store.counter(&views::TOTAL, &keys::TOTAL_ALL).await?;
    let complete: Option<gaps::Completeness> = context.store.get(&gaps::COMPLETENESS, &gaps::CURRENT).await?;
    let newest = newest_event(to, context).await?;
    let positive = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Vitals {
        now: context.now,
        // It never goes back.
        last_event_at: newest.max(known.and_then(|health| health.last_event_at)),
        undelivered: complete.map_or(0, |complete| complete.missing as u64),
        succeeded: positive(of(&hour.counters, Count::Succeeded)),
        failed: positive(of(&hour.counters, Count::Failed)),
        due_plans: backlog.waiting.get(&(NAME.to_owned(), PLAN.to_owned())).copied().unwrap_or(0),
        open_dispatches: of(&total, Count::Queued) - of(&total, Count::Succeeded) - of(&total, Count::Failed),
        end_to_end_p95: Histogram::read(Latency::EndToEnd, |field| hour.counters.get(field).copied()).percentile(95),
    })
}

/// The newest minute in which a run was accepted.
async fn newest_event(to: Timestamp, context: &Context) -> Result<Option<Timestamp>, Trouble> {
    let past = keys::minute(to);
    let from = keys::minute(to - MINUTE * 60);
    let range = KeyRange::between(from.as_str(), past.as_str()).descending();
    for row in context.store.counters(&views::MINUTE, range, 60).await? {
        if of(&row.counters, Count::Accepted) > 0 {
            return Ok(minute_start(row.key.as_str()));
        }
    }
    Ok(None)
}

/// `YYYYMMDDHHMM`, read back.
fn minute_start(key: &str) -> Option<Timestamp> {
    let (day, time) = key.split_at_checked(8)?;
    let (year, rest) = day.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    let (hour, minute) = time.split_at_checked(2)?;
    Timestamp::parse(&format!("{year}-{month}-{day}T{hour}:{minute}:00Z")).ok()
}
