//! Which installation covers which repository, remembered for a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::Context;
use switchboard_github::{Error, InstallationId, Reason, RepoName};

/// How long an answer is believed: an uninstallation tells itself by a webhook, and by refused tokens.
const KNOWN_FOR: Duration = Duration::from_secs(24 * 3600);
/// How long "not installed" is believed; the webhook of an installation may get lost.
const UNKNOWN_FOR: Duration = Duration::from_secs(600);
/// Repositories that are remembered; an allowlist has at most 1,000.
const REMEMBERED: usize = 4_096;

/// What was answered about which repository, and until when it is believed.
#[derive(Default)]
pub(crate) struct Installed(Mutex<HashMap<RepoName, (Option<InstallationId>, Timestamp)>>);

impl Installed {
    /// The installation that covers a repository, if any does.
    ///
    /// # Errors
    /// Whatever leaves it open whether one does.
    pub(crate) async fn of(&self, context: &Context, repo: &RepoName) -> Result<Option<InstallationId>, Error> {
        if let Some((known, _)) = self.known().get(repo).filter(|(_, until)| context.now < *until) {
            return Ok(*known);
        }
        let found = match context.github.repository_installation(repo).fetch().await {
            Ok(fetched) => Some(fetched.value.id),
            Err(error) if error.reason() == Some(Reason::NotFound) => None,
            Err(error) => return Err(error),
        };
        let until = context.now + if found.is_some() { KNOWN_FOR } else { UNKNOWN_FOR };
        let mut known = self.known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(repo.clone(), (found, until));
        Ok(found)
    }

    /// Forgets one answer, because GitHub contradicts it.
    pub(crate) fn doubt(&self, repo: &RepoName) {
        self.known().remove(repo);
    }

    /// Forgets everything, because installations have changed.
    pub(crate) fn forget(&self) {
        self.known().clear();
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<RepoName, (Option<InstallationId>, Timestamp)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
