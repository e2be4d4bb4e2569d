//! Rows that several pages show.

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_store::{Attempt, Class, Delivery, DeliveryState, Failure, Work, WorkState};

use crate::components::{
    ActionForm, Call, Mark, Notice, Prose, ShortId, State, Time, bytes, duration, plural, sentence,
};
use crate::{Shell, links};

/// A list of deliveries.
#[derive(Template)]
#[template(path = "parts/deliveries.html")]
pub(super) struct DeliveryTable {
    pub(super) rows: Vec<DeliveryRow>,
    /// Leaves out what does not fit beside something else.
    pub(super) compact: bool,
}

pub(super) struct DeliveryRow {
    pub(super) key: String,
    pub(super) href: String,
    pub(super) mark: Mark,
    pub(super) event: String,
    /// Where it came from, unless that is GitHub.
    pub(super) platform: Option<String>,
    pub(super) about: About,
    pub(super) installation: Option<String>,
    pub(super) received: Time,
    pub(super) took: Option<String>,
    pub(super) size: String,
    pub(super) id: ShortId,
    pub(super) duplicates: u32,
}

/// A repository, with the number or commit in it.
pub(super) struct About {
    pub(super) name: String,
    pub(super) href: String,
    /// `#412` or `@9f3c2d1`, and the list of what is about it.
    pub(super) detail: Option<(String, String)>,
}

impl DeliveryRow {
    pub(super) fn new(delivery: &Delivery, now: Timestamp) -> Self {
        let href = links::delivery(delivery.id);
        Self {
            key: delivery.id.to_string(),
            mark: delivery.state.into(),
            event: event_name(delivery),
            platform: (delivery.key.platform != "github").then(|| delivery.key.platform.clone()),
            about: About::of(delivery),
            installation: delivery.installation.map(|id| id.to_string()),
            received: Time { at: delivery.accepted_at, now },
            took: took(delivery),
            size: bytes(delivery.body_bytes),
            id: ShortId::new(&*delivery.key.delivery_id).to(&*href),
            duplicates: delivery.duplicates,
            href,
        }
    }
}

impl DeliveryTable {
    pub(super) fn new(deliveries: &[Delivery], now: Timestamp, compact: bool) -> Self {
        Self { rows: deliveries.iter().map(|delivery| DeliveryRow::new(delivery, now)).collect(), compact }
    }
}

impl About {
    pub(super) fn of(delivery: &Delivery) -> Self {
        let subject = delivery.subject.as_ref().map_or("", |subject| subject.as_str());
        let detail = subject.find(['#', '@']).map(|at| {
            let text: String = match &subject[at..] {
                sha if sha.starts_with('@') => sha.chars().take(8).collect(),
                number => number.to_owned(),
            };
            (text, links::subject(subject))
        });
        match (&delivery.repository, delivery.installation) {
            (Some(name), _) => Self { name: name.clone(), href: links::subject(name), detail },
            (None, Some(id)) => {
                Self { name: format!("installation {id}"), href: links::installation(id), detail: None }
            }
            (None, None) => Self { name: String::new(), href: String::new(), detail: None },
        }
    }
}

/// `workflow_run.completed`
pub(super) fn event_name(delivery: &Delivery) -> String {
    match delivery.key.action.as_str() {
        "" => delivery.key.event.clone(),
        action => format!("{}.{action}", delivery.key.event),
    }
}

/// From its acceptance to the settlement of its last job.
pub(super) fn took(delivery: &Delivery) -> Option<String> {
    match delivery.state {
        DeliveryState::Ignored | DeliveryState::Pending => None,
        DeliveryState::Settled | DeliveryState::Dead => {
            delivery.settled_at.map(|at| duration(at.since(delivery.accepted_at)))
        }
    }
}

/// A list of jobs and intents.
#[derive(Template)]
#[template(path = "parts/works.html")]
pub(super) struct WorkTable {
    pub(super) rows: Vec<WorkRow>,
}

pub(super) struct WorkRow {
    pub(super) key: String,
    pub(super) href: String,
    pub(super) mark: Mark,
    pub(super) kind: String,
    pub(super) class: &'static str,
    pub(super) lane: (String, String),
    pub(super) attempts: String,
    /// What happens next, or when it ended.
    pub(super) when: When,
    pub(super) notice: Option<Notice>,
    pub(super) tried: Option<AttemptList>,
    pub(super) actions: Vec<ActionForm>,
}

pub(super) enum When {
    /// It ended.
    Ended(Time),
    /// It runs now.
    Now,
    /// It may run at this time.
    Due(Time),
    /// It could run and waits for its turn.
    Turn,
}

impl When {
    fn of(work: &Work, now: Timestamp) -> Self {
        match (work.state, work.settled_at) {
            (WorkState::Leased, _) => Self::Now,
            (WorkState::Waiting, _) if work.due > now => Self::Due(Time { at: work.due, now }),
            (WorkState::Waiting, _) => Self::Turn,
            (_, Some(at)) => Self::Ended(Time { at, now }),
            (_, None) => Self::Ended(Time { at: work.created_at, now }),
        }
    }
}

impl WorkRow {
    pub(super) fn new(work: &Work, shell: &Shell) -> Self {
        let now = shell.now();
        Self {
            key: work.id.to_string(),
            href: links::job(work.id),
            mark: mark(work, now),
            kind: work.kind.clone(),
            class: class(work),
            lane: (work.lane.to_string(), links::lane(work)),
            attempts: plural(work.attempts.into(), "attempt", "attempts"),
            when: When::of(work, now),
            notice: trouble(work, now).map(Notice::unmarked),
            tried: None,
            actions: letter_actions(work, shell),
        }
    }
}

/// `job` or `intent`.
pub(super) const fn class(work: &Work) -> &'static str {
    match work.class {
        Class::Job => "job",
        Class::Intent => "intent",
    }
}

/// A work's state; one that failed before and waits says so.
pub(super) fn mark(work: &Work, now: Timestamp) -> Mark {
    match work.state {
        WorkState::Waiting if work.failure.is_some() => Mark::new(State::Waiting, "to be retried"),
        WorkState::Waiting if work.due > now => Mark::new(State::Waiting, "scheduled"),
        state => state.into(),
    }
}

/// Why a work is not getting on.
pub(super) fn trouble(work: &Work, now: Timestamp) -> Option<Notice> {
    let unfinished = matches!(work.state, WorkState::Waiting | WorkState::Leased | WorkState::Dead);
    work.failure.as_ref().filter(|_| unfinished).map(|failure| Notice::failure(mark(work, now), failure))
}

/// What an operator can do with a dead letter.
pub(super) fn letter_actions(work: &Work, shell: &Shell) -> Vec<ActionForm> {
    if work.state != WorkState::Dead {
        return Vec::new();
    }
    let path = links::job(work.id);
    let replay = shell
        .action(format!("{path}/revive"), "Replay")
        .map(|form| form.title("Queue it again, its attempts counted afresh"));
    let discard = shell
        .action(format!("{path}/discard"), "Discard")
        .map(|form| form.quiet().title("Close it for good; it stays in the history"));
    replay.into_iter().chain(discard).collect()
}

/// The attempts of a work, with the calls that they made.
#[derive(Template)]
#[template(path = "parts/attempts.html")]
pub(super) struct AttemptList {
    pub(super) rows: Vec<AttemptRow>,
}

pub(super) struct AttemptRow {
    pub(super) number: usize,
    pub(super) mark: Mark,
    pub(super) started: Timestamp,
    pub(super) took: String,
    pub(super) worker: String,
    pub(super) why: Option<(Prose, String)>,
    pub(super) calls: Option<CallTable>,
}

/// Calls to the outside, in order.
#[derive(Template)]
#[template(path = "parts/calls.html")]
pub(super) struct CallTable {
    rows: Vec<Call>,
}

impl CallTable {
    /// The calls noted with an attempt, if it made any.
    pub(super) fn of(calls: &serde_json::Value) -> Option<Self> {
        let rows = Call::list(calls);
        (!rows.is_empty()).then_some(Self { rows })
    }
}

impl AttemptList {
    /// `told` is the failure that stands above the list already; the last attempt does not repeat it.
    pub(super) fn new(attempts: Vec<Attempt>, told: Option<&Failure>) -> Self {
        let last = attempts.len();
        let rows = attempts.into_iter().enumerate().map(|(at, attempt)| {
            let known = at + 1 == last && attempt.failure.as_ref() == told;
            let mark = outcome(&attempt.outcome);
            AttemptRow {
                number: at + 1,
                why: attempt
                    .failure
                    .filter(|_| !known)
                    .map(|failure| (Prose(sentence(&failure.message).into()), failure.code)),
                mark,
                started: attempt.started_at,
                took: duration(attempt.ended_at.since(attempt.started_at)),
                worker: attempt.worker,
                calls: CallTable::of(&attempt.calls),
            }
        });
        Self { rows: rows.collect() }
    }
}

/// How an attempt ended.
pub(super) fn outcome(outcome: &str) -> Mark {
    match outcome {
        "done" => Mark::new(State::Succeeded, "done"),
        "retry" => Mark::new(State::Failed, "failed, to be retried"),
        "held" => Mark::new(State::Denied, "held"),
        "dead" => Mark::new(State::Dead, "given up"),
        "lost" => Mark::new(State::TimedOut, "lost"),
        other => Mark::new(State::Cancelled, other.to_owned()),
    }
}

impl HtmlSafe for DeliveryTable {}
impl HtmlSafe for WorkTable {}
impl HtmlSafe for AttemptList {}
impl HtmlSafe for CallTable {}
