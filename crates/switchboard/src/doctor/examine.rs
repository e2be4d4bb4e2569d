//! Looking: at this machine, and at GitHub.

use std::path::Path;

use switchboard_github::api::app::Installation;
use switchboard_github::{Error, GitHub};

use switchboard_store::{Store as _, StoreError};

use super::{Check, Report, judge};
use crate::needs::Needs;
use crate::serve;
use crate::settings::kinds::StoreLocation;
use crate::settings::{GitHubSettings, Settings};

/// Pages of installations that are looked at; a hundred on each.
const MAX_PAGES: usize = 10;

/// What can be seen without GitHub.
#[must_use]
pub async fn machine(settings: &Settings, github: &GitHubSettings) -> Report {
    let mut checks: Vec<Check> = vec![
        Check::good("configuration", "complete"),
        Check::good("private key", format!("{}, as on the App's settings page", github.private_key.fingerprint())),
    ];
    checks.push(store(settings).await);
    checks.push(sign_in(settings));
    checks.extend(settings.warnings.iter().map(|warning| Check::odd("environment", warning, "leave it out")));
    Report { checks }
}

/// What GitHub says about the App: who it is, what it may do, where it is installed.
pub async fn app(settings: &Settings, github: &GitHubSettings, client: &GitHub) -> Report {
    let app = match client.app().fetch().await {
        Ok(fetched) => fetched.value,
        Err(error) => return Report { checks: vec![refused("GitHub", &error)] },
    };
    let needed = Needs::of_settings(settings);
    let mut checks = vec![
        Check::good("GitHub", format!("App {} answers at {}", app.id, github.api_url)),
        judge::clock(client.clock_skew_ms()),
        judge::slug(github.slug.as_ref(), &app),
        judge::permissions(&needed.permissions, &app),
        judge::events(&needed.events, &app),
    ];
    match installations(client).await {
        Ok(found) => checks.extend(judge::installations(&needed.permissions, &found)),
        Err(error) => checks.push(refused("installations", &error)),
    }
    Report { checks }
}

async fn installations(client: &GitHub) -> Result<Vec<Installation>, Error> {
    let mut found = Vec::new();
    let mut next = None;
    for _ in 0..MAX_PAGES {
        let call = client.installations();
        let page = match &next {
            Some(next) => call.page(next),
            None => call,
        };
        let fetched = page.fetch().await?;
        found.extend(fetched.value);
        next = fetched.answer.next().cloned();
        if next.is_none() {
            break;
        }
    }
    Ok(found)
}

fn refused(subject: &str, error: &Error) -> Check {
    let hint = error.hint().map_or_else(
        || "see whether this machine reaches GitHub's API, and whether GITHUB_API_URL is right".to_owned(),
        ToString::to_string,
    );
    Check::bad(subject, error.to_string(), hint)
}

fn sign_in(settings: &Settings) -> Check {
    const SUBJECT: &str = "sign-in";
    let auth = &settings.auth;
    match (&auth.github, auth.operator.is_some() || auth.viewer.is_some()) {
        (Some(_), true) => return Check::good(SUBJECT, "with GitHub, and by token"),
        (Some(_), false) => return Check::good(SUBJECT, "with GitHub"),
        (None, true) if auth.github_lists_nobody => {
            return Check::good(SUBJECT, "by token; with GitHub once SWITCHBOARD_OPERATORS lists somebody");
        }
        (None, true) => return Check::good(SUBJECT, "by token"),
        (None, false) => {}
    }
    Check::odd(SUBJECT, "open: whoever uses this machine may act", "set SWITCHBOARD_OPERATOR_TOKEN")
}

const STORE: &str = "store";

/// Whether deliveries could be written. A store that is there is opened as a server would open it, and written to.
async fn store(settings: &Settings) -> Check {
    let location = &settings.store.location;
    if let Some(check) = place(location) {
        return check;
    }
    let probed = match serve::open_store(settings) {
        Ok(store) => store.probe().await,
        Err(StoreError::InUse { .. }) => {
            return Check::good(STORE, format!("{location} is in use by a running server"));
        }
        Err(error) => Err(error),
    };
    match probed {
        Ok(()) => Check::good(STORE, format!("{location} can be written")),
        Err(error) => Check::bad(STORE, format!("{location}: {error}"), error.hint().unwrap_or("see DATABASE_URL")),
    }
}

/// What is to be said about a store that is not there yet.
fn place(location: &StoreLocation) -> Option<Check> {
    let StoreLocation::Sqlite(path) = location;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        return Some(Check::bad(
            STORE,
            format!("{} is not a directory", directory.display()),
            "make it, owned by the server's user, or correct DATABASE_URL",
        ));
    }
    (!path.exists()).then(|| Check::good(STORE, format!("{location} will be made at the first start")))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_store_in_a_missing_directory_is_bad_and_a_new_file_is_well() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| place(&StoreLocation::Sqlite(directory.path().join(name))).map(|check| check.verdict);
        assert_eq!(at("new.db"), Some(Verdict::Good));
        assert_eq!(at("gone/new.db"), Some(Verdict::Bad));
        assert_eq!(at(""), None);
    }
}
