//! What a user's token tells of the user: who they are, and where they belong.

use serde_json::json;

use super::authenticate::SUSPENDED;
use super::{Answer, Caller, Exchange, Refusal};
use crate::ids::AccountId;
use crate::render;
use crate::state::people::{Standing, Unreadable, UserToken};

/// `GET /user`
pub(super) fn user(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let token = token(x)?;
    let account = x.state.accounts.get(&token.user).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::account::profile(x.state, account)))
}

/// `GET /user/memberships/orgs/{org}`. Where the App may not read members, GitHub speaks of the membership and not of the
/// App.
pub(super) fn of_organization(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let token = token(x)?;
    let organization = organization(x, &token, "You do not have access to this organization membership.")?;
    let standing = x.state.people.members.get(&(organization, token.user)).copied();
    let standing = standing.ok_or_else(Refusal::not_found)?;
    let login = x.state.login(organization).to_owned();
    Ok(Answer::ok(json!({
        "url": x.state.api_url(&format!("/orgs/{login}/memberships/{}", x.state.login(token.user))),
        "state": standing.as_str(),
        "role": "member",
        "organization_url": x.state.api_url(&format!("/orgs/{login}")),
        "organization": x.state.accounts.get(&organization).map(|account| render::account::organization(x.state, account)),
        "user": render::account::simple(x.state, token.user),
    })))
}

/// `GET /orgs/{org}/teams/{team_slug}/memberships/{username}`
pub(super) fn of_team(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let token = token(x)?;
    let organization = organization(x, &token, "Resource not accessible by integration")?;
    // Members see the organization's teams; to everybody else there are none.
    let member = x.state.people.members.get(&(organization, token.user)) == Some(&Standing::Active);
    let user = x.state.find_account(x.param(2)).filter(|_| member).ok_or_else(Refusal::not_found)?;
    let team = x.state.people.teams.get(&(organization, x.param(1).to_lowercase())).ok_or_else(Refusal::not_found)?;
    let standing = team.members.get(&user).copied().ok_or_else(Refusal::not_found)?;
    let url = format!("/organizations/{organization}/team/{}/memberships/{}", team.id, x.state.login(user));
    Ok(Answer::ok(json!({ "url": x.state.api_url(&url), "role": "member", "state": standing.as_str() })))
}

fn token(x: &Exchange<'_>) -> Result<UserToken, Refusal> {
    match &x.caller {
        Caller::User(token) => Ok(token.clone()),
        _ => Err(Refusal::not_accessible()),
    }
}

/// The organization that the first placeholder names, if the App may read its members.
fn organization(x: &Exchange<'_>, token: &UserToken, refusal: &str) -> Result<AccountId, Refusal> {
    let id = x.state.find_account(x.param(0)).ok_or_else(Refusal::not_found)?;
    match x.state.members_readable(token.app, id) {
        Ok(()) => Ok(id),
        Err(Unreadable::Suspended) => Err(Refusal::new(403, SUSPENDED)),
        Err(Unreadable::NotGranted) => Err(Refusal::new(403, refusal)),
    }
}
