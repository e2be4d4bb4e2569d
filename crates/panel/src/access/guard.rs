//! The three doors in front of every page: the address, the sign-in, and a page's own demand for a role.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};

use super::{Role, Session, Via, notes, read_cookie};
use crate::core::Core;
use crate::{Fault, links};

/// Refuses addresses that are not on the list, and finds out who is asking. Whether they had to sign in is the next
/// door's question.
pub(crate) async fn identify(State(core): State<Arc<Core>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let client = core.access.client_of(&parts);
    if !core.access.allows(client) {
        return Fault::new(StatusCode::FORBIDDEN, "address_not_allowed", "This address may not see the panel.")
            .hint("The operator's ADMIN_IP_ALLOWLIST names the addresses that may.")
            .into_response();
    }
    let session = match who(&core, &parts, client).await {
        Ok(session) => session,
        Err(fault) => {
            if fault.code == "token_wrong" {
                notes::refused(&core, UNKNOWN, "token", client, &fault).await;
            }
            return fault.into_response();
        }
    };
    let mut cookie = None;
    if let Some(session) = &session {
        parts.extensions.insert(session.clone());
        let known = read_cookie(&parts.headers, core.sessions.cookie).is_some();
        cookie = (session.via == Via::Open && !known).then(|| core.sessions.set_cookie(session));
    }
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if let Some(session) = session {
        response.extensions_mut().insert(session);
    }
    response
}

/// Lets nobody pass who is not signed in, except to what is public: programs are told so, people are led to the sign-in
/// page and back.
pub(crate) async fn guard(State(core): State<Arc<Core>>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Session>().is_some() {
        return next.run(request).await;
    }
    if core.public.allow(&request) {
        request.extensions_mut().insert(core.sessions.visit(core.store.now()));
        return next.run(request).await;
    }
    let uri = request.uri();
    if links::is_for_programs(uri.path()) {
        return Fault::sign_in_needed().into_response();
    }
    let next = match (request.method(), uri.path_and_query()) {
        (&Method::GET, Some(target)) => target.as_str(),
        _ => "/",
    };
    Redirect::to(&links::sign_in(next)).into_response()
}

/// How the audit names who showed nothing that is known here.
pub(super) const UNKNOWN: &str = "somebody";

async fn who(core: &Core, parts: &Parts, client: Option<IpAddr>) -> Result<Option<Session>, Fault> {
    let now = core.store.now();
    let cookie = read_cookie(&parts.headers, core.sessions.cookie);
    if core.auth.is_open() {
        if !is_local(&parts.headers, core.auth.public_url.as_deref()) {
            return Err(Fault::new(
                StatusCode::FORBIDDEN,
                "open_elsewhere",
                "Without sign-in this panel answers to names of this machine only.",
            )
            .hint("Open it as http://localhost with its port, or configure an operator's token."));
        }
        let known = cookie.and_then(|cookie| core.sessions.read(cookie, Via::Open, now));
        return Ok(Some(known.unwrap_or_else(|| core.sessions.open(Role::Operator, "anyone", Via::Open, now))));
    }
    if let Some(header) = parts.headers.get(header::AUTHORIZATION) {
        let token = header.to_str().ok().and_then(|text| text.split_once(' '));
        let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, token)| token);
        return check(core, client, token.unwrap_or_default())
            .map(|role| Some(core.sessions.open(role, role.as_str(), Via::Bearer, now)));
    }
    let Some(session) = cookie.and_then(|cookie| core.sessions.read(cookie, Via::Cookie, now)) else { return Ok(None) };
    // A session that was ended before this start is known to the store alone.
    core.sessions.recall(core.store.as_ref()).await?;
    Ok(core.sessions.is_alive(&session).then_some(session))
}

/// The role of a token. Wrong ones are counted, and refused unseen once there were too many.
pub(crate) fn check(core: &Core, client: Option<IpAddr>, token: &str) -> Result<Role, Fault> {
    if let Some(fault) = waits(core, client) {
        return Err(fault);
    }
    core.auth.role(token).ok_or_else(|| {
        core.limiter.failed(client, core.store.now());
        Fault::new(StatusCode::UNAUTHORIZED, "token_wrong", "This token is not known here.")
            .hint("Paste the whole token as it was shown when it was made; the server only knows its hash.")
    })
}

/// Whether somebody has to wait, because there were too many failures.
pub(crate) fn waits(core: &Core, client: Option<IpAddr>) -> Option<Fault> {
    let seconds = core.limiter.wait(client, core.store.now())?.as_secs().max(1);
    let detail = format!("There were too many attempts to sign in. Try again in {seconds} s.");
    let mut fault = Fault::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", detail);
    fault.retry_after = Some(seconds);
    Some(fault)
}

/// Whether the browser believes to talk to this very machine. A page elsewhere whose name was pointed at 127.0.0.1 could
/// otherwise read an open panel.
fn is_local(headers: &HeaderMap, public_url: Option<&str>) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Some(authority) = host.to_str().ok().and_then(|host| host.parse::<http::uri::Authority>().ok()) else {
        return false;
    };
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    name == "localhost"
        || name.ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
        || public_url
            .and_then(|url| url.parse::<http::Uri>().ok())
            .is_some_and(|url| url.host().is_some_and(|public| public.eq_ignore_ascii_case(authority.host())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_panel_answers_to_names_of_this_machine() {
        for (host, local) in [
            ("localhost:3000", true),
            ("127.0.0.1:3000", true),
            ("[::1]:3000", true),
            ("demo.localhost", true),
            ("evil.example:3000", false),
            ("127.0.0.1.evil.example", false),
            ("switchboard.example", false),
        ] {
            let headers: HeaderMap = [(header::HOST, host.parse().unwrap())].into_iter().collect();
            assert_eq!(is_local(&headers, None), local, "{host}");
        }
        let headers: HeaderMap = [(header::HOST, "switchboard.example".parse().unwrap())].into_iter().collect();
        assert!(is_local(&headers, Some("https://switchboard.example")));
    }
}
