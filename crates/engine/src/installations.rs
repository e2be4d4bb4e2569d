//! Where the App is installed, as GitHub last said: one record an installation, for pages that never ask GitHub.
//!
//! A look reads the App and its list of installations, at start and on a schedule. Webhooks about installations do not
//! start one: they make no work, and what they say is in the list a few minutes later.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_github::api::app::Installation;
use switchboard_github::permission::Permissions;
use switchboard_store::{Key, KeyRange, Lane, RecordChange, Settlement, View, Work};

use crate::operations::QUEUE;
use crate::{Context, Schedule, Trouble};

/// The scheduled look.
pub const CHECK: &str = "engine.installations";
/// Installations by their number; holds [`Seen`] rows.
pub const VIEW: View = View::of("engine.installation");

const EVERY: Duration = Duration::from_secs(600);
/// Pages of a hundred that a look reads: what is beyond has no record.
const PAGES_MAX: usize = 8;
/// Records that a look compares with the list: as many as it can have written.
const RECORDS_MAX: usize = PAGES_MAX * 100;

/// An installation as a look saw it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// Its number.
    pub id: u64,
    /// The account's name.
    pub account: Option<String>,
    /// `User` or `Organization`.
    pub kind: Option<String>,
    /// `all` or `selected` repositories.
    pub repositories: Option<String>,
    /// Since when it is suspended, if it is.
    pub suspended_at: Option<String>,
    /// What the account granted, name by access.
    pub granted: BTreeMap<String, String>,
    /// What the App asks for.
    pub needed: BTreeMap<String, String>,
    /// The events that it sends.
    pub events: Vec<String>,
    /// When it was seen so.
    pub seen_at: Option<Timestamp>,
}

pub(crate) fn schedule() -> Schedule {
    Schedule { kind: CHECK, queue: QUEUE, lane: Lane::of("installations"), every: EVERY, at_start: true }
}

/// Reads the list and writes it down; what is no longer on it is forgotten.
pub(crate) async fn look(_: &Work, context: &Context) -> Result<Settlement, Trouble> {
    let needed = words(&context.github.app().fetch().await?.value.permissions);
    let mut found: Vec<Installation> = Vec::new();
    let mut page = context.github.installations().fetch().await?;
    for left in (0..PAGES_MAX).rev() {
        found.append(&mut page.value);
        match page.answer.next() {
            Some(next) if left > 0 => page = context.github.installations().page(next).fetch().await?,
            _ => break,
        }
    }
    let mut settlement = Settlement::done();
    let mut listed = BTreeSet::new();
    for installation in found {
        let key = Key::from(installation.id.to_string());
        let seen = Seen {
            id: installation.id.0,
            account: installation.account.as_ref().and_then(|account| account.login.clone()),
            kind: installation.account.and_then(|account| account.kind),
            repositories: installation.repository_selection,
            suspended_at: installation.suspended_at,
            granted: words(&installation.permissions),
            needed: needed.clone(),
            events: installation.events,
            seen_at: Some(context.now),
        };
        listed.insert(key.clone());
        settlement.records.push(RecordChange::Put(VIEW, key, json!(seen)));
    }
    let known = context.store.list::<serde_json::Value>(&VIEW, KeyRange::all(), RECORDS_MAX).await?;
    let gone = known.into_iter().map(|(key, _)| key).filter(|key| !listed.contains(key));
    settlement.records.extend(gone.map(|key| RecordChange::Delete(VIEW, key)));
    Ok(settlement)
}

fn words(permissions: &Permissions) -> BTreeMap<String, String> {
    serde_json::to_value(permissions).and_then(serde_json::from_value).unwrap_or_default()
}
