//! What operators ask for, from the pages and over the API. It enters as an action, a delivery like any other, whose facts name them.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use switchboard_engine::accept::Action;
use switchboard_engine::subject;
use switchboard_github::RepoName;
use switchboard_panel::{Fault, OperatorForm, Session};
use switchboard_store::{Acceptance, Verdict};

use super::{Desk, links, question, reading};
use crate::handlers::{DEMOTION_LIFT, IDENTITY_RESET, REDISPATCH, REFRESH};

/// The fields of a form that is one button.
#[derive(Deserialize)]
pub(super) struct Ask {
    /// The action's own id, so that a second click is the first one.
    id: String,
}

/// The parts of an entry's address.
pub(crate) type RepoPath = (String, String);
/// The parts of a target's address.
pub(crate) type TargetPath = (String, String, String);

/// `POST /relay/allowlist/refresh`
pub(super) async fn refresh(State(desk): State<Arc<Desk>>, form: OperatorForm<Ask>) -> Result<Response, Fault> {
    read_list(&desk, &form.operator.0, form.fields.id).await?;
    Ok(Redirect::to("/relay/allowlist?asked=1").into_response())
}

/// `POST /relay/repos/{owner}/{name}/identity/reset`
pub(super) async fn identity_reset(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<RepoPath>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    let repo = question::entry(&format!("{owner}/{name}"))?;
    of_entry(&desk, IDENTITY_RESET, &repo, &form.operator.0, form.fields.id).await?;
    Ok(Redirect::to(&format!("{}?asked=1", links::repo(&repo))).into_response())
}

/// `POST /relay/repos/{owner}/{name}/demotion`
pub(super) async fn demotion_lift(
    State(desk): State<Arc<Desk>>,
    Path((owner, name)): Path<RepoPath>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    let repo = question::entry(&format!("{owner}/{name}"))?;
    of_entry(&desk, DEMOTION_LIFT, &repo, &form.operator.0, form.fields.id).await?;
    Ok(Redirect::to(&format!("{}?asked=1", links::repo(&repo))).into_response())
}

/// `POST /relay/dispatches/{id}/{owner}/{name}/redispatch`
pub(super) async fn redispatch(
    State(desk): State<Arc<Desk>>,
    Path((dispatch, owner, name)): Path<TargetPath>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    let repo = question::entry(&format!("{owner}/{name}"))?;
    again(&desk, &dispatch, &repo, &form.operator.0, form.fields.id).await?;
    Ok(Redirect::to(&links::target(&dispatch, &repo)).into_response())
}

/// Asks for the allowlist to be read now.
///
/// # Errors
/// What the store says.
pub(crate) async fn read_list(desk: &Desk, session: &Session, id: String) -> Result<Acceptance, Fault> {
    act(desk, REFRESH, None, json!({}), session, id).await
}

/// Asks for something that concerns an entry.
///
/// # Errors
/// 404 for an entry that is not listed; else what the store says.
pub(crate) async fn of_entry(
    desk: &Desk,
    event: &str,
    repo: &RepoName,
    session: &Session,
    id: String,
) -> Result<Acceptance, Fault> {
    if reading::level(desk, repo).await?.is_none() {
        return Err(Fault::not_found("This repository is not on the allowlist."));
    }
    act(desk, event, Some(repo), json!({ "repo": repo }), session, id).await
}

/// Asks for a target to be sent once more.
///
/// # Errors
/// 404 if it was never planned; else what the store says.
pub(crate) async fn again(
    desk: &Desk,
    delivery_id: &str,
    repo: &RepoName,
    session: &Session,
    id: String,
) -> Result<Acceptance, Fault> {
    let unknown = || Fault::not_found("This was not dispatched to that repository.");
    let dispatch = reading::dispatch(desk, delivery_id).await?.ok_or_else(unknown)?;
    let key = crate::records::keys::target(delivery_id, repo);
    let target: Option<Value> = desk.reader.get(&crate::records::views::TARGET, &key).await?;
    if target.is_none() {
        return Err(unknown());
    }
    let order = json!({ "repo": repo, "deliveryId": delivery_id, "lane": dispatch.lane });
    act(desk, REDISPATCH, Some(repo), order, session, id).await
}

async fn act(
    desk: &Desk,
    event: &str,
    repo: Option<&RepoName>,
    body: Value,
    session: &Session,
    id: String,
) -> Result<Acceptance, Fault> {
    if uuid::Uuid::parse_str(&id).is_err() {
        return Err(Fault::parameter("The id of an action is a UUID."));
    }
    let body = match body {
        Value::Object(body) => body,
        _ => Map::new(),
    };
    let about = repo.unwrap_or_else(|| desk.relay.upstream());
    let action = Action {
        id,
        event: event.to_owned(),
        actor: session.who.clone(),
        body,
        subject: Some(subject::repository(about.as_str())),
        installation: None,
    };
    let acceptance = desk.acceptor.action(action).await?;
    if acceptance.verdict == Verdict::Conflict {
        return Err(Fault::new(StatusCode::CONFLICT, "conflict", "This id was used for another action.")
            .hint("Choose a new id for each action, and repeat one only together with what it was for."));
    }
    Ok(acceptance)
}
