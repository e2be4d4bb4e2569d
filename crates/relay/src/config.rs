//! The operator's settings for the relay: values and their limits. Reading them from a file or the environment happens elsewhere.

use std::ops::RangeInclusive;
use std::time::Duration;

use switchboard_github::repo_name::RepoName;

use crate::allowlist::AllowlistSource;

mod choices;
mod criteria;
mod provider;

pub use choices::{CacheBackend, Demotion, GatePolicy, UnknownRepo};
pub use criteria::{Criteria, P50_EDGES};
pub use provider::{BUILDKITE_ISSUER, Pipeline, Provider};

/// Allowed values of `allowlist_ttl_seconds`; GitHub is asked once in that time.
pub const ALLOWLIST_TTL_SECONDS: RangeInclusive<u32> = 60..=86_400;
/// Allowed values of `payload_limit_bytes`. GitHub refuses 64 KB and more (docs.github.com, "Create a repository dispatch event").
pub const PAYLOAD_LIMIT_BYTES: RangeInclusive<u32> = 32_768..=65_000;
/// Allowed values of `timeout_minutes` and `start_timeout_minutes`, here and in the allowlist: up to a week.
pub const TIMEOUT_MINUTES: RangeInclusive<u32> = 1..=10_080;
/// Allowed values of `max_targets`: a plan writes some records for each, and must fit one settlement.
pub const MAX_TARGETS: RangeInclusive<u32> = 1..=300;
/// Allowed values of `max_results_per_target`.
pub const MAX_RESULTS_PER_TARGET: RangeInclusive<u32> = 1..=10_000;
/// Allowed values of `rate_limit_per_minute`.
pub const RATE_LIMIT_PER_MINUTE: RangeInclusive<u32> = 1..=100_000;
/// Allowed values of `retention_days`: results are looked back upon for 90 days at most.
pub const RETENTION_DAYS: RangeInclusive<u32> = 1..=3_650;
/// Allowed values of `stale_after_minutes`.
pub const STALE_AFTER_MINUTES: RangeInclusive<u32> = 1..=10_080;

/// Whose tokens are believed unless set.
const OIDC_ISSUER: &str = "https://token.actions.githubusercontent.com";
/// Whom the tokens of existing downstream workflows are for.
const OIDC_AUDIENCE: &str = "pytorch-cross-repo-ci-relay";
/// What the labels of existing downstream devices begin with.
const LABEL_PREFIX: &str = "ciflow/crcr/";
const APPROVE_LABEL: &str = "crcr/approved";

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SettingError {
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub hint: String,
}

impl SettingError {
    pub(crate) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// The section `[relay]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether the relay takes part at all.
    pub enabled: bool,
    /// The repository whose events are relayed; must be set if enabled.
    pub upstream: Option<RepoName>,
    /// What comes before the device in an L3 label.
    pub label_prefix: String,
    /// Where the allowlist stands.
    pub allowlist: AllowlistSource,
    /// How long a read allowlist is believed.
    pub allowlist_ttl: Duration,
    /// Whose tokens are believed.
    pub oidc_issuer: String,
    /// Whom tokens must be for: one of these.
    pub oidc_audience: Vec<String>,
    /// Identities besides GitHub's.
    pub providers: Vec<Provider>,
    /// What reports of repositories without a say are answered.
    pub unknown_repo: UnknownRepo,
    /// Reports of one repository in a minute.
    pub rate_limit_per_minute: u32,
    /// Whether deletions of branches and tags are relayed.
    pub relay_deletions: bool,
    /// Longest body of a dispatch, in bytes.
    pub payload_limit_bytes: u32,
    /// Whether pull requests of new authors wait for an approval.
    pub hold_new_authors: bool,
    /// The label that approves a head.
    pub approve_label: String,
    /// Targets of one event.
    pub max_targets: u32,
    /// Results of one target.
    pub max_results_per_target: u32,
    /// How long a result may run, in minutes.
    pub timeout_minutes: u32,
    /// How long the first report may take, in minutes.
    pub start_timeout_minutes: u32,
    /// Whether there is a check run for each target, too.
    pub target_checks: bool,
    /// When the merge gate is written.
    pub gate: GatePolicy,
    /// Whether oncalls are mentioned in comments.
    pub oncall_comments: bool,
    /// What follows when an L3 entry is due for demotion.
    pub demotion: Demotion,
    /// Refs on one of which a nightly report's commit must lie.
    pub nightly_refs: Vec<String>,
    /// The repository that probes the relay itself.
    pub probe_repo: Option<RepoName>,
    /// How long dispatches and results are kept, in days.
    pub retention_days: u32,
    /// What levels are judged by.
    pub criteria: Criteria,
    /// After how many minutes without an event, a send or a report the strip turns red.
    pub stale_after_minutes: u32,
    /// Whether the pages need no sign-in.
    pub public_pages: bool,
    /// Where the shared cache is kept. The address of a Redis is a secret, and not kept here.
    pub cache: CacheBackend,
    /// What the cache's keys begin with.
    pub cache_prefix: String,
}

impl Config {
    /// The settings of an operator who sets nothing.
    #[must_use]
    pub fn defaults() -> Self {
        Self {
            enabled: false,
            upstream: None,
            label_prefix: LABEL_PREFIX.to_owned(),
            allowlist: AllowlistSource::default(),
            allowlist_ttl: Duration::from_secs(900),
            oidc_issuer: OIDC_ISSUER.to_owned(),
            oidc_audience: vec![OIDC_AUDIENCE.to_owned()],
            providers: Vec::new(),
            unknown_repo: UnknownRepo::Ignore,
            rate_limit_per_minute: 100,
            relay_deletions: false,
            payload_limit_bytes: 60_000,
            hold_new_authors: false,
            approve_label: APPROVE_LABEL.to_owned(),
            max_targets: 200,
            max_results_per_target: 500,
            timeout_minutes: 360,
            start_timeout_minutes: 1_440,
            target_checks: true,
            gate: GatePolicy::Auto,
            oncall_comments: false,
            demotion: Demotion::Suppress,
            nightly_refs: vec!["main".to_owned(), "nightly".to_owned()],
            probe_repo: None,
            retention_days: 100,
            criteria: Criteria::defaults(),
            stale_after_minutes: 360,
            public_pages: false,
            cache: CacheBackend::Embedded,
            cache_prefix: "switchboard:relay:".to_owned(),
        }
    }

    /// Every number that lies outside its limits: the key and what is wrong.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<(&'static str, SettingError)> {
        let ttl = u32::try_from(self.allowlist_ttl.as_secs()).unwrap_or(u32::MAX);
        let checks = [
            ("allowlist_ttl_seconds", ttl, ALLOWLIST_TTL_SECONDS),
            ("rate_limit_per_minute", self.rate_limit_per_minute, RATE_LIMIT_PER_MINUTE),
            ("payload_limit_bytes", self.payload_limit_bytes, PAYLOAD_LIMIT_BYTES),
            ("max_targets", self.max_targets, MAX_TARGETS),
            ("max_results_per_target", self.max_results_per_target, MAX_RESULTS_PER_TARGET),
            ("timeout_minutes", self.timeout_minutes, TIMEOUT_MINUTES),
            ("start_timeout_minutes", self.start_timeout_minutes, TIMEOUT_MINUTES),
            ("retention_days", self.retention_days, RETENTION_DAYS),
            ("stale_after_minutes", self.stale_after_minutes, STALE_AFTER_MINUTES),
        ];
        let own = checks.into_iter().filter_map(|(key, value, range)| Some((key, check_range(value, &range).err()?)));
        own.chain(self.criteria.out_of_range()).collect()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::defaults()
    }
}

fn check_range(value: u32, range: &RangeInclusive<u32>) -> Result<(), SettingError> {
    if range.contains(&value) {
        return Ok(());
    }
    let hint = format!("use a number from {} to {}", range.start(), range.end());
    Err(SettingError::new(format!("{value} is out of range"), hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_the_contracts_and_lie_within_their_limits() {
        let config = Config::default();
        assert!(!config.enabled && config.out_of_range().is_empty());
        assert_eq!(config.allowlist, ".github/allowlist.yml".parse().unwrap());
        assert_eq!(config.oidc_issuer, "https://token.actions.githubusercontent.com");
        assert_eq!(config.oidc_audience, ["pytorch-cross-repo-ci-relay"]);
        assert_eq!((config.payload_limit_bytes, config.max_targets, config.max_results_per_target), (60_000, 200, 500));
        assert_eq!((config.timeout_minutes, config.start_timeout_minutes), (360, 1_440));
    }

    #[test]
    fn numbers_outside_their_limits_are_named_with_a_hint() {
        let config = Config {
            payload_limit_bytes: 65_001,
            allowlist_ttl: Duration::from_secs(59),
            criteria: Criteria { p50_minutes: 100, ..Criteria::defaults() },
            ..Config::default()
        };
        let found = config.out_of_range();
        let keys: Vec<_> = found.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, ["allowlist_ttl_seconds", "payload_limit_bytes", "criteria.p50_minutes"]);
        assert_eq!(found[1].1.hint, "use a number from 32768 to 65000");
    }
}
