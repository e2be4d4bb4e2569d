//! Installing Apps, and what their owners do with an installation later.

use std::collections::BTreeSet;

use serde_json::json;

use super::{App, Owner, Repository};
use crate::ids::{AccountId, InstallationId};
use crate::render;
use crate::simulator::Simulator;
use crate::state::State;
use crate::state::access::{self, Access, Permissions, Selection};

/// How an App is installed.
#[derive(Debug, Clone, Default)]
pub struct InstallationSpec {
    /// `None`: all repositories of the account.
    repositories: Option<BTreeSet<crate::ids::RepoId>>,
    /// `None`: what the App asks.
    permissions: Option<Permissions>,
    events: Option<Vec<String>>,
}

impl InstallationSpec {
    /// On all repositories of the account, with what the App asks.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// On these repositories only.
    #[must_use]
    pub fn selected(repositories: &[&Repository]) -> Self {
        Self { repositories: Some(repositories.iter().map(|r| r.id()).collect()), ..Self::default() }
    }

    /// With these permissions, for example because an owner has not yet approved new ones.
    #[must_use]
    pub fn permissions(self, list: &[(&str, Access)]) -> Self {
        Self { permissions: Some(Permissions::new(list)), ..self }
    }

    /// With these events.
    #[must_use]
    pub fn events(self, events: &[&str]) -> Self {
        Self { events: Some(events.iter().map(|event| (*event).to_owned()).collect()), ..self }
    }
}

/// An App's installation on an account.
#[derive(Debug, Clone)]
pub struct Installation {
    simulator: Simulator,
    id: InstallationId,
}

impl App {
    /// Installs the App on an account.
    pub fn install(&self, owner: &Owner, spec: InstallationSpec) -> Installation {
        let app = self.id();
        let selection = spec.repositories.map_or(Selection::All, Selection::Selected);
        let id = self.simulator.with(|state| state.install(app, owner.id(), selection, spec.permissions, spec.events));
        Installation { simulator: self.simulator.clone(), id }
    }
}

impl Installation {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> InstallationId {
        self.id
    }

    /// Announces the installation as new, with the webhook that GitHub sends at that moment.
    pub fn announce(&self) {
        self.simulator.with(|state| {
            let sender = state.installations.get(&self.id).map_or(AccountId(0), |i| i.account);
            state.announce(self.id, sender);
        });
    }

    /// Grants other permissions, as an owner does who approves what the App newly asks.
    pub fn set_permissions(&self, list: &[(&str, Access)]) {
        self.change(|installation| installation.permissions = Permissions::new(list));
        self.happen("installation", "new_permissions_accepted", |_, _| json!({}));
    }

    /// Suspends the installation: its tokens are no good and nothing is delivered.
    pub fn suspend(&self) {
        let now = self.simulator.with(|state| state.now);
        self.change(|installation| installation.suspended_at = Some(now));
        self.happen("installation", "suspend", |_, _| json!({}));
    }

    /// Ends the suspension.
    pub fn unsuspend(&self) {
        self.change(|installation| installation.suspended_at = None);
        self.happen("installation", "unsuspend", |_, _| json!({}));
    }

    /// Removes the App from the account.
    pub fn uninstall(&self) {
        self.happen("installation", "deleted", |_, _| json!({}));
        self.simulator.with(|state| state.installations.remove(&self.id));
    }

    /// Covers one repository more, if the installation is on selected ones.
    pub fn add_repository(&self, repository: &Repository) {
        let id = repository.id();
        self.change(|installation| {
            if let Selection::Selected(ids) = &mut installation.selection {
                ids.insert(id);
            }
        });
        self.happen("installation_repositories", "added", |state, _| {
            let added: Vec<_> =
                state.repositories.get(&id).map(|r| render::repository::named(state, r)).into_iter().collect();
            json!({ "repository_selection": "selected", "repositories_added": added, "repositories_removed": [] })
        });
    }

    /// Covers one repository less, if the installation is on selected ones.
    pub fn remove_repository(&self, repository: &Repository) {
        let id = repository.id();
        self.change(|installation| {
            if let Selection::Selected(ids) = &mut installation.selection {
                ids.remove(&id);
            }
        });
        self.happen("installation_repositories", "removed", |state, _| {
            let gone: Vec<_> =
                state.repositories.get(&id).map(|r| render::repository::named(state, r)).into_iter().collect();
            json!({ "repository_selection": "selected", "repositories_added": [], "repositories_removed": gone })
        });
    }

    fn change(&self, f: impl FnOnce(&mut access::Installation)) {
        self.simulator.with(|state| state.installations.get_mut(&self.id).map(f));
    }

    fn happen(&self, event: &str, action: &str, members: impl FnOnce(&State, InstallationId) -> serde_json::Value) {
        self.simulator.with(|state| {
            let sender = state.installations.get(&self.id).map_or(AccountId(0), |i| i.account);
            let members = members(state, self.id);
            state.emit_installation(self.id, sender, event, action, &members);
        });
    }
}
