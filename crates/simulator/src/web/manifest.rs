//! Manifests: what a form may ask for, and what GitHub finds wrong with it.

use serde_json::{Map, Value};

use crate::state::access::{Access, Permissions};

/// The longest name of an App.
/// <https://docs.github.com/apps/creating-github-apps/registering-a-github-app/registering-a-github-app>
pub(super) const NAME_CHARS_MAX: usize = 34;

/// The members that a manifest may have.
/// <https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest#github-app-manifest-parameters>
const MEMBERS: [&str; 13] = [
    "name",
    "url",
    "hook_attributes",
    "redirect_url",
    "callback_urls",
    "setup_url",
    "description",
    "public",
    "default_events",
    "default_permissions",
    "request_oauth_on_install",
    "setup_on_update",
    "version",
];

/// Which permission an event is offered with; whichever is not listed needs none that we know of.
/// <https://docs.github.com/webhooks/webhook-events-and-payloads>
const EVENT_NEEDS: [(&str, &[&str]); 10] = [
    ("workflow_run", &["actions"]),
    ("workflow_job", &["actions"]),
    ("push", &["contents"]),
    ("create", &["contents"]),
    ("pull_request", &["pull_requests"]),
    ("issues", &["issues"]),
    ("issue_comment", &["issues", "pull_requests"]),
    ("check_run", &["checks"]),
    ("check_suite", &["checks"]),
    ("status", &["statuses"]),
];

/// A manifest that GitHub takes.
#[derive(Debug)]
pub(super) struct Manifest {
    pub name: String,
    /// Empty while its webhook is inactive.
    pub webhook_url: String,
    pub redirect_url: String,
    pub callback_urls: Vec<String>,
    pub permissions: Permissions,
    pub events: Vec<String>,
}

impl Manifest {
    /// Reads a manifest; the errors are GitHub's, as sentences.
    pub(super) fn read(text: &str) -> Result<Self, Vec<String>> {
        let Ok(Value::Object(manifest)) = serde_json::from_str::<Value>(text) else {
            return Err(vec!["The manifest is not a JSON object.".to_owned()]);
        };
        let mut errors: Vec<String> = manifest
            .keys()
            .filter(|key| !MEMBERS.contains(&key.as_str()))
            .map(|key| format!("\"{key}\" is not a permitted key."))
            .collect();
        let mut required = |value: Option<&Value>, what: &str| {
            let text = value.and_then(Value::as_str).unwrap_or_default();
            if text.is_empty() {
                errors.push(format!("\"{what}\" wasn't supplied."));
            }
            text.to_owned()
        };
        required(manifest.get("url"), "url");
        let redirect_url = required(manifest.get("redirect_url"), "redirect_url");
        let hook = manifest.get("hook_attributes").and_then(Value::as_object);
        let active = hook.is_some_and(|hook| hook.get("active").and_then(Value::as_bool).unwrap_or(true));
        let url = match hook {
            Some(hook) => required(hook.get("url"), "hook_attributes.url"),
            None => String::new(),
        };
        let permissions = permissions(&manifest, &mut errors);
        let events = events(&manifest, &permissions, &mut errors);
        let name = manifest.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let webhook_url = if active { url } else { String::new() };
        let callbacks = manifest.get("callback_urls").and_then(Value::as_array);
        let callback_urls = callbacks.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        let read = Self { name, webhook_url, redirect_url, callback_urls, permissions, events };
        if errors.is_empty() { Ok(read) } else { Err(errors) }
    }
}

fn permissions(manifest: &Map<String, Value>, errors: &mut Vec<String>) -> Permissions {
    let mut list = Vec::new();
    for (name, access) in manifest.get("default_permissions").and_then(Value::as_object).into_iter().flatten() {
        match access.as_str().and_then(Access::parse) {
            Some(access) => list.push((name.as_str(), access)),
            None => errors.push(format!("Default permission records resource is not included in the list: {name}.")),
        }
    }
    Permissions::new(&list)
}

fn events(manifest: &Map<String, Value>, permissions: &Permissions, errors: &mut Vec<String>) -> Vec<String> {
    let mut events = Vec::new();
    for event in manifest.get("default_events").and_then(Value::as_array).into_iter().flatten() {
        let event = event.as_str().unwrap_or_default();
        let needs = EVENT_NEEDS.iter().find(|(name, _)| *name == event).map_or(&[][..], |(_, needs)| *needs);
        if !needs.is_empty() && !needs.iter().any(|permission| permissions.allow(permission, Access::Read)) {
            errors.push(format!("Default events are not supported by permissions: {event}."));
        }
        events.push(event.to_owned());
    }
    events
}

/// The slug of a name: lower case, and a hyphen for whatever is no letter or digit.
pub(super) fn slug(name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest(change: impl FnOnce(&mut Value)) -> Result<Manifest, Vec<String>> {
        let mut manifest = json!({
            "name": "Switchboard", "url": "https://example.com", "redirect_url": "http://127.0.0.1:1/created",
            "hook_attributes": { "url": "https://example.com/webhooks", "active": true },
            "default_permissions": { "actions": "write" }, "default_events": ["workflow_run"],
        });
        change(&mut manifest);
        Manifest::read(&manifest.to_string())
    }

    #[test]
    fn a_whole_manifest_is_taken() {
        let read = manifest(|_| {}).unwrap();
        assert!(read.permissions.allow("actions", Access::Write) && read.permissions.allow("metadata", Access::Read));
        assert_eq!((read.webhook_url.as_str(), read.events.len()), ("https://example.com/webhooks", 1));
        assert_eq!(manifest(|m| m["hook_attributes"]["active"] = json!(false)).unwrap().webhook_url, "");
    }

    #[test]
    fn what_github_refuses_is_refused() {
        for (change, error) in [
            (json!({ "webhook": 1 }), "\"webhook\" is not a permitted key."),
            (json!({ "url": "" }), "\"url\" wasn't supplied."),
            (json!({ "hook_attributes": { "active": false } }), "\"hook_attributes.url\" wasn't supplied."),
            (
                json!({ "default_permissions": { "actions": "sometimes" }, "default_events": [] }),
                "Default permission records resource is not included in the list: actions.",
            ),
            (json!({ "default_events": ["push"] }), "Default events are not supported by permissions: push."),
        ] {
            let more = change.as_object().unwrap().clone();
            assert_eq!(manifest(|m| m.as_object_mut().unwrap().extend(more)).unwrap_err(), [error]);
        }
        assert!(Manifest::read("[]").is_err());
    }

    #[test]
    fn a_slug_is_made_of_a_name() {
        assert_eq!(slug("Switchboard (acme) "), "switchboard-acme");
    }
}
