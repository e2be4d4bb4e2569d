//! `/dispatcher/runs/{repository id}/{run id}/{attempt}`: the journey of a run, from its completion over both consents to the runs
//! that it started, and what those started in turn.
//!
//! Reads, at most seven beside the frame's: run, targets, results, issue, facts, and two more. Those two look further along the
//! chain: at what started this run (if it stands deeper than its root's own targets), and at what runs started from here went on to
//! start, for the first of them that have completed. The others' journeys are one click away.

mod cards;
mod consent;
mod measure;
mod picture;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;
use switchboard_engine::Reader;
use switchboard_panel::components::{
    Fields, Flow, GitHubLink, Guarded, Html, Line, Mark, Notice, PrettyJson, Sentence, Sha, ShortId, State as Shape,
    Time, Timeline, duration, plural,
};
use switchboard_panel::{Fault, Shell};
use switchboard_store::{Fact, FactsOf};

use super::reading::{self, Recorded};
use super::replay::{RunPath, run_key, unknown};
use super::{Desk, assets, links, words};
use crate::handlers::records::{IssueRecord, RunRecord, RunState, StartedRun, TargetRecord};
use crate::keys::{self, views};
use crate::run_key::RunKey;
use cards::Card;
use picture::Picture;

/// Facts that one page shows: all of a run with 200 targets.
const FACTS_MAX: usize = 600;
/// Started runs whose own dispatches are looked at, together with the look upwards.
const LOOKS: usize = 2;
/// Their dispatches that are shown.
const ONWARD_MAX: usize = 25;

/// Everything that is known about a run.
pub(super) struct Journey {
    recorded: Recorded,
    facts: Vec<Fact>,
    /// What started this run, if it is part of a chain.
    parent: Option<RunKey>,
    /// What started runs went on to start, by the number of the target here.
    onward: Vec<(u16, RunKey, Vec<TargetRecord>)>,
}

impl Journey {
    async fn read(reader: &Reader, key: RunKey) -> switchboard_store::Result<Option<Self>> {
        let Some(recorded) = Recorded::read(reader, key).await? else { return Ok(None) };
        let run = &recorded.run;
        let facts = reader.facts(FactsOf::Delivery(run.delivery), None, FACTS_MAX).await?;
        let mut looks = LOOKS;
        let parent = match run.lineage.depth {
            0 => None,
            1 => Some(run.lineage.root),
            _ => {
                looks -= 1;
                let started: Option<StartedRun> =
                    reader.get(&views::BY_TARGET_RUN, &keys::run_id(run.source.run_id)).await?;
                started.map(|started| started.run_key)
            }
        };
        let mut onward = Vec::new();
        // A run that has not completed cannot have started anything.
        let completed = recorded.targets.iter().filter(|target| recorded.result(target.n).is_some());
        for (n, key) in completed.filter_map(|target| Some((target.n, started(target)?))).take(looks) {
            onward.push((n, key, reading::targets(reader, key, ONWARD_MAX).await?));
        }
        Ok(Some(Self { recorded, facts, parent, onward }))
    }

    fn run(&self) -> &RunRecord {
        &self.recorded.run
    }

    fn onward(&self, n: u16) -> Option<(RunKey, &[TargetRecord])> {
        self.onward.iter().find(|(number, ..)| *number == n).map(|(_, key, targets)| (*key, targets.as_slice()))
    }
}

/// The run key that the run started for this target has, once it completes.
fn started(target: &TargetRecord) -> Option<RunKey> {
    Some(RunKey::new(target.repository_id?, target.run_id?, 1))
}

#[derive(Template)]
#[template(path = "pages/journey.html")]
struct JourneyPage {
    stylesheet: String,
    source: String,
    source_href: String,
    workflow: String,
    run_name: String,
    run_github: GitHubLink,
    replay: Option<ReplayForm>,
    asked: Option<Mark>,
    asked_href: Option<String>,
    now: Sentence,
    next: Sentence,
    chain: Vec<(String, bool)>,
    chain_note: Option<(String, String)>,
    parent: Option<String>,
    picture: Picture,
    cards: Vec<Card>,
    surplus: Option<Notice>,
    nothing: Option<Notice>,
    issue: Option<Html>,
    fields: Fields,
    timeline: Timeline,
    facts_cut: bool,
    delivery_href: String,
}

struct ReplayForm {
    path: String,
    guarded: Guarded,
}

/// What a page is told about the request that led to it.
#[derive(Deserialize)]
pub(super) struct After {
    asked: Option<u32>,
}

/// `GET /dispatcher/runs/{…}`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<RunPath>,
    Query(After { asked }): Query<After>,
    shell: Shell,
) -> Result<Response, Fault> {
    let key = run_key(&path)?;
    let journey = Journey::read(&desk.reader, key).await?.ok_or_else(unknown)?;
    let (run, now) = (journey.run(), shell.now());
    let base = RunKey { replay: None, ..key };
    let next_key = asked.map(|n| base.replayed(n));
    let page = JourneyPage {
        stylesheet: assets::stylesheet(),
        source: run.source.repository.to_string(),
        source_href: links::repo(&run.source.repository),
        workflow: run.source.workflow.to_string(),
        run_name: run_name(run),
        run_github: GitHubLink::new("on GitHub", run.source.url.clone()),
        replay: shell.guarded().map(|guarded| ReplayForm { path: format!("{}/replay", links::run(base)), guarded }),
        asked: next_key.map(|_| Mark::new(Shape::Running, "asked for")),
        asked_href: next_key.map(links::run),
        now: state(run, &journey.recorded.targets),
        next: next(&journey.recorded.targets, now),
        chain: chain(run),
        chain_note: (run.lineage.root != run.key && run.lineage.depth > 0)
            .then(|| (links::run(run.lineage.root), plural(run.lineage.depth.into(), "dispatch", "dispatches"))),
        parent: journey.parent.map(links::run),
        picture: Picture::draw(&journey, shell.github_url()),
        cards: journey
            .recorded
            .targets
            .iter()
            .map(|target| Card::new(target, &journey, shell.github_url(), now))
            .collect(),
        surplus: surplus(run),
        nothing: nothing(run),
        issue: journey.recorded.issue.as_ref().map(|issue| issue_line(issue, run, shell.github_url())),
        fields: fields(run, now),
        facts_cut: journey.facts.len() == FACTS_MAX,
        timeline: Timeline { lines: journey.facts.iter().map(line).collect() },
        delivery_href: switchboard_panel::links::delivery(run.delivery),
    };
    let topics = [
        "record/dispatcher.run".to_owned(),
        "record/dispatcher.target".to_owned(),
        "record/dispatcher.result".to_owned(),
        "record/dispatcher.issue".to_owned(),
        format!("facts/{}", keys::subject(&run.source.repository, &run.source.sha).as_str()),
    ];
    let title = format!("{} {}", page.source, page.run_name);
    shell.live(topics).page(&title, &page).await
}

fn run_name(run: &RunRecord) -> String {
    let mut name = format!("run {}", run.source.run_id);
    if run.source.run_attempt > 1 {
        name.push_str(&format!(", attempt {}", run.source.run_attempt));
    }
    if let Some(n) = run.key.replay {
        name.push_str(&format!(", replay {n}"));
    }
    name
}

/// How far the run has come, in a sentence.
fn state(run: &RunRecord, targets: &[TargetRecord]) -> Sentence {
    let open = targets.iter().any(|target| !target.state.is_terminal());
    match run.state {
        RunState::Invalid => {
            Sentence::new("Nothing was planned: the source's `dispatching.yml` is invalid.").state(Shape::Failed)
        }
        RunState::Dispatching if open => {
            Sentence::new("Dispatching: not every target has come to its end yet.").state(Shape::Running)
        }
        _ if run.dry_run && run.counts.allowed > 0 => {
            Sentence::new("Dry run: everything was decided, nothing was started.").state(Shape::Cancelled)
        }
        _ => match (run.finished_at, run.counts.candidates) {
            (_, 0) => {
                Sentence::new(run.reason.map_or("There was nothing to dispatch.", crate::reasons::Reason::sentence))
                    .state(Shape::Cancelled)
            }
            (Some(at), _) => {
                Sentence::new(format!("All settled, {} after the webhook.", duration(at.since(run.received_at))))
                    .state(Shape::Succeeded)
            }
            (None, _) => Sentence::new("All targets are settled.").state(Shape::Succeeded),
        },
    }
}

/// What happens next, and when.
fn next(targets: &[TargetRecord], now: switchboard_clock::Timestamp) -> Sentence {
    let due =
        targets.iter().filter(|target| !target.state.is_terminal()).filter_map(|target| target.next_attempt_at).min();
    let open = targets.iter().any(|target| !target.state.is_terminal());
    match due {
        Some(at) if at > now => {
            Sentence::new(format!("The next attempt is {}.", switchboard_panel::components::ago(at, now)))
                .state(Shape::Waiting)
        }
        _ if open => Sentence::new("The dispatch waits for its turn.").state(Shape::Waiting),
        _ => Sentence::new("Nothing is scheduled."),
    }
}

/// The path from the root, the last step being this run.
fn chain(run: &RunRecord) -> Vec<(String, bool)> {
    let last = run.lineage.path.len().saturating_sub(1);
    run.lineage.path.iter().enumerate().map(|(index, step)| (words::clip(step, 120), index == last)).collect()
}

/// The outcome that candidates past the two hundredth share.
fn surplus(run: &RunRecord) -> Option<Notice> {
    let reason = crate::reasons::Reason::MaxTargetsExceeded;
    (run.counts.surplus > 0).then(|| {
        let text =
            format!("{} beyond these: {}", plural(run.counts.surplus as u64, "target", "targets"), reason.sentence());
        Notice::new(Mark::new(Shape::Denied, "denied"), text).code(reason.code()).hint(reason.hint())
    })
}

/// Why there is no target at all.
fn nothing(run: &RunRecord) -> Option<Notice> {
    let reason = run.reason?;
    let mark = if run.state == RunState::Invalid {
        Mark::new(Shape::Failed, "invalid")
    } else {
        Mark::new(Shape::Cancelled, "nothing to do")
    };
    Some(Notice::new(mark, reason.sentence()).code(reason.code()).hint(reason.hint()))
}

fn issue_line(issue: &IssueRecord, run: &RunRecord, github: &str) -> Html {
    let sentence = |text: String, state: Shape| Html::of(&Sentence::new(text).state(state));
    if let Some(failure) = &issue.failure {
        return sentence(
            format!("The issue could not be written: {}.", words::clip(failure, 200).replace('`', "'")),
            Shape::Failed,
        );
    }
    if issue.suppressed {
        return sentence("None: the hour's budget of new issues was used up.".to_owned(), Shape::Cancelled);
    }
    match issue.number {
        Some(number) => {
            let own = format!("{}/issues/{number}", links::on_github(github, &run.source.repository));
            Html::of(&GitHubLink::new(format!("#{number}"), issue.url.clone().unwrap_or(own)))
        }
        None => sentence("About to be written.".to_owned(), Shape::Waiting),
    }
}

fn fields(run: &RunRecord, now: switchboard_clock::Timestamp) -> Fields {
    let source = &run.source;
    Fields::default()
        .with(
            "Delivery",
            Html::of(&ShortId::new(run.delivery_id.clone()).to(switchboard_panel::links::delivery(run.delivery))),
        )
        .with("Commit", Html::of(&Sha::new(source.sha.clone())))
        .with_some("Branch", source.branch.as_deref().map(|branch| Html::code(&words::clip(branch, 120))))
        .with("Event", Html::code(&words::clip(&source.event, 60)))
        .with_some("Actor", source.actor.as_deref().map(|actor| Html::text(&words::clip(actor, 60))))
        .with_some("Workflow name", source.name.as_deref().map(|name| Html::text(&words::clip(name, 120))))
        .with(
            "Installation",
            Html::link(
                &switchboard_panel::links::deliveries("installation", &source.installation_id.to_string()),
                &source.installation_id.to_string(),
            ),
        )
        .with("Accepted", Html::of(&Time { at: run.received_at, now }))
        .with("Planned after", Html::text(&duration(run.planned_at.since(run.received_at))))
        .with_some("Finished after", run.finished_at.map(|at| Html::text(&duration(at.since(run.received_at)))))
}

/// A fact as a line of the timeline.
fn line(fact: &Fact) -> Line {
    let told = words::tell(fact);
    let (flow, sentence) = told.map_or_else(
        || (Flow::Decided, Sentence::new(fact.kind.replace(['.', '_'], " "))),
        |told| (told.flow, told.sentence),
    );
    Line {
        key: format!("f-{}", fact.id),
        at: fact.at,
        flow,
        sentence,
        kind: fact.kind.clone(),
        more: Some(Html::of(&Particulars { json: PrettyJson::value(&fact.data) })),
    }
}

/// A fact's data as it is.
#[derive(Template)]
#[template(ext = "html", source = r#"<pre class="json">{{ json }}</pre>"#)]
struct Particulars {
    json: PrettyJson,
}
