//! `/relay/repos/{owner}/{name}`: one entry: what the list says of it, how it is doing, what is open and what could not be sent.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_engine::glob::Glob;
use switchboard_panel::components::{ActionForm, GitHubLink, Mark, ShortId, State as Shape, Time, count};
use switchboard_panel::links::encoded;
use switchboard_panel::{Fault, Shell};
use switchboard_store::{Counters, Key, KeyRange};

use super::figures::{self, CriterionLine};
use super::hud::{self, Matrix};
use super::installed::InstalledView;
use super::operate::RepoPath;
use super::question::{Filter, Question};
use super::{Desk, assets, links, question, reading};
use crate::keys::name_of;
use crate::records::{HealthRecord, Kind, LevelRecord, SummaryRecord, TargetError, keys, views};
use crate::window::WINDOWS;

/// Rows of each list.
const OPEN: usize = 50;
const FAILED: usize = 20;
/// Rows of its matrix.
const ROWS: usize = 20;

#[derive(Debug, Default, Deserialize)]
pub(super) struct RepoQuery {
    tab: Option<String>,
    asked: Option<String>,
}

#[derive(Template)]
#[template(path = "relay/repo.html")]
struct RepoPage {
    stylesheet: String,
    script: String,
    repo: String,
    github: GitHubLink,
    level: Option<(&'static str, &'static str, Time)>,
    options: Vec<(&'static str, String)>,
    installed: Option<InstalledView>,
    pinned: Option<String>,
    reset: Option<ActionForm>,
    lift: Option<ActionForm>,
    asked: bool,
    health: Option<HealthView>,
    gauge: Vec<(&'static str, String)>,
    tabs: Vec<(&'static str, String, bool)>,
    cards: Vec<Card>,
    board: Option<Matrix>,
    trends: String,
    open: Vec<OpenLine>,
    failed: Vec<FailedLine>,
}

/// The criteria of its level.
struct HealthView {
    mark: Mark,
    lines: Vec<CriterionLine>,
    evaluated: Option<Time>,
    lifted: Option<Time>,
}

/// The sums of one window.
struct Card {
    days: u32,
    rate: Mark,
    of: String,
    lines: Vec<(&'static str, String)>,
}

struct OpenLine {
    name: String,
    href: String,
    deadline: Time,
}

/// `relay.failed`, as a send's outcome writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failed {
    delivery_id: String,
    error: TargetError,
    at: Timestamp,
}

struct FailedLine {
    id: ShortId,
    error: TargetError,
    at: Time,
    again: Option<ActionForm>,
}

/// `GET /relay/repos/{owner}/{name}`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Path((owner, name)): Path<RepoPath>,
    Query(query): Query<RepoQuery>,
) -> Result<Response, Fault> {
    let repo = question::entry(&format!("{owner}/{name}"))?;
    let kind = query.tab.as_deref().map_or(Ok(Kind::PullRequest), question::kind)?;
    let (reader, up, now) = (&desk.reader, desk.relay.upstream(), shell.now());
    let level = reading::level(&desk, &repo).await?;
    let pinned: Option<Value> = reader.get(&views::IDENTITY, &keys::identity(&repo)).await?;
    let question =
        Question { kind, filter: Filter::Repo(repo.clone(), false), open: vec![repo.clone()], ..Question::default() };
    let record = reading::allowlist(&desk).await?;
    let list = record.as_ref().and_then(|record| record.list.as_ref());
    let drawn = hud::draw(&desk, &question, (list, None), ROWS).await?;
    let board = (!drawn.matrix.rows.is_empty()).then_some(drawn.matrix);
    if level.is_none() && pinned.is_none() && board.is_none() {
        return Err(Fault::not_found("This repository is not on the allowlist, and nothing was relayed to it.")
            .hint("The allowlist says who takes part: /relay/allowlist."));
    }
    let health: Option<HealthRecord> = reader.get(&views::HEALTH, &keys::entry(up, &repo)).await?;
    let gauge = reader.counter(&views::GAUGE, &keys::gauge(up, Some(&repo))).await?;
    let range = KeyRange::prefix(&keys::days(up, Some(&repo), kind));
    let summaries: Vec<(Key, SummaryRecord)> = reader.list(&views::SUMMARY, range, WINDOWS.len()).await?;
    let prefix = format!("{}/", crate::keys::repo(&repo));
    let open: Vec<(Key, Value)> = reader.list(&views::OPEN, KeyRange::prefix(&prefix), OPEN).await?;
    let failed: Vec<(Key, Failed)> = reader.list(&views::FAILED, KeyRange::prefix(&prefix), FAILED).await?;
    // Visitors cause no question to GitHub.
    let installed =
        if shell.is_visitor() || level.is_none() { None } else { Some(InstalledView::of(&desk, &repo).await?) };
    let base = links::repo(&repo);
    let page = RepoPage {
        stylesheet: assets::stylesheet(),
        script: assets::script(),
        github: GitHubLink::new("on GitHub", links::on_github(&desk.relay.web, &repo)),
        options: level.as_ref().map(|level| options(level, &desk)).unwrap_or_default(),
        level: level.as_ref().map(|level| {
            let at = Time { at: level.since, now };
            (level.entry.level.as_str(), level.entry.level.word(), at)
        }),
        installed,
        reset: pinned.as_ref().and_then(|_| shell.action(format!("{base}/identity/reset"), "Reset the pinned id")),
        pinned: pinned.as_ref().and_then(|pinned| pinned["id"].as_u64()).map(|id| id.to_string()),
        lift: health
            .as_ref()
            .filter(|health| health.suppresses(now))
            .and_then(|_| shell.action(format!("{base}/demotion"), "Lift for 7 days")),
        asked: query.asked.is_some(),
        health: health.as_ref().map(|health| health_view(health, now)),
        gauge: gauge_lines(&gauge),
        tabs: Kind::ALL.map(|tab| (hud::tab_word(tab), format!("{base}?tab={}", tab.as_str()), tab == kind)).into(),
        cards: WINDOWS
            .iter()
            .map(|days| card(*days, &summaries, &keys::summary(up, Some(&repo), kind, *days)))
            .collect(),
        board,
        trends: format!("/relay/trends?repo={}", encoded(repo.as_str())),
        open: open.iter().filter_map(|(key, _)| open_line(key.as_str(), &prefix, now)).collect(),
        failed: failed.into_iter().map(|(_, failed)| failed_line(failed, &repo, &shell, now)).collect(),
        repo: repo.to_string(),
    };
    let rows = keys::rows_of(&repo, up, kind);
    let entry = keys::entry(up, &repo);
    let topics = [
        format!("record/{}/{}", views::ROW_REPO, rows.trim_end_matches('/')),
        format!("record/{}/{}", views::SUMMARY, keys::days(up, Some(&repo), kind).trim_end_matches('/')),
        format!("record/{}/{entry}", views::LEVEL),
        format!("record/{}/{entry}", views::HEALTH),
        format!("record/{}", views::IDENTITY),
        format!("record/{}", views::OPEN),
        format!("record/{}", views::FAILED),
    ];
    shell.live(topics).page(repo.as_str(), &page).await
}

/// What the list says of an entry.
fn options(level: &LevelRecord, desk: &Desk) -> Vec<(&'static str, String)> {
    let (entry, config) = (&level.entry, desk.relay.config());
    let options = &entry.options;
    let globs = |globs: &Option<Vec<Glob>>| match globs {
        None => "all".to_owned(),
        Some(globs) if globs.is_empty() => "none".to_owned(),
        Some(globs) => globs.iter().map(Glob::as_str).collect::<Vec<_>>().join(", "),
    };
    let mut lines = Vec::new();
    if let Some(device) = &entry.device {
        lines.push(("device", device.as_str().to_owned()));
        lines.push(("label", device.label(&config.label_prefix)));
    }
    let events = [(options.events.pull_request, "pull_request"), (options.events.nightly, "nightly")];
    let events = events.iter().filter(|(on, _)| *on).map(|(_, name)| *name).collect::<Vec<_>>();
    lines.push(("events", events.join(", ")));
    lines.push(("refs", globs(&options.refs)));
    lines.push(("branches", globs(&options.branches)));
    if !options.labels.is_empty() {
        lines.push(("labels", options.labels.join(", ")));
    }
    if !options.oncalls.is_empty() {
        lines.push(("oncalls", options.oncalls.join(", ")));
    }
    let minutes = |own: Option<u32>, config: u32| format!("{} min", own.unwrap_or(config));
    lines.push(("a result may run", minutes(options.timeout_minutes, config.timeout_minutes)));
    lines.push(("the first report within", minutes(options.start_timeout_minutes, config.start_timeout_minutes)));
    if options.silent {
        lines.push(("silent", "under maintenance: no check runs, no gate, nothing counts".to_owned()));
    }
    lines
}

fn health_view(health: &HealthRecord, now: Timestamp) -> HealthView {
    let mark = match (health.demotion.due, health.suppresses(now)) {
        (true, true) => Mark::new(Shape::Failed, "demotion due"),
        (true, false) => Mark::new(Shape::Denied, "demotion due, lifted"),
        (false, _) => Mark::new(Shape::Succeeded, "no demotion due"),
    };
    let time = |at| Time { at, now };
    HealthView {
        mark,
        lines: health.lines.iter().map(CriterionLine::new).collect(),
        evaluated: health.evaluated_at.map(time),
        lifted: health.lifted_until.filter(|until| *until > now).map(time),
    }
}

fn gauge_lines(gauge: &Counters) -> Vec<(&'static str, String)> {
    let of = |field: &str| count(u64::try_from(gauge.get(field).copied().unwrap_or_default()).unwrap_or_default());
    vec![("held", of("held")), ("waiting", of("waiting")), ("open results", of("open"))]
}

fn card(days: u32, summaries: &[(Key, SummaryRecord)], key: &Key) -> Card {
    let sums = summaries.iter().find(|(known, _)| known == key).map(|(_, record)| record.sums).unwrap_or_default();
    let (rate, of) = figures::pass_rate(&sums);
    Card {
        days,
        rate,
        of,
        lines: vec![
            ("heads tested", count(sums.heads)),
            ("failures", count(sums.fail)),
            ("verdict upstream", count(sums.fail_upstream)),
            ("timeouts", count(sums.timeout)),
            ("timeout rate", figures::share(sums.timeout_rate())),
            ("average queue", figures::millis(sums.queue())),
            ("average execution", figures::millis(sums.execution())),
            ("median end to end", figures::p50(&sums)),
        ],
    }
}

/// An open result: its deadline and its own key stand in the key.
fn open_line(key: &str, prefix: &str, now: Timestamp) -> Option<OpenLine> {
    let (deadline, result) = key.strip_prefix(prefix)?.split_once('/')?;
    let mut parts = result.split('/').map(name_of);
    let (delivery_id, repo) = (parts.next()??, parts.next()??);
    let (workflow, name) = (parts.next()??, parts.next()??);
    Some(OpenLine {
        name: format!("{workflow} / {name}"),
        href: links::target(&delivery_id, &repo.parse().ok()?),
        deadline: Time { at: Timestamp::from_millis(deadline.parse().ok()?), now },
    })
}

fn failed_line(failed: Failed, repo: &switchboard_github::RepoName, shell: &Shell, now: Timestamp) -> FailedLine {
    let href = links::target(&failed.delivery_id, repo);
    FailedLine {
        again: shell.action(format!("{href}/redispatch"), "Dispatch again").map(ActionForm::quiet),
        id: ShortId::new(failed.delivery_id).to(href),
        error: failed.error,
        at: Time { at: failed.at, now },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_result_is_told_by_its_key() {
        let (repo, now) = ("Acme/Api".parse().unwrap(), Timestamp::EPOCH);
        let result = keys::result("d-1", &repo, "CI", "build (gpu)", "5", 1);
        let key = keys::open(&repo, Timestamp::from_millis(60_000), &result);
        let line = open_line(key.as_str(), "acme%2Fapi/", now).unwrap();
        assert_eq!((line.name.as_str(), line.href.as_str()), ("CI / build (gpu)", "/relay/dispatches/d-1/acme/api"));
        assert_eq!(line.deadline.at, Timestamp::from_millis(60_000));
        assert!(open_line("acme%2Fapi/x", "acme%2Fapi/", now).is_none());
    }
}
