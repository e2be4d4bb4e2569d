use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::NameError;

/// Longest ref in bytes.
pub(crate) const MAX_REF: usize = 255;

/// Length of a commit id in hexadecimal digits.
const SHA_LENGTH: usize = 40;

/// A branch or tag to start a workflow on: `main`, `release/1.2`, `refs/tags/v1`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GitRef(String);

impl GitRef {
    /// A ref of ours that is known to be one; a test parses each.
    pub(crate) fn constant(name: &'static str) -> Self {
        Self(name.to_owned())
    }

    /// The ref, as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The branch's or tag's own name: `ref` without `refs/heads/` or `refs/tags/`.
#[must_use]
pub fn short_name(git_ref: &str) -> &str {
    git_ref.strip_prefix("refs/heads/").or_else(|| git_ref.strip_prefix("refs/tags/")).unwrap_or(git_ref)
}

impl FromStr for GitRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.is_empty() || text.len() > MAX_REF {
            return Err(NameError::new("a ref has 1 to 255 bytes", "write a branch or tag, such as `main`"));
        }
        let name = short_name(text);
        if name.len() == text.len() && text.starts_with("refs/") {
            return Err(NameError::new(
                "not a branch or tag",
                "only `refs/heads/…` and `refs/tags/…` can be dispatched",
            ));
        }
        if name.len() == SHA_LENGTH && name.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err(NameError::new(
                "a commit id is not a ref",
                "GitHub starts workflows on branches and tags only",
            ));
        }
        if !is_valid_name(name) {
            return Err(NameError::new(
                "not a valid Git ref",
                "write a branch or tag, such as `main` or `release/1.2`",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// The rules of `git check-ref-format`, and the one of `git branch` that a name must not begin with `-`.
fn is_valid_name(name: &str) -> bool {
    let forbidden = |c: char| c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let component = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    name.split('/').all(component)
        && !name.contains(forbidden)
        && !name.contains("..")
        && !name.contains("@{")
        && !name.ends_with('.')
        && !name.starts_with('-')
        && name != "@"
}

impl TryFrom<String> for GitRef {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<GitRef> for String {
    fn from(git_ref: GitRef) -> Self {
        git_ref.0
    }
}

impl fmt::Display for GitRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
