//! The webhook as it stands in the App's settings.

use switchboard_engine::webhook::PATH;
use switchboard_github::Hint;
use switchboard_github::api::app::HookConfig;
use url::Url;

use crate::addresses::{is_local, is_nowhere};
use crate::doctor::{Check, subject};

/// Where the server says that it is, and where GitHub is.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// `PUBLIC_URL`, without a slash at its end.
    pub public_url: Option<&'a str>,
    /// GitHub's API.
    pub api: &'a Url,
}

/// Where a webhook leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leads {
    /// To a server.
    Somewhere,
    /// To nobody, and nobody is meant: deliveries are fetched from GitHub's list.
    Nowhere,
    /// GitHub sends nothing.
    Off,
}

/// Where the webhook leads.
#[must_use]
pub fn leads(config: &HookConfig) -> Leads {
    match config.url.as_deref().map(str::trim).filter(|url| !url.is_empty()) {
        None => Leads::Off,
        Some(url) if Url::parse(url).is_ok_and(|url| is_nowhere(&url)) => Leads::Nowhere,
        Some(_) => Leads::Somewhere,
    }
}

/// One check for each thing that is amiss with it, or one that says that all is well.
#[must_use]
pub fn webhook(config: &HookConfig, places: Places<'_>, page: Option<&str>) -> Vec<Check> {
    let at = |check: Check| check.at(page.map(str::to_owned));
    let address = config.url.as_deref().unwrap_or_default().trim();
    let mut checks = Vec::new();
    let mut amiss = |check: Check| checks.push(at(check));
    match leads(config) {
        Leads::Off => {
            let hint = "Activate the webhook in the App's settings; of an inactive one GitHub lists nothing either.";
            return vec![at(Check::warning(subject::WEBHOOK, "switched off: GitHub sends nothing", hint))];
        }
        Leads::Nowhere => {}
        Leads::Somewhere => address_of(address, places).into_iter().for_each(&mut amiss),
    }
    if config.secret.as_deref().unwrap_or_default().is_empty() {
        let found = "it has no secret, so every delivery is refused";
        amiss(Check::error(subject::WEBHOOK, found, Hint::MatchWebhookSecret).about("secret"));
    }
    if let Some(other) = config.content_type.as_deref().filter(|kind| *kind != "json") {
        let found = format!("its content type is {other}, so every delivery is refused");
        amiss(Check::error(subject::WEBHOOK, found, Hint::SendWebhooksAsJson).about("content-type"));
    }
    if config.skips_verification() {
        let found = "GitHub does not verify the server's certificate";
        amiss(Check::warning(subject::WEBHOOK, found, "Enable SSL verification in the App's settings.").about("ssl"));
    }
    if checks.is_empty() {
        let found = match leads(config) {
            Leads::Nowhere => {
                format!("{address}: to nobody on purpose; `switchboard forward` fetches from GitHub's list")
            }
            _ => format!("{address}, as JSON, signed"),
        };
        checks.push(at(Check::ok(subject::WEBHOOK, found)));
    }
    checks
}

/// What is amiss with the address.
fn address_of(address: &str, places: Places<'_>) -> Option<Check> {
    let Ok(url) = Url::parse(address) else {
        let hint = format!("Let it be https://<your server>{PATH}.");
        return Some(Check::error(subject::WEBHOOK, format!("{address} is no address"), hint).about("url"));
    };
    let about = |check: Check| Some(check.about("url"));
    if url.path() != PATH && !url.path().ends_with(PATH) {
        let hint = format!("Let the address end with {PATH}: there the server takes deliveries.");
        return about(Check::error(subject::WEBHOOK, format!("it leads to {address}"), hint));
    }
    if is_local(&url) && !is_local(places.api) {
        let found = format!("it leads to {address}, which GitHub cannot reach");
        let hint = "Give it an address that GitHub reaches, or fetch deliveries with `switchboard forward`.";
        return about(Check::error(subject::WEBHOOK, found, hint));
    }
    if let Some(base) = places.public_url
        && address != format!("{base}{PATH}")
    {
        let found = format!("it leads to {address}, but PUBLIC_URL is {base}");
        let hint = "Let both name the same server, unless GitHub reaches it by another way on purpose.";
        return about(Check::warning(subject::WEBHOOK, found, hint));
    }
    if url.scheme() != "https" && !is_local(&url) {
        let found = format!("it leads to {address}, and anybody on the way can read along");
        return about(Check::warning(subject::WEBHOOK, found, "Let the address begin with https://."));
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::addresses::NOWHERE;
    use crate::doctor::Verdict;

    const GOOD: &str = "https://sb.example.com/webhooks/github";

    fn judged(changes: &Value, public_url: Option<&str>) -> Vec<(Verdict, Option<String>)> {
        let mut config = json!({ "url": GOOD, "content_type": "json", "insecure_ssl": "0", "secret": "********" });
        config.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let config: HookConfig = serde_json::from_value(config).unwrap();
        let api = Url::parse("https://api.github.com").unwrap();
        let checks = webhook(&config, Places { public_url, api: &api }, Some("https://github.com/x"));
        assert!(checks.iter().all(|check| check.link == "https://github.com/x"));
        checks.into_iter().map(|check| (check.verdict, check.about)).collect()
    }

    #[test]
    fn a_webhook_is_judged_by_its_address() {
        let at = |url: &str, public: Option<&str>| judged(&json!({ "url": url }), public)[0].0;
        assert_eq!(at(GOOD, None), Verdict::Ok);
        assert_eq!(at(GOOD, Some("https://sb.example.com")), Verdict::Ok);
        assert_eq!(at(GOOD, Some("https://other.example.com")), Verdict::Warning);
        assert_eq!(at("https://proxy.example.com/sb/webhooks/github", None), Verdict::Ok);
        assert_eq!(at("https://sb.example.com/", None), Verdict::Error);
        assert_eq!(at("http://sb.example.com/webhooks/github", None), Verdict::Warning);
        assert_eq!(at("http://127.0.0.1:3000/webhooks/github", None), Verdict::Error);
        assert_eq!(at("sb.example.com", None), Verdict::Error);
        assert_eq!(at(&format!("{NOWHERE}/webhooks/github"), Some("https://sb.example.com")), Verdict::Ok);
        assert_eq!(at("", None), Verdict::Warning);
    }

    #[test]
    fn a_webhook_without_secret_or_as_a_form_is_refused_whole_and_one_without_verification_is_odd() {
        let changes = json!({ "secret": null, "content_type": "form", "insecure_ssl": "1" });
        let about = |text: &str| Some(text.to_owned());
        assert_eq!(
            judged(&changes, None),
            [
                (Verdict::Error, about("secret")),
                (Verdict::Error, about("content-type")),
                (Verdict::Warning, about("ssl"))
            ]
        );
    }
}
