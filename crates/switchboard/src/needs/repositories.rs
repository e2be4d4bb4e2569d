//! Repositories that the settings name, so that the App has to be installed there.

use switchboard_github::RepoName;
use switchboard_relay::config::Config as Relay;

use crate::settings::Settings;

/// A repository without which something that is switched on cannot work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededRepository {
    /// Which one.
    pub name: RepoName,
    /// Whose need it is.
    pub by: &'static str,
    /// What it is there, as in "a source".
    pub role: &'static str,
    /// Where it is named.
    pub named: Named,
}

/// Where a repository is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// In the settings: without it the server cannot do what it is set up for.
    InSettings,
    /// In the relay's allowlist: its own owner installs the App, and the other entries do without it.
    InAllowlist,
}

/// One setting that names repositories.
struct Row {
    by: &'static str,
    role: &'static str,
    /// The names as written. What is no repository's name, such as a pattern with a star, names none.
    named: fn(&Settings) -> Vec<String>,
}

const TABLE: &[Row] = &[
    Row {
        by: "dispatcher",
        role: "a source",
        named: |settings| texts(enabled(settings).map(|config| &config.source_repos)),
    },
    Row {
        by: "dispatcher",
        role: "a target",
        named: |settings| texts(enabled(settings).map(|config| &config.target_repos)),
    },
    Row { by: "relay", role: "the upstream", named: |settings| relayed(settings, |_, upstream| Some(upstream)) },
    Row {
        by: "relay",
        role: "where the allowlist stands",
        named: |settings| relayed(settings, |config, upstream| Some(config.allowlist.repo(upstream))),
    },
    Row { by: "relay", role: "the probe", named: |settings| relayed(settings, |config, _| config.probe_repo.as_ref()) },
];

/// A repository that the relay's settings name, while it is switched on.
fn relayed(settings: &Settings, named: for<'s> fn(&'s Relay, &'s RepoName) -> Option<&'s RepoName>) -> Vec<String> {
    let config = Some(&settings.relay.config).filter(|config| config.enabled);
    let name = config.and_then(|config| named(config, config.upstream.as_ref()?));
    name.map(RepoName::to_string).into_iter().collect()
}

fn enabled(settings: &Settings) -> Option<&switchboard_dispatcher::config::Config> {
    Some(&settings.dispatcher.config).filter(|config| config.enabled)
}

fn texts<T: ToString>(list: Option<&Vec<T>>) -> Vec<String> {
    list.into_iter().flatten().map(T::to_string).collect()
}

/// Every repository that the settings name, and then those of the relay's allowlist, each once.
#[must_use]
pub fn repositories(settings: &Settings, entries: &[RepoName]) -> Vec<NeededRepository> {
    let mut needed: Vec<NeededRepository> = Vec::new();
    for row in TABLE {
        for name in (row.named)(settings).iter().filter_map(|text| text.parse::<RepoName>().ok()) {
            if needed.iter().all(|known| known.name != name) {
                needed.push(NeededRepository { name, by: row.by, role: row.role, named: Named::InSettings });
            }
        }
    }
    for name in entries {
        if needed.iter().all(|known| known.name != *name) {
            let (by, role, named) = ("relay", "an entry of the allowlist", Named::InAllowlist);
            needed.push(NeededRepository { name: name.clone(), by, role, named });
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Purpose, Sources};

    fn named(variables: &[(&str, &str)]) -> Vec<String> {
        let sources =
            variables.iter().fold(Sources::default(), |sources, (name, value)| sources.with_variable(name, *value));
        let settings = Settings::load(&sources, Purpose::Inspect).unwrap();
        let entries = ["vendor/backend".parse().unwrap(), "org/up".parse().unwrap()];
        let entries = if settings.relay.config.enabled { &entries[..] } else { &[] };
        repositories(&settings, entries)
            .into_iter()
            .map(|needed| format!("{} as {}", needed.name, needed.role))
            .collect()
    }

    #[test]
    fn repositories_are_needed_that_are_named_in_full_and_each_once() {
        let source = ("SWITCHBOARD__DISPATCHER__SOURCE_REPOS", "acme/api, acme/*, Acme/API");
        let target = ("SWITCHBOARD__DISPATCHER__TARGET_REPOS", "acme/deploy, acme/api");
        assert_eq!(named(&[source, target]), ["acme/api as a source", "acme/deploy as a target"]);
        assert!(named(&[source, ("SWITCHBOARD__DISPATCHER__ENABLED", "false")]).is_empty());
    }

    #[test]
    fn the_relay_names_its_upstream_its_lists_place_its_probe_and_its_entries() {
        let relay = |name: &'static str| match name {
            "ENABLED" => ("SWITCHBOARD__RELAY__ENABLED", "true"),
            "UPSTREAM" => ("SWITCHBOARD__RELAY__UPSTREAM", "org/up"),
            "ALLOWLIST" => ("SWITCHBOARD__RELAY__ALLOWLIST", "https://github.com/org/lists/blob/main/relay.yml"),
            _ => ("SWITCHBOARD__RELAY__PROBE_REPO", "org/probe"),
        };
        let all = ["ENABLED", "UPSTREAM", "ALLOWLIST", "PROBE_REPO"].map(relay);
        assert_eq!(
            named(&all),
            [
                "org/up as the upstream",
                "org/lists as where the allowlist stands",
                "org/probe as the probe",
                "vendor/backend as an entry of the allowlist"
            ]
        );
        assert!(named(&all[1..]).is_empty(), "it is switched off");
    }
}
