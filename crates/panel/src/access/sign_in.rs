//! The sign-in page, and the way out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Form, FromRequest as _, Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value};
use switchboard_engine::accept::Action;
use switchboard_engine::operations::SIGNED_IN;

use super::{SessionForm, Via, guard, same_origin};
use crate::core::Core;
use crate::{Fault, Shell, links};

#[derive(Deserialize)]
pub(crate) struct Next {
    next: Option<String>,
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
    let shell = Shell::bare(core, &request);
    shell.page("Sign in", &SignInPage { next, fault: None }).await
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
            let mut response = shell.page("Sign in", &SignInPage { next, fault: Some(&fault) }).await?;
            *response.status_mut() = fault.status;
            if let Some(seconds) = fault.retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            }
            return Ok(response);
        }
    };
    let session = core.sessions.open(role, role.as_str(), Via::Cookie, core.store.now());
    tracing::info!(role = role.as_str(), client = client.map(|client| client.to_string()), "signed in");
    note(&core, &session.who, client.map(|client| client.to_string())).await;
    let cookie = core.sessions.set_cookie(&session);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, links::location(next)), (header::SET_COOKIE, cookie)])
        .into_response())
}

/// Asks for the sign-in to stand in the audit. A store in trouble keeps nobody out who could then see why.
async fn note(core: &Core, who: &str, client: Option<String>) {
    let id = uuid::Builder::from_random_bytes(super::random()).into_uuid().to_string();
    let body = Map::from_iter([("role".to_owned(), Value::from(who)), ("client".to_owned(), Value::from(client))]);
    let event = SIGNED_IN.to_owned();
    let action = Action { id, event, actor: who.to_owned(), body, subject: None, installation: None };
    if let Err(error) = core.actions.action(action).await {
        tracing::warn!(%error, "a sign-in could not be noted in the audit");
    }
}

/// A form without fields of its own.
#[derive(Deserialize)]
pub(crate) struct Nothing {}

/// `POST /sign-out`
pub(crate) async fn leave(State(core): State<Arc<Core>>, form: SessionForm<Nothing>) -> Response {
    core.sessions.end(&form.session, core.store.now());
    let cookie = core.sessions.clear_cookie();
    let location = links::location("/sign-in");
    (StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response()
}
