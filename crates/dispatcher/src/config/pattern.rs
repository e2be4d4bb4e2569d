use std::fmt;
use std::str::FromStr;

use switchboard_engine::glob::{Star, matches};

use super::SettingError;
use crate::names::{RepositoryName, WorkflowFile};

/// Stands for any text, also none and also across `/`.
const WILDCARD: char = '*';

/// A pattern for `owner/name` with `*`, compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryPattern(String);

impl RepositoryPattern {
    /// Whether the pattern means this repository.
    #[must_use]
    pub fn matches(&self, repository: &RepositoryName) -> bool {
        matches(&self.0.to_ascii_lowercase(), &repository.lower(), Star::Crosses)
    }
}

impl FromStr for RepositoryPattern {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text.contains(['/', WILDCARD]) {
            return Ok(Self(text.to_owned()));
        }
        let hint = format!("write `owner/{text}`, or `*/{text}` for that name under any owner");
        Err(SettingError::new(format!("`{text}` names no owner"), hint))
    }
}

impl fmt::Display for RepositoryPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A pattern for a workflow's file name with `*`, compared letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowPattern(String);

impl WorkflowPattern {
    /// Whether the pattern means this workflow.
    #[must_use]
    pub fn matches(&self, workflow: &WorkflowFile) -> bool {
        matches(&self.0, workflow.as_str(), Star::Crosses)
    }
}

impl FromStr for WorkflowPattern {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        match text {
            "" => Err(SettingError::new("the file name is empty", "write a workflow's file name, such as `ci.yml`")),
            _ if text.contains('/') => {
                let file = text.rsplit('/').next().unwrap_or_default();
                Err(SettingError::new(format!("`{text}` is a path"), format!("write the file name alone: `{file}`")))
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for WorkflowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_patterns_take_any_text_for_a_star_and_any_case() {
        let table = [
            ("org/repo", "Org/REPO", true),
            ("org/repo", "org/repo2", false),
            ("Org/*", "org/x", true),
            ("org/*", "organisation/x", false),
            ("*/infra-*", "a/infra-b", true),
            ("*/infra-*", "a/b-infra", false),
            ("*", "a/b", true),
            ("org*", "organisation/x", true),
            ("a*a/a*a", "a/a", false),
            ("a*a/a*a", "aa/aa", true),
            ("*a*b*c", "x/a-b-c", true),
            ("*a*b*c", "x/a-c-b", false),
        ];
        for (pattern, repository, expected) in table {
            let pattern: RepositoryPattern = pattern.parse().unwrap();
            assert_eq!(pattern.matches(&repository.parse().unwrap()), expected, "{pattern} {repository}");
        }
    }

    #[test]
    fn a_repository_pattern_without_owner_is_an_error_with_a_hint() {
        let error = "myrepo".parse::<RepositoryPattern>().unwrap_err();
        assert!(error.hint.contains("owner/myrepo"), "{error:?}");
        assert!("".parse::<RepositoryPattern>().is_err());
    }

    #[test]
    fn workflow_patterns_are_case_sensitive_and_hold_no_path() {
        let pattern: WorkflowPattern = "ci-*.yml".parse().unwrap();
        assert!(pattern.matches(&"ci-a.yml".parse().unwrap()));
        assert!(!pattern.matches(&"CI-a.yml".parse().unwrap()) && !pattern.matches(&"my-ci-a.yml".parse().unwrap()));
        assert!(".github/workflows/ci.yml".parse::<WorkflowPattern>().unwrap_err().hint.contains("`ci.yml`"));
    }
}
