//! As whom a call is made, and how far that reaches.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::HoldScope;
use crate::ids::{InstallationId, RepoId};
use crate::permission::{Access, Permission, Permissions};
use crate::repo_name::RepoName;

/// What an installation token is narrowed to, so that a leak opens no more than the call at hand.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Scope {
    /// Whose token.
    pub installation: InstallationId,
    /// The repositories it reaches by id, beside those by name; both empty for all of the installation.
    pub repositories: BTreeSet<RepoId>,
    /// The repositories it reaches by name, where their ids are not known yet.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub named: BTreeSet<RepoName>,
    /// What it may do there; empty for all that is granted.
    pub permissions: Permissions,
}

impl Scope {
    /// One permission on the whole installation.
    #[must_use]
    pub fn new(installation: InstallationId, permission: Permission, access: Access) -> Self {
        let permissions = Permissions::one(permission, access);
        Self { installation, repositories: BTreeSet::new(), named: BTreeSet::new(), permissions }
    }

    /// Adds a permission.
    #[must_use]
    pub fn and(mut self, permission: Permission, access: Access) -> Self {
        self.permissions = self.permissions.and(permission, access);
        self
    }

    /// Narrows to this repository, or adds it to those narrowed to before.
    #[must_use]
    pub fn on(mut self, repository: RepoId) -> Self {
        self.repositories.insert(repository);
        self
    }

    /// Narrows to the repository of this name, or adds it to those narrowed to before.
    #[must_use]
    pub fn on_named(mut self, repository: RepoName) -> Self {
        self.named.insert(repository);
        self
    }
}

impl Scope {
    /// What it reaches, without whose it is: `contents: read on 1001`.
    #[must_use]
    pub fn reach(&self) -> String {
        let ids = self.repositories.iter().map(ToString::to_string);
        let repositories: Vec<String> = ids.chain(self.named.iter().map(ToString::to_string)).collect();
        match repositories.as_slice() {
            [] => format!("{} on all repositories", self.permissions),
            some => format!("{} on {}", self.permissions, some.join(", ")),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of installation {}", self.reach(), self.installation)
    }
}

/// As whom a call is made.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Auth {
    /// The App as itself, with its JWT.
    App,
    /// An installation, with a token of this scope.
    Installation(Scope),
}

impl Auth {
    pub(crate) fn installation(&self) -> Option<InstallationId> {
        match self {
            Self::App => None,
            Self::Installation(scope) => Some(scope.installation),
        }
    }

    pub(crate) fn hold_scope(&self) -> HoldScope {
        self.installation().map_or(HoldScope::App, HoldScope::Installation)
    }
}

impl From<Scope> for Auth {
    fn from(scope: Scope) -> Self {
        Self::Installation(scope)
    }
}

impl fmt::Display for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::App => f.write_str("the App itself"),
            Self::Installation(scope) => scope.fmt(f),
        }
    }
}
