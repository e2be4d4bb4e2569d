//! What became of a pull request, of a dispatch, and of one target: a section per entry, with decisions, results, check runs and what
//! happens next.

mod result;
mod section;

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::components::{ActionForm, GitHubLink, Mark, Sha, ShortId, State as Shape, Time};
use switchboard_panel::links as panel_links;
use switchboard_panel::{Fault, Shell};
use switchboard_store::KeyRange;

use super::{Desk, assets, links, question, reading, words};
use crate::checks::state::Written;
use crate::keys::name_of;
use crate::pull::PrState;
use crate::records::{DispatchRecord, Kind, PullRecord, RowRecord, SkippedEntry, TargetRecord, keys, views};
use section::{CheckLine, Section};

/// Sections that show their results; the others say only how they stand.
const RESULTS_READ: usize = 100;
/// Dispatches of a head that are looked at for each entry's newest target.
const DISPATCHES_READ: usize = 8;
/// Check runs of a commit that are read.
const CHECKS_READ: usize = 1_000;

#[derive(Template)]
#[template(path = "relay/story.html")]
struct StoryPage {
    stylesheet: String,
    heading: Heading,
    sections: Vec<Section>,
    skipped: Vec<(String, String, &'static str)>,
    earlier: Vec<Earlier>,
    redispatch: Option<ActionForm>,
}

/// What stands above the sections.
struct Heading {
    crumbs: Vec<(&'static str, String)>,
    number: Option<u64>,
    title: String,
    state: Option<Mark>,
    facts: Vec<(&'static str, String)>,
    head: Sha,
    planned: Option<Time>,
    delivery: Option<ShortId>,
    gate: Option<Mark>,
    gate_reasons: Vec<(String, &'static str)>,
    superseded: Option<(&'static str, String)>,
    subject: String,
    github: Option<GitHubLink>,
}

/// An earlier dispatch of the pull request.
struct Earlier {
    id: ShortId,
    head: Sha,
    at: Time,
    superseded: bool,
}

/// `GET /relay/prs/{number}`
pub(super) async fn pull(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Path(number): Path<u64>,
) -> Result<Response, Fault> {
    let (up, now) = (desk.relay.upstream(), shell.now());
    let record: Option<PullRecord> = desk.reader.get(&views::PULL, &keys::pull(up, number)).await?;
    let Some(record) = record else {
        return Err(Fault::not_found("Nothing is known of this pull request.")
            .hint("A pull request appears with its first event that the relay takes in."));
    };
    let head = record.info.head_sha.as_str().to_owned();
    let of_head = record.dispatches.iter().rev().filter(|relayed| relayed.head == head).take(DISPATCHES_READ);
    let mut newest: BTreeMap<RepoName, (String, TargetRecord)> = BTreeMap::new();
    let mut row = None;
    let mut planned: Option<DispatchRecord> = None;
    for relayed in of_head {
        for target in reading::targets(&desk, &relayed.delivery_id).await? {
            newest.entry(target.repo.clone()).or_insert_with(|| (relayed.delivery_id.clone(), target));
        }
        if planned.is_none() {
            planned = reading::dispatch(&desk, &relayed.delivery_id).await?;
            row = desk.reader.get::<RowRecord>(&views::ROW, &keys::row(up, Kind::PullRequest, relayed.seq)).await?;
        }
    }
    let skipped = planned.as_ref().map_or(&[][..], |planned| &planned.skipped);
    let skipped = skips(skipped.iter().filter(|skip| !newest.contains_key(&skip.repo)));
    let sections = sections(&desk, newest.into_values().collect(), &head, now).await?;
    let state = match record.info.state {
        PrState::Open => Mark::new(Shape::Running, "open"),
        PrState::Closed => Mark::new(Shape::Cancelled, "closed"),
    };
    let gate = row.as_ref().and_then(|row| row.gate.as_ref());
    let page = StoryPage {
        stylesheet: assets::stylesheet(),
        heading: Heading {
            crumbs: vec![("Relay", "/relay".to_owned())],
            number: Some(number),
            title: record.info.title.clone(),
            state: Some(state),
            facts: vec![
                ("author", record.info.author.clone()),
                ("base", record.info.base.clone()),
                ("labels", record.info.labels.join(", ")),
            ],
            head: Sha::new(head),
            planned: None,
            delivery: None,
            gate: gate.map(words::gate),
            gate_reasons: gate.map(gate_reasons).unwrap_or_default(),
            superseded: None,
            subject: panel_links::subject(&format!("{}#{number}", up.key())),
            github: Some(GitHubLink::new(
                "on GitHub",
                format!("{}/pull/{number}", links::on_github(&desk.relay.web, up)),
            )),
        },
        sections,
        skipped,
        earlier: record
            .dispatches
            .iter()
            .rev()
            .map(|relayed| Earlier {
                id: ShortId::new(relayed.delivery_id.clone()).to(links::dispatch(&relayed.delivery_id)),
                head: Sha::new(relayed.head.clone()),
                at: Time { at: reading::accepted(relayed.seq), now },
                superseded: relayed.superseded,
            })
            .collect(),
        redispatch: None,
    };
    let topics = ["record/relay.target", "record/relay.result", "record/relay.pr"];
    shell.live(topics).page(&format!("#{number}"), &page).await
}

/// `GET /relay/dispatches/{id}`
pub(super) async fn dispatch(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Path(id): Path<String>,
) -> Result<Response, Fault> {
    let now = shell.now();
    let dispatch = reading::dispatch(&desk, &id).await?.ok_or_else(unknown)?;
    let targets = reading::targets(&desk, &id).await?;
    let targets = targets.into_iter().map(|target| (id.clone(), target)).collect();
    let sections = sections(&desk, targets, &dispatch.head, now).await?;
    let skipped = skips(dispatch.skipped.iter());
    let row: Option<RowRecord> =
        desk.reader.get(&views::ROW, &keys::row(desk.relay.upstream(), dispatch.kind, dispatch.seq)).await?;
    let page = StoryPage {
        stylesheet: assets::stylesheet(),
        heading: heading(&desk, &dispatch, row.as_ref(), None, now),
        sections,
        skipped,
        earlier: Vec::new(),
        redispatch: None,
    };
    shell.live(["record/relay.target", "record/relay.result"]).page("Dispatch", &page).await
}

/// `GET /relay/dispatches/{id}/{owner}/{name}`: what a cell of the HUD opens to.
pub(super) async fn target(
    State(desk): State<Arc<Desk>>,
    shell: Shell,
    Path((id, owner, name)): Path<(String, String, String)>,
) -> Result<Response, Fault> {
    let now = shell.now();
    let repo = question::entry(&format!("{owner}/{name}"))?;
    let dispatch = reading::dispatch(&desk, &id).await?.ok_or_else(unknown)?;
    let target: Option<TargetRecord> = desk.reader.get(&views::TARGET, &keys::target(&id, &repo)).await?;
    let skip: Vec<&SkippedEntry> = dispatch.skipped.iter().filter(|skip| skip.repo == repo).collect();
    if target.is_none() && skip.is_empty() {
        return Err(unknown());
    }
    let skipped = skips(skip.into_iter());
    let path = format!("{}/redispatch", links::target(&id, &repo));
    let redispatch = target.as_ref().and_then(|_| shell.action(path, "Dispatch again"));
    let targets = target.into_iter().map(|target| (id.clone(), target)).collect();
    let page = StoryPage {
        stylesheet: assets::stylesheet(),
        sections: sections(&desk, targets, &dispatch.head, now).await?,
        heading: heading(&desk, &dispatch, None, Some(&repo), now),
        skipped,
        earlier: Vec::new(),
        redispatch: redispatch.map(|form| form.title("Send the same event to this repository once more")),
    };
    shell.live(["record/relay.target", "record/relay.result"]).page(repo.as_str(), &page).await
}

/// 404: no such dispatch.
fn unknown() -> Fault {
    Fault::not_found("There is no such dispatch here.")
        .hint("Dispatches are kept for as long as `retention_days` says; a delivery that was not relayed has none.")
}

fn heading(
    desk: &Desk,
    dispatch: &DispatchRecord,
    row: Option<&RowRecord>,
    repo: Option<&RepoName>,
    now: Timestamp,
) -> Heading {
    let up = desk.relay.upstream();
    let mut crumbs = vec![("Relay", "/relay".to_owned())];
    if dispatch.number.is_some_and(|number| number > 0) {
        crumbs.push(("Pull request", dispatch.number.map(links::pull).unwrap_or_default()));
    }
    if repo.is_some() {
        crumbs.push(("Dispatch", links::dispatch(&dispatch.delivery_id)));
    }
    let mut facts =
        vec![("event", format!("{} {}", dispatch.kind.event_type(), dispatch.action.as_deref().unwrap_or_default()))];
    facts.extend(dispatch.git_ref.clone().map(|name| ("ref", name)));
    facts.extend(dispatch.base.clone().map(|base| ("base", base)));
    facts.push(("author", dispatch.author.clone()));
    facts.push(("labels", dispatch.labels.join(", ")));
    let subject = match dispatch.number {
        Some(number) => format!("{}#{number}", up.key()),
        None => format!("{}@{}", up.key(), dispatch.head),
    };
    let gate = row.and_then(|row| row.gate.as_ref());
    Heading {
        crumbs,
        number: dispatch.number,
        title: dispatch.title.clone(),
        state: None,
        facts,
        head: Sha::new(dispatch.head.clone()),
        planned: Some(Time { at: dispatch.planned_at, now }),
        delivery: Some(ShortId::new(dispatch.delivery_id.clone()).to(panel_links::delivery(dispatch.seq))),
        gate: gate.map(words::gate),
        gate_reasons: gate.map(gate_reasons).unwrap_or_default(),
        superseded: dispatch.superseded.as_ref().map(|by| (words::superseded(by.why), links::dispatch(&by.by))),
        github: Some(GitHubLink::new(
            "commit on GitHub",
            format!("{}/commit/{}", links::on_github(&desk.relay.web, up), panel_links::encoded(&dispatch.head)),
        )),
        subject: panel_links::subject(&subject),
    }
}

fn gate_reasons(gate: &crate::checks::gate::Gate) -> Vec<(String, &'static str)> {
    gate.reasons.iter().map(|(repo, reason)| (repo.to_string(), reason.text())).collect()
}

/// Skipped entries with their pages and reasons.
fn skips<'s>(skipped: impl Iterator<Item = &'s SkippedEntry>) -> Vec<(String, String, &'static str)> {
    skipped.map(|skip| (skip.repo.to_string(), links::repo(&skip.repo), words::skipped(skip.reason))).collect()
}

/// A section for each target, the worst first.
async fn sections(
    desk: &Desk,
    targets: Vec<(String, TargetRecord)>,
    head: &str,
    now: Timestamp,
) -> Result<Vec<Section>, Fault> {
    let checks: Vec<(_, Written)> = if targets.iter().any(|(_, target)| target.level.checks()) {
        desk.reader.list(&views::CHECK, KeyRange::prefix(&keys::checks(head)), CHECKS_READ).await?
    } else {
        Vec::new()
    };
    let named = |key: &str| key.split_once('/').and_then(|(_, name)| name_of(name));
    let checks: Vec<(String, Written)> =
        checks.into_iter().filter_map(|(key, written)| Some((named(key.as_str())?, written))).collect();
    let mut sections = Vec::new();
    for (at, (delivery_id, target)) in targets.into_iter().enumerate() {
        let read = at < RESULTS_READ && !target.runs.is_empty();
        let results = if read { reading::results(&desk.reader, &delivery_id, &target.repo).await? } else { Vec::new() };
        let lines = CheckLine::of(&checks, &target.repo, desk);
        sections.push(Section::new(desk, &delivery_id, &target, &results, lines, now));
    }
    sections.sort_by_key(|section| !section.bad);
    Ok(sections)
}
