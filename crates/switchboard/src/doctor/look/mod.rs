//! Looking: at this machine, at what is stored, and at GitHub.

mod github;
mod machine;
mod relay;
mod stored;

use switchboard_github::Reason;

use super::judge::deliveries::Server;
use super::{Check, Progress, Report, Source, subject};
use crate::cli::Failure;
use crate::serve;
use crate::settings::{GitHubSettings, Settings};

/// Why somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// To know how everything is.
    Visit,
    /// The same without asking GitHub.
    Offline,
    /// The App has just been created, and no server runs as it yet.
    SetUp,
}

/// Makes every check.
///
/// # Errors
/// [`Failure`], if the App's client cannot be made.
pub async fn examine(
    settings: &Settings,
    github: &GitHubSettings,
    occasion: Occasion,
    progress: &Progress,
) -> Result<Report, Failure> {
    progress.step("looking at this machine");
    let mut checks = machine::settings(settings);
    let seen = machine::database(settings).await;
    checks.extend(seen.checks);
    checks.push(relay::cache(settings).await);
    progress.step("reading what is stored");
    // Before the first start there is nothing to say of what is stored, and whoever has just set up knows that.
    if occasion != Occasion::SetUp || seen.server != Server::NotStarted {
        checks.extend(stored::look(settings, seen.store.as_ref(), seen.server == Server::Runs).await);
    }
    if occasion == Occasion::Offline {
        checks.extend(without_github(github));
        return Ok(Report::of(checks));
    }
    let client = serve::client(github)?;
    let server = if occasion == Occasion::SetUp { Server::NotStarted } else { seen.server };
    let entries = relay::entries(settings, seen.store.as_ref().ok().and_then(Option::as_ref)).await;
    checks
        .extend(github::Asking { settings, github, client: &client, server, entries: &entries, progress }.look().await);
    checks.extend(relay::ask_issuers(settings, progress).await);
    Ok(Report::of(checks))
}

/// What is said of GitHub when it is not asked.
fn without_github(github: &GitHubSettings) -> Vec<Check> {
    let skipped = |subject| Check::skipped(subject, "GitHub was not asked", "Leave --offline out.");
    let asked = subject::ALL.iter().filter(|subject| subject.source == Source::GitHub);
    let mut checks: Vec<Check> = asked.map(|subject| skipped(subject)).collect();
    for check in checks.iter_mut().filter(|check| check.subject == subject::KEY) {
        check.found = format!("{}; whether GitHub takes it was not asked", github.private_key.fingerprint());
    }
    checks
}

/// A call that failed, as the check of what it was to find out.
fn refused(subject: &'static super::Subject, error: &switchboard_github::Error) -> Check {
    let said = match error.reason() {
        Some(Reason::AnswerUnreadable) | None => error.to_string(),
        Some(_) => format!("{error}: {}", error.internal()),
    };
    Check::error(subject, said, super::judge::app::hint(error))
}
