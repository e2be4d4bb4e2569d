//! What was found against what is needed. Pure: values in, checks out.

use switchboard_github::AppSlug;
use switchboard_github::api::app::{App, Installation};
use switchboard_github::permission::{Access, Permission, Permissions};

use super::Check;

/// A JWT may be up to a minute old when GitHub sees it, because we back-date it; a clock further off needs attention.
const TOLERATED_SKEW_MS: i64 = 30_000;

/// Whether the configured slug is the App's.
#[must_use]
pub fn slug(configured: Option<&AppSlug>, app: &App) -> Check {
    const SUBJECT: &str = "slug";
    match (configured, &app.slug) {
        (Some(configured), Some(actual)) if configured != actual => Check::bad(
            SUBJECT,
            format!("configured as `{configured}`, but App {} is `{actual}`", app.id),
            "correct GITHUB_APP_SLUG, or leave it out: GitHub is asked for it then",
        ),
        (_, Some(actual)) => Check::good(SUBJECT, actual.to_string()),
        (_, None) => Check::odd(SUBJECT, "GitHub does not say", "set GITHUB_APP_SLUG"),
    }
}

/// Whether the App asks for everything that is needed.
#[must_use]
pub fn permissions(needed: &Permissions, app: &App) -> Check {
    const SUBJECT: &str = "permissions";
    let missing = needed.missing_from(&app.permissions);
    if missing.is_empty() {
        return Check::good(SUBJECT, listed(needed));
    }
    Check::bad(
        SUBJECT,
        format!("the App lacks {}", listed(&missing)),
        "grant them under \"Permissions & events\" on the App's settings page; every installation must then approve them",
    )
}

/// Whether the App subscribes to the events that are acted on.
#[must_use]
pub fn events(needed: &[&str], app: &App) -> Check {
    const SUBJECT: &str = "events";
    if needed.is_empty() {
        return Check::good(SUBJECT, "none needed");
    }
    let missing: Vec<&str> =
        needed.iter().copied().filter(|event| !app.events.iter().any(|has| has == event)).collect();
    if missing.is_empty() {
        return Check::good(SUBJECT, needed.join(", "));
    }
    Check::bad(
        SUBJECT,
        format!("the App does not subscribe to {}", missing.join(", ")),
        "tick them under \"Permissions & events\" on the App's settings page; an event is offered once its permission is granted",
    )
}

/// How far this machine's clock is off, by what GitHub said; positive when GitHub's is ahead.
#[must_use]
pub fn clock(skew_ms: i64) -> Check {
    const SUBJECT: &str = "clock";
    if skew_ms.abs() <= TOLERATED_SKEW_MS {
        return Check::good(SUBJECT, "GitHub takes what it signs");
    }
    let direction = if skew_ms > 0 { "behind" } else { "ahead of" };
    Check::odd(
        SUBJECT,
        format!("{} seconds {direction} GitHub's", skew_ms.abs() / 1000),
        "let the machine keep its clock by NTP; the server corrects for it meanwhile",
    )
}

/// Whether the App is installed anywhere, and whether each installation has approved what is needed.
#[must_use]
pub fn installations(needed: &Permissions, installations: &[Installation]) -> Vec<Check> {
    if installations.is_empty() {
        return vec![Check::bad(
            "installations",
            "none",
            "install the App on an organization: its page has the button \"Install App\"",
        )];
    }
    installations.iter().map(|installation| one_installation(needed, installation)).collect()
}

fn one_installation(needed: &Permissions, installation: &Installation) -> Check {
    let account = installation.account.as_ref().and_then(|account| account.login.as_deref()).unwrap_or("(unknown)");
    let subject = format!("installation {account}");
    if let Some(since) = &installation.suspended_at {
        return Check::odd(subject, format!("suspended since {since}"), "an owner of the account can lift that");
    }
    let missing = needed.missing_from(&installation.permissions);
    if missing.is_empty() {
        let repositories = installation.repository_selection.as_deref().unwrap_or("some");
        return Check::good(subject, format!("number {}, {repositories} repositories", installation.id));
    }
    Check::bad(
        subject,
        format!("has not approved {}", listed(&missing)),
        "an owner of the account finds the request in its settings under \"GitHub Apps\"",
    )
}

fn listed(permissions: &Permissions) -> String {
    let one = |(permission, access): (&Permission, Access)| format!("{}: {}", permission.as_str(), access.as_str());
    permissions.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use switchboard_dispatcher::config::Config;

    use super::super::Verdict;
    use super::*;
    use crate::needs::Needs;

    fn needed() -> Needs {
        Needs::of(&Config::default())
    }

    fn app(changes: &Value) -> App {
        let mut app = json!({
            "id": 7,
            "slug": "my-app",
            "permissions": { "actions": "write", "contents": "read", "issues": "write", "metadata": "read" },
            "events": ["workflow_run"],
        });
        app.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(app).unwrap()
    }

    fn installation(permissions: &Value, suspended_at: Option<&str>) -> Installation {
        let account = json!({ "login": "octo", "type": "Organization" });
        let installation = json!({
            "id": 1, "account": account, "permissions": permissions, "suspended_at": suspended_at,
            "repository_selection": "all",
        });
        serde_json::from_value(installation).unwrap()
    }

    #[test]
    fn an_app_that_has_what_is_needed_is_well() {
        let (needed, app) = (needed(), app(&json!({})));
        let checks = [
            permissions(&needed.permissions, &app),
            events(&needed.events, &app),
            slug(app.slug.as_ref(), &app),
            slug(None, &app),
        ];
        assert!(checks.iter().all(|check| check.verdict == Verdict::Good), "{checks:?}");
    }

    #[test]
    fn what_the_app_lacks_is_named_with_its_access() {
        let needed = needed().permissions;
        let check = permissions(&needed, &app(&json!({ "permissions": { "actions": "read", "contents": "write" } })));
        assert_eq!(check.verdict, Verdict::Bad);
        assert_eq!(check.found, "the App lacks actions: write, issues: write, metadata: read");
    }

    #[test]
    fn a_missing_event_and_another_slug_are_bad() {
        let check = events(&needed().events, &app(&json!({ "events": ["push"] })));
        assert_eq!((check.verdict, check.found.as_str()), (Verdict::Bad, "the App does not subscribe to workflow_run"));
        let configured: AppSlug = "other-app".parse().unwrap();
        let check = slug(Some(&configured), &app(&json!({})));
        assert_eq!(check.found, "configured as `other-app`, but App 7 is `my-app`");
    }

    #[test]
    fn installations_are_judged_one_by_one() {
        let needed = needed().permissions;
        let all = json!({ "actions": "write", "contents": "read", "issues": "write", "metadata": "read" });
        let found = installations(
            &needed,
            &[
                installation(&all, None),
                installation(&json!({ "actions": "read", "contents": "read", "metadata": "read" }), None),
                installation(&all, Some("2026-01-01T00:00:00Z")),
            ],
        );
        let verdicts: Vec<_> = found.iter().map(|check| check.verdict).collect();
        assert_eq!(verdicts, [Verdict::Good, Verdict::Bad, Verdict::Odd]);
        assert_eq!(found[1].found, "has not approved actions: write, issues: write");
        assert_eq!(installations(&needed, &[])[0].verdict, Verdict::Bad);
    }

    #[test]
    fn a_clock_that_is_far_off_is_odd() {
        assert_eq!(clock(0).verdict, Verdict::Good);
        assert_eq!(clock(90_000).found, "90 seconds behind GitHub's");
        assert_eq!(clock(-90_000).found, "90 seconds ahead of GitHub's");
    }
}
