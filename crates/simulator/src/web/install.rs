//! Installing an App on an account.

use super::html::{escape, page};
use super::{Fields, redirect};
use crate::api::{Answer, Refusal};
use crate::ids::InstallationId;
use crate::render;
use crate::state::access::Selection;
use crate::state::{AccountKind, State};
use crate::story::DEFAULT_ACTOR;

/// `GET /apps/{slug}`
pub(super) fn about(state: &State, slug: &str) -> Result<Answer, Refusal> {
    let app = state.find_app(slug).ok_or_else(Refusal::not_found)?;
    let body = format!("<p><a href=\"/apps/{}/installations/new\">Install</a></p>", escape(&app.slug));
    Ok(page(200, &app.name, &body))
}

/// `GET /apps/{slug}/installations/new`: on which account?
pub(super) fn choose(state: &State, slug: &str) -> Result<Answer, Refusal> {
    let app = state.find_app(slug).ok_or_else(Refusal::not_found)?;
    let owns = |id| state.repositories.values().any(|repository| repository.owner == id);
    let mut accounts: Vec<_> = state.accounts.values().filter(|account| account.kind != AccountKind::Bot).collect();
    // Those that there is something to install on come first, and so are chosen unless somebody chooses.
    accounts.sort_by_key(|account| !owns(account.id));
    let option = |login: &str| format!("<option value=\"{login}\">{login}</option>");
    let options: String = accounts.iter().map(|account| option(&escape(&account.login))).collect();
    let listed = app.permissions.0.iter().map(|(name, access)| format!("{name}: {}", access.as_str()));
    let body = format!(
        "<form method=\"post\"><label for=\"account\">On this account, all repositories</label>\
         <select id=\"account\" name=\"account\">{options}</select>\
         <button type=\"submit\" id=\"install\">Install</button></form><p>It asks for {}.</p>",
        escape(&listed.collect::<Vec<_>>().join(", ")),
    );
    Ok(page(200, &format!("Install {}", app.name), &body))
}

/// The button: installs the App and announces it, unless it is installed there already.
pub(super) fn install(state: &mut State, slug: &str, form: &Fields) -> Result<Answer, Refusal> {
    let app = state.find_app(slug).ok_or_else(Refusal::not_found)?.id;
    let account = form.get("account").and_then(|login| state.find_account(login)).ok_or_else(Refusal::not_found)?;
    let present = state.installations.values().find(|i| i.app == app && i.account == account).map(|i| i.id);
    let id = present.unwrap_or_else(|| {
        let mona = state.account_named(DEFAULT_ACTOR, AccountKind::User);
        let id = state.install(app, account, Selection::All, None, None);
        state.announce(id, mona);
        id
    });
    let page = state.installations.get(&id).map(|installation| render::installation::full(state, installation));
    let location = page.and_then(|page| page["html_url"].as_str().map(str::to_owned)).unwrap_or_default();
    Ok(redirect(location))
}

/// The page that the button leads to.
pub(super) fn installed(state: &State, id: &str) -> Result<Answer, Refusal> {
    let id = id.parse().map(InstallationId).map_err(|_| Refusal::not_found())?;
    let installation = state.installations.get(&id).ok_or_else(Refusal::not_found)?;
    let name = state.apps.get(&installation.app).map_or("", |app| app.name.as_str());
    let login = escape(state.login(installation.account));
    Ok(page(200, name, &format!("<p id=\"installed\">Installed on {login}, on all repositories.</p>")))
}
