use std::str::FromStr;

use super::SettingError;

/// Where the ref of a target without one comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RefPolicy {
    /// `configured`: the operator's `default_ref`.
    #[default]
    Configured,
    /// `source-branch`: the branch that the source's run was on.
    SourceBranch,
    /// `target-default`: the target's default branch.
    TargetDefault,
}

impl FromStr for RefPolicy {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        match text {
            "configured" => Ok(Self::Configured),
            "source-branch" => Ok(Self::SourceBranch),
            "target-default" => Ok(Self::TargetDefault),
            _ => Err(SettingError::new(
                format!("`{text}` is not a ref policy"),
                "use `configured`, `source-branch` or `target-default`",
            )),
        }
    }
}

/// When an issue is written into the source repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum IssuePolicy {
    /// `off`: never.
    Off,
    /// `problems`: when something failed or was denied.
    #[default]
    Problems,
    /// `all`: on full success, too.
    All,
}

impl FromStr for IssuePolicy {
    type Err = SettingError;

    /// Takes the three words, and a switch's words for `all` and `off`.
    fn from_str(text: &str) -> Result<Self, SettingError> {
        match text {
            "problems" => Ok(Self::Problems),
            "all" => Ok(Self::All),
            _ => match parse_switch(text) {
                Ok(true) => Ok(Self::All),
                Ok(false) => Ok(Self::Off),
                Err(_) => {
                    Err(SettingError::new(format!("`{text}` is not an issue policy"), "use `off`, `problems` or `all`"))
                }
            },
        }
    }
}

/// Reads a boolean's words, in any case: `true 1 yes on`, `false 0 no off`.
///
/// # Errors
/// For any other text.
pub fn parse_switch(text: &str) -> Result<bool, SettingError> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err(SettingError::new(format!("`{text}` is neither true nor false"), "use `true` or `false`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_words_and_false_is_false() {
        for (text, expected) in [
            ("true", true),
            ("ON", true),
            ("1", true),
            ("Yes", true),
            ("false", false),
            ("0", false),
            ("NO", false),
            ("off", false),
        ] {
            assert_eq!(parse_switch(text), Ok(expected), "{text}");
        }
        for text in ["maybe", "", "2", " true"] {
            assert!(parse_switch(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_issue_policy_understands_the_predecessors_switch() {
        let table = [
            ("off", IssuePolicy::Off),
            ("false", IssuePolicy::Off),
            ("true", IssuePolicy::All),
            ("all", IssuePolicy::All),
            ("problems", IssuePolicy::Problems),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
        assert!("sometimes".parse::<IssuePolicy>().is_err() && "branch".parse::<RefPolicy>().is_err());
    }
}
