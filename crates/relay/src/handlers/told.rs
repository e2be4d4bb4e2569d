//! How the relay is doing, in a sentence, for the overview.

use std::time::Duration;

use serde::Deserialize as _;
use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_engine::health::{self, Wellness};
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Lane, Settlement};

use crate::handlers::{NAME, Relay};
use crate::records::{AllowlistRecord, keys, views};

/// The lane of the job that says so.
pub(super) const LANE: Lane = Lane::of("relay:tell");
/// How often it looks, beside whenever the allowlist has changed.
pub(super) const EVERY: Duration = Duration::from_secs(300);

/// How long after something has happened, so that much at once is told once.
pub(super) const AFTER: Duration = Duration::from_secs(5);

/// What there is to say it from.
struct Vitals<'v> {
    up: &'v RepoName,
    list: Option<&'v AllowlistRecord>,
    last_event: Option<Timestamp>,
    stale_after: Duration,
    waiting: i64,
    held: i64,
    open: i64,
    now: Timestamp,
}

impl Relay {
    pub(super) async fn tell(&self, context: &Context) -> Result<Settlement, Trouble> {
        let row: Option<Value> = context.store.get(&health::VIEW, &health::key(NAME)).await?;
        let before = row.and_then(|row| health::Told::deserialize(row).ok());
        let list: Option<AllowlistRecord> = context.store.get(&views::ALLOWLIST, &keys::upstream(&self.up)).await?;
        let gauge = context.store.counter(&views::GAUGE, &keys::gauge(&self.up, None)).await?;
        let number = |field: &str| gauge.get(field).copied().unwrap_or(0).max(0);
        let (wellness, words) = examine(&Vitals {
            up: &self.up,
            list: list.as_ref(),
            last_event: self.last_pulse(context, "event").await?.map(|pulse| pulse.at),
            stale_after: Duration::from_secs(u64::from(self.config.stale_after_minutes) * 60),
            waiting: number("waiting"),
            held: number("held"),
            open: number("open"),
            now: context.now,
        });
        let told = health::Told { wellness, words, since: context.now }.still(before.as_ref());
        let mut settlement = Settlement::done();
        if before.as_ref() != Some(&told) {
            settlement.records.push(told.record(NAME, &json!({})));
        }
        Ok(settlement)
    }
}

/// The first thing that somebody has to know.
fn examine(vitals: &Vitals<'_>) -> (Wellness, String) {
    let Vitals { up, list, last_event, stale_after, waiting, held, open, now } = vitals;
    let error = list.and_then(|record| record.error.as_ref());
    let Some(entries) = list.and_then(|record| record.list.as_ref()).map(|list| list.entries().len()) else {
        return match error {
            Some(error) => (Wellness::Bad, format!("Events wait for a valid allowlist: {}.", sentence(&error.message))),
            None => (Wellness::Quiet, format!("The allowlist of {up} has not been read yet.")),
        };
    };
    if let Some(error) = error {
        let words = format!("The last good allowlist stays in force: {}.", sentence(&error.message));
        return (Wellness::Look, words);
    }
    match last_event {
        _ if entries == 0 => (Wellness::Quiet, "The allowlist is empty: nothing is relayed.".to_owned()),
        None => (Wellness::Quiet, format!("No event of {up} has come yet.")),
        Some(at) if now.since(*at) >= *stale_after => {
            let minutes = stale_after.as_secs() / 60;
            (Wellness::Look, format!("No event of {up} has come for more than {minutes} minutes."))
        }
        Some(_) => {
            let words = format!(
                "{up} is relayed. Repositories: {entries}, waiting for a report: {waiting}, held: {held}, open results: {open}."
            );
            (Wellness::Well, words)
        }
    }
}

/// A message that ends without a full stop, so that one can follow.
fn sentence(message: &str) -> &str {
    message.trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowlist::parse;
    use crate::records::AllowlistError;

    fn record(text: &str, error: Option<&str>) -> AllowlistRecord {
        let now = Timestamp::EPOCH;
        let error = error.map(|message| AllowlistError {
            reason: "invalid".to_owned(),
            message: message.to_owned(),
            since: now,
            diagnostics: Vec::new(),
        });
        let list = parse(text.as_bytes()).0.filter(|_| !text.is_empty());
        let (text, etag) = (text.to_owned(), None);
        AllowlistRecord { list, text, etag, since: Some(now), checked_at: now, warnings: Vec::new(), error }
    }

    fn of(list: Option<&AllowlistRecord>, last_event: Option<u64>) -> (Wellness, String) {
        let up: RepoName = "org/up".parse().unwrap();
        let minutes = |minutes: u64| Timestamp::EPOCH + Duration::from_secs(minutes * 60);
        examine(&Vitals {
            up: &up,
            list,
            last_event: last_event.map(minutes),
            stale_after: Duration::from_secs(360 * 60),
            waiting: 1,
            held: 2,
            open: 3,
            now: minutes(360),
        })
    }

    #[test]
    fn what_somebody_has_to_know_comes_first() {
        let good = record("L2: [org/a]", None);
        for (list, last, wellness, words) in [
            (None, None, Wellness::Quiet, "The allowlist of org/up has not been read yet."),
            (
                Some(&record("", Some("5:1 no."))),
                Some(360),
                Wellness::Bad,
                "Events wait for a valid allowlist: 5:1 no.",
            ),
            (
                Some(&record("L2: [org/a]", Some("5:1 no"))),
                Some(360),
                Wellness::Look,
                "The last good allowlist stays in force: 5:1 no.",
            ),
            (Some(&record("{}", None)), Some(360), Wellness::Quiet, "The allowlist is empty: nothing is relayed."),
            (Some(&good), None, Wellness::Quiet, "No event of org/up has come yet."),
            (Some(&good), Some(0), Wellness::Look, "No event of org/up has come for more than 360 minutes."),
            (
                Some(&good),
                Some(1),
                Wellness::Well,
                "org/up is relayed. Repositories: 1, waiting for a report: 1, held: 2, open results: 3.",
            ),
        ] {
            assert_eq!(of(list, last), (wellness, words.to_owned()));
        }
    }
}
