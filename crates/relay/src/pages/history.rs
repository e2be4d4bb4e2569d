//! What became of the allowlist: changes that came into force, and texts that were refused.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_engine::subject;
use switchboard_panel::components::{Mark, State as Shape, Time, plural};
use switchboard_panel::links as panel_links;
use switchboard_store::{Fact, FactId, FactsOf, Result};
use uuid::Uuid;

use super::Desk;
use crate::allowlist::{Change, Standing};

/// How far back it goes.
const REACH: Duration = Duration::from_secs(90 * 24 * 3600);
/// Facts about the upstream that are looked at.
const FACTS: usize = 500;
/// Lines that are shown, and changes that are told of each.
const LINES: usize = 20;
const CHANGES: usize = 12;

/// Something that happened to the list.
pub(super) struct Event {
    pub(super) at: Time,
    pub(super) mark: Mark,
    pub(super) told: String,
    pub(super) changes: Vec<String>,
    pub(super) more: usize,
    pub(super) delivery: Option<String>,
}

/// What happened last, the newest first: one range.
///
/// # Errors
/// What the store says.
pub(super) async fn read(desk: &Desk, now: Timestamp) -> Result<Vec<Event>> {
    let about = subject::repository(desk.relay.upstream().as_str());
    let facts = desk.reader.facts(FactsOf::Subject(about), Some(first_at(now - REACH)), FACTS).await?;
    Ok(facts.iter().rev().filter_map(|fact| event(fact, now)).take(LINES).collect())
}

/// An id before those of all facts from this moment on: a UUIDv7 begins with its milliseconds (RFC 9562, section 5.7).
fn first_at(at: Timestamp) -> FactId {
    let millis = u128::try_from(at.millis()).unwrap_or_default();
    FactId(Uuid::from_u128(millis << 80))
}

#[derive(Deserialize)]
struct Changed {
    #[serde(default)]
    entries: u64,
    #[serde(default)]
    changes: Vec<Change>,
}

fn event(fact: &Fact, now: Timestamp) -> Option<Event> {
    let at = Time { at: fact.at, now };
    let delivery = fact.delivery.map(panel_links::delivery);
    match fact.kind.as_str() {
        "relay.allowlist.changed" => {
            let changed = Changed::deserialize(&fact.data).ok()?;
            Some(Event {
                at,
                mark: Mark::new(Shape::Succeeded, "in force"),
                told: plural(changed.entries, "entry", "entries"),
                more: changed.changes.len().saturating_sub(CHANGES),
                changes: changed.changes.iter().take(CHANGES).map(tell).collect(),
                delivery,
            })
        }
        "relay.allowlist.refused" => {
            let text = |name: &str| fact.data.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            Some(Event {
                at,
                mark: Mark::new(Shape::Denied, "refused"),
                told: text("message"),
                changes: Vec::new(),
                more: 0,
                delivery,
            })
        }
        _ => None,
    }
}

/// `acme/api added on L2`, `acme/api from L2 to L3 (cuda)`
fn tell(change: &Change) -> String {
    let place = |standing: &Standing| match &standing.device {
        Some(device) => format!("{} ({device})", standing.level),
        None => standing.level.to_string(),
    };
    let repo = &change.repo;
    match (&change.before, &change.after) {
        (None, Some(after)) => format!("{repo} added on {}", place(after)),
        (Some(before), None) => format!("{repo} removed from {}", place(before)),
        (Some(before), Some(after)) if before != after => format!("{repo} from {} to {}", place(before), place(after)),
        _ => format!("{repo} with other options"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_from_where_to_where() {
        let of = |text: &str| crate::allowlist::parse(text.as_bytes()).0.unwrap();
        let told = |old: &str, new: &str| -> Vec<String> {
            crate::allowlist::diff(&of(old), &of(new)).iter().map(tell).collect()
        };
        assert_eq!(told("L2: [a/b]", "L3: { cuda: { a/b: } }"), ["a/b from L2 to L3 (cuda)"]);
        assert_eq!(told("", "L1: [a/b]"), ["a/b added on L1"]);
        assert_eq!(told("L1: [a/b]", ""), ["a/b removed from L1"]);
        assert_eq!(told("L1: [a/b]", "L1: [{ a/b: { silent: true } }]"), ["a/b with other options"]);
    }
}
