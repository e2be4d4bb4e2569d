//! The sign-in page, and the way out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, FromRequest as _, Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use serde::Deserialize;

use super::{SessionForm, Via, guard, notes, same_origin};
use crate::core::Core;
use crate::{Fault, Shell, links};

#[derive(Deserialize)]
pub(crate) struct Next {
    pub(super) next: Option<String>,
}

#[derive(Deserialize)]
struct Entering {
    #[serde(default)]
    token: String,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/sign_in.html")]
struct SignInPage<'a> {
    next: &'a str,
    fault: Option<&'a Fault>,
    /// Where signing in by GitHub begins.
    github: Option<String>,
    /// Whether there are tokens to sign in with.
    tokens: bool,
}

/// The page, perhaps with why it is shown again.
pub(super) async fn page(core: &Core, shell: Shell, next: &str, fault: Option<&Fault>) -> Result<Response, Fault> {
    let github = core.auth.github.as_ref().map(|_| links::sign_in_by_github(next));
    let page = SignInPage { next, fault, github, tokens: core.auth.takes_tokens() };
    let mut response = shell.page("Sign in", &page).await?;
    if let Some(fault) = fault {
        *response.status_mut() = fault.status;
        if let Some(seconds) = fault.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
    }
    Ok(response)
}

/// `GET /sign-in`
pub(crate) async fn form(
    State(core): State<Arc<Core>>,
    Query(Next { next }): Query<Next>,
    request: Request,
) -> Result<Response, Fault> {
    let next = links::own_path(next.as_deref());
    if core.auth.is_open() {
        return Ok(Redirect::to(next).into_response());
    }
    let shell = Shell::bare(Arc::clone(&core), &request);
    page(&core, shell, next, None).await
}

/// `POST /sign-in`
pub(crate) async fn enter(State(core): State<Arc<Core>>, request: Request) -> Result<Response, Fault> {
    if !same_origin(request.headers()) {
        return Err(Fault::foreign_form());
    }
    let shell = Shell::bare(Arc::clone(&core), &request);
    let (parts, body) = request.into_parts();
    let client = core.access.client_of(&parts);
    let Form(Entering { token, next }) = Form::from_request(Request::from_parts(parts, body), &())
        .await
        .map_err(|_| Fault::parameter("The sign-in form was not understood."))?;
    let next = links::own_path(next.as_deref());
    let role = match guard::check(&core, client, &token) {
        Ok(role) => role,
        Err(fault) => {
            if fault.code == "token_wrong" {
                notes::refused(&core, guard::UNKNOWN, "token", client, &fault).await;
            }
            return page(&core, shell, next, Some(&fault)).await;
        }
    };
    let session = core.sessions.open(role, role.as_str(), Via::Cookie, core.store.now());
    notes::signed_in(&core, &session, "token", client).await;
    let cookie = core.sessions.set_cookie(&session);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, links::location(next)), (header::SET_COOKIE, cookie)])
        .into_response())
}

/// A form without fields of its own.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// `POST /sign-out`
pub(crate) async fn leave(State(core): State<Arc<Core>>, request: Request) -> Result<Response, Fault> {
    let (parts, body) = request.into_parts();
    let client = core.access.client_of(&parts);
    let form = SessionForm::<Nothing>::from_request(Request::from_parts(parts, body), &()).await?;
    core.sessions.end(&form.session, core.store.now());
    notes::signed_out(&core, &form.session, client).await;
    let cookie = core.sessions.clear_cookie();
    let location = links::location("/sign-in");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
}
