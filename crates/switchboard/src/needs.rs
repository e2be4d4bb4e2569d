//! What the App needs on GitHub, by what is switched on: the one table that `setup` asks for and `doctor` compares with.
//!
//! Permissions are not written down here: they follow from the endpoints that an automation calls.

use switchboard_dispatcher::config::{Config, IssuePolicy};
use switchboard_github::endpoint::{self, Endpoint};
use switchboard_github::permission::Permissions;

/// What one part of the server needs on GitHub.
struct Row {
    /// Whether it is switched on.
    wanted: fn(&Config) -> bool,
    /// What it calls.
    calls: &'static [&'static Endpoint],
    /// The webhook events that it acts on.
    events: &'static [&'static str],
}

const TABLE: &[Row] = &[
    Row { wanted: |_| true, calls: &[&endpoint::REPOSITORY], events: &[] },
    Row {
        wanted: |dispatcher| dispatcher.enabled,
        calls: &[&endpoint::CONTENTS, &endpoint::WORKFLOW_RUNS, &endpoint::WORKFLOW_DISPATCH],
        events: &["workflow_run"],
    },
    Row {
        wanted: |dispatcher| dispatcher.enabled && dispatcher.issues != IssuePolicy::Off,
        calls: &[&endpoint::ISSUES, &endpoint::CREATE_ISSUE, &endpoint::UPDATE_ISSUE],
        events: &[],
    },
];

/// What the App needs on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needs {
    /// What it must be granted.
    pub permissions: Permissions,
    /// What it must subscribe to, beside what GitHub always sends to an App.
    pub events: Vec<&'static str>,
}

impl Needs {
    /// What is needed for what is switched on.
    #[must_use]
    pub fn of(dispatcher: &Config) -> Self {
        let rows: Vec<&Row> = TABLE.iter().filter(|row| (row.wanted)(dispatcher)).collect();
        Self {
            permissions: endpoint::needed(rows.iter().flat_map(|row| row.calls.iter().copied())),
            events: rows.iter().flat_map(|row| row.events.iter().copied()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard_github::permission::Permission;

    use super::*;

    #[test]
    fn without_issues_the_permission_for_them_is_not_needed() {
        let config = Config { issues: IssuePolicy::Off, ..Config::default() };
        assert_eq!(Needs::of(&config).permissions.access(&Permission::ISSUES), None);
    }

    #[test]
    fn what_is_switched_off_needs_nothing() {
        let needs = Needs::of(&Config { enabled: false, ..Config::default() });
        assert_eq!((needs.permissions.to_string().as_str(), needs.events.len()), ("metadata: read", 0));
    }
}
