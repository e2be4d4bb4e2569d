//! What no row can judge alone.

use std::collections::BTreeSet;
use std::fs;

use switchboard_github::secret::AppKey;

use super::file::refused;
use super::load::Loading;
use super::origin::{Origin, Position};
use super::problem::Problem;
use super::setting::Setting;
use super::table;
use super::value::FromText;

/// Settings of which one replaces the other.
const PAIRS: [(&str, &str); 3] = [
    ("github.private_key", "github.private_key_path"),
    ("auth.operator_token", "auth.operator_token_hash"),
    ("auth.viewer_token", "auth.viewer_token_hash"),
];

/// Of each pair only one may be set in the same place; the environment's replaces the file's. Reads the private key's
/// file where that is the one.
pub(super) fn resolve_pairs(loading: &mut Loading<'_>) {
    for (first, second) in PAIRS {
        let in_environment = [first, second].map(|name| loading.environment.contains_key(name));
        let in_file = [first, second].map(|name| loading.file.given.contains_key(name));
        match (in_environment, in_file) {
            ([true, true], _) | ([false, false], [true, true]) => {
                let problem = Problem::new(format!("{first} is set too, and both mean the same")).of(second);
                loading.problems.push(problem.at(loading.origin(second)).hint("keep one of the two"));
            }
            ([true, false], [_, true]) => forget(loading, second),
            ([false, true], [true, _]) => forget(loading, first),
            _ => {}
        }
    }
    read_private_key(loading);
}

/// A collector that was named to this program is not replaced by the address for traces that was named to all of them.
pub(super) fn prefer_own_collector(loading: &mut Loading<'_>) {
    const COLLECTOR: &str = "telemetry.otlp_endpoint";
    let named = loading.environment.contains_key(COLLECTOR) || loading.file.given.contains_key(COLLECTOR);
    if named {
        loading.shared.remove("telemetry.otlp_traces_endpoint");
    }
}

/// Takes back what the file said, because the environment sets the other one of the pair.
fn forget(loading: &mut Loading<'_>, name: &str) {
    match name {
        "github.private_key" => loading.draft.github.private_key = None,
        "github.private_key_path" => loading.draft.github.private_key_path = None,
        "auth.operator_token" => loading.draft.auth.operator_token = None,
        "auth.operator_token_hash" => loading.draft.auth.operator_token_hash = None,
        "auth.viewer_token" => loading.draft.auth.viewer_token = None,
        _ => loading.draft.auth.viewer_token_hash = None,
    }
}

fn read_private_key(loading: &mut Loading<'_>) {
    const NAME: &str = "github.private_key_path";
    let Some(path) = loading.draft.github.private_key_path.clone() else { return };
    let problem = match fs::read_to_string(&path) {
        Ok(pem) => match AppKey::from_text(&pem) {
            Ok(key) => {
                loading.draft.github.private_key = Some(key);
                return;
            }
            Err(refusal) => match table::setting(NAME) {
                Some(setting) => refused(setting, refusal, loading.origin(NAME)),
                None => return,
            },
        },
        Err(error) => Problem::new(format!("{} cannot be read: {error}", path.display()))
            .of(NAME)
            .at(loading.origin(NAME))
            .hint("name the .pem file from the App's settings page, readable for the server's user"),
    };
    loading.problems.push(problem);
}

/// Reports what a server cannot do without, except what has been complained about already.
pub(super) fn require(loading: &mut Loading<'_>, named: &BTreeSet<String>) {
    let github = &loading.draft.github;
    let missing = [
        ("github.app_id", github.app_id.is_none(), "the number under \"App ID\" on the App's settings page"),
        (
            "github.webhook_secret",
            github.webhook_secrets.is_empty(),
            "the secret that you entered under \"Webhook\" on the App's settings page",
        ),
        (
            "github.private_key",
            github.private_key.is_none() && !named.contains("github.private_key_path"),
            "generate one under \"Private keys\" on the App's settings page; the setting private_key_path names its file",
        ),
    ];
    for (name, is_missing, explanation) in missing {
        if let Some(setting) = table::setting(name)
            && is_missing
            && !named.contains(name)
        {
            let file = loading.sources.file_name();
            let hint = format!(
                "set {}, or `{}` under [github] in {file}: {explanation}",
                setting.usual_variable(),
                setting.key
            );
            let problem = Problem::new("not set, and the server needs it").of(name).hint(hint);
            let problem = match place_to_add(loading, setting) {
                Some(position) => problem.at(Origin::File(position)),
                None => problem,
            };
            loading.problems.push(problem);
        }
    }
}

/// Where in the file the setting would stand: at its section, or at the file's beginning.
fn place_to_add(loading: &Loading<'_>, setting: &Setting) -> Option<Position> {
    let file = loading.sources.file.as_ref()?;
    let section = loading.file.sections.get(setting.section).cloned();
    Some(section.unwrap_or_else(|| Position::of_offset(&file.path, &file.text, 0)))
}

/// A server that strangers can reach must know who may see its pages.
pub(super) fn sign_in_beyond_loopback(loading: &mut Loading<'_>) {
    const NAME: &str = "server.host";
    let host = loading.draft.server.host.0;
    if host.to_canonical().is_loopback() || loading.draft.auth.is_configured() {
        return;
    }
    // A token that was refused has been complained about; it is there.
    if loading.problems.iter().any(|problem| problem.setting.as_deref().is_some_and(|name| name.starts_with("auth."))) {
        return;
    }
    let problem = Problem::new(format!("{host} is reachable from other machines, and nobody could sign in")).of(NAME);
    loading.problems.push(
        problem.at(loading.origin(NAME)).hint(
            "set SWITCHBOARD_OPERATOR_TOKEN to a long random text (`openssl rand -hex 32`), or listen on 127.0.0.1",
        ),
    );
}
