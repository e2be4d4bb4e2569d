//! Apps and installations.

use serde_json::{Value, json};

use super::{account, maybe_time, node_id, time};
use crate::state::access::{Installation, Selection};
use crate::state::people::client_id;
use crate::state::{AccountKind, App, State};

/// An App as `GET /app` answers it.
pub(crate) fn app(state: &State, app: &App) -> Value {
    json!({
        "id": app.id,
        "client_id": client_id(app.id),
        "slug": app.slug,
        "node_id": node_id("Integration", app.id.0),
        "owner": account::simple(state, app.owner),
        "name": app.name,
        "description": null,
        "external_url": state.html_url(&format!("/apps/{}", app.slug)),
        "html_url": state.html_url(&format!("/apps/{}", app.slug)),
        "created_at": time(app.created_at),
        "updated_at": time(app.created_at),
        "permissions": app.permissions,
        "events": app.events,
        "installations_count": state.installations.values().filter(|i| i.app == app.id).count(),
    })
}

/// An installation as the API and installation events show it.
pub(crate) fn full(state: &State, installation: &Installation) -> Value {
    let id = installation.id;
    let target_type = state.accounts.get(&installation.account).map_or(AccountKind::User, |a| a.kind);
    let login = state.login(installation.account);
    let page = match target_type {
        AccountKind::Organization => format!("/organizations/{login}/settings/installations/{id}"),
        _ => format!("/settings/installations/{id}"),
    };
    json!({
        "id": id,
        "node_id": node_id("Installation", id.0),
        "account": account::simple(state, installation.account),
        "repository_selection": selection(&installation.selection),
        "access_tokens_url": state.api_url(&format!("/app/installations/{id}/access_tokens")),
        "repositories_url": state.api_url("/installation/repositories"),
        "html_url": state.html_url(&page),
        "app_id": installation.app,
        "app_slug": state.apps.get(&installation.app).map(|app| app.slug.as_str()),
        "target_id": installation.account,
        "target_type": target_type,
        "permissions": installation.permissions,
        "events": installation.events,
        "created_at": time(installation.created_at),
        "updated_at": time(installation.created_at),
        "single_file_name": null,
        "has_multiple_single_files": false,
        "single_file_paths": [],
        "suspended_by": null,
        "suspended_at": maybe_time(installation.suspended_at),
    })
}

/// `all` or `selected`.
pub(crate) fn selection(selection: &Selection) -> &'static str {
    match selection {
        Selection::All => "all",
        Selection::Selected(_) => "selected",
    }
}
