//! One entry's section: how its target stands, what it reported, which check runs say so, and what happens next.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::components::{GitHubLink, Mark, Notice, Prose, State as Shape, Time};

use super::result::ResultLine;
use crate::advance::State;
use crate::checks::state::{Progress, Written};
use crate::pages::{Desk, links, reading, words};
use crate::records::{Cell, CellState, ResultRecord, TargetRecord, TargetState};

/// An entry's section.
#[derive(Template)]
#[template(path = "relay/section.html")]
pub(super) struct Section {
    repo: String,
    anchor: String,
    repo_href: String,
    target_href: String,
    level: &'static str,
    mark: Mark,
    sentence: Prose,
    notice: Option<Notice>,
    sent: Option<Time>,
    attempts: u32,
    flagged: bool,
    silent: bool,
    superseded: Option<(&'static str, String)>,
    pub(super) bad: bool,
    groups: Vec<(&'static str, Vec<ResultLine>)>,
    unread: u32,
    checks: Vec<CheckLine>,
    next: Option<(&'static str, Option<Time>)>,
}

impl HtmlSafe for Section {}

/// A check run as it was last written.
pub(super) struct CheckLine {
    name: String,
    mark: Mark,
    link: GitHubLink,
}

impl CheckLine {
    /// The check runs of one entry among those of a commit.
    pub(super) fn of(checks: &[(String, Written)], repo: &RepoName, desk: &Desk) -> Vec<Self> {
        let own = format!("crcr/{}", repo.key());
        let web = links::on_github(&desk.relay.web, desk.relay.upstream());
        let is_own = |name: &str| {
            let name = name.to_lowercase();
            name.strip_prefix(&own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let line = |(name, written): &(String, Written)| Self {
            name: name.clone(),
            mark: check_mark(written.progress),
            link: GitHubLink::new("on GitHub", format!("{web}/runs/{}", written.id)),
        };
        checks.iter().filter(|(name, _)| is_own(name)).map(line).collect()
    }
}

fn check_mark(progress: Progress) -> Mark {
    match progress {
        Progress::Queued => Mark::new(Shape::Waiting, "queued"),
        Progress::InProgress => Mark::new(Shape::Running, "in progress"),
        Progress::Completed(conclusion) => {
            let state = CellState::of(conclusion);
            Mark::new(words::shape(state), conclusion.title())
        }
    }
}

impl Section {
    /// The section of a target with these results.
    pub(super) fn new(
        desk: &Desk,
        delivery_id: &str,
        target: &TargetRecord,
        results: &[ResultRecord],
        checks: Vec<CheckLine>,
        now: Timestamp,
    ) -> Self {
        let config = desk.relay.config();
        let state = Cell::of(target).state;
        let notice = target.error.as_ref().map(|error| {
            let notice = Notice::new(Mark::new(Shape::Failed, "not dispatched"), error.message.clone());
            let notice = notice.unmarked().code(error.code.clone());
            match &error.hint {
                Some(hint) => notice.hint(hint.clone()),
                None => notice,
            }
        });
        let next = next(target, results);
        let unread = target.results.saturating_sub(u32::try_from(results.len()).unwrap_or(u32::MAX));
        let mut groups = [("Failed", Vec::new()), ("Running", Vec::new()), ("Ended", Vec::new())];
        for result in results {
            let place = match words::cell_of(result.state) {
                state if state.is_bad() => 0,
                CellState::Running => 1,
                _ => 2,
            };
            let mut line =
                ResultLine::new(result, &target.repo, &desk.relay.web, reading::deadline(target, result), now);
            // A single one has nothing to be told apart from.
            line.open |= results.len() == 1;
            groups[place].1.push(line);
        }
        Self {
            repo: target.repo.to_string(),
            anchor: target.repo.key().replace('/', "-"),
            repo_href: links::repo(&target.repo),
            target_href: links::target(delivery_id, &target.repo),
            level: target.level.as_str(),
            mark: Mark::new(words::shape(state), words::state(target.level, state)),
            sentence: Prose(words::target(target, &config.approve_label).into()),
            notice,
            sent: target.sent_at.map(|at| Time { at, now }),
            attempts: target.attempts,
            flagged: target.flagged,
            silent: target.silent,
            superseded: target.superseded.as_ref().map(|by| (words::superseded(by.why), links::dispatch(&by.by))),
            bad: state.is_bad(),
            groups: groups.into_iter().filter(|(_, lines)| !lines.is_empty()).collect(),
            unread,
            checks,
            next: next.map(|(what, at)| (what, at.map(|at| Time { at, now }))),
        }
    }
}

/// What happens next by itself, and when.
fn next(target: &TargetRecord, results: &[ResultRecord]) -> Option<(&'static str, Option<Timestamp>)> {
    let minutes = |minutes: u32| Duration::from_secs(u64::from(minutes) * 60);
    match target.state {
        TargetState::Held => Some(("a maintainer approves this head", None)),
        TargetState::Unsent => Some(("it is sent", None)),
        TargetState::Unconfirmed => Some(("the send is confirmed or repeated", None)),
        TargetState::Failed | TargetState::Withdrawn | TargetState::NeverReported => None,
        TargetState::Sent if target.runs.is_empty() => {
            let due = target.sent_at? + minutes(target.start_timeout_minutes);
            target.level.reports().then_some(("it counts as never reported", Some(due)))
        }
        TargetState::Sent => {
            let open = results.iter().filter(|result| result.state == State::Running);
            let due = open.map(|result| reading::deadline(target, result)).min();
            match due {
                Some(due) => Some(("the first open result times out", Some(due))),
                None if target.is_done() => None,
                None => Some(("GitHub is asked whether the run has ended", None)),
            }
        }
    }
}
