//! The operator's settings for the dispatcher: values and their limits. Reading them from a file or the environment happens elsewhere.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::names::GitRef;

mod choices;
mod pattern;

pub use choices::{IssuePolicy, RefPolicy, parse_switch};
pub use pattern::{RepositoryPattern, WorkflowPattern};

/// Allowed values of `max_targets`.
pub const MAX_TARGETS: RangeInclusive<u32> = 1..=100;
/// Allowed values of `max_chain_depth`.
pub const MAX_CHAIN_DEPTH: RangeInclusive<u32> = 1..=10;
/// Allowed values of `max_chain_dispatches`.
pub const MAX_CHAIN_DISPATCHES: RangeInclusive<u32> = 1..=1_000;
/// Allowed values of `max_retries`.
pub const MAX_RETRIES: RangeInclusive<u32> = 0..=20;
/// Most inputs that GitHub takes in one `workflow_dispatch`.
pub const MAX_INPUTS: RangeInclusive<u32> = 0..=25;
/// Where `default_ref` points unless it is set.
const DEFAULT_REF: &str = "main";

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

/// The section `[dispatcher]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether the dispatcher takes part at all.
    pub enabled: bool,
    /// Whether plans are only recorded, and nothing is dispatched.
    pub dry_run: bool,
    /// The ref for targets without one, where the policy does not say otherwise.
    pub default_ref: GitRef,
    /// Where the ref of a target without one comes from.
    pub ref_policy: RefPolicy,
    /// Whether only runs on the source's default branch count.
    pub enforce_default_branch: bool,
    /// Conclusions that count; empty for all.
    pub allowed_conclusions: Vec<String>,
    /// Events that count; empty for all.
    pub allowed_events: Vec<String>,
    /// Repositories that may be a source; empty for all.
    pub source_repos: Vec<RepositoryPattern>,
    /// Repositories that may be a target; empty for all.
    pub target_repos: Vec<RepositoryPattern>,
    /// Workflow files that may be a source; empty for all.
    pub source_workflows: Vec<WorkflowPattern>,
    /// Owners beside the source's own whose repositories may be targets.
    pub allowed_target_orgs: Vec<String>,
    /// Targets of one run.
    pub max_targets: u32,
    /// Inputs of one dispatch.
    pub max_inputs: u32,
    /// Dispatches in a row that lead to one run.
    pub max_chain_depth: u32,
    /// Dispatches that one root run may cause, directly and indirectly.
    pub max_chain_dispatches: u32,
    /// Further attempts after the first.
    pub max_retries: u32,
    /// The wait before the first further attempt.
    pub retry_base: Duration,
    /// When an issue is written.
    pub issues: IssuePolicy,
    /// New issues per installation and clock hour.
    pub issues_per_hour: u32,
    /// How long an issue waits for open targets.
    pub issue_wait: Duration,
    /// How old a dispatch may become before it is given up.
    pub dispatch_expiry: Duration,
}

impl Config {
    /// The settings of an operator who sets nothing.
    #[must_use]
    pub fn defaults() -> Self {
        Self {
            enabled: true,
            dry_run: false,
            default_ref: GitRef::constant(DEFAULT_REF),
            ref_policy: RefPolicy::Configured,
            enforce_default_branch: true,
            allowed_conclusions: vec!["success".to_owned()],
            allowed_events: Vec::new(),
            source_repos: Vec::new(),
            target_repos: Vec::new(),
            source_workflows: Vec::new(),
            allowed_target_orgs: Vec::new(),
            max_targets: 25,
            max_inputs: 25,
            max_chain_depth: 3,
            max_chain_dispatches: 100,
            max_retries: 8,
            retry_base: Duration::from_millis(200),
            issues: IssuePolicy::Problems,
            issues_per_hour: 60,
            issue_wait: Duration::from_secs(10 * 60),
            dispatch_expiry: Duration::from_secs(360 * 60),
        }
    }

    /// Whether `owner` may own a target of a source of `source_owner`.
    #[must_use]
    pub fn allows_target_owner(&self, owner: &str, source_owner: &str) -> bool {
        owner.eq_ignore_ascii_case(source_owner)
            || self.allowed_target_orgs.iter().any(|allowed| allowed.eq_ignore_ascii_case(owner))
    }

    /// Every number that lies outside its limits: the key and what is wrong.
    #[must_use]
    pub fn out_of_range(&self) -> Vec<(&'static str, SettingError)> {
        let checks = [
            ("max_targets", self.max_targets, MAX_TARGETS),
            ("max_inputs", self.max_inputs, MAX_INPUTS),
            ("max_chain_depth", self.max_chain_depth, MAX_CHAIN_DEPTH),
            ("max_chain_dispatches", self.max_chain_dispatches, MAX_CHAIN_DISPATCHES),
            ("max_retries", self.max_retries, MAX_RETRIES),
        ];
        checks.into_iter().filter_map(|(key, value, range)| Some((key, check_range(value, &range).err()?))).collect()
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
        assert_eq!(config.default_ref, "main".parse().unwrap());
        assert_eq!((config.max_targets, config.max_chain_depth, config.max_retries), (25, 3, 8));
        assert!(config.out_of_range().is_empty());
    }

    #[test]
    fn numbers_outside_their_limits_are_named_with_a_hint() {
        let config = Config { max_targets: 101, max_chain_depth: 0, ..Config::default() };
        let found = config.out_of_range();
        assert_eq!(found.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["max_targets", "max_chain_depth"]);
        assert_eq!(found[0].1.hint, "use a number from 1 to 100");
    }

    #[test]
    fn target_owners_are_the_sources_own_and_the_listed_ones_in_any_case() {
        let config = Config { allowed_target_orgs: vec!["Friends".to_owned()], ..Config::default() };
        assert!(config.allows_target_owner("ORG", "org") && config.allows_target_owner("friendS", "org"));
        assert!(!config.allows_target_owner("stranger", "org"));
    }
}
