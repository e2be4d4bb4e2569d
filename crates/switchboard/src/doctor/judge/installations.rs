//! Where the App is installed, and what it was granted there.

use switchboard_github::Hint;
use switchboard_github::api::app::{App, Installation};
use switchboard_github::pages::Pages;
use switchboard_github::permission::Permissions;
use switchboard_panel::components::plural;

use super::{because, figures, word};
use crate::doctor::{Check, subject};
use crate::needs::Needs;

/// Accounts that are named.
const NAMED_MAX: usize = 10;

/// Whether the App is installed anywhere. `all` is whether the list went to its end.
#[must_use]
pub fn presence(app: &App, installations: &[Installation], all: bool, pages: Pages<'_>) -> Check {
    if installations.is_empty() {
        let hint = Hint::Install { installation: None };
        return Check::error(subject::INSTALLATIONS, "the App is installed nowhere", hint).at(pages.install(app));
    }
    let mut names: Vec<String> = installations.iter().take(NAMED_MAX).map(account).collect();
    if installations.len() > NAMED_MAX {
        names.push("…".to_owned());
    }
    let count = plural(installations.len() as u64, "installation", "installations");
    if all {
        return Check::ok(subject::INSTALLATIONS, format!("{count}: {}", names.join(", "))).at(pages.install(app));
    }
    let found = format!("{count} were looked at, and there are more");
    Check::warning(subject::INSTALLATIONS, found, "The installations page shows all: /installations.")
}

/// Suspended installations, one check each.
#[must_use]
pub fn suspensions(installations: &[Installation], pages: Pages<'_>) -> Vec<Check> {
    let one = |installation: &Installation| {
        let since = installation.suspended_at.as_deref()?;
        let hint = Hint::Unsuspend { installation: Some(installation.id) };
        let check = Check::warning(subject::SUSPENSIONS, format!("suspended since {since}"), hint);
        Some(check.about(account(installation)).at(pages.installation(installation)))
    };
    let checks: Vec<Check> = installations.iter().filter_map(one).collect();
    if checks.is_empty() { vec![Check::ok(subject::SUSPENSIONS, "none")] } else { checks }
}

/// What an installation has not approved that the App asks for: one check for each permission. What the App itself does not
/// ask for is no matter of an installation's.
#[must_use]
pub fn approvals(needs: &Needs, app: &App, installations: &[Installation], pages: Pages<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for installation in installations {
        let about = |check: Check| check.about(account(installation)).at(pages.approval(installation));
        let needed = needs.permissions.missing_from(&installation.permissions);
        for (permission, access) in app.permissions.missing_from(&installation.permissions).iter() {
            let id = installation.id;
            let permissions = Permissions::one(permission.clone(), access);
            let hint = Hint::ApprovePermissions { permissions, installation: id };
            let word = word(permission, access);
            let check = match needed.access(permission) {
                Some(_) => {
                    let found = format!("has not approved {word}{}", because(needs, permission));
                    Check::error(subject::APPROVALS, found, hint)
                }
                None => {
                    let found = format!("has not approved {word}, which the App asks for and nothing needs");
                    Check::warning(subject::APPROVALS, found, hint)
                }
            };
            checks.push(about(check).with(figures(permission, access, Some(id.0))));
        }
        let deaf = |event: &&&str| {
            let has = |events: &[String]| events.iter().any(|known| known == **event);
            has(&app.events) && !has(&installation.events)
        };
        for event in needs.events.iter().filter(deaf) {
            let found = format!("does not send {event} yet, which the App has come to subscribe to");
            let hint = "An owner of the account approves new events together with the permissions that they need.";
            checks.push(about(Check::error(subject::APPROVALS, found, hint)));
        }
    }
    if checks.is_empty() {
        checks.push(Check::ok(subject::APPROVALS, "everything that the App asks for"));
    }
    checks
}

fn account(installation: &Installation) -> String {
    let login = installation.account.as_ref().and_then(|account| account.login.clone());
    login.unwrap_or_else(|| format!("installation {}", installation.id))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use switchboard_dispatcher::config::Config;

    use super::*;
    use crate::doctor::Verdict;

    const PAGES: Pages<'_> = Pages::of("https://github.com");

    fn all() -> Value {
        json!({ "actions": "write", "contents": "read", "issues": "write", "metadata": "read" })
    }

    fn app(permissions: &Value) -> App {
        let app = json!({ "id": 7, "slug": "a", "permissions": permissions, "events": ["workflow_run"] });
        serde_json::from_value(app).unwrap()
    }

    fn installation(permissions: &Value, suspended_at: Option<&str>) -> Installation {
        let account = json!({ "login": "octo", "type": "Organization" });
        let installation = json!({
            "id": 1, "account": account, "permissions": permissions, "suspended_at": suspended_at,
            "repository_selection": "all", "events": ["workflow_run"],
        });
        serde_json::from_value(installation).unwrap()
    }

    fn judged(asked: &Value, granted: &Value) -> Vec<Check> {
        approvals(&Needs::of(&Config::default()), &app(asked), &[installation(granted, None)], PAGES)
    }

    #[test]
    fn what_is_needed_and_not_approved_is_an_error_with_the_page_to_approve_it() {
        assert_eq!(judged(&all(), &all())[0].verdict, Verdict::Ok);
        let lacking = judged(&all(), &json!({ "actions": "read", "contents": "read", "metadata": "read" }));
        let verdicts: Vec<_> = lacking.iter().map(|check| (check.verdict, check.about.as_deref())).collect();
        assert_eq!(verdicts, [(Verdict::Error, Some("octo")), (Verdict::Error, Some("octo"))]);
        assert!(lacking[0].found.starts_with("has not approved actions: write, needed by"), "{}", lacking[0].found);
        assert_eq!(
            lacking[0].link,
            "https://github.com/organizations/octo/settings/installations/1/permissions/update"
        );
        assert_eq!(
            lacking[1].hint.as_deref(),
            Some("Let an owner approve \"issues: write\" in the settings of installation 1.")
        );
    }

    #[test]
    fn what_the_app_asks_for_beyond_need_is_a_warning_and_what_it_does_not_ask_for_no_matter() {
        let mut more = all();
        more["checks"] = json!("write");
        let found = judged(&more, &all());
        assert_eq!((found.len(), found[0].verdict), (1, Verdict::Warning));
        let less = json!({ "contents": "read", "metadata": "read" });
        assert_eq!(judged(&less, &less)[0].verdict, Verdict::Ok);
    }

    #[test]
    fn an_event_that_an_installation_does_not_send_is_an_error() {
        let mut deaf = installation(&all(), None);
        deaf.events.clear();
        let found = approvals(&Needs::of(&Config::default()), &app(&all()), &[deaf], PAGES);
        assert!(found[0].found.starts_with("does not send workflow_run yet"), "{found:?}");
    }

    #[test]
    fn suspended_ones_are_told_with_since_when() {
        let found =
            suspensions(&[installation(&all(), Some("2026-01-01T00:00:00Z")), installation(&all(), None)], PAGES);
        assert_eq!((found.len(), found[0].found.as_str()), (1, "suspended since 2026-01-01T00:00:00Z"));
        assert_eq!(found[0].link, "https://github.com/organizations/octo/settings/installations/1");
        assert_eq!(suspensions(&[], PAGES)[0].verdict, Verdict::Ok);
    }

    #[test]
    fn an_app_that_is_installed_nowhere_is_an_error() {
        let app = app(&all());
        assert_eq!(presence(&app, &[], true, PAGES).verdict, Verdict::Error);
        let twelve = vec![installation(&all(), None); 12];
        let found = presence(&app, &twelve, true, PAGES).found;
        assert!(found.starts_with("12 installations: octo, ") && found.ends_with(", …"), "{found}");
        assert_eq!(presence(&app, &twelve, false, PAGES).verdict, Verdict::Warning);
    }
}
