//! `/relay/levels`: all entries by level, the worst first: criteria, demotion, and the edit to propose.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_panel::components::{ActionForm, Mark, State as Shape, Time, count};
use switchboard_panel::{Fault, Shell};
use switchboard_store::{Key, KeyRange};

use super::figures::{self, CriterionLine};
use super::{Desk, assets, links, question};
use crate::allowlist::{Level, MAX_ENTRIES};
use crate::criteria::Outcome;
use crate::records::{BoardEntry, BoardRecord, HealthRecord, Kind, LevelRecord, keys, views};
use crate::window::WINDOWS;

#[derive(Debug, Default, Deserialize)]
pub(super) struct LevelsQuery {
    tab: Option<String>,
    days: Option<u32>,
}

#[derive(Template)]
#[template(path = "relay/levels.html")]
struct LevelsPage {
    stylesheet: String,
    tabs: Vec<(&'static str, String, bool)>,
    windows: Vec<(u32, String, bool)>,
    at: Option<Time>,
    levels: Vec<(Level, Vec<EntryView>)>,
}

struct EntryView {
    repo: String,
    href: String,
    device: Option<String>,
    rate: Mark,
    of: String,
    p50: String,
    queue: String,
    timeouts: String,
    results: String,
    days: Option<String>,
    health: Option<Mark>,
    lines: Vec<CriterionLine>,
    proposal: Option<String>,
    lift: Option<ActionForm>,
}

/// `GET /relay/levels`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Query(query): Query<LevelsQuery>,
) -> Result<Response, Fault> {
    let kind = query.tab.as_deref().map_or(Ok(Kind::PullRequest), question::kind)?;
    let days = query.days.unwrap_or(WINDOWS[1]);
    if !WINDOWS.contains(&days) {
        return Err(Fault::parameter("The days are one of 1, 7, 14, 30 and 90."));
    }
    let (reader, up, now) = (&desk.reader, desk.relay.upstream(), shell.now());
    let board: Option<BoardRecord> = reader.get(&views::BOARD, &keys::board(up, kind, days)).await?;
    let entries = KeyRange::prefix(&keys::entries(up));
    let listed: Vec<(Key, LevelRecord)> = reader.list(&views::LEVEL, entries.clone(), MAX_ENTRIES).await?;
    let health: Vec<(Key, HealthRecord)> = reader.list(&views::HEALTH, entries, MAX_ENTRIES).await?;
    let health: HashMap<Key, HealthRecord> = health.into_iter().collect();
    let listed: HashMap<Key, LevelRecord> = listed.into_iter().collect();
    let at = board.as_ref().map(|board| Time { at: board.at, now });
    // The board has them in order; entries that it does not know yet have no data and stand last.
    let mut shown: Vec<BoardEntry> = board.map(|board| board.entries).unwrap_or_default();
    shown.retain(|entry| listed.contains_key(&keys::entry(up, &entry.repo)));
    let known: std::collections::BTreeSet<_> = shown.iter().map(|entry| entry.repo.clone()).collect();
    let fresh = listed.values().filter(|record| !known.contains(&record.entry.repo));
    shown.extend(fresh.map(|record| BoardEntry {
        repo: record.entry.repo.clone(),
        level: record.entry.level,
        device: record.entry.device.clone(),
        sums: crate::window::Sums::default(),
    }));
    let mut levels: Vec<(Level, Vec<EntryView>)> =
        Level::ALL.into_iter().rev().map(|level| (level, Vec::new())).collect();
    for entry in &shown {
        let key = keys::entry(up, &entry.repo);
        let view = view(entry, listed.get(&key), health.get(&key), &shell, now);
        let level = listed.get(&key).map_or(entry.level, |record| record.entry.level);
        if let Some((_, views)) = levels.iter_mut().find(|(shown, _)| *shown == level) {
            views.push(view);
        }
    }
    let href = |kind: Kind, days: u32| format!("/relay/levels?tab={}&days={days}", kind.as_str());
    let page = LevelsPage {
        stylesheet: assets::stylesheet(),
        tabs: Kind::ALL.map(|tab| (super::hud::tab_word(tab), href(tab, days), tab == kind)).into(),
        windows: WINDOWS.map(|window| (window, href(kind, window), window == days)).into(),
        at,
        levels,
    };
    shell.live(["record/relay.board", "record/relay.health"]).page("Levels", &page).await
}

fn view(
    entry: &BoardEntry,
    listed: Option<&LevelRecord>,
    health: Option<&HealthRecord>,
    shell: &Shell,
    now: Timestamp,
) -> EntryView {
    let (rate, of) = figures::pass_rate(&entry.sums);
    let href = links::repo(&entry.repo);
    let level = listed.map_or(entry.level, |record| record.entry.level);
    let due = health.is_some_and(|health| health.demotion.due);
    let suppressed = health.is_some_and(|health| health.suppresses(now));
    let ready = level == Level::L2
        && health.is_some_and(|health| {
            !health.lines.is_empty() && health.lines.iter().all(|line| line.outcome == Outcome::Met)
        });
    let mark = match (due, suppressed, ready) {
        (true, true, _) => Some(Mark::new(Shape::Failed, "demotion due")),
        (true, false, _) => Some(Mark::new(Shape::Denied, "demotion due, lifted")),
        (false, _, true) => Some(Mark::new(Shape::Succeeded, "ready for L3")),
        _ => None,
    };
    let proposal = match (due && level == Level::L3, ready) {
        (true, _) => Some(format!("L2:\n  - {}\n# and take it out of L3", entry.repo)),
        (_, true) => Some(format!("L3:\n  <device>:\n    {}:\n# and take it out of L2", entry.repo)),
        _ => None,
    };
    EntryView {
        lift: suppressed.then(|| shell.action(format!("{href}/demotion"), "Lift for 7 days")).flatten(),
        repo: entry.repo.to_string(),
        href,
        device: entry.device.as_ref().map(|device| device.as_str().to_owned()),
        rate,
        of,
        p50: figures::p50(&entry.sums),
        queue: figures::millis(entry.sums.queue()),
        timeouts: figures::share(entry.sums.timeout_rate()),
        results: count(entry.sums.counted()),
        days: listed.map(|record| format!("{} d", now.since(record.since).as_secs() / 86_400)),
        health: mark,
        lines: health.map(|health| health.lines.iter().map(CriterionLine::new).collect()).unwrap_or_default(),
        proposal,
    }
}
