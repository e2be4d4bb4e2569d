//! Permissions of a GitHub App, as a token is narrowed to them and as GitHub names them in a refusal.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// How much of a permission; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Look.
    Read,
    /// Look and change.
    Write,
    /// Everything; only a few organization permissions have it.
    Admin,
}

impl Access {
    /// The word that GitHub uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|access| access.as_str() == word)
    }
}

/// The name of a permission as the API spells it: `pull_requests`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permission(Cow<'static, str>);

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Permission {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($text));)*
        }
    };
}

permissions! {
    /// Workflows, runs, artifacts.
    ACTIONS = "actions";
    /// Check runs and suites.
    CHECKS = "checks";
    /// Files, commits, branches; also `repository_dispatch`.
    CONTENTS = "contents";
    /// Issues, and comments and labels of both issues and pull requests.
    ISSUES = "issues";
    /// What every App may read of a repository.
    METADATA = "metadata";
    /// Who belongs to an organization.
    MEMBERS = "members";
    /// Pull requests.
    PULL_REQUESTS = "pull_requests";
    /// Commit statuses.
    STATUSES = "statuses";
}

impl Permission {
    /// The API's spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn parse(word: &str) -> Option<Self> {
        let shaped = (1..=64).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        shaped.then(|| Self(Cow::Owned(word.to_owned())))
    }
}

/// A set of permissions with their access. The empty set stands for everything that an installation grants.
///
/// Reading is lenient: names and accesses that we do not know are left out, since GitHub adds some now and then.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Permissions(BTreeMap<Permission, Access>);

impl Permissions {
    /// No restriction.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// The set of one.
    #[must_use]
    pub fn one(permission: Permission, access: Access) -> Self {
        Self(BTreeMap::from([(permission, access)]))
    }

    /// Adds a permission; of two accesses the higher stays.
    #[must_use]
    pub fn and(mut self, permission: Permission, access: Access) -> Self {
        let entry = self.0.entry(permission).or_insert(access);
        *entry = access.max(*entry);
        self
    }

    /// Whether nothing is restricted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The access to one permission, if any.
    #[must_use]
    pub fn access(&self, permission: &Permission) -> Option<Access> {
        self.0.get(permission).copied()
    }

    /// The permissions in order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Permission, Access)> {
        self.0.iter().map(|(permission, access)| (permission, *access))
    }

    /// What `self` asks for and `granted` lacks.
    #[must_use]
    pub fn missing_from(&self, granted: &Self) -> Self {
        let lacks = |(permission, access): &(&Permission, Access)| granted.access(permission) < Some(*access);
        self.iter().filter(lacks).map(|(permission, access)| (permission.clone(), access)).collect()
    }

    /// What an owner has to be asked for: reading metadata comes with every installation.
    #[must_use]
    pub fn to_approve(&self) -> Self {
        let given = Self::one(Permission::METADATA, Access::Read);
        let asked = self.missing_from(&given);
        if asked.is_empty() { self.clone() } else { asked }
    }

    /// Reads the value of `x-accepted-github-permissions`: alternatives separated by `;`, each a list such as
    /// `pull_requests=write,contents=read`. What cannot be read is left out.
    #[must_use]
    pub fn parse_accepted(header: &str) -> Vec<Self> {
        let one = |pair: &str| {
            let (permission, access) = pair.split_once('=')?;
            parse_pair(permission.trim(), access.trim())
        };
        header
            .split(';')
            .map(|set| set.split(',').filter_map(one).collect())
            .filter(|set: &Self| !set.is_empty())
            .collect()
    }
}

fn parse_pair(permission: &str, access: &str) -> Option<(Permission, Access)> {
    Some((Permission::parse(permission)?, Access::parse(access)?))
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(pairs.iter().filter_map(|(permission, access)| parse_pair(permission, access)).collect())
    }
}

impl FromIterator<(Permission, Access)> for Permissions {
    fn from_iter<I: IntoIterator<Item = (Permission, Access)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::default(), |set, (permission, access)| set.and(permission, access))
    }
}

impl fmt::Display for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("all granted");
        }
        for (n, (permission, access)) in self.iter().enumerate() {
            let separator = if n == 0 { "" } else { ", " };
            write!(f, "{separator}{}: {}", permission.as_str(), access.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_lists_alternatives() {
        let sets = Permissions::parse_accepted("pull_requests=write,contents=read; issues=write");
        let first = Permissions::one(Permission::PULL_REQUESTS, Access::Write).and(Permission::CONTENTS, Access::Read);
        assert_eq!(sets, [first, Permissions::one(Permission::ISSUES, Access::Write)]);
        for odd in ["", ";", "x", "a=b", "=read", "A=read", "<script>=read"] {
            assert!(Permissions::parse_accepted(odd).is_empty(), "{odd}");
        }
    }

    #[test]
    fn unknown_permissions_are_left_out() {
        let set: Permissions =
            serde_json::from_str(r#"{"actions":"write","new one":"read","checks":"sometimes"}"#).unwrap();
        assert_eq!(set, Permissions::one(Permission::ACTIONS, Access::Write));
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"{"actions":"write"}"#);
    }

    #[test]
    fn a_lower_access_is_missing_and_a_higher_one_is_not() {
        let asked = Permissions::one(Permission::ACTIONS, Access::Write).and(Permission::CONTENTS, Access::Read);
        let granted = Permissions::one(Permission::ACTIONS, Access::Read).and(Permission::CONTENTS, Access::Write);
        assert_eq!(asked.missing_from(&granted), Permissions::one(Permission::ACTIONS, Access::Write));
        assert_eq!(asked.to_string(), "actions: write, contents: read");
    }
}
