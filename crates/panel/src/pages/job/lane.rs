//! What a job or an intent waits for: the one before it in its lane, and GitHub's hold on its installation.

use switchboard_clock::Timestamp;
use switchboard_store::{Class, Hold, Work, WorkState};

use crate::components::{Sentence, State, ago, plural};
use crate::links;

/// Works of a lane that are read; a longer one is told as "at least".
pub(crate) const LANE: usize = 100;

/// Which of the unsettled works of a lane, newest first, holds it: one that runs, else the oldest whose turn has come.
/// A timer that is not due holds nothing, but one that failed and waits to be tried again does.
pub(crate) fn holder(lane: &[Work], now: Timestamp) -> Option<&Work> {
    let runs = lane.iter().find(|work| work.state == WorkState::Leased);
    runs.or_else(|| lane.iter().rev().find(|work| work.failure.is_some() || work.due <= now))
}

/// How the lane stands, in a sentence; `None` if nothing is held.
pub(crate) fn sentence(lane: &[Work], now: Timestamp) -> Option<Sentence> {
    let holder = holder(lane, now)?;
    let waiting = (lane.len() - 1) as u64;
    let kind = holder.kind.replace('`', "'");
    let least = if lane.len() == LANE { "at least " } else { "" };
    let behind = match waiting {
        0 => "nothing waits behind it".to_owned(),
        1 => format!("{least}1 waits behind it"),
        n => format!("{least}{} behind it", plural(n, "waits", "wait")),
    };
    let text = match holder.state {
        WorkState::Leased => format!("`{kind}` runs and holds the lane; {behind}."),
        _ if holder.due > now => {
            format!("`{kind}` holds the lane until it is tried again {}; {behind}.", ago(holder.due, now))
        }
        _ => format!("`{kind}` is next; {behind}."),
    };
    let state = match holder.state {
        WorkState::Leased => State::Running,
        _ if holder.failure.is_some() => State::Denied,
        _ => State::Waiting,
    };
    Some(Sentence::new(text).state(state).to(links::job(holder.id)))
}

/// What one work waits for.
pub(super) fn waits(work: &Work, lane: &[Work], holds: &[Hold], now: Timestamp) -> Option<Sentence> {
    if work.state != WorkState::Waiting {
        return None;
    }
    let hold = holds.iter().find(|hold| Some(hold.installation) == work.installation && hold.until > now);
    if let Some(hold) = hold.filter(|_| work.class == Class::Intent) {
        let text = format!(
            "GitHub asked to wait: writes of installation {} go on {}.",
            hold.installation,
            ago(hold.until, now)
        );
        return Some(Sentence::new(text).state(State::Denied).to(links::installation(hold.installation)));
    }
    let holder = holder(lane, now).filter(|holder| holder.id != work.id)?;
    let before = lane.iter().filter(|other| other.id < work.id).count() as u64;
    let kind = holder.kind.replace('`', "'");
    let others = plural(before, "job or intent", "jobs and intents");
    let text = format!("Waits behind {others} of its lane, which `{kind}` holds.");
    Some(Sentence::new(text).state(State::Waiting).to(links::job(holder.id)))
}
