//! Repositories that the settings name, so that the App has to be installed there.

use switchboard_github::RepoName;

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
];

fn enabled(settings: &Settings) -> Option<&switchboard_dispatcher::config::Config> {
    Some(&settings.dispatcher.config).filter(|config| config.enabled)
}

fn texts<T: ToString>(list: Option<&Vec<T>>) -> Vec<String> {
    list.into_iter().flatten().map(T::to_string).collect()
}

/// Every repository that the settings name, each once.
#[must_use]
pub fn repositories(settings: &Settings) -> Vec<NeededRepository> {
    let mut needed: Vec<NeededRepository> = Vec::new();
    for row in TABLE {
        for name in (row.named)(settings).iter().filter_map(|text| text.parse::<RepoName>().ok()) {
            if needed.iter().all(|known| known.name != name) {
                needed.push(NeededRepository { name, by: row.by, role: row.role });
            }
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
        repositories(&settings).into_iter().map(|needed| format!("{} as {}", needed.name, needed.role)).collect()
    }

    #[test]
    fn repositories_are_needed_that_are_named_in_full_and_each_once() {
        let source = ("SWITCHBOARD__DISPATCHER__SOURCE_REPOS", "acme/api, acme/*, Acme/API");
        let target = ("SWITCHBOARD__DISPATCHER__TARGET_REPOS", "acme/deploy, acme/api");
        assert_eq!(named(&[source, target]), ["acme/api as a source", "acme/deploy as a target"]);
        assert!(named(&[source, ("SWITCHBOARD__DISPATCHER__ENABLED", "false")]).is_empty());
    }
}
