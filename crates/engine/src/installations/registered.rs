//! The App itself as GitHub last said: what it is called and who owns it, for links to its settings.

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_github::api::app::App;
use switchboard_store::{Key, RecordChange, View};

/// Holds the one [`Registered`] row.
pub const APP: View = View::of("engine.app");
/// The one key of [`APP`].
pub const APP_CURRENT: Key = Key::of("current");

/// The App as it is registered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Registered {
    /// Its name in URLs.
    pub slug: Option<String>,
    /// The account that owns it.
    pub owner: Option<String>,
    /// Whether that is an organization.
    pub by_organization: bool,
}

impl Registered {
    pub(super) fn of(app: &App) -> Self {
        let owner = app.owner.as_ref();
        Self {
            slug: app.slug.as_ref().map(|slug| slug.as_str().to_owned()),
            owner: owner.and_then(|owner| owner.login.clone()),
            by_organization: owner.and_then(|owner| owner.kind.as_deref()) == Some("Organization"),
        }
    }

    pub(super) fn put(&self) -> RecordChange {
        RecordChange::Put(APP, APP_CURRENT, json!(self))
    }
}
