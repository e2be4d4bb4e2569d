//! The names and patterns of the operator's lists (the dispatcher's contract, sections 3 and 12).
//!
//! The dispatcher's own types take whatever cannot do harm; an operator is also told of what can never match.

use switchboard_dispatcher::config::{IssuePolicy, RefPolicy, RepositoryPattern, SettingError, WorkflowPattern};
use switchboard_dispatcher::names::{GitRef, NameError};

use crate::settings::value::{FromText, Refusal};

/// GitHub's limits on names, as the contract takes them over; characters.
const MAX_OWNER: usize = 39;
const MAX_REPOSITORY: usize = 100;

/// A user or organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::settings) struct Owner(pub(in crate::settings) String);

impl From<SettingError> for Refusal {
    fn from(error: SettingError) -> Self {
        Self::new(error.message).hint(error.hint)
    }
}

impl From<NameError> for Refusal {
    fn from(error: NameError) -> Self {
        Self::new(error.message).hint(error.hint)
    }
}

fn is_owner_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

fn is_repository_byte(byte: u8) -> bool {
    is_owner_byte(byte) || byte == b'.'
}

impl FromText for RepositoryPattern {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let pattern: Self = text.parse()?;
        let (owner, name) = text.split_once('/').unwrap_or((text, "*"));
        let fits = |part: &str, max: usize, fits: fn(u8) -> bool| {
            (1..=max).contains(&part.len()) && part.bytes().all(|byte| byte == b'*' || fits(byte))
        };
        // `*` spans a slash, so a pattern without one may stand for owner and name together.
        let owner_fits: fn(u8) -> bool = if text.contains('/') { is_owner_byte } else { is_repository_byte };
        if fits(owner, MAX_REPOSITORY, owner_fits) && fits(name, MAX_REPOSITORY, is_repository_byte) {
            return Ok(pattern);
        }
        Err(Refusal::new(format!("`{text}` is not a repository or a pattern of repositories"))
            .hint("write `owner/name`, `owner/*` or `*/name`"))
    }
}

impl FromText for WorkflowPattern {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        let pattern: Self = text.parse()?;
        if text.ends_with(".yml") || text.ends_with(".yaml") || text.contains('*') {
            return Ok(pattern);
        }
        Err(Refusal::new(format!("`{text}` is not a workflow's file name"))
            .hint("write the file, such as `ci.yml`, not the name shown in the Actions tab"))
    }
}

impl FromText for Owner {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        if (1..=MAX_OWNER).contains(&text.len()) && text.bytes().all(is_owner_byte) {
            return Ok(Self(text.to_owned()));
        }
        Err(Refusal::new(format!("`{text}` is not an owner"))
            .hint("write the organization's or user's name alone, such as `octo-org`"))
    }
}

impl FromText for GitRef {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl FromText for RefPolicy {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

impl FromText for IssuePolicy {
    fn from_text(text: &str) -> Result<Self, Refusal> {
        Ok(text.parse::<Self>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted<T: FromText>(texts: &[&str]) {
        for text in texts {
            assert!(T::from_text(text).is_ok(), "{text} should be accepted");
        }
    }

    fn refused<T: FromText>(texts: &[&str]) {
        for text in texts {
            assert!(T::from_text(text).is_err(), "{text} should be refused");
        }
    }

    #[test]
    fn repository_patterns_name_an_owner_or_a_star() {
        accepted::<RepositoryPattern>(&["octo/site", "Octo/*", "*/site", "*", "octo/s*e", "octo*", "*.github.io"]);
        refused::<RepositoryPattern>(&["myrepo", "a/b/c", "octo/", "/site", "octo/si te", "octo/%2e", "https://x/y"]);
    }

    #[test]
    fn workflow_patterns_are_file_names() {
        accepted::<WorkflowPattern>(&["ci.yml", "Ci.yaml", "release-*", "*", "größe.yml"]);
        refused::<WorkflowPattern>(&["CI", ".github/workflows/ci.yml", "../ci.yml"]);
    }

    #[test]
    fn owners_and_refs_follow_their_grammar() {
        accepted::<Owner>(&["octo-org", "corp_user"]);
        refused::<Owner>(&["octo/site", "*", &"a".repeat(40)]);
        accepted::<GitRef>(&["main", "refs/heads/main", "release/1.2", "größe"]);
        refused::<GitRef>(&["a b", "a..b", "x.lock", "-x", "a//b", "refs/pull/1/head", &"a1".repeat(20)]);
    }
}
