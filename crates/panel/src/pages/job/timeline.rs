//! The life of a job or an intent: enqueued, waited, each attempt with its error and hint, what it settled, what is next.

use switchboard_clock::Timestamp;
use switchboard_store::{Attempt, Class, Fact, Work, WorkState};

use super::super::facts;
use super::super::tables::{CallTable, outcome};
use crate::components::{Flow, Html, Line, Notice, Sentence, State, Timeline, ago, duration, plural, sentence};
use crate::core::Core;

/// A wait for the first attempt that is worth a line, in milliseconds.
const WAIT_TOLD_MILLIS: u128 = 1_000;

/// Everything about a work, oldest first.
pub(super) fn timeline(core: &Core, work: &Work, attempts: &[Attempt], facts: &[Fact], now: Timestamp) -> Timeline {
    let mut lines = vec![line("enqueued", work.created_at, Flow::In, Sentence::new("Enqueued."))];
    if let Some(began) = work.first_leased_at {
        let wait = began.since(work.created_at);
        if wait.as_millis() >= WAIT_TOLD_MILLIS {
            lines.push(line(
                "waited",
                began,
                Flow::Decided,
                Sentence::new(format!("Its turn, after {}.", duration(wait))),
            ));
        }
    }
    let flow = if work.class == Class::Intent { Flow::Out } else { Flow::Decided };
    lines.extend(attempts.iter().enumerate().map(|(at, tried)| attempt(at + 1, tried, flow)));
    lines.extend(facts.iter().map(|fact| facts::line(core, fact)));
    lines.sort_by_key(|line| line.at);
    lines.extend(end(work, now));
    Timeline { lines }
}

fn attempt(number: usize, tried: &Attempt, flow: Flow) -> Line {
    let mark = outcome(&tried.outcome);
    let took = duration(tried.ended_at.since(tried.started_at));
    let calls = CallTable::of(&tried.calls);
    let why = tried.failure.as_ref().map(|failure| format!(": {}", sentence(&failure.message)));
    let text = format!("Attempt {number} {} after {took}{}", mark.word, why.unwrap_or_else(|| ".".to_owned()));
    let notice = tried.failure.as_ref().map(|failure| Html::of(&Notice::failure(mark.clone(), failure).unmarked()));
    Line {
        more: (notice.is_some() || calls.is_some()).then(|| {
            let worker = Html::trusted(format!("<p class=\"muted\">by {}</p>", Html::text(&tried.worker)));
            Html::joined([notice, calls.as_ref().map(Html::of), Some(worker)])
        }),
        ..line(&format!("a-{number}"), tried.started_at, flow, Sentence::new(text).state(mark.state))
    }
}

/// What it came to, or what happens next.
fn end(work: &Work, now: Timestamp) -> Option<Line> {
    let (at, told) = match (work.state, work.settled_at) {
        (WorkState::Waiting, _) if work.due > now => {
            let left = plural(work.attempts.into(), "counted attempt", "counted attempts");
            (work.due, Sentence::new(format!("Runs {}, after {left}.", ago(work.due, now))).state(State::Waiting))
        }
        (WorkState::Waiting, _) => (now, Sentence::new("Waits for its turn.").state(State::Waiting)),
        (WorkState::Leased, _) => (now, Sentence::new("Runs now.").state(State::Running)),
        (WorkState::Done, Some(at)) => (at, Sentence::new("Done.").state(State::Succeeded)),
        (WorkState::Dead, Some(at)) => {
            (at, Sentence::new("A dead letter: it stays until somebody replays or discards it.").state(State::Dead))
        }
        (WorkState::Withdrawn, Some(at)) => (at, Sentence::new("Withdrawn.").state(State::Cancelled)),
        (_, None) => return None,
    };
    Some(line("next", at, Flow::Decided, told))
}

fn line(key: &str, at: Timestamp, flow: Flow, sentence: Sentence) -> Line {
    Line { key: key.to_owned(), at, flow, sentence, kind: String::new(), more: None }
}
