//! `switchboard doctor --json`, read as its documentation says.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use crate::support::server::run;

/// What it prints. Members that are not documented make a test fail.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    pub version: u32,
    pub verdict: String,
    pub healthy: bool,
    pub counts: BTreeMap<String, usize>,
    pub checks: Vec<Check>,
}

/// One check.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    pub name: String,
    pub about: Option<String>,
    pub verdict: String,
    pub found: String,
    pub hint: Option<String>,
    pub link: String,
    pub figures: Option<Value>,
}

/// Runs it with these further arguments; the exit code and what it printed.
pub async fn doctor(folder: &Path, variables: &[(String, String)], more: &[&str]) -> (Option<i32>, Report) {
    let ended = run(folder, variables, &[&["doctor", "--json"], more].concat()).await;
    assert_eq!(ended.err, "", "nothing beside the JSON");
    let report: Report = serde_json::from_str(&ended.out).unwrap();
    assert_eq!(report.version, 1);
    assert_eq!(report.counts.values().sum::<usize>(), report.checks.len());
    for check in &report.checks {
        assert_eq!(check.hint.is_none(), check.verdict == "ok", "what is not ok says what to do: {check:?}");
        assert!(!check.found.is_empty() && !check.link.is_empty(), "{check:?}");
    }
    (ended.code, report)
}

impl Report {
    /// The checks of a name.
    pub fn all(&self, name: &str) -> Vec<&Check> {
        self.checks.iter().filter(|check| check.name == name).collect()
    }

    /// The one check of a name.
    pub fn one(&self, name: &str) -> &Check {
        let all = self.all(name);
        assert_eq!(all.len(), 1, "{name}: {all:?}");
        all[0]
    }

    /// Names and what they are about of everything with this verdict.
    pub fn with(&self, verdict: &str) -> Vec<String> {
        let those = self.checks.iter().filter(|check| check.verdict == verdict);
        let named = |check: &Check| [Some(check.name.clone()), check.about.clone()].into_iter().flatten();
        those.map(|check| named(check).collect::<Vec<_>>().join(" ")).collect()
    }
}
