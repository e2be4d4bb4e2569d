//! The REST API: finds the endpoint, checks who asks, what is left of the budget and what is permitted, and answers.
//!
//! The order of the checks is GitHub's as far as callers can tell: an unknown path or invisible repository is 404, bad
//! credentials are 401, a spent budget is 403 with `retry-after` or `x-ratelimit-*`, a missing permission is 403 with
//! `x-accepted-github-permissions`.

pub(crate) mod answer;
mod app;
mod authenticate;
mod checks;
mod comments;
mod commits;
mod compare;
mod contents;
mod deliveries;
mod dispatch;
mod exchange;
mod finish;
mod installations;
mod issue_fields;
mod issues;
mod labels;
mod memberships;
mod path;
mod pulls;
mod repositories;
mod routes;
mod runs;
mod statuses;
mod table;
mod workflows;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

pub(crate) use answer::{Answer, Refusal};
pub(crate) use exchange::{Caller, Exchange};
pub(crate) use finish::dressed;

use crate::ledger::{Call, Credentials, Effect};
use crate::limits::{Exceeded, Payer, Weight};
use crate::state::State;
use authenticate::authenticate;
use path::Target;
use routes::{Needs, Route};

/// A request as far as it can be understood without acting on it, and its line in the ledger.
pub(crate) struct Incoming {
    target: Target,
    route: Option<(&'static Route, Vec<String>)>,
    pub call: Call,
}

/// Understands a request.
pub(crate) fn receive(state: &State, request: &Request<Bytes>) -> Incoming {
    let target = Target::parse(state, request.uri());
    let route = routes::find(request.method(), &target);
    let call = Call {
        at: state.now,
        method: request.method().to_string(),
        path: crate::oidc::canonical_path(&state.settings, request.uri()).unwrap_or_else(|| target.canonical.clone()),
        target: request.uri().path_and_query().map_or_else(String::new, ToString::to_string),
        body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
        credentials: Credentials::None,
        effect: route.as_ref().map_or(Effect::Read, |(route, _)| route.effect()),
        status: None,
        answered: true,
        points: 0,
        counted: false,
    };
    Incoming { target, route, call }
}

/// Acts on a request and answers it; fills in its line of the ledger.
pub(crate) fn serve(state: &mut State, request: &Request<Bytes>, incoming: Incoming) -> (Response<Bytes>, Call) {
    let Incoming { target, route, mut call } = incoming;
    let mut exchange = Exchange::new(state, request, &target);
    let documented = route.as_ref().map(|(route, _)| route.docs);
    let weight = route.as_ref().map_or(Weight::Read, |(route, _)| route.weight);
    let accepted = route.as_ref().and_then(|(route, _)| route.accepted_permissions());
    let mut payer = None;
    let answer = act(&mut exchange, &target, route, &mut payer, &mut call);
    let answer = answer.unwrap_or_else(|refusal| refusal.answer(documented));
    let etag_salt = exchange.etag_salt();
    let answer = finish::revalidated(answer, request, &etag_salt);
    let counted = payer.filter(|_| !finish::costs_nothing(&answer));
    if let Some(payer) = counted {
        state.limits.charge(payer, state.now, weight);
        (call.counted, call.points) = (true, weight.points());
    }
    call.status = Some(answer.status.as_u16());
    let standing = payer.map(|payer| {
        let (now, hourly) = (state.now, state.settings.hourly_requests);
        state.limits.standing(payer, now, hourly)
    });
    (dressed(state, &answer, accepted.as_deref(), standing), call)
}

fn act(
    exchange: &mut Exchange<'_>,
    target: &Target,
    route: Option<(&'static Route, Vec<String>)>,
    payer: &mut Option<Payer>,
    call: &mut Call,
) -> Result<Answer, Refusal> {
    if let Some(answer) = crate::oidc::answer(exchange.state, exchange.request) {
        return answer;
    }
    exchange.require_polite_headers()?;
    if let Some(answer) = crate::web::answer(exchange.state, exchange.request) {
        return answer;
    }
    let caller = authenticate(exchange)?;
    call.credentials = caller.credentials();
    exchange.caller = caller;
    let (route, params) = route.ok_or_else(Refusal::not_found)?;
    exchange.params = params;
    spend(exchange, route, payer)?;
    require_caller(exchange, route)?;
    if let Some(redirect) = exchange.enter_repository(target)? {
        return Ok(redirect);
    }
    exchange.require_permissions(route)?;
    if route.weight != Weight::Read && exchange.repository().is_some_and(|r| r.archived) {
        return Err(Refusal::new(403, "Repository was archived so is read-only."));
    }
    exchange.parse_body()?;
    (route.handler)(exchange)
}

/// Refuses a request whose budget is spent. Such a refusal itself costs nothing.
fn spend(exchange: &mut Exchange<'_>, route: &Route, payer: &mut Option<Payer>) -> Result<(), Refusal> {
    let who = match &exchange.caller {
        Caller::App(app) => Payer::App(*app),
        Caller::Installation(token) => Payer::Installation(token.installation),
        Caller::User(token) => Payer::User(token.user),
    };
    let state = &mut *exchange.state;
    let (hourly, secondary) = (state.settings.hourly_requests, state.settings.secondary_limits);
    match state.limits.check(who, state.now, route.weight, hourly, secondary) {
        Ok(()) => {
            *payer = Some(who);
            Ok(())
        }
        Err(exceeded) => {
            let standing = state.limits.standing(who, state.now, hourly);
            let refusal = match exceeded {
                Exceeded::Secondary { retry_after } => Refusal::new(403, crate::limits::SECONDARY_LIMIT_TEXT)
                    .header("retry-after", retry_after.to_string()),
                Exceeded::Hourly => {
                    let whose = match who {
                        Payer::App(id) => format!("app ID {id}"),
                        Payer::Installation(id) => format!("installation ID {id}"),
                        Payer::User(id) => format!("user ID {id}"),
                    };
                    Refusal::new(403, &format!("API rate limit exceeded for {whose}."))
                }
            };
            Err(refusal.standing(standing))
        }
    }
}

fn require_caller(exchange: &Exchange<'_>, route: &Route) -> Result<(), Refusal> {
    match (&route.needs, &exchange.caller) {
        (Needs::App, Caller::Installation(_) | Caller::User(_)) => {
            Err(Refusal::new(401, "A JSON web token could not be decoded"))
        }
        (Needs::Token(_), Caller::App(_) | Caller::User(_))
        | (Needs::User { .. }, Caller::App(_) | Caller::Installation(_)) => Err(Refusal::not_accessible()),
        _ => Ok(()),
    }
}
