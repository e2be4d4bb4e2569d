//! Registering Apps and installing them, be it by a story or by somebody on the pages.

use std::time::Duration;

use std::collections::BTreeMap;

use serde_json::json;
use switchboard_clock::Timestamp;

use super::access::{App, Installation, Permissions, Selection};
use super::{AccountKind, State};
use crate::ids::{AccountId, AppId, InstallationId};
use crate::keys::PublicKey;
use crate::render;

/// How long the code that a manifest ends in may be exchanged.
/// <https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest>
pub(crate) const CODE_LIFETIME: Duration = Duration::from_secs(3600);

/// An App that is to be registered.
#[derive(Debug)]
pub(crate) struct NewApp {
    pub id: Option<AppId>,
    pub slug: String,
    pub name: String,
    pub owner: AccountId,
    pub key: PublicKey,
    pub webhook_secret: String,
    /// Empty while its webhook is inactive.
    pub webhook_url: String,
    pub permissions: Permissions,
    pub events: Vec<String>,
}

/// What GitHub says of a new App once, to whoever brings the code.
#[derive(Debug)]
pub(crate) struct Registration {
    pub app: AppId,
    pub expires_at: Timestamp,
    pub client_secret: String,
    pub webhook_secret: String,
    /// The private key in PEM form.
    pub pem: String,
}

/// Apps that were made from a manifest, by the code that nobody has brought yet.
pub(crate) type Registrations = BTreeMap<String, Registration>;

impl State {
    pub(crate) fn register(&mut self, new: NewApp) -> AppId {
        let id = new.id.unwrap_or_else(|| self.next_id());
        let bot = self.account_named(&format!("{}[bot]", new.slug), AccountKind::Bot);
        let app = App {
            id,
            name: new.name,
            slug: new.slug,
            owner: new.owner,
            bot,
            key: new.key,
            webhook_secret: new.webhook_secret,
            webhook_url: new.webhook_url,
            hook: self.next_id(),
            permissions: new.permissions,
            events: new.events,
            created_at: self.now,
        };
        self.apps.insert(id, app);
        id
    }

    pub(crate) fn find_app(&self, slug: &str) -> Option<&App> {
        self.apps.values().find(|app| app.slug.eq_ignore_ascii_case(slug))
    }

    /// Installs an App with what it asks for, unless said otherwise.
    pub(crate) fn install(
        &mut self,
        app: AppId,
        account: AccountId,
        selection: Selection,
        permissions: Option<Permissions>,
        events: Option<Vec<String>>,
    ) -> InstallationId {
        let id = self.next_id();
        let asked = self.apps.get(&app).map(|app| (app.permissions.clone(), app.events.clone())).unwrap_or_default();
        let installation = Installation {
            id,
            app,
            account,
            selection,
            permissions: permissions.unwrap_or(asked.0),
            events: events.unwrap_or(asked.1),
            suspended_at: None,
            created_at: self.now,
        };
        self.installations.insert(id, installation);
        id
    }

    /// Sends the webhook that GitHub sends when an App has been installed.
    pub(crate) fn announce(&mut self, id: InstallationId, sender: AccountId) {
        let covered = self.installations.get(&id).map(|installation| self.covered(installation)).unwrap_or_default();
        let named = covered.iter().filter_map(|id| self.repositories.get(id));
        let named: Vec<_> = named.map(|repository| render::repository::named(self, repository)).collect();
        self.emit_installation(id, sender, "installation", "created", &json!({ "repositories": named }));
    }
}
