//! Users, organizations and bots.

use serde_json::{Value, json};

use super::{extended, links, node_id, time};
use crate::ids::AccountId;
use crate::state::{Account, AccountKind, State};

/// The short form that stands for an actor, owner or sender.
pub(crate) fn simple(state: &State, id: AccountId) -> Value {
    let Some(account) = state.accounts.get(&id) else { return Value::Null };
    let login = &account.login;
    // Bots have their App's page, and brackets that an address must escape.
    let page = match login.strip_suffix("[bot]") {
        Some(slug) => state.html_url(&format!("/apps/{slug}")),
        None => state.html_url(&format!("/{login}")),
    };
    let url = state.api_url(&format!("/users/{}", login.replace('[', "%5B").replace(']', "%5D")));
    let more = links(
        &url,
        &[
            ("url", ""),
            ("followers_url", "/followers"),
            ("following_url", "/following{/other_user}"),
            ("gists_url", "/gists{/gist_id}"),
            ("starred_url", "/starred{/owner}{/repo}"),
            ("subscriptions_url", "/subscriptions"),
            ("organizations_url", "/orgs"),
            ("repos_url", "/repos"),
            ("events_url", "/events{/privacy}"),
            ("received_events_url", "/received_events"),
        ],
    );
    let base = json!({
        "login": login,
        "id": account.id,
        "node_id": node_id("User", account.id.0),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", account.id),
        "gravatar_id": "",
        "html_url": page,
        "type": account.kind,
        "user_view_type": "public",
        "site_admin": false,
    });
    extended(base, Value::Object(more))
}

/// The `organization` member of webhook payloads.
pub(crate) fn organization(state: &State, account: &Account) -> Value {
    let url = state.api_url(&format!("/orgs/{}", account.login));
    let more = links(
        &url,
        &[
            ("url", ""),
            ("repos_url", "/repos"),
            ("events_url", "/events"),
            ("hooks_url", "/hooks"),
            ("issues_url", "/issues"),
            ("members_url", "/members{/member}"),
            ("public_members_url", "/public_members{/member}"),
        ],
    );
    let base = json!({
        "login": account.login,
        "id": account.id,
        "node_id": node_id("Organization", account.id.0),
        "avatar_url": format!("https://avatars.githubusercontent.com/u/{}?v=4", account.id),
        "description": null,
    });
    extended(base, Value::Object(more))
}

/// A profile as `GET /users/{login}` and `GET /orgs/{login}` answer it.
pub(crate) fn profile(state: &State, account: &Account) -> Value {
    let base = if account.kind == AccountKind::Organization {
        extended(organization(state, account), json!({ "type": "Organization" }))
    } else {
        simple(state, account.id)
    };
    extended(
        base,
        json!({ "name": account.login, "created_at": time(account.created_at), "updated_at": time(account.created_at) }),
    )
}

/// Name and address of a commit's author or committer.
pub(crate) fn signature(state: &State, id: AccountId) -> Value {
    let login = state.login(id);
    json!({ "name": login, "email": format!("{id}+{login}@users.noreply.github.com") })
}
