//! One cell: a letter, a word, a colour, and a sentence for those who do not see any of them.

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_panel::components::{ago, zoned_minute};

use crate::pages::reading::Results;
use crate::pages::words;
use crate::records::{Cell, CellState, ResultRecord};

/// A cell as it is shown.
#[derive(Debug, Clone, Template)]
#[template(path = "relay/cell.html")]
pub(crate) struct CellView {
    /// The letter; nothing for a place without anything.
    letter: &'static str,
    word: &'static str,
    class: &'static str,
    /// What it stands under, for screen readers and for cards on narrow screens.
    column: String,
    /// How many passed, of all.
    share: Option<String>,
    /// What is said beside the word.
    more: String,
    href: Option<String>,
    again: bool,
    flagged: bool,
    first: bool,
    passed: bool,
    /// Whether it stands for one result of many: then the word is left to the text.
    small: bool,
}

impl HtmlSafe for CellView {}

impl CellView {
    /// A place at which there is nothing.
    pub(crate) fn nothing(column: String, first: bool) -> Self {
        Self {
            letter: "",
            word: "nothing",
            class: "none",
            column,
            share: None,
            more: String::new(),
            href: None,
            again: false,
            flagged: false,
            first,
            passed: true,
            small: true,
        }
    }

    /// An entry's cell.
    pub(crate) fn entry(cell: &Cell, column: String, href: String, now: Timestamp) -> Self {
        let mut more = Vec::new();
        if let Some(reason) = cell.skipped {
            more.push(reason.word().to_owned());
        }
        if let Some(error) = &cell.error {
            more.push(error.hint.clone().unwrap_or_else(|| error.message.clone()));
        }
        if let Some(since) = cell.since {
            more.push(format!("since {} ({})", zoned_minute(since), ago(since, now)));
        }
        Self {
            letter: cell.state.letter(),
            word: words::state(cell.level, cell.state),
            class: words::shape(cell.state).class(),
            column,
            share: (cell.total > 0).then(|| format!("{}/{}", cell.passed, cell.total)),
            more: more.join(", "),
            href: Some(href),
            again: cell.attempt.is_some_and(|attempt| attempt > 1),
            flagged: cell.flagged,
            first: true,
            passed: matches!(cell.state, CellState::Passed | CellState::Skipped),
            small: false,
        }
    }

    /// The cell of one result, or of several that share a column.
    pub(crate) fn results<'r>(
        results: impl Iterator<Item = &'r ResultRecord>,
        column: String,
        href: &str,
        first: bool,
    ) -> Self {
        let all: Vec<&ResultRecord> = results.collect();
        let state = |result: &&ResultRecord| words::cell_of(result.state);
        let Some(worst) = all.iter().map(state).max_by_key(|state| rank(*state)) else {
            return Self::nothing(column, first);
        };
        let passed = all.iter().filter(|result| state(result) == CellState::Passed).count();
        let corrected =
            |result: &&ResultRecord| result.echo_differs || words::by(result.state) == Some("GitHub says so");
        Self {
            letter: worst.letter(),
            word: worst.word(),
            class: words::shape(worst).class(),
            column,
            share: (all.len() > 1).then(|| format!("{passed}/{}", all.len())),
            more: String::new(),
            href: Some(href.to_owned()),
            again: all.iter().any(|result| result.attempt > 1),
            flagged: all.iter().any(corrected),
            first,
            passed: matches!(worst, CellState::Passed | CellState::Skipped),
            small: true,
        }
    }

    /// The results of these names.
    pub(crate) fn of_names(
        found: &Results,
        workflow: &str,
        names: &[String],
        column: String,
        href: &str,
        first: bool,
    ) -> Self {
        let results = names.iter().filter_map(|name| found.get(&(workflow.to_owned(), name.clone())));
        Self::results(results, column, href, first)
    }

    /// Whether a narrow screen leaves it out.
    pub(crate) fn is_passed(&self) -> bool {
        self.passed
    }
}

/// What hides what: a failure shows even while something else runs.
const fn rank(state: CellState) -> u8 {
    match state {
        CellState::Skipped => 0,
        CellState::Passed => 1,
        CellState::Neutral => 2,
        CellState::Queued | CellState::Held => 3,
        CellState::Cancelled => 4,
        CellState::Running => 5,
        CellState::NeverReported => 6,
        CellState::TimedOut => 7,
        CellState::Failed | CellState::NotDispatched => 8,
    }
}
