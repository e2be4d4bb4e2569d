//! The members that every webhook payload has beside its own: repository, organization, sender, installation.

use serde_json::{Value, json};

use crate::ids::{AccountId, AppId, InstallationId, RepoId};
use crate::render;
use crate::state::{AccountKind, State};

impl State {
    /// The whole payload of a repository's event as one installation gets it, and the App it goes to.
    pub(crate) fn payload(
        &self,
        repo: RepoId,
        installation: InstallationId,
        sender: AccountId,
        action: Option<&str>,
        members: &Value,
    ) -> Option<(AppId, Value)> {
        let repository = self.repositories.get(&repo)?;
        let installation = self.installations.get(&installation)?;
        let mut payload = members.as_object().cloned().unwrap_or_default();
        if let Some(action) = action {
            payload.insert("action".to_owned(), json!(action));
        }
        // A push brings its own, which differs a little.
        payload.entry("repository").or_insert_with(|| render::repository::full(self, repository));
        if let Some(owner) = self.accounts.get(&repository.owner)
            && owner.kind == AccountKind::Organization
        {
            payload.insert("organization".to_owned(), render::account::organization(self, owner));
        }
        payload.insert("sender".to_owned(), render::account::simple(self, sender));
        let node_id = render::node_id("Installation", installation.id.0);
        payload.insert("installation".to_owned(), json!({ "id": installation.id, "node_id": node_id }));
        Some((installation.app, Value::Object(payload)))
    }

    /// Tells an App what happened to one of its installations; such events need no subscription.
    pub(crate) fn emit_installation(
        &mut self,
        installation: InstallationId,
        sender: AccountId,
        event: &str,
        action: &str,
        members: &Value,
    ) {
        let Some(known) = self.installations.get(&installation) else { return };
        let app = known.app;
        let mut payload = members.as_object().cloned().unwrap_or_default();
        payload.insert("action".to_owned(), json!(action));
        payload.insert("installation".to_owned(), render::installation::full(self, known));
        payload.insert("sender".to_owned(), render::account::simple(self, sender));
        self.send(app, Some(installation), None, event, Some(action), &Value::Object(payload));
    }
}
