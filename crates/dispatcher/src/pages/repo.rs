//! `/dispatcher/repos/{owner}/{name}`: one repository's file, whom it starts, who may start it; a box to lint a file in, and a form
//! to ask what a run would lead to.

mod file;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_engine::yaml::{Diagnostic, Severity};
use switchboard_panel::components::{GitHubLink, Mark, Notice, State as Shape, Time, count};
use switchboard_panel::{Fault, Session, SessionForm, Shell};
use switchboard_store::Counters;

use super::reading::{self, Edge, Side, count_of};
use super::repos::verdict;
use super::{Desk, assets, links, words};
use crate::handlers::records::RepoRecord;
use crate::handlers::{Simulated, SimulatedTarget, SimulationRequest};
use crate::keys::{self, views};
use crate::names::{RepositoryName, WorkflowFile};
use file::{FileNow, Quote};

#[derive(Template)]
#[template(path = "pages/repo.html")]
struct RepoPage {
    stylesheet: String,
    name: RepositoryName,
    path: String,
    github: GitHubLink,
    runs_href: String,
    target_href: String,
    recorded: Option<Recorded>,
    now_file: FileNow,
    out: Vec<EdgeLine>,
    inward: Vec<EdgeLine>,
    total: Vec<(&'static str, String)>,
    csrf: String,
    lint: Option<Lint>,
    text: String,
    simulation: Option<Simulation>,
    asked: SimulateFields,
}

/// The verdict that the last plan wrote down.
struct Recorded {
    mark: Mark,
    path: Option<String>,
    checked: Time,
    remarks: Remarks,
}

/// Remarks on a file.
#[derive(Template)]
#[template(path = "parts/remarks.html")]
pub(super) struct Remarks {
    list: Vec<Remark>,
}

impl Remarks {
    /// Each leads to its line, if `href` knows where that is.
    fn new(diagnostics: &[Diagnostic], href: impl Fn(&Diagnostic) -> Option<String>) -> Self {
        Self { list: diagnostics.iter().map(|diagnostic| Remark::new(diagnostic, href(diagnostic))).collect() }
    }
}

impl askama::filters::HtmlSafe for Remarks {}

/// A remark on a file.
struct Remark {
    mark: Mark,
    line: u32,
    column: u32,
    path: String,
    message: String,
    hint: Option<String>,
    href: Option<String>,
}

impl Remark {
    fn new(diagnostic: &Diagnostic, href: Option<String>) -> Self {
        let mark = match diagnostic.severity {
            Severity::Error => Mark::new(Shape::Failed, "error"),
            Severity::Warning => Mark::new(Shape::Denied, "warning"),
        };
        Self {
            mark,
            line: diagnostic.line,
            column: diagnostic.column,
            path: diagnostic.path.clone(),
            message: diagnostic.message.clone(),
            hint: diagnostic.hint.clone(),
            href,
        }
    }
}

/// An edge of the consent map.
struct EdgeLine {
    own: String,
    other: String,
    other_href: Option<String>,
    workflow: String,
    succeeded: String,
    failed: String,
    denied: String,
}

impl EdgeLine {
    fn new(edge: &Edge) -> Self {
        let number = |field| count(count_of(&edge.counters, field));
        Self {
            own: edge.own.clone(),
            other: edge.repository.clone(),
            other_href: reading::end(edge).map(|(name, _)| links::repo(&name)),
            workflow: edge.workflow.clone(),
            succeeded: number("succeeded"),
            failed: number("failed"),
            denied: number("denied"),
        }
    }
}

/// What the linter says.
struct Lint {
    mark: Mark,
    remarks: Remarks,
    lines: Quote,
}

/// What a simulation says.
enum Simulation {
    Done { skipped: Option<Notice>, targets: Vec<SimulatedLine>, surplus: usize, remarks: Remarks },
    Failed(Notice),
}

struct SimulatedLine {
    mark: Mark,
    repository: String,
    href: String,
    workflow: String,
    git_ref: Option<String>,
    line: u32,
    notice: Option<Notice>,
}

/// The fields of the form that simulates.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SimulateFields {
    workflow: String,
    branch: String,
    conclusion: String,
    event: String,
}

/// The field of the box that lints.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LintFields {
    text: String,
}

/// `GET /dispatcher/repos/{owner}/{name}`
pub(super) async fn page(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<(String, String)>,
    session: Session,
    shell: Shell,
) -> Result<Response, Fault> {
    show(&desk, &name(&path)?, &session, shell, Tried::default()).await
}

/// `POST /dispatcher/repos/{owner}/{name}/lint`
pub(super) async fn lint(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<(String, String)>,
    shell: Shell,
    form: SessionForm<LintFields>,
) -> Result<Response, Fault> {
    // Browsers end the lines of a form's text as the network does; the file would hold plain ends.
    let text = form.fields.text.replace("\r\n", "\n");
    let tried = Tried { lint: Some(linted(&text)), text, ..Tried::default() };
    show(&desk, &name(&path)?, &form.session, shell, tried).await
}

/// `POST /dispatcher/repos/{owner}/{name}/simulate`
pub(super) async fn simulate(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<(String, String)>,
    shell: Shell,
    form: SessionForm<SimulateFields>,
) -> Result<Response, Fault> {
    let repository = name(&path)?;
    let asked = form.fields;
    let simulation = match asked.workflow.trim().parse::<WorkflowFile>() {
        Err(error) => Simulation::Failed(
            Notice::new(Mark::new(Shape::Denied, "not asked"), format!("This is not a workflow: {error}."))
                .hint(error.hint),
        ),
        Ok(workflow) => {
            let given = |text: &String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
            let request = SimulationRequest {
                repository: repository.clone(),
                workflow,
                branch: given(&asked.branch),
                conclusion: given(&asked.conclusion),
                event: given(&asked.event),
            };
            match desk.dispatcher.simulate(&request, &desk.github).await {
                Ok(simulated) => simulation(&simulated),
                Err(trouble) => Simulation::Failed(file::trouble(&trouble)),
            }
        }
    };
    let tried = Tried { simulation: Some(simulation), asked, ..Tried::default() };
    show(&desk, &repository, &form.session, shell, tried).await
}

/// What a form has just been told.
#[derive(Default)]
struct Tried {
    lint: Option<Lint>,
    text: String,
    simulation: Option<Simulation>,
    asked: SimulateFields,
}

async fn show(
    desk: &Desk,
    name: &RepositoryName,
    session: &Session,
    shell: Shell,
    tried: Tried,
) -> Result<Response, Fault> {
    let (reader, now) = (&desk.reader, shell.now());
    let record: Option<RepoRecord> = reader.get(&views::REPO, &keys::repository(name)).await?;
    let out = reading::edges(reader, Side::Out, name).await?;
    let inward = reading::edges(reader, Side::In, name).await?;
    let total = reader.counter(&views::TOTAL, &keys::total_of(name)).await?;
    let now_file = file::look(&desk.github, name, shell.github_url()).await;
    let page = RepoPage {
        stylesheet: assets::stylesheet(),
        path: links::repo(name),
        github: GitHubLink::new("on GitHub", links::on_github(shell.github_url(), name)),
        runs_href: links::runs("source", &name.to_string()),
        target_href: links::runs("target", &name.to_string()),
        recorded: record.map(|record| recorded(&record, name, shell.github_url(), now)),
        now_file,
        out: out.iter().map(EdgeLine::new).collect(),
        inward: inward.iter().map(EdgeLine::new).collect(),
        total: totals(&total),
        csrf: session.csrf.clone(),
        lint: tried.lint,
        text: tried.text,
        simulation: tried.simulation,
        asked: tried.asked,
        name: name.clone(),
    };
    shell.page(&name.to_string(), &page).await
}

fn name((owner, name): &(String, String)) -> Result<RepositoryName, Fault> {
    RepositoryName::new(owner, name).map_err(|_| {
        Fault::not_found("There can be no repository of this name.")
            .hint("A repository is `owner/name`, as GitHub spells it.")
    })
}

fn recorded(record: &RepoRecord, name: &RepositoryName, github: &str, now: Timestamp) -> Recorded {
    let href =
        |diagnostic: &Diagnostic| record.path.as_deref().map(|path| links::line(github, name, path, diagnostic.line));
    Recorded {
        mark: verdict(&record.state),
        path: record.path.clone(),
        checked: Time { at: record.checked_at, now },
        remarks: Remarks::new(&record.diagnostics, href),
    }
}

fn totals(total: &Counters) -> Vec<(&'static str, String)> {
    [
        ("accepted", "runs"),
        ("skipped", "skipped"),
        ("candidates", "targets"),
        ("denied", "denied"),
        ("succeeded", "dispatched"),
        ("failed", "failed"),
    ]
    .iter()
    .map(|(field, word)| (*word, count(count_of(total, field))))
    .collect()
}

fn linted(text: &str) -> Lint {
    let (mark, diagnostics) = match crate::file::read(text.as_bytes()) {
        Ok((_, diagnostics)) if diagnostics.kept().is_empty() => (Mark::new(Shape::Succeeded, "valid"), diagnostics),
        Ok((_, diagnostics)) => (Mark::new(Shape::Succeeded, "valid, with warnings"), diagnostics),
        Err(diagnostics) => (Mark::new(Shape::Failed, "invalid"), diagnostics),
    };
    Lint { mark, lines: Quote::of(text, diagnostics.kept()), remarks: Remarks::new(diagnostics.kept(), |_| None) }
}

fn simulation(simulated: &Simulated) -> Simulation {
    let notice = |why: &crate::handlers::SimulatedReason, mark: Mark| {
        let text = if why.detail.is_empty() {
            why.sentence.to_owned()
        } else {
            format!("{} {}", why.sentence, words::clip(&why.detail, 300))
        };
        Notice::new(mark, text).code(why.reason.code()).hint(why.hint.clone())
    };
    let line = |target: &SimulatedTarget| {
        let mark = match target.state {
            "dispatched" => Mark::new(Shape::Succeeded, "would be started"),
            "denied" => Mark::new(Shape::Denied, "would be denied"),
            _ => Mark::new(Shape::Waiting, "not known"),
        };
        SimulatedLine {
            notice: target.why.as_ref().map(|why| notice(why, mark.clone())),
            mark,
            repository: target.repository.to_string(),
            href: links::repo(&target.repository),
            workflow: target.workflow.to_string(),
            git_ref: target.git_ref.clone(),
            line: target.line,
        }
    };
    Simulation::Done {
        skipped: simulated.skipped.as_ref().map(|why| notice(why, Mark::new(Shape::Cancelled, "nothing would happen"))),
        targets: simulated.targets.iter().map(line).collect(),
        surplus: simulated.surplus,
        remarks: Remarks::new(&simulated.diagnostics, |_| None),
    }
}
