//! The delivery of a story that is opened: its jobs and intents with their attempts and calls.

use switchboard_clock::Timestamp;
use switchboard_store::{Attempt, Class, Delivery, DeliveryId, DeliveryState, Work, WorkFilter, WorkState};

use super::super::delivery::most_telling;
use super::super::tables::{AttemptList, mark, trouble};
use super::story::Row;
use crate::components::{Call, Flow, Html, Sentence, State, duration, plural};
use crate::{Fault, Shell, links};

/// What a page may read for this: eight, without the frame, the deliveries and the facts.
const READS: usize = 5;
/// Jobs and intents that are read of one delivery.
const WORKS: usize = 60;

/// The opened delivery, and the works of another one that matters for what happens next.
pub(super) struct Opened {
    id: Option<DeliveryId>,
    /// Works with the attempts that were read; `None` where they are one click away.
    works: Vec<(Work, Option<Vec<Attempt>>)>,
    /// All that is known to be under way, the opened delivery's works among it.
    known: Vec<Work>,
}

impl Opened {
    /// Reads the delivery that was asked for, else the one that says most. `spent` reads are gone already.
    pub(super) async fn read(
        shell: &Shell,
        deliveries: &[Delivery],
        asked: Option<DeliveryId>,
        spent: usize,
    ) -> Result<Self, Fault> {
        let unsettled = |delivery: &&Delivery| matches!(delivery.state, DeliveryState::Pending | DeliveryState::Dead);
        let wanted = |delivery: &&Delivery| delivery.state != DeliveryState::Ignored;
        let telling = deliveries.iter().find(unsettled).or_else(|| deliveries.iter().find(wanted));
        let opened = deliveries.iter().find(|delivery| asked == Some(delivery.id)).or(telling);
        let Some(opened) = opened else {
            return Ok(Self { id: None, works: Vec::new(), known: Vec::new() });
        };
        let store = shell.store();
        let mut left = READS.saturating_sub(spent);
        let mut works = store.works(WorkFilter::Delivery(opened.id), None, WORKS).await?;
        left = left.saturating_sub(1);
        works.reverse();
        let mut known = works.clone();
        if let Some(telling) = telling.filter(|telling| telling.id != opened.id && left > 0) {
            known.extend(store.works(WorkFilter::Delivery(telling.id), None, WORKS).await?);
            left -= 1;
        }
        let mut works: Vec<_> = works.into_iter().map(|work| (work, None)).collect();
        for at in most_telling(works.iter().map(|(work, _)| work), left) {
            let attempts = store.attempts(works[at].0.id).await?;
            works[at].1 = Some(attempts);
        }
        Ok(Self { id: Some(opened.id), works, known })
    }

    /// Which delivery it is.
    pub(super) fn id(&self) -> Option<DeliveryId> {
        self.id
    }

    /// Jobs and intents from which one can tell what happens next.
    pub(super) fn works(&self) -> &[Work] {
        &self.known
    }

    /// Its jobs and intents as lines of the story.
    pub(super) fn rows(&self, now: Timestamp) -> impl Iterator<Item = Row> {
        self.works.iter().map(move |(work, attempts)| row(work, attempts.as_deref(), now))
    }
}

fn row(work: &Work, attempts: Option<&[Attempt]>, now: Timestamp) -> Row {
    let calls: Vec<Call> = attempts.into_iter().flatten().flat_map(|attempt| Call::list(&attempt.calls)).collect();
    let mark = mark(work, now);
    let mut text = format!("{} `{}` {}", noun(work), work.kind.replace('`', "'"), mark.word);
    if let (Some(began), Some(ended)) = (work.first_leased_at, work.settled_at) {
        text.push_str(&format!(" in {}", duration(ended.since(began))));
    }
    if work.attempts > 1 {
        text.push_str(&format!(", {}", plural(work.attempts.into(), "attempt", "attempts")));
    }
    let minted = calls.iter().filter(|call| call.kind == "mint").count() as u64;
    let made = calls.len() as u64 - minted;
    if made > 0 {
        text.push_str(&format!(", {}", plural(made, "call", "calls")));
    }
    if minted > 0 {
        text.push_str(&format!(", {} minted", plural(minted, "token", "tokens")));
    }
    text.push('.');
    let state = if work.state == WorkState::Done { State::Succeeded } else { mark.state };
    let notice = trouble(work, now).map(|notice| Html::of(&notice.unmarked()));
    let more = attempts.map(|attempts| {
        let list = AttemptList::new(attempts.to_vec(), work.failure.as_ref());
        Html::joined([notice, (!list.rows.is_empty()).then(|| Html::of(&list))])
    });
    Row {
        permalink: String::new(),
        key: format!("w-{}", work.id),
        at: work.first_leased_at.unwrap_or(work.created_at),
        flow: if work.class == Class::Intent { Flow::Out } else { Flow::Decided },
        delivery: work.delivery,
        sentence: Sentence::new(text).state(state),
        kind: String::new(),
        automation: Some(work.automation.clone()),
        more,
        links: vec![
            (links::job(work.id), if attempts.is_none() && work.attempts > 0 { "calls" } else { "job" }),
            (format!("/api/v1/jobs/{}", work.id), "raw"),
        ],
    }
}

const fn noun(work: &Work) -> &'static str {
    match work.class {
        Class::Job => "Job",
        Class::Intent => "Intent",
    }
}
