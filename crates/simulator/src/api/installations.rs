//! Installations and the tokens that act for them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::authenticate::SUSPENDED;
use super::{Answer, Caller, Exchange, Refusal};
use crate::ids::{InstallationId, RepoId};
use crate::limits::{MAX_TOKEN_REPOSITORIES, TOKEN_LIFETIME};
use crate::render;
use crate::state::access::{Access, Installation, Permissions, Token};

pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let app = x.caller.app();
    let mine = x.state.installations.values().filter(|i| i.app == app);
    let all = mine.map(|i| render::installation::full(x.state, i)).collect();
    Ok(x.listed(all))
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let installation = named(x)?;
    Ok(Answer::ok(render::installation::full(x.state, installation)))
}

pub(super) fn of_repository(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, _) = x.require_repository()?;
    let installation = x.state.installation_for(x.caller.app(), repo).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::installation::full(x.state, installation)))
}

pub(super) fn of_account(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let account = x.state.find_account(x.param(0)).ok_or_else(Refusal::not_found)?;
    let app = x.caller.app();
    let installation = x.state.installations.values().find(|i| i.app == app && i.account == account);
    let installation = installation.ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::installation::full(x.state, installation)))
}

pub(super) fn repositories(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let Caller::Installation(token) = &x.caller else { return Err(Refusal::not_accessible()) };
    let reached = x.state.repositories.values().filter(|r| x.state.in_scope(token, r));
    let all: Vec<Value> = reached.map(|r| render::repository::full(x.state, r)).collect();
    Ok(x.counted_list("repositories", all))
}

/// Makes a token, narrowed to what the body names. It can only be narrower than the installation.
pub(super) fn mint(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let installation = named(x)?.clone();
    if installation.suspended_at.is_some() {
        return Err(Refusal::new(403, SUSPENDED));
    }
    let permissions = narrowed(&installation, x.body.get("permissions"))?;
    let repositories = chosen(x, &installation)?;
    let app = x.state.apps.get(&installation.app).ok_or_else(Refusal::not_found)?;
    let token = Token {
        installation: installation.id,
        app: app.id,
        repositories: repositories.clone(),
        permissions: permissions.clone(),
        expires_at: x.state.now + TOKEN_LIFETIME,
    };
    let expires_at = render::time(token.expires_at);
    let secret = format!("ghs_{}", x.state.random_alphanumeric(x.state.settings.token_length));
    x.state.tokens.insert(secret.clone(), token);
    let selection =
        if repositories.is_some() { "selected" } else { render::installation::selection(&installation.selection) };
    let mut answer = json!({
        "token": secret,
        "expires_at": expires_at,
        "permissions": permissions,
        "repository_selection": selection,
    });
    if let Some(ids) = repositories {
        let named =
            ids.iter().filter_map(|id| x.state.repositories.get(id)).map(|r| render::repository::full(x.state, r));
        answer["repositories"] = named.collect();
    }
    Ok(Answer::json(201, answer))
}

/// The installation that the path names, if it is the caller's.
fn named<'x>(x: &'x Exchange<'_>) -> Result<&'x Installation, Refusal> {
    let installation = x.state.installations.get(&InstallationId(x.number(0)?));
    installation.filter(|i| i.app == x.caller.app()).ok_or_else(Refusal::not_found)
}

fn narrowed(installation: &Installation, wanted: Option<&Value>) -> Result<Permissions, Refusal> {
    let wanted = match wanted {
        None | Some(Value::Null) => return Ok(installation.permissions.clone()),
        Some(Value::Object(wanted)) if !wanted.is_empty() => wanted,
        Some(_) => return Err(Refusal::new(422, "Invalid request.\n\nNo permissions are requested.")),
    };
    let mut list = Vec::new();
    for (name, access) in wanted {
        let access = access.as_str().and_then(Access::parse);
        let access = access.ok_or_else(|| Refusal::new(422, &format!("Invalid value for the permission '{name}'.")))?;
        if !installation.permissions.allow(name, access) {
            return Err(Refusal::new(422, "The permissions requested are not granted to this installation."));
        }
        list.push((name.as_str(), access));
    }
    Ok(Permissions::new(&list))
}

fn chosen(x: &Exchange<'_>, installation: &Installation) -> Result<Option<BTreeSet<RepoId>>, Refusal> {
    let unreachable = || {
        let text =
            "There is at least one repository that does not exist or is not accessible to the parent installation.";
        Refusal::new(422, text)
    };
    let reached = x.state.covered(installation);
    let mut chosen = BTreeSet::new();
    let mut wished = 0;
    for member in ["repository_ids", "repositories"] {
        let Some(wishes) = x.body.get(member).and_then(Value::as_array) else { continue };
        wished += wishes.len();
        for wish in wishes {
            let found = reached.iter().find(|id| match wish {
                Value::Number(number) => number.as_u64() == Some(id.0),
                Value::String(name) => x.state.repositories.get(id).is_some_and(|r| r.name.eq_ignore_ascii_case(name)),
                _ => false,
            });
            chosen.insert(*found.ok_or_else(unreachable)?);
        }
    }
    if wished > MAX_TOKEN_REPOSITORIES {
        return Err(Refusal::new(422, "Too many repositories for one token."));
    }
    Ok((wished > 0).then_some(chosen))
}
