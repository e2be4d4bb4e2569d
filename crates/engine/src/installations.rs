//! Where the App is installed, as GitHub last said: one record an installation, for pages that never ask GitHub.
//!
//! A look reads the App and its whole list of installations, at start and on a schedule. A webhook about an installation
//! (created, suspended, permissions accepted, repositories added, …) makes a look at that one, so that the record is true
//! within seconds. Many webhooks about one installation that come together are one look.
//!
//! All looks share one lane, so that an older one never overwrites a newer.

mod covered;
mod list;
mod one;
mod registered;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_github::api::app::{App, Installation};
use switchboard_github::permission::Permissions;
use switchboard_store::{Follows, Key, Lane, NewJob, RecordChange, View};

use crate::operations::{NAME, QUEUE};
use crate::{Arrival, Context, GITHUB, Schedule, Trouble};

pub use covered::Repositories;
pub(crate) use list::look;
pub(crate) use one::look_at_one;
pub use registered::{APP, APP_CURRENT, Registered};

/// The scheduled look at the whole list.
pub const CHECK: &str = "engine.installations";
/// The look at one installation that a webhook makes.
pub const CHECK_ONE: &str = "engine.installation";
/// Installations by their number; holds [`Seen`] rows.
pub const VIEW: View = View::of("engine.installation");
/// What installations cover that cover selected repositories, by their number; holds [`Repositories`] rows.
pub const REPOSITORIES: View = View::of("engine.installation.repositories");

/// The events that say that something about an installation has changed. GitHub sends them to every App; nobody subscribes.
/// Source: docs.github.com, "Webhook events and payloads".
const EVENTS: [&str; 3] = ["installation", "installation_repositories", "installation_target"];

const EVERY: Duration = Duration::from_secs(600);

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
    /// How many it covers, if it covers selected ones and they were counted; their names stand in [`REPOSITORIES`].
    pub repository_count: Option<u64>,
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

impl Seen {
    /// What GitHub says now. How many repositories are covered is another question.
    fn of(installation: Installation, needed: &BTreeMap<String, String>, now: Timestamp) -> Self {
        Self {
            id: installation.id.0,
            account: installation.account.as_ref().and_then(|account| account.login.clone()),
            kind: installation.account.and_then(|account| account.kind),
            repositories: installation.repository_selection,
            repository_count: None,
            suspended_at: installation.suspended_at,
            granted: words(&installation.permissions),
            needed: needed.clone(),
            events: installation.events,
            seen_at: Some(now),
        }
    }

    /// Whether it covers some repositories only, and GitHub would say which.
    fn is_countable(&self) -> bool {
        self.repositories.as_deref() == Some("selected") && self.suspended_at.is_none()
    }

    fn key(&self) -> Key {
        key(self.id)
    }

    fn put(&self) -> RecordChange {
        RecordChange::Put(VIEW, self.key(), json!(self))
    }
}

fn key(installation: u64) -> Key {
    Key::from(installation.to_string())
}

/// All that is known of an installation that is gone.
fn forget(key: &Key) -> [RecordChange; 2] {
    [RecordChange::Delete(VIEW, key.clone()), RecordChange::Delete(REPOSITORIES, key.clone())]
}

const LANE: Lane = Lane::of("installations");

pub(crate) fn schedule() -> Schedule {
    Schedule { kind: CHECK, queue: QUEUE, lane: LANE, every: EVERY, at_start: true }
}

/// The look that a webhook about an installation makes.
pub(crate) fn route(arrival: &Arrival<'_>) -> Option<NewJob> {
    let installation = arrival.installation()?;
    if arrival.key.platform != GITHUB || !EVENTS.contains(&arrival.key.event.as_str()) {
        return None;
    }
    Some(NewJob {
        queue: QUEUE,
        automation: NAME,
        kind: CHECK_ONE.to_owned(),
        lane: LANE,
        key: Some(format!("{CHECK_ONE}/{}", installation.0)),
        installation: Some(installation),
        payload: json!(installation.0),
        due: None,
        follows: Follows::Inherited,
    })
}

/// What the App asks for, name by access.
async fn needed(context: &Context) -> Result<BTreeMap<String, String>, Trouble> {
    Ok(words(&app(context).await?.permissions))
}

async fn app(context: &Context) -> Result<App, Trouble> {
    Ok(context.github.app().conditional().fetch().await?.value)
}

fn words(permissions: &Permissions) -> BTreeMap<String, String> {
    serde_json::to_value(permissions).and_then(serde_json::from_value).unwrap_or_default()
}
