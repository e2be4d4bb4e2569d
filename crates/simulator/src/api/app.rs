//! The App itself: what it is, where its webhooks go, what is left of a budget.

use serde_json::json;

use super::{Answer, Caller, Exchange, Refusal};
use crate::limits::Payer;
use crate::render;

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let app = x.state.apps.get(&x.caller.app()).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::installation::app(x.state, app)))
}

pub(super) fn hook_config(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let app = x.state.apps.get(&x.caller.app()).ok_or_else(Refusal::not_found)?;
    let config = json!({ "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": app.webhook_url });
    Ok(Answer::ok(config))
}

pub(super) fn rate_limit(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let payer = match &x.caller {
        Caller::App(app) => Payer::App(*app),
        Caller::Installation(token) => Payer::Installation(token.installation),
        Caller::User(token) => Payer::User(token.user),
    };
    let standing = x.state.limits.standing(payer, x.state.now, x.state.settings.hourly_requests);
    let core = json!({
        "limit": standing.limit,
        "used": standing.used,
        "remaining": standing.limit.saturating_sub(standing.used),
        "reset": standing.reset.seconds(),
    });
    Ok(Answer::ok(json!({ "resources": { "core": core }, "rate": core })))
}
