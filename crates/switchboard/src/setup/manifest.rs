//! The manifest that GitHub is shown. Pure.
//! <https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest#github-app-manifest-parameters>

use serde_json::{Value, json};
use switchboard_panel::CALLBACK_PATH;

use super::plan::{Place, Plan, Reach};
use crate::needs::Needs;

/// What GitHub is asked to create; `redirect_url` is where it leads the browser back to.
pub(super) fn manifest(plan: &Plan, place: &Place, needs: &Needs, redirect_url: &str) -> Value {
    let mut manifest = json!({
        "name": plan.name,
        "description": "Keeps every webhook delivery, and acts on it where both sides have consented.",
        "url": homepage(plan, place),
        "hook_attributes": { "url": plan.webhook_url(), "active": plan.reach != Reach::Inactive },
        "redirect_url": redirect_url,
        "public": plan.public,
        "default_permissions": needs.permissions,
        "default_events": needs.events,
    });
    if let Reach::Public(base) = &plan.reach {
        manifest["callback_urls"] = json!([format!("{base}{CALLBACK_PATH}")]);
    }
    manifest
}

/// Every App has a page that tells about it; without a server to name it is the owner's.
fn homepage(plan: &Plan, place: &Place) -> String {
    match (&plan.reach, &plan.organization) {
        (Reach::Public(base), _) => base.to_string(),
        (_, Some(login)) => format!("{}/{login}", place.web),
        (_, None) => place.web.clone(),
    }
}

#[cfg(test)]
mod tests {
    use switchboard_dispatcher::config::{Config, IssuePolicy};

    use super::super::plan::Fields;
    use super::*;

    fn of(fields: Fields, config: &Config) -> Value {
        let place = Place::at("https://github.com").unwrap();
        let fields = Fields { name: "Ours".to_owned(), organization: "acme".to_owned(), ..fields };
        let plan = Plan::of(&fields, &place).unwrap();
        manifest(&plan, &place, &Needs::of(config), "http://127.0.0.1:5/created")
    }

    #[test]
    fn it_asks_for_exactly_what_is_needed() {
        let asked = of(Fields { url: "https://sb.example.com".to_owned(), ..Fields::default() }, &Config::default());
        let permissions = json!({ "actions": "write", "contents": "read", "issues": "write", "metadata": "read" });
        assert_eq!((&asked["default_permissions"], &asked["default_events"]), (&permissions, &json!(["workflow_run"])));
        assert_eq!(
            asked["hook_attributes"],
            json!({ "url": "https://sb.example.com/webhooks/github", "active": true })
        );
        assert_eq!(asked["url"], "https://sb.example.com");
        let quiet = Config { issues: IssuePolicy::Off, ..Config::default() };
        assert_eq!(of(Fields::default(), &quiet)["default_permissions"]["issues"], Value::Null);
    }

    #[test]
    fn an_app_that_nobody_reaches_names_no_server() {
        let asked = of(Fields::default(), &Config::default());
        assert_eq!((&asked["url"], &asked["callback_urls"]), (&json!("https://github.com/acme"), &Value::Null));
        assert_eq!(asked["hook_attributes"]["active"], true);
        let inactive = of(Fields { inactive: true, ..Fields::default() }, &Config::default());
        assert_eq!(inactive["hook_attributes"]["active"], false);
    }
}
