//! The App itself: its clock, its key, who it is, what it asks for.

use switchboard_github::api::app::App;
use switchboard_github::pages::Pages;
use switchboard_github::permission::Permissions;
use switchboard_github::{AppSlug, ClockReading, Error, Hint, Reason};

use super::{because, figures, word};
use crate::doctor::{Check, Figures, subject};
use crate::needs::Needs;

/// An App's token is issued a minute back, so that a clock may be that far ahead; half of it is kept for the way.
const TOLERATED_SKEW_MS: i64 = 30_000;

/// How far this machine's clock is from GitHub's.
#[must_use]
pub fn clock(reading: Option<ClockReading>) -> Check {
    let Some(ClockReading { ahead_ms, within_ms, .. }) = reading else {
        let hint = "Nothing of GitHub's answered with a date; see the check github.";
        return Check::skipped(subject::CLOCK, "not measured", hint);
    };
    let off = format!("{}.{} s", ahead_ms.abs() / 1000, ahead_ms.abs() % 1000 / 100);
    let within = format!("(measured to {}.{} s)", within_ms / 1000, within_ms % 1000 / 100);
    let direction = if ahead_ms > 0 { "behind" } else { "ahead of" };
    let found = match ahead_ms.abs() <= within_ms {
        true => format!("the same as GitHub's {within}"),
        false => format!("{off} {direction} GitHub's {within}"),
    };
    let check = if ahead_ms.abs() <= TOLERATED_SKEW_MS.max(within_ms) {
        Check::ok(subject::CLOCK, found)
    } else {
        let hint =
            "Let the machine keep its clock by NTP. The server corrects for it meanwhile, one refused token at a time.";
        Check::warning(subject::CLOCK, found, hint)
    };
    check.with(Figures::Clock { ahead_ms, within_ms })
}

/// GitHub's answer to who the App is, or why there is none: whether it answers at all, and whether it takes the key.
#[must_use]
pub fn answer(api: &str, fingerprint: &str, answer: Result<&App, &Error>) -> [Check; 2] {
    let github = |found: String| Check::ok(subject::GITHUB, found);
    let untried = |why: &str| Check::skipped(subject::KEY, format!("{fingerprint}, {why}"), "See the check github.");
    match answer {
        Ok(app) => [
            github(format!("{api} answers App {}", app.id)),
            Check::ok(subject::KEY, format!("{fingerprint}, as on the App's settings page, and GitHub takes it")),
        ],
        Err(error) if error.reason() == Some(Reason::AuthFailed) => [
            github(format!("{api} answers")),
            Check::error(subject::KEY, format!("{fingerprint}: {error}: {}", error.internal()), hint(error)),
        ],
        Err(error) => {
            let found = format!("{api}: {error}: {}", error.internal());
            [Check::error(subject::GITHUB, found, hint(error)), untried("not tried")]
        }
    }
}

/// What can be done about a refusal; where the refusal itself says nothing, it is the way there.
#[must_use]
pub fn hint(error: &Error) -> String {
    error.hint().map_or_else(
        || "See whether this machine reaches GitHub's API, and whether GITHUB_API_URL is right.".to_owned(),
        ToString::to_string,
    )
}

/// Whether the App is the one that is configured.
#[must_use]
pub fn identity(configured: Option<&AppSlug>, app: &App, pages: Pages<'_>) -> Check {
    let check = match (configured, &app.slug) {
        (Some(configured), Some(actual)) if configured != actual => Check::error(
            subject::APP,
            format!("configured as `{configured}`, but App {} is `{actual}`", app.id),
            "Correct GITHUB_APP_SLUG, or leave it out: GitHub is asked for it then.",
        ),
        (_, Some(actual)) => {
            let owner = app.owner.as_ref().and_then(|owner| owner.login.as_deref());
            let of = owner.map(|owner| format!(", owned by {owner}")).unwrap_or_default();
            Check::ok(subject::APP, format!("{actual}, number {}{of}", app.id))
        }
        (_, None) => Check::warning(subject::APP, "GitHub tells no slug of it", "Set GITHUB_APP_SLUG."),
    };
    check.at(pages.app_settings(app))
}

/// Whether the App asks for everything that is needed; one check for each that is missing.
#[must_use]
pub fn permissions(needs: &Needs, app: &App, pages: Pages<'_>) -> Vec<Check> {
    let missing = needs.permissions.missing_from(&app.permissions);
    if missing.is_empty() {
        return vec![Check::ok(subject::PERMISSIONS, needs.permissions.to_string()).at(pages.app_permissions(app))];
    }
    let one = |(permission, access)| {
        let (word, why) = (word(permission, access), because(needs, permission));
        let hint =
            Hint::GrantPermission { any_of: vec![Permissions::one(permission.clone(), access)], installation: None };
        Check::error(subject::PERMISSIONS, format!("the App does not ask for {word}{why}"), hint)
            .about(permission.as_str())
            .at(pages.app_permissions(app))
            .with(figures(permission, access, None))
    };
    missing.iter().map(one).collect()
}

/// Whether the App subscribes to the events that are acted on; one check for each that is missing.
#[must_use]
pub fn events(needs: &Needs, app: &App, pages: Pages<'_>) -> Vec<Check> {
    let page = || pages.app_permissions(app);
    let missing = needs.events.iter().filter(|event| !app.events.iter().any(|has| has == *event));
    let one = |event: &&str| {
        let mut reasons =
            needs.why_event(event).map(|reason| format!(", which the {} needs to {}", reason.by, reason.why));
        let found = format!("the App does not subscribe to {event}{}", reasons.next().unwrap_or_default());
        let hint = "Tick it under \"Permissions & events\" of the App's settings; an event is offered once its permission is granted.";
        Check::error(subject::EVENTS, found, hint).about(*event).at(page())
    };
    let checks: Vec<Check> = missing.map(one).collect();
    if !checks.is_empty() {
        return checks;
    }
    let found = if needs.events.is_empty() { "none needed".to_owned() } else { needs.events.join(", ") };
    vec![Check::ok(subject::EVENTS, found).at(page())]
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use switchboard_clock::Timestamp;
    use switchboard_dispatcher::config::Config;

    use super::*;
    use crate::doctor::Verdict;

    const PAGES: Pages<'_> = Pages::of("https://github.com");

    fn needed() -> Needs {
        Needs::of(&Config::default())
    }

    fn app(changes: &Value) -> App {
        let mut app = json!({
            "id": 7,
            "slug": "my-app",
            "owner": { "login": "acme", "type": "Organization" },
            "permissions": { "actions": "write", "contents": "read", "issues": "write", "metadata": "read" },
            "events": ["workflow_run"],
        });
        app.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        serde_json::from_value(app).unwrap()
    }

    #[test]
    fn an_app_that_has_what_is_needed_is_well() {
        let (needed, app) = (needed(), app(&json!({})));
        let mut checks = permissions(&needed, &app, PAGES);
        checks.extend(events(&needed, &app, PAGES));
        checks.extend([identity(app.slug.as_ref(), &app, PAGES), identity(None, &app, PAGES)]);
        assert!(checks.iter().all(|check| check.verdict == Verdict::Ok), "{checks:?}");
    }

    #[test]
    fn what_the_app_lacks_is_named_with_its_reason_and_the_page_to_change_it() {
        let app = app(&json!({ "permissions": { "actions": "read", "contents": "write" } }));
        let checks = permissions(&needed(), &app, PAGES);
        let about: Vec<_> = checks.iter().filter_map(|check| check.about.as_deref()).collect();
        assert_eq!(about, ["actions", "issues", "metadata"]);
        assert!(
            checks[0].found.contains("actions: write, needed by the dispatcher to find the run"),
            "{}",
            checks[0].found
        );
        assert_eq!(checks[0].link, "https://github.com/organizations/acme/settings/apps/my-app/permissions");
        assert_eq!(
            checks[0].hint.as_deref(),
            Some("Grant the App \"actions: write\" in its settings, then let an owner approve it.")
        );
    }

    #[test]
    fn a_missing_event_and_another_slug_are_errors() {
        let found = events(&needed(), &app(&json!({ "events": ["push"] })), PAGES);
        assert_eq!((found.len(), found[0].verdict), (1, Verdict::Error));
        assert!(found[0].found.starts_with("the App does not subscribe to workflow_run, which the dispatcher needs"));
        let configured: AppSlug = "other-app".parse().unwrap();
        let check = identity(Some(&configured), &app(&json!({})), PAGES);
        assert_eq!(check.found, "configured as `other-app`, but App 7 is `my-app`");
    }

    #[test]
    fn a_clock_is_told_with_the_measured_skew() {
        let of = |ahead_ms, within_ms| clock(Some(ClockReading { ahead_ms, within_ms, at: Timestamp::EPOCH }));
        assert_eq!(of(-300, 600).found, "the same as GitHub's (measured to 0.6 s)");
        assert_eq!(
            (of(2_300, 600).verdict, of(2_300, 600).found.as_str()),
            (Verdict::Ok, "2.3 s behind GitHub's (measured to 0.6 s)")
        );
        assert_eq!(of(-90_000, 500).found, "90.0 s ahead of GitHub's (measured to 0.5 s)");
        assert_eq!((of(-90_000, 500).verdict, of(40_000, 41_000).verdict), (Verdict::Warning, Verdict::Ok));
        assert_eq!(clock(None).verdict, Verdict::Skipped);
    }
}
