//! The two consents of a row: what the source's file says, and what the target's does, each with its line.

use switchboard_panel::components::State as Shape;

use super::Journey;
use super::measure::fit;
use crate::file::PATHS;
use crate::handlers::records::{RunState, TargetRecord, TargetState};
use crate::pages::links;
use crate::reasons::Reason;

/// Characters that fit into a line of the box, beside its mark: of the monospaced face, and of the other.
const COLUMNS: usize = 34;
const WORDS: usize = 40;

/// One side of the consent.
pub(super) struct Consent {
    pub(super) shape: Shape,
    pub(super) y: u32,
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) href: Option<String>,
    pub(super) text: String,
    pub(super) full: String,
    /// Whether the text is a quoted rule rather than our own words.
    pub(super) quoted: bool,
}

impl Consent {
    /// The rule that names this target.
    pub(super) fn outbound(journey: &Journey, target: &TargetRecord, y: u32, github: &str) -> Self {
        let rule = quote(&target.line_text, || format!("→ {} {}", target.repository, target.workflow));
        Self {
            shape: Shape::Succeeded,
            y,
            file: own_file(journey),
            line: Some(target.line),
            href: own_line(journey, target.line, github),
            text: fit(&rule, COLUMNS),
            full: format!("outbound, line {}: {rule}", target.line),
            quoted: true,
        }
    }

    /// What the target's own file says; when it does not consent, in our words.
    pub(super) fn inbound(journey: &Journey, target: &TargetRecord, y: u32, github: &str) -> Self {
        let run = journey.run();
        let source = format!("{} {}", run.source.repository, run.source.workflow);
        let (shape, text) = match (target.inbound_line, target.reason, target.state) {
            (Some(_), ..) => {
                let written = target.inbound_text.as_deref().unwrap_or_default();
                (Shape::Succeeded, quote(written, || format!("← {source}")))
            }
            (None, Some(Reason::InboundNotAuthorized), _) => (Shape::Denied, "no inbound rule for this".to_owned()),
            (None, Some(Reason::InputsNotAccepted), _) => (Shape::Denied, "does not accept these inputs".to_owned()),
            (None, Some(Reason::MissingTargetConfig), _) => (Shape::Denied, "no such file".to_owned()),
            (None, Some(Reason::InvalidTargetConfig), _) => (Shape::Denied, "the file is invalid".to_owned()),
            (None, Some(Reason::TargetConfigUnavailable), _) => {
                (Shape::Failed, "could not be read from GitHub".to_owned())
            }
            (None, _, TargetState::Waiting) => (Shape::Waiting, "being read".to_owned()),
            (None, ..) => (Shape::Cancelled, "not read: denied before that".to_owned()),
        };
        let quoted = target.inbound_line.is_some();
        Self {
            shape,
            y,
            file: fit(
                &format!("{} {}", target.repository, target.inbound_path.as_deref().unwrap_or(PATHS[0])),
                COLUMNS,
            ),
            line: target.inbound_line,
            href: Some(inbound_line(target, github).unwrap_or_else(|| links::repo(&target.repository))),
            full: match target.inbound_line {
                Some(line) => format!("inbound, line {line}: {text} ({source} may start {})", target.workflow),
                None => text.clone(),
            },
            text: fit(&text, if quoted { COLUMNS } else { WORDS }),
            quoted,
        }
    }

    /// Why the source's file names no target.
    pub(super) fn nothing(journey: &Journey, y: u32, github: &str) -> Self {
        let run = journey.run();
        let text = match run.reason {
            Some(Reason::MissingSourceConfig) => "no such file on the default branch",
            Some(Reason::InvalidSourceConfig) => "the file is invalid",
            _ => "no outbound rule for this workflow",
        };
        Self {
            shape: if run.state == RunState::Invalid { Shape::Failed } else { Shape::Cancelled },
            y,
            file: own_file(journey),
            line: None,
            href: own_line(journey, 1, github),
            text: text.to_owned(),
            full: text.to_owned(),
            quoted: false,
        }
    }

    /// The other side of [`Consent::nothing`].
    pub(super) fn nobody(y: u32) -> Self {
        let file = "no target".to_owned();
        let text = "nobody is asked".to_owned();
        Self { shape: Shape::Cancelled, y, file, line: None, href: None, full: text.clone(), text, quoted: false }
    }
}

/// A line of the file, or our words for one whose text was not kept.
fn quote(written: &str, words: impl FnOnce() -> String) -> String {
    if written.is_empty() { words() } else { written.to_owned() }
}

/// Where the consenting line stands at GitHub.
pub(super) fn inbound_line(target: &TargetRecord, github: &str) -> Option<String> {
    let (path, line) = (target.inbound_path.as_deref()?, target.inbound_line?);
    Some(links::line(github, &target.repository, path, line))
}

fn own_file(journey: &Journey) -> String {
    let run = journey.run();
    fit(&format!("{} {}", run.source.repository, run.config_path.as_deref().unwrap_or(PATHS[0])), COLUMNS)
}

fn own_line(journey: &Journey, line: u32, github: &str) -> Option<String> {
    let run = journey.run();
    run.config_path.as_deref().map(|path| links::line(github, &run.source.repository, path, line))
}
