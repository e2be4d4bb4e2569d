//! What operators do from the shared pages. Each becomes a delivery of its own; see the engine's operations.

use std::sync::Arc;

use axum::extract::{Extension, Path};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use switchboard_engine::accept::Action;
use switchboard_store::{Acceptance, Installation, Subject, Verdict, WorkId};

use super::{delivery, job};
use crate::access::Session;
use crate::core::Core;
use crate::{Fault, OperatorForm, links};

/// The fields of a button's form.
#[derive(Deserialize)]
pub(crate) struct Ask {
    /// The action's own id, so that a second click is the first one.
    id: String,
}

/// What can be done with a dead letter.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Letter {
    Revive,
    Discard,
}

impl Letter {
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Revive => "engine.revive",
            Self::Discard => "engine.discard",
        }
    }
}

/// `POST /deliveries/{id}/replay`
pub(crate) async fn replay(
    Extension(core): Extension<Arc<Core>>,
    Path(id): Path<String>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    ask_replay(&core, &id, &form.operator.0, form.fields.id).await?;
    Ok(Redirect::to(&format!("{}?asked=replay", links::delivery(id))).into_response())
}

/// `POST /jobs/{id}/revive`
pub(crate) async fn revive(
    core: Extension<Arc<Core>>,
    id: Path<String>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    letter(&core, &id, form, Letter::Revive).await
}

/// `POST /jobs/{id}/discard`
pub(crate) async fn discard(
    core: Extension<Arc<Core>>,
    id: Path<String>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    letter(&core, &id, form, Letter::Discard).await
}

async fn letter(core: &Core, id: &str, form: OperatorForm<Ask>, letter: Letter) -> Result<Response, Fault> {
    ask_letter(core, id, letter, &form.operator.0, form.fields.id).await?;
    Ok(Redirect::to(&links::job(id)).into_response())
}

/// Asks for a stored delivery to be decided again.
pub(crate) async fn ask_replay(core: &Core, id: &str, session: &Session, action: String) -> Result<Acceptance, Fault> {
    let delivery = delivery::find(core.store.as_ref(), id).await?.ok_or_else(|| delivery::unknown(id))?;
    if !delivery.body_kept {
        return Err(Fault::expired("The body of this delivery is no longer kept, so it cannot be decided again."));
    }
    let what = ("delivery", Value::from(delivery.id.to_string()));
    ask(core, "engine.replay", session, action, what, delivery.subject, delivery.installation).await
}

/// Asks for a dead letter to be queued again, or closed.
pub(crate) async fn ask_letter(
    core: &Core,
    id: &str,
    letter: Letter,
    session: &Session,
    action: String,
) -> Result<Acceptance, Fault> {
    let work = match id.parse::<WorkId>() {
        Ok(id) => core.store.work(id).await?,
        Err(_) => None,
    };
    let work = work.ok_or_else(|| job::unknown(id))?;
    ask(core, letter.event(), session, action, ("work", work.id.to_string().into()), None, work.installation).await
}

pub(crate) async fn ask(
    core: &Core,
    event: &str,
    session: &Session,
    action: String,
    (name, what): (&str, Value),
    subject: Option<Subject>,
    installation: Option<Installation>,
) -> Result<Acceptance, Fault> {
    if uuid::Uuid::try_parse(&action).is_err() {
        return Err(Fault::parameter("The id of an action is a UUID."));
    }
    let body = Map::from_iter([(name.to_owned(), what)]);
    let event = event.to_owned();
    let action = Action { id: action, event, actor: session.who.clone(), body, subject, installation };
    let acceptance = core.actions.action(action).await?;
    if acceptance.verdict == Verdict::Conflict {
        return Err(Fault::new(StatusCode::CONFLICT, "conflict", "This id was used for another action.")
            .hint("Choose a new id for each action, and repeat one only together with what it was for."));
    }
    Ok(acceptance)
}
