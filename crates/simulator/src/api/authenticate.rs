//! Who a request comes from: an App by the JWT that it signed, an installation or a user by its token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::{Caller, Exchange, Refusal};
use crate::ids::AppId;
use crate::limits::MAX_JWT_LIFETIME;
use crate::state::State;
use crate::state::people::UserToken;

/// What GitHub says about everything that is done for a suspended installation.
pub(super) const SUSPENDED: &str = "This installation has been suspended";

pub(super) fn authenticate(exchange: &Exchange<'_>) -> Result<Caller, Refusal> {
    let header =
        exchange.request_header("authorization").ok_or_else(|| Refusal::new(401, "Requires authentication"))?;
    let credentials = match header.split_once(' ') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token") => {
            rest.trim()
        }
        _ => return Err(Refusal::new(401, "Bad credentials")),
    };
    if credentials.split('.').count() == 3 && !credentials.starts_with("ghs_") {
        return app_of(exchange.state, credentials).map(Caller::App);
    }
    let state = &exchange.state;
    if credentials.starts_with("ghu_") {
        return user_of(state, credentials).map(Caller::User);
    }
    let token = state.tokens.get(credentials).filter(|token| token.expires_at > state.now);
    let bad = || Refusal::new(401, "Bad credentials");
    let token = token.ok_or_else(bad)?;
    match state.installations.get(&token.installation) {
        None => Err(bad()),
        Some(installation) if installation.suspended_at.is_some() => Err(Refusal::new(403, SUSPENDED)),
        Some(_) => Ok(Caller::Installation(token.clone())),
    }
}

/// The user that a token stands for. Not even that much is told to those whom the site has suspended.
fn user_of(state: &State, token: &str) -> Result<UserToken, Refusal> {
    let token = state.people.tokens.get(token).filter(|token| token.expires_at > state.now);
    let token = token.ok_or_else(|| Refusal::new(401, "Bad credentials"))?;
    if state.people.suspended.contains(&token.user) {
        return Err(Refusal::new(403, "Sorry. Your account was suspended."));
    }
    Ok(token.clone())
}

/// The App that signed a JWT. A JWT issued in GitHub's future is refused, which is why the documentation tells Apps to back-date
/// theirs.
/// <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app>
fn app_of(state: &State, jwt: &str) -> Result<AppId, Refusal> {
    let undecodable = || Refusal::new(401, "A JSON web token could not be decoded");
    let (signed, signature) = jwt.rsplit_once('.').ok_or_else(undecodable)?;
    let (header, claims) = signed.split_once('.').ok_or_else(undecodable)?;
    let (header, claims) = (json(header).ok_or_else(undecodable)?, json(claims).ok_or_else(undecodable)?);
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| undecodable())?;
    if header["alg"] != "RS256" {
        return Err(undecodable());
    }
    let issuer = match &claims["iss"] {
        Value::Number(id) => id.as_u64(),
        Value::String(id) => id.parse().ok(),
        _ => None,
    };
    let issuer = issuer.ok_or_else(|| {
        Refusal::new(401, "'Issuer' claim ('iss') must be an Integer or the client ID of the application")
    })?;
    let app = state.apps.get(&AppId(issuer)).ok_or_else(|| Refusal::new(404, "Integration not found"))?;
    if !app.key.verifies(signed.as_bytes(), &signature) {
        return Err(undecodable());
    }
    let now = state.now.seconds();
    let expires = claims["exp"].as_i64().filter(|at| *at > now).ok_or_else(|| {
        let text = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
        Refusal::new(401, text)
    })?;
    if expires > now + i64::try_from(MAX_JWT_LIFETIME.as_secs()).unwrap_or(i64::MAX) {
        return Err(Refusal::new(401, "'Expiration time' claim ('exp') is too far in the future"));
    }
    let issued = claims["iat"].as_i64().filter(|at| *at <= now);
    let text = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    issued.ok_or_else(|| Refusal::new(401, text))?;
    Ok(app.id)
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
