use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use switchboard_dispatcher::config::{Config, IssuePolicy, RefPolicy};

use super::accepted;
use crate::settings::kinds::{LogFormat, StoreLocation};
use crate::settings::{Origin, Sources, settings};

#[test]
fn defaults_of_the_dispatcher_are_those_of_its_contract() {
    let dispatcher = accepted(&Sources::default()).dispatcher.config;
    assert_eq!(dispatcher, Config::default());
    assert!(dispatcher.enabled && !dispatcher.dry_run && dispatcher.enforce_default_branch);
    assert_eq!((dispatcher.default_ref.as_str(), dispatcher.ref_policy), ("main", RefPolicy::Configured));
    assert_eq!(dispatcher.allowed_conclusions, ["success"]);
    assert!(dispatcher.allowed_events.is_empty() && dispatcher.source_workflows.is_empty());
    assert!(dispatcher.source_repos.is_empty() && dispatcher.target_repos.is_empty());
    assert!(dispatcher.allowed_target_orgs.is_empty());
    assert_eq!((dispatcher.max_targets, dispatcher.max_inputs), (25, 25));
    assert_eq!((dispatcher.max_chain_depth, dispatcher.max_chain_dispatches), (3, 100));
    assert_eq!((dispatcher.max_retries, dispatcher.retry_base), (8, Duration::from_millis(200)));
    assert_eq!((dispatcher.issues, dispatcher.issues_per_hour), (IssuePolicy::Problems, 60));
    assert_eq!(dispatcher.issue_wait, Duration::from_mins(10));
    assert_eq!(dispatcher.dispatch_expiry, Duration::from_hours(6));
}

#[test]
fn a_server_without_any_setting_listens_on_loopback_and_keeps_its_store_here() {
    let settings = accepted(&Sources::default());
    assert_eq!(settings.server.address().to_string(), "127.0.0.1:3000");
    assert_eq!(settings.server.image_sha, "unknown");
    assert_eq!(settings.server.version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(settings.store.location, StoreLocation::Sqlite(PathBuf::from("switchboard.db")));
    assert_eq!(settings.log.format, LogFormat::Json);
    assert_eq!(settings.engine.gap_repair_interval(), Some(Duration::from_mins(10)));
    assert!(settings.github.is_none());
    assert!(settings.effective.iter().all(|effective| effective.origin == Origin::Default));
}

#[test]
fn every_row_is_documented_and_every_name_is_used_once() {
    let mut names = BTreeSet::new();
    for setting in settings() {
        assert!(setting.about.ends_with('.'), "{} has no sentence about it", setting.name());
        assert!(
            setting.is_secret()
                || setting.default.is_some()
                || !setting.example.is_empty()
                || setting.name().ends_with("_hash"),
            "{} shows neither default nor example",
            setting.name(),
        );
        for name in setting.env.iter().map(|name| (*name).to_owned()).chain([setting.variable()]) {
            assert!(names.insert(name.clone()), "{name} names two settings");
        }
    }
}
