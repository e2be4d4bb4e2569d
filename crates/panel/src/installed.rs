//! What is known of an installation beyond GitHub's own words: what it still has to grant, what is left of its budget, and
//! until when it is held. Pure, but for the budgets, which the client of GitHub keeps in memory.

use std::collections::BTreeMap;

use serde::Deserialize as _;
use switchboard_clock::Timestamp;
use switchboard_engine::installations::Seen;
use switchboard_store::traffic::{self, Arrived};
use switchboard_store::{Hold, Installation, KeyRange, Record, Store, StoreError};

use crate::components::{Mark, State, count, plural};
use crate::core::Core;
use crate::insight::Budget;

/// What is left of GitHub's hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) left: u64,
    pub(crate) of: u64,
    pub(crate) reset: Timestamp,
}

impl Left {
    /// Of a budget, unless its hour is over.
    pub(crate) fn of(budget: &Budget, now: Timestamp) -> Option<Self> {
        let (left, of, reset) = budget.hour.filter(|(_, _, reset)| *reset > now)?;
        Some(Self { left, of, reset })
    }

    /// `4,987 of 5,000`
    pub(crate) fn text(&self) -> String {
        format!("{} of {}", count(self.left), count(self.of))
    }
}

/// Rows of what installations sent last that are read for one page of them: some may be of installations that are gone.
const ARRIVED: usize = 200;

/// What each installation of a range sent last; one read of the store.
pub(crate) async fn arrived(store: &dyn Store, range: KeyRange) -> Result<BTreeMap<u64, Arrived>, StoreError> {
    let records = store.records(&traffic::ARRIVED, range, ARRIVED).await?;
    let row = |record: Record| {
        let id = record.key.as_str().parse().ok()?;
        Some((id, Arrived::deserialize(record.value).ok()?))
    };
    Ok(records.into_iter().filter_map(row).collect())
}

/// Its event with the action: `issues.opened`.
pub(crate) fn event(arrived: &Arrived) -> String {
    match arrived.action.as_str() {
        "" => arrived.event.clone(),
        action => format!("{}.{action}", arrived.event),
    }
}

/// What the account is called.
pub(crate) fn name(seen: &Seen) -> String {
    seen.account.clone().unwrap_or_else(|| format!("installation {}", seen.id))
}

/// The budget of an installation, if somebody knows it.
pub(crate) fn budget(core: &Core, id: u64) -> Option<Budget> {
    core.insight.budgets.as_ref().map(|budgets| budgets.budget(Installation(id)))
}

/// Until when GitHub lets nothing be written, if it does not now.
pub(crate) fn held_until(id: u64, holds: &[Hold], budget: Option<&Budget>, now: Timestamp) -> Option<Timestamp> {
    let stored = holds.iter().filter(|hold| hold.installation.0 == id).map(|hold| hold.until);
    stored.chain(budget.and_then(|budget| budget.held_until)).filter(|until| *until > now).max()
}

/// How it is.
pub(crate) fn mark(seen: &Seen, held: Option<Timestamp>) -> Mark {
    let missing = missing(seen).len() as u64;
    match () {
        () if seen.suspended_at.is_some() => Mark::new(State::Denied, "suspended"),
        () if held.is_some() => Mark::new(State::Denied, "held"),
        () if missing > 0 => {
            Mark::new(State::Denied, format!("{} missing", plural(missing, "permission", "permissions")))
        }
        () => Mark::new(State::Succeeded, "active"),
    }
}

/// How much of a permission a word stands for; each level includes those before it.
pub(crate) fn level(access: Option<&String>) -> usize {
    let levels = ["read", "write", "admin"];
    access.map_or(0, |access| levels.iter().position(|level| level == access).map_or(1, |at| at + 1))
}

/// The permissions that the App asks for and that are not granted in full: their names, and what is asked for.
pub(crate) fn missing(seen: &Seen) -> Vec<(&str, &str)> {
    let lacks = |(name, access): &(&String, &String)| level(seen.granted.get(*name)) < level(Some(access));
    seen.needed.iter().filter(lacks).map(|(name, access)| (name.as_str(), access.as_str())).collect()
}
