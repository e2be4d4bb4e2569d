//! Which repositories an installation covers that covers selected ones.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_github::{Error, GitHub, InstallationId};
use switchboard_store::RecordChange;

use super::{REPOSITORIES, Seen};

/// The selected repositories of an installation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Repositories {
    /// How many there are.
    pub count: u64,
    /// The first hundred in GitHub's order, as `owner/name`.
    pub names: Vec<String>,
    /// When it was seen so.
    pub seen_at: Option<Timestamp>,
}

impl Repositories {
    pub(super) fn put(&self, seen: &Seen) -> RecordChange {
        RecordChange::Put(REPOSITORIES, seen.key(), json!(self))
    }
}

/// Asks GitHub; one page says how many there are.
pub(super) async fn ask(github: GitHub, installation: u64, now: Timestamp) -> Result<Repositories, Error> {
    let page = github.installation_repositories(InstallationId(installation)).conditional().fetch().await?.value;
    let names = page.repositories.iter().map(|repository| repository.full_name.to_string()).collect();
    Ok(Repositories { count: page.total_count, names, seen_at: Some(now) })
}

/// GitHub refused. The rest of what is known of the installation stands without it, and the next look asks again.
pub(super) fn untold(installation: u64, error: &Error) {
    let hint = error.hint().map(ToString::to_string);
    tracing::warn!(installation, %error, hint, "GitHub did not tell the repositories of an installation");
}
