//! On which ref a target workflow is started.

use crate::config::{Config, RefPolicy};
use crate::names::GitRef;

/// The ref of a dispatch: what the rule asks for, else what the operator's policy says. A run without a branch falls back to
/// `default_ref`. The source's branch is a stranger's text and goes nowhere but into the JSON body.
#[must_use]
pub fn choose(asked: Option<&GitRef>, config: &Config, source_branch: Option<&str>, target_default: &str) -> String {
    if let Some(asked) = asked {
        return asked.to_string();
    }
    match (config.ref_policy, source_branch) {
        (RefPolicy::SourceBranch, Some(branch)) => branch.to_owned(),
        (RefPolicy::TargetDefault, _) => target_default.to_owned(),
        (RefPolicy::SourceBranch, None) | (RefPolicy::Configured, _) => config.default_ref.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_ref_wins_and_the_policy_decides_otherwise() {
        let asked: GitRef = "release".parse().unwrap();
        let table = [
            (Some(&asked), RefPolicy::TargetDefault, Some("feature"), "release"),
            (None, RefPolicy::Configured, Some("feature"), "main"),
            (None, RefPolicy::SourceBranch, Some("feature"), "feature"),
            (None, RefPolicy::SourceBranch, None, "main"),
            (None, RefPolicy::TargetDefault, Some("feature"), "trunk"),
        ];
        for (asked, ref_policy, branch, expected) in table {
            let config = Config { ref_policy, ..Config::default() };
            assert_eq!(choose(asked, &config, branch, "trunk"), expected, "{ref_policy:?}");
        }
    }
}
