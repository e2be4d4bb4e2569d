//! The picture of a journey, left to right: source run, both consents, targets, and what those started in turn.
//!
//! Each candidate is a row. Its middle box is the two consents one above the other, each with its file and line; a row that ends at
//! a bar was denied there. The same rows stand as a list for narrow screens.

use askama::Template;
use switchboard_panel::components::{Mark, State as Shape};

use super::consent::Consent;
use super::measure::{fit, wrap};
use super::{Journey, words};
use crate::handlers::records::{RunState, TargetRecord, TargetState};
use crate::pages::links;
use crate::reasons::Reason;

/// Lengths in the picture's own units, which are a page's pixels at its full width.
const WIDTH: u32 = 1_232;
const HEAD: u32 = 30;
const ROW: u32 = 108;
const GAP: u32 = 14;
const SOURCE: Column = Column { x: 0, width: 212 };
const CONSENT: Column = Column { x: 262, width: 326 };
const TARGET: Column = Column { x: 650, width: 312 };
const ONWARD: Column = Column { x: 1_010, width: 222 };
/// The source's card.
const SOURCE_HEIGHT: u32 = 152;
/// Characters that fit beside the padding: 7.25 a character of the monospaced face at 12, 6.6 of the other at 12.5.
const SOURCE_COLUMNS: usize = 26;
const TARGET_COLUMNS: usize = 38;
const TARGET_WORDS: usize = 44;
const ONWARD_COLUMNS: usize = 25;
/// How round the corners of a box are.
const CORNER: u32 = 8;
/// Rows that are drawn; all of them have a card below.
const ROWS_MAX: usize = 24;
/// Onward targets that one row has room for.
const ONWARD_ROWS: usize = 4;

struct Column {
    x: u32,
    width: u32,
}

impl Column {
    const fn end(&self) -> u32 {
        self.x + self.width
    }
}

/// The picture, ready to be drawn.
#[derive(Template)]
#[template(path = "journey/picture.html")]
pub(super) struct Picture {
    width: u32,
    height: u32,
    source: Source,
    columns: [(u32, &'static str); 4],
    has_onward: bool,
    rows: Vec<Row>,
    more: usize,
    title: String,
}

struct Source {
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    /// Where its edges begin.
    out: (u32, u32),
    mark: Mark,
    repository: String,
    workflow: String,
    branch: String,
    sha: String,
    event: String,
    run: String,
    href: String,
    full: String,
}

/// One candidate.
struct Row {
    y: u32,
    middle: u32,
    n: u16,
    /// From the source's card to the consent.
    lead: String,
    consent: Column,
    outbound: Consent,
    inbound: Consent,
    target: Column,
    /// From the consent to the target: how the line looks.
    passage: &'static str,
    mark: Mark,
    repository: String,
    workflow: String,
    full: String,
    said: Vec<String>,
    result: Option<(Mark, String, Option<String>)>,
    attempts: Option<String>,
    onward: Option<Onward>,
}

/// What the started run went on to start.
struct Onward {
    x: u32,
    width: u32,
    href: String,
    head: String,
    items: Vec<(Mark, String, String)>,
    more: usize,
}

impl Row {
    fn height(&self) -> u32 {
        ROW
    }

    /// The upper half of the consent's box.
    fn upper(&self) -> String {
        let (x, end, r) = (self.consent.x, self.consent.end(), CORNER);
        let (top, middle) = (self.y, self.middle);
        format!("M{x} {middle}V{}q0-{r} {r}-{r}H{}q{r} 0 {r} {r}V{middle}z", top + r, end - r)
    }

    /// The lower half of the consent's box.
    fn lower(&self) -> String {
        let (x, end, r) = (self.consent.x, self.consent.end(), CORNER);
        let (middle, bottom) = (self.middle, self.y + ROW);
        format!("M{x} {middle}V{}q0 {r} {r} {r}H{}q{r} 0 {r}-{r}V{middle}z", bottom - r, end - r)
    }

    /// Whether both sides consent.
    fn agreed(&self) -> bool {
        self.inbound.shape == Shape::Succeeded && self.outbound.shape == Shape::Succeeded
    }
}

impl Picture {
    /// Draws a journey.
    pub(super) fn draw(journey: &Journey, github: &str) -> Self {
        let targets = &journey.recorded.targets;
        let shown = targets.len().clamp(1, ROWS_MAX) as u32;
        let rows_height = shown * ROW + (shown - 1) * GAP;
        let height = HEAD + rows_height.max(SOURCE_HEIGHT);
        // Beside few rows the source stands in their middle, beside many at their top.
        let source_y = HEAD + rows_height.saturating_sub(SOURCE_HEIGHT).min(2 * (ROW + GAP)) / 2;
        let source = source(journey, source_y);
        let first_y = HEAD + SOURCE_HEIGHT.saturating_sub(rows_height) / 2;
        let at = |index: usize| first_y + index as u32 * (ROW + GAP);
        let mut rows: Vec<Row> = targets
            .iter()
            .take(ROWS_MAX)
            .enumerate()
            .map(|(index, target)| row(journey, target, at(index), source.out, github))
            .collect();
        if rows.is_empty() {
            rows.push(nothing(journey, at(0), source.out, github));
        }
        let has_onward = rows.iter().any(|row| row.onward.is_some());
        Self {
            width: WIDTH,
            height,
            title: format!(
                "{} {}: {}",
                source.full,
                source.run,
                crate::pages::journey::plural(targets.len() as u64, "target", "targets")
            ),
            source,
            columns: [
                (SOURCE.x, "Source run"),
                (CONSENT.x, "Consent of both"),
                (TARGET.x, "Target"),
                (ONWARD.x, "Started by that"),
            ],
            has_onward,
            rows,
            more: targets.len().saturating_sub(ROWS_MAX),
        }
    }
}

fn source(journey: &Journey, y: u32) -> Source {
    let run = journey.run();
    let source = &run.source;
    let (repository, workflow) = (source.repository.to_string(), source.workflow.to_string());
    Source {
        x: SOURCE.x,
        y,
        width: SOURCE.width,
        height: SOURCE_HEIGHT,
        out: (SOURCE.end(), y + SOURCE_HEIGHT / 2),
        mark: words::conclusion(source.conclusion.as_deref()),
        full: format!("{repository} {workflow}"),
        repository: fit(&repository, SOURCE_COLUMNS),
        workflow: fit(&workflow, SOURCE_COLUMNS),
        branch: fit(source.branch.as_deref().unwrap_or("no branch"), SOURCE_COLUMNS - 8),
        sha: source.sha.chars().take(7).collect(),
        event: fit(&source.event, SOURCE_COLUMNS),
        run: super::run_name(run),
        href: web(&source.url).unwrap_or_default(),
    }
}

/// An address that leads to the web, and nowhere else.
pub(super) fn web(url: &str) -> Option<String> {
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.to_owned())
}

fn row(journey: &Journey, target: &TargetRecord, y: u32, from: (u32, u32), github: &str) -> Row {
    let name = target.repository.to_string();
    let file = target.workflow.to_string();
    let denied = matches!(target.state, TargetState::Denied);
    let result = journey.recorded.result(target.n);
    Row {
        y,
        middle: y + ROW / 2,
        n: target.n,
        lead: curve(from, (CONSENT.x, y + ROW / 4)),
        consent: CONSENT,
        outbound: Consent::outbound(journey, target, y, github),
        inbound: Consent::inbound(journey, target, y + ROW / 2, github),
        target: TARGET,
        passage: match target.state {
            TargetState::Denied => "stopped",
            TargetState::Failed if target.inbound_line.is_none() => "stopped",
            TargetState::Failed => "failed",
            TargetState::Succeeded => "passed",
            TargetState::Simulated => "imagined",
            _ => "open",
        },
        mark: words::mark(target.state),
        repository: fit(&name, TARGET_COLUMNS),
        workflow: match &target.git_ref {
            Some(git_ref) if !denied => fit(&format!("{file} on {git_ref}"), TARGET_COLUMNS),
            _ => fit(&file, TARGET_COLUMNS),
        },
        full: format!("{name} {file}"),
        said: target.reason.map_or_else(Vec::new, |reason| wrap(&reason.sentence().replace('`', ""), TARGET_WORDS, 3)),
        result: target.run_id.map(|id| {
            let mark = match result {
                Some(result) => words::conclusion(result.conclusion.as_deref()),
                None => Mark::new(Shape::Running, "not completed yet"),
            };
            (mark, format!("run {id}"), target.run_url.as_deref().and_then(web))
        }),
        attempts: (target.attempts > 1).then(|| format!("{} attempts", target.attempts)),
        onward: onward(journey, target),
    }
}

fn onward(journey: &Journey, target: &TargetRecord) -> Option<Onward> {
    let (key, targets) = journey.onward(target.n)?;
    let first = targets.first()?;
    // One row fewer when the last one says how many more there are.
    let room = if targets.len() > ONWARD_ROWS { ONWARD_ROWS - 1 } else { ONWARD_ROWS };
    let item = |target: &TargetRecord| {
        let full = format!("{} {}", target.repository, target.workflow);
        let owner = first.repository.owner();
        let name = if target.repository.is_owned_by(owner)
            && target.repository.is_owned_by(journey.run().source.repository.owner())
        {
            target.repository.name().to_owned()
        } else {
            target.repository.to_string()
        };
        (words::mark(target.state), fit(&format!("{name} {}", target.workflow), ONWARD_COLUMNS), full)
    };
    Some(Onward {
        x: ONWARD.x,
        width: ONWARD.width,
        href: links::run(key),
        head: super::plural(targets.len() as u64, "target of its own", "targets of its own"),
        items: targets.iter().take(room).map(item).collect(),
        more: targets.len() - targets.len().min(room),
    })
}

/// The one row of a run that names no target: why.
fn nothing(journey: &Journey, y: u32, from: (u32, u32), github: &str) -> Row {
    let run = journey.run();
    let reason = run.reason.unwrap_or(Reason::NoMatchingRule);
    let shape = if run.state == RunState::Invalid { Shape::Failed } else { Shape::Cancelled };
    Row {
        y,
        middle: y + ROW / 2,
        n: 0,
        lead: curve(from, (CONSENT.x, y + ROW / 4)),
        consent: CONSENT,
        outbound: Consent::nothing(journey, y, github),
        inbound: Consent::nobody(y + ROW / 2),
        target: TARGET,
        passage: "stopped",
        mark: Mark::new(shape, if run.state == RunState::Invalid { "invalid file" } else { "no targets" }),
        repository: String::new(),
        workflow: String::new(),
        full: reason.sentence().to_owned(),
        said: wrap(&reason.sentence().replace('`', ""), TARGET_WORDS, 3),
        result: None,
        attempts: None,
        onward: None,
    }
}

/// A line that leaves and arrives level.
fn curve((x1, y1): (u32, u32), (x2, y2): (u32, u32)) -> String {
    let middle = x1.midpoint(x2);
    format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}")
}

impl askama::filters::HtmlSafe for Picture {}
