//! The full name of a repository, compared as GitHub compares it: without regard to ASCII case.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::InvalidName;
use crate::limits::{MAX_OWNER_LENGTH, MAX_REPO_NAME_LENGTH};

/// `owner/name`. Keeps the case it was written in; equality, order and hash ignore ASCII case.
///
/// A value of this type is safe to put between slashes: no character of it needs encoding, and neither part is a
/// dot segment.
#[derive(Clone)]
pub struct RepoName {
    full: Box<str>,
    owner_length: usize,
}

const WHAT: &str = "a repository name (owner/name)";

impl RepoName {
    /// Puts the two parts together.
    ///
    /// # Errors
    /// [`InvalidName`] unless the owner is 1–39 ASCII letters, digits, `-` or `_`, and the name 1–100 ASCII letters,
    /// digits, `.`, `-` or `_` and neither `.` nor `..`.
    pub fn new(owner: &str, name: &str) -> Result<Self, InvalidName> {
        if !is_owner(owner) || !is_name(name) {
            return Err(InvalidName { what: WHAT });
        }
        Ok(Self { full: format!("{owner}/{name}").into(), owner_length: owner.len() })
    }

    /// The account that holds the repository.
    #[must_use]
    pub fn owner(&self) -> &str {
        &self.full[..self.owner_length]
    }

    /// The repository's own name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.full[self.owner_length + 1..]
    }

    /// `owner/name` as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// `owner/name` in lower case, for keys.
    #[must_use]
    pub fn key(&self) -> String {
        self.full.to_ascii_lowercase()
    }

    /// Whether both repositories belong to one account.
    #[must_use]
    pub fn same_owner(&self, other: &Self) -> bool {
        self.owner().eq_ignore_ascii_case(other.owner())
    }

    fn folded(&self) -> impl Iterator<Item = u8> + '_ {
        self.full.bytes().map(|b| b.to_ascii_lowercase())
    }
}

/// Whether `text` can be the login of an account.
#[must_use]
pub fn is_owner(text: &str) -> bool {
    (1..=MAX_OWNER_LENGTH).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

/// Whether `text` can be a repository's own name, without owner.
#[must_use]
pub fn is_name(text: &str) -> bool {
    (1..=MAX_REPO_NAME_LENGTH).contains(&text.len())
        && !matches!(text, "." | "..")
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
}

impl FromStr for RepoName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let (owner, name) = text.split_once('/').ok_or(InvalidName { what: WHAT })?;
        Self::new(owner, name)
    }
}

impl PartialEq for RepoName {
    fn eq(&self, other: &Self) -> bool {
        self.full.eq_ignore_ascii_case(&other.full)
    }
}
impl Eq for RepoName {}

impl Ord for RepoName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded().cmp(other.folded())
    }
}
impl PartialOrd for RepoName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for RepoName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.folded() {
            state.write_u8(byte);
        }
    }
}

impl fmt::Debug for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RepoName({})", self.full)
    }
}

impl fmt::Display for RepoName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl Serialize for RepoName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.full)
    }
}

impl<'de> Deserialize<'de> for RepoName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_does_not_matter_but_is_kept() {
        let (a, b): (RepoName, RepoName) = ("Org/Repo".parse().unwrap(), "org/rEPO".parse().unwrap());
        assert_eq!(a, b);
        assert_eq!(a.cmp(&b), Ordering::Equal);
        assert_eq!(HashSet::from([a.clone(), b.clone()]).len(), 1);
        assert!(a.same_owner(&b));
        assert_eq!((a.owner(), a.name(), a.as_str(), a.key().as_str()), ("Org", "Repo", "Org/Repo", "org/repo"));
    }

    #[test]
    fn names_outside_the_grammar_are_refused() {
        let long_owner = format!("{}/r", "o".repeat(40));
        let long_name = format!("o/{}", "r".repeat(101));
        for wrong in [
            "",
            "/",
            "o",
            "o/",
            "/r",
            "../../x",
            "a/b/c",
            "o/x?y",
            "o/%2e%2e",
            "o/..",
            "o/.",
            "o/ r",
            "o/r\n",
            "ö/r",
            "o.x/r",
            "https://github.com/o/r",
            &long_owner,
            &long_name,
        ] {
            assert!(wrong.parse::<RepoName>().is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_parses_needs_no_encoding(text in "\\PC{0,20}/?\\PC{0,20}") {
            if let Ok(name) = text.parse::<RepoName>() {
                prop_assert_eq!(name.as_str(), &text);
                prop_assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b)));
                prop_assert_eq!(text.matches('/').count(), 1);
            }
        }
    }
}
