//! Registering Apps.

use serde_json::Value;

use crate::ids::AppId;
use crate::keys::{KeyError, PublicKey, SIMULATOR_ONLY_PRIVATE_KEY};
use crate::simulator::Simulator;
use crate::state::AccountKind;
use crate::state::access::{Access, Permissions};
use crate::state::people::{Client, client_id};
use crate::state::registry::NewApp;

/// The client secret of Apps whose story says nothing else.
pub const SIMULATOR_ONLY_CLIENT_SECRET: &str = "simulator-only-client-secret";

/// How an App is registered.
#[derive(Debug, Clone)]
pub struct AppSpec {
    /// Its name in addresses; its bot is `<slug>[bot]`.
    pub slug: String,
    /// Login of the organization that owns it.
    pub owner: String,
    /// Its id; `None`: the next one.
    pub id: Option<AppId>,
    /// Signs its webhooks.
    pub webhook_secret: String,
    /// Where it wants its webhooks; empty while its webhook is inactive.
    pub webhook_url: String,
    /// What it asks of those who install it.
    pub permissions: Permissions,
    /// The events it subscribes to.
    pub events: Vec<String>,
    /// Its private key in PEM form.
    pub private_key: String,
    /// What it proves itself with when it asks who a user is.
    pub client_secret: String,
    /// Where it wants users sent back to.
    pub callback_urls: Vec<String>,
}

impl AppSpec {
    /// An App with the permissions and events of a dispatcher of workflows: Actions and Issues to write, Contents to read,
    /// `workflow_run`.
    #[must_use]
    pub fn new(slug: &str) -> Self {
        let permissions = [("actions", Access::Write), ("contents", Access::Read), ("issues", Access::Write)];
        Self {
            slug: slug.to_owned(),
            owner: "simulated-operators".to_owned(),
            id: None,
            webhook_secret: "simulator-only-webhook-secret".to_owned(),
            webhook_url: "http://127.0.0.1:3000/webhooks/github".to_owned(),
            permissions: Permissions::new(&permissions),
            events: vec!["workflow_run".to_owned()],
            private_key: SIMULATOR_ONLY_PRIVATE_KEY.to_owned(),
            client_secret: SIMULATOR_ONLY_CLIENT_SECRET.to_owned(),
            callback_urls: Vec::new(),
        }
    }

    /// With these permissions instead.
    #[must_use]
    pub fn permissions(self, list: &[(&str, Access)]) -> Self {
        Self { permissions: Permissions::new(list), ..self }
    }

    /// With these events instead.
    #[must_use]
    pub fn events(self, events: &[&str]) -> Self {
        Self { events: events.iter().map(|event| (*event).to_owned()).collect(), ..self }
    }

    /// With its webhooks sent here; empty while its webhook is inactive, so that nothing is sent at all.
    #[must_use]
    pub fn webhook_url(self, url: &str) -> Self {
        Self { webhook_url: url.to_owned(), ..self }
    }

    /// With users sent back here.
    #[must_use]
    pub fn callback_url(mut self, url: &str) -> Self {
        self.callback_urls.push(url.to_owned());
        self
    }

    /// With this webhook secret instead.
    #[must_use]
    pub fn webhook_secret(self, secret: &str) -> Self {
        Self { webhook_secret: secret.to_owned(), ..self }
    }
}

/// A registered App.
#[derive(Debug, Clone)]
pub struct App {
    pub(crate) simulator: Simulator,
    id: AppId,
    slug: String,
}

impl Simulator {
    /// Registers an App.
    ///
    /// # Errors
    /// [`KeyError`] when its private key is none.
    pub fn app(&self, spec: AppSpec) -> Result<App, KeyError> {
        let key = PublicKey::of_private_pem(&spec.private_key)?;
        let slug = spec.slug.clone();
        let id = self.with(|state| {
            let owner = state.account_named(&spec.owner, AccountKind::Organization);
            let app = state.register(NewApp {
                id: spec.id,
                name: spec.slug.replace('-', " "),
                slug: spec.slug,
                owner,
                key,
                webhook_secret: spec.webhook_secret,
                webhook_url: spec.webhook_url,
                permissions: spec.permissions,
                events: spec.events,
            });
            let client = Client { secret: spec.client_secret, callbacks: spec.callback_urls };
            state.people.clients.insert(app, client);
            app
        });
        Ok(App { simulator: self.clone(), id, slug })
    }
}

impl App {
    /// Its id, the issuer of its JWTs.
    #[must_use]
    pub fn id(&self) -> AppId {
        self.id
    }

    /// Its slug.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// Its public name where users sign in by it.
    #[must_use]
    pub fn client_id(&self) -> String {
        client_id(self.id)
    }

    /// Sends users back here too, as when an operator adds a callback URL.
    pub fn add_callback_url(&self, url: &str) {
        self.simulator.with(|state| {
            if let Some(client) = state.people.clients.get_mut(&self.id) {
                client.callbacks.push(url.to_owned());
            }
        });
    }

    /// Sends a webhook that no story leads to, for example a malformed one, signed and delivered like any other.
    pub fn deliver(&self, event: &str, payload: &Value) {
        let action = payload.get("action").and_then(Value::as_str);
        self.simulator.with(|state| state.send(self.id, None, None, event, action, payload));
    }

    /// Signs later webhooks with another secret, as when an operator rotates it.
    pub fn rotate_webhook_secret(&self, secret: &str) {
        self.simulator.with(|state| {
            if let Some(app) = state.apps.get_mut(&self.id) {
                secret.clone_into(&mut app.webhook_secret);
            }
        });
    }

    /// Sends its webhooks elsewhere.
    pub fn set_webhook_url(&self, url: &str) {
        self.simulator.with(|state| {
            if let Some(app) = state.apps.get_mut(&self.id) {
                url.clone_into(&mut app.webhook_url);
            }
        });
    }
}
