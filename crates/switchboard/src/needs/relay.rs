//! What the relay needs (its contract, section 3).

use switchboard_github::endpoint;

use super::Row;

/// On the upstream and on every entry of its allowlist. Each token names one repository and the one permission of its call.
pub(super) const ROW: Row = Row {
    by: "relay",
    wanted: |on| on.relay.enabled,
    calls: &[
        (&endpoint::CONTENTS, "read the upstream's allowlist"),
        (&endpoint::COMPARE, "tell whether a nightly report's commit lies on a branch of the upstream"),
        (&endpoint::REPOSITORY_DISPATCH, "pass events on to the repositories in the allowlist"),
        (&endpoint::REPOSITORY_RUNS, "find the run that a dispatch started, when the answer was lost"),
        (&endpoint::RUN, "hear how a run ended that has stopped reporting"),
        (&endpoint::RUN_JOBS, "compare what a run reported with how its jobs ended"),
        (&endpoint::RERUN_FAILED, "run failed jobs again when somebody asks on the upstream's pull request"),
        (&endpoint::RERUN, "run a whole run again when somebody asks on the upstream's pull request"),
        (&endpoint::CHECK_RUNS, "find a check run whose creation was not answered"),
        (&endpoint::CREATE_CHECK_RUN, "show results on the upstream's pull request"),
        (&endpoint::UPDATE_CHECK_RUN, "bring those results up to date"),
    ],
    events: &[
        ("pull_request", "hear of the upstream's pull requests and their labels"),
        ("push", "hear of the upstream's pushes, and of changes to the allowlist"),
        ("check_run", "hear when somebody asks to run a check again"),
        ("check_suite", "hear when somebody asks to run all checks again"),
        ("workflow_run", "hear when a downstream run ends that has stopped reporting"),
    ],
};

/// Mentioning the oncalls of an entry that failed.
pub(super) const COMMENTS: Row = Row {
    by: "relay",
    wanted: |on| on.relay.enabled && on.relay.oncall_comments,
    calls: &[
        (&endpoint::COMMENTS, "find the comment that it wrote before"),
        (&endpoint::CREATE_COMMENT, "tell an entry's oncalls of a failure; without oncall_comments reading is enough"),
        (&endpoint::UPDATE_COMMENT, "bring that comment up to date"),
    ],
    events: &[],
};

#[cfg(test)]
mod tests {
    use super::super::Needs;
    use crate::settings::{Purpose, Settings, Sources};

    fn needs(file: &str) -> Needs {
        let file = format!("dispatcher.enabled = false\n[relay]\nupstream = \"org/up\"\n{file}");
        let sources = Sources::default().with_file("switchboard.toml", file);
        Needs::of_settings(&Settings::load(&sources, Purpose::Inspect).unwrap())
    }

    #[test]
    fn an_enabled_relay_needs_what_its_contract_says() {
        let on = needs("enabled = true\n");
        assert_eq!(
            on.permissions.to_string(),
            "actions: write, checks: write, contents: write, metadata: read, pull_requests: read"
        );
        assert_eq!(on.events, ["pull_request", "push", "check_run", "check_suite", "workflow_run"]);
        assert!(on.permissions.iter().all(|(permission, _)| on.why(permission).next().is_some()));
        let off = needs("");
        assert_eq!((off.permissions.to_string().as_str(), off.events.len()), ("metadata: read", 0));
    }

    #[test]
    fn pull_requests_are_written_to_only_for_oncalls() {
        let permissions = needs("enabled = true\noncall_comments = true\n").permissions.to_string();
        assert!(permissions.ends_with("pull_requests: write"), "{permissions}");
    }
}
