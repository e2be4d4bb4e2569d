//! Apps, their installations and tokens, and what a token may see and do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use switchboard_clock::Timestamp;

use super::{Repository, State};
use crate::ids::{AccountId, AppId, HookId, InstallationId, RepoId};
use crate::keys::PublicKey;

/// How far a permission goes; a higher one includes the lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Reading.
    Read,
    /// Reading and writing.
    Write,
    /// Everything, settings included.
    Admin,
}

impl Access {
    /// As the API writes it: `read`, `write` or `admin`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Write, Self::Admin].into_iter().find(|access| access.as_str() == text)
    }
}

/// Permissions by name, for example `actions` to [`Access::Write`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Permissions(pub(crate) BTreeMap<String, Access>);

impl Permissions {
    /// The listed permissions, and `metadata: read`, which every App has.
    #[must_use]
    pub fn new(list: &[(&str, Access)]) -> Self {
        let mut all: BTreeMap<String, Access> =
            list.iter().map(|(name, access)| ((*name).to_owned(), *access)).collect();
        all.entry("metadata".to_owned()).or_insert(Access::Read);
        Self(all)
    }

    /// With one more.
    #[must_use]
    pub fn and(mut self, name: &str, access: Access) -> Self {
        self.0.insert(name.to_owned(), access);
        self
    }

    /// Whether `name` is held at least as far as `access`.
    #[must_use]
    pub fn allow(&self, name: &str, access: Access) -> bool {
        self.0.get(name).is_some_and(|held| *held >= access)
    }
}

/// Which repositories of its account an installation covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// All, later ones too.
    All,
    /// These.
    Selected(BTreeSet<RepoId>),
}

/// A registered App.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub id: AppId,
    pub slug: String,
    pub name: String,
    pub owner: AccountId,
    /// The account `<slug>[bot]`.
    pub bot: AccountId,
    pub key: PublicKey,
    pub webhook_secret: String,
    pub webhook_url: String,
    pub hook: HookId,
    pub permissions: Permissions,
    pub events: Vec<String>,
    pub created_at: Timestamp,
}

/// An App's installation on an account.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub id: InstallationId,
    pub app: AppId,
    pub account: AccountId,
    pub selection: Selection,
    pub permissions: Permissions,
    pub events: Vec<String>,
    pub suspended_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// An installation token.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub installation: InstallationId,
    pub app: AppId,
    /// `None`: whatever the installation covers.
    pub repositories: Option<BTreeSet<RepoId>>,
    pub permissions: Permissions,
    pub expires_at: Timestamp,
}

impl Installation {
    /// Whether the installation reaches `repository`.
    pub(crate) fn covers(&self, repository: &Repository) -> bool {
        repository.owner == self.account
            && match &self.selection {
                Selection::All => true,
                Selection::Selected(ids) => ids.contains(&repository.id),
            }
    }
}

impl State {
    /// The repositories an installation covers, oldest first.
    pub(crate) fn covered(&self, installation: &Installation) -> Vec<RepoId> {
        self.repositories.values().filter(|r| installation.covers(r)).map(|r| r.id).collect()
    }

    /// The installation of `app` that covers `repository`.
    pub(crate) fn installation_for(&self, app: AppId, repository: RepoId) -> Option<&Installation> {
        let repository = self.repositories.get(&repository)?;
        self.installations.values().find(|i| i.app == app && i.covers(repository))
    }

    /// Whether `token` was made for `repository`, in a living installation that still covers it.
    pub(crate) fn in_scope(&self, token: &Token, repository: &Repository) -> bool {
        let covered = self.installations.get(&token.installation).is_some_and(|i| i.covers(repository));
        covered && token.repositories.as_ref().is_none_or(|ids| ids.contains(&repository.id))
    }

    /// Whether `token` may do `access` on what `permission` stands for: what it was given, as far as still granted.
    pub(crate) fn permits(&self, token: &Token, permission: &str, access: Access) -> bool {
        let granted =
            self.installations.get(&token.installation).is_some_and(|i| i.permissions.allow(permission, access));
        granted && token.permissions.allow(permission, access)
    }
}
