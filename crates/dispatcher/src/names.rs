//! The grammar of names: repositories, workflow files, refs and input keys, as section 3 of the contract defines them.
//!
//! Each type can only be made by parsing, so a value of it is safe to compare and, percent-encoded, to put into a URL.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

mod git_ref;
mod workflow;

pub use git_ref::{GitRef, short_name};
pub use workflow::WorkflowFile;

/// Longest owner name in characters. Source: GitHub's limit for user and organization names.
pub(crate) const MAX_OWNER: usize = 39;
/// Longest repository name in characters. Source: GitHub's limit.
pub(crate) const MAX_REPOSITORY: usize = 100;
/// Longest input key in characters.
pub(crate) const MAX_INPUT_KEY: usize = 100;

/// A text that does not fit a grammar.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct NameError {
    /// What is wrong.
    pub message: &'static str,
    /// What would be right.
    pub hint: &'static str,
}

impl NameError {
    pub(crate) const fn new(message: &'static str, hint: &'static str) -> Self {
        Self { message, hint }
    }
}

/// A repository by its full name, `owner/name`. GitHub compares both parts without regard to ASCII case, and so does this.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName {
    owner: String,
    name: String,
}

impl RepositoryName {
    /// The repository `name` of `owner`.
    ///
    /// # Errors
    /// When one of the two is not such a name.
    pub fn new(owner: &str, name: &str) -> Result<Self, NameError> {
        check_owner(owner)?;
        check_repository(name)?;
        Ok(Self { owner: owner.to_owned(), name: name.to_owned() })
    }

    /// The owner, as it was written.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The name without the owner, as it was written.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether `owner` owns this repository, ASCII case aside.
    #[must_use]
    pub fn is_owned_by(&self, owner: &str) -> bool {
        self.owner.eq_ignore_ascii_case(owner)
    }

    /// `owner/name` in lower case: the form in record keys.
    #[must_use]
    pub fn lower(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

impl PartialEq for RepositoryName {
    fn eq(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Eq for RepositoryName {}

impl Hash for RepositoryName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.lower().hash(state);
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('/') {
            Some((owner, name)) => Self::new(owner, name),
            None => Err(NameError::new("the repository has no owner", "write `owner/name`")),
        }
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<RepositoryName> for String {
    fn from(repository: RepositoryName) -> Self {
        repository.to_string()
    }
}

/// A repository as a file names it: `name`, which means the same owner's, or `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RepositoryRef {
    /// `name`: of whoever owns the repository that is asked about.
    Bare(String),
    /// `owner/name`.
    Full(RepositoryName),
}

impl RepositoryRef {
    /// The repository that this means in a file of `owner`.
    ///
    /// # Errors
    /// When `owner` is not an owner's name.
    pub fn resolve(&self, owner: &str) -> Result<RepositoryName, NameError> {
        match self {
            Self::Bare(name) => RepositoryName::new(owner, name),
            Self::Full(repository) => Ok(repository.clone()),
        }
    }
}

impl FromStr for RepositoryRef {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text.contains('/') {
            return text.parse().map(Self::Full);
        }
        check_repository(text)?;
        Ok(Self::Bare(text.to_owned()))
    }
}

impl fmt::Display for RepositoryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bare(name) => f.write_str(name),
            Self::Full(repository) => repository.fmt(f),
        }
    }
}

fn check_owner(owner: &str) -> Result<(), NameError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=MAX_OWNER).contains(&owner.len()) && owner.chars().all(fits) {
        return Ok(());
    }
    Err(NameError::new("not a repository owner", "an owner has 1 to 39 letters, digits, `-` or `_`"))
}

fn check_repository(name: &str) -> Result<(), NameError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if (1..=MAX_REPOSITORY).contains(&name.len()) && name.chars().all(fits) && !matches!(name, "." | "..") {
        return Ok(());
    }
    let hint = "write `name` or `owner/name`; a name has 1 to 100 letters, digits, `.`, `-` or `_`";
    Err(NameError::new("not a repository", hint))
}

/// The key of a workflow input.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct InputKey(String);

impl InputKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InputKey {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let fits = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if starts && fits && text.len() <= MAX_INPUT_KEY {
            return Ok(Self(text.to_owned()));
        }
        let hint = "a key begins with a letter or `_`, then letters, digits, `_`, `-`; at most 100";
        Err(NameError::new("not an input key", hint))
    }
}

impl fmt::Display for InputKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
