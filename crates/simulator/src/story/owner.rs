//! Accounts that own repositories.

use super::{Repository, RepositorySpec};
use crate::ids::AccountId;
use crate::simulator::Simulator;
use crate::state::AccountKind;

/// A user or organization.
#[derive(Debug, Clone)]
pub struct Owner {
    pub(super) simulator: Simulator,
    id: AccountId,
    login: String,
}

impl Simulator {
    /// The organization with this login, made if there is none.
    #[must_use = "an account does nothing by itself"]
    pub fn organization(&self, login: &str) -> Owner {
        self.owner(login, AccountKind::Organization)
    }

    /// The user with this login, made if there is none.
    #[must_use = "an account does nothing by itself"]
    pub fn user(&self, login: &str) -> Owner {
        self.owner(login, AccountKind::User)
    }

    fn owner(&self, login: &str, kind: AccountKind) -> Owner {
        let id = self.with(|state| state.account_named(login, kind));
        Owner { simulator: self.clone(), id, login: login.to_owned() }
    }

    /// The repository `owner/name`, made with its organization if it is not there.
    #[must_use = "a repository does nothing by itself"]
    pub fn repo(&self, full_name: &str) -> Repository {
        let (owner, name) = full_name.split_once('/').unwrap_or((full_name, full_name));
        self.find(full_name).unwrap_or_else(|| self.organization(owner).repository(name))
    }

    /// A repository that exists, by `owner/name`.
    #[must_use]
    pub fn find(&self, full_name: &str) -> Option<Repository> {
        let (owner, name) = full_name.split_once('/')?;
        let id = self.with(|state| state.find_repository(owner, name))?;
        Some(Repository::new(self.clone(), id))
    }
}

impl Owner {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> AccountId {
        self.id
    }

    /// Its login.
    #[must_use]
    pub fn login(&self) -> &str {
        &self.login
    }

    /// A new repository of this account; the present one if there is one of that name.
    pub fn repository(&self, spec: impl Into<RepositorySpec>) -> Repository {
        spec.into().create(self)
    }
}
