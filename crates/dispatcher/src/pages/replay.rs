//! Replay: an operator has a run planned again, from the page or over the API. It enters as an action, a delivery like any other.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::json;
use switchboard_engine::accept::Action;
use switchboard_panel::{Fault, OperatorForm, Session};
use switchboard_store::Installation;

use super::{Desk, links};
use crate::handlers::records::RunRecord;
use crate::handlers::{REPLAY, ReplayAction, ReplayScope, next_number};
use crate::keys::{self, views};
use crate::run_key::RunKey;

/// The parts of a run's address.
pub(crate) type RunPath = (String, String, String);

/// The fields of the form on a run's page.
#[derive(Deserialize)]
pub(super) struct Ask {
    /// The action's own id, so that a second click is the first one.
    id: String,
    #[serde(default)]
    only: ReplayScope,
}

/// `POST /dispatcher/runs/{…}/replay`
pub(super) async fn form(
    State(desk): State<Arc<Desk>>,
    Path(path): Path<RunPath>,
    form: OperatorForm<Ask>,
) -> Result<Response, Fault> {
    let base = run_key(&path)?;
    let Ask { id, only } = form.fields;
    let key = ask(&desk, base, only, &form.operator.0, id).await?;
    let number = key.replay.unwrap_or_default();
    Ok(Redirect::to(&format!("{}?asked={number}", links::run(RunKey { replay: None, ..base }))).into_response())
}

/// The run key that an address names.
///
/// # Errors
/// 404 if it names none.
pub(crate) fn run_key((repository, run, attempt): &RunPath) -> Result<RunKey, Fault> {
    format!("{repository}/{run}/{attempt}").parse().map_err(|_| unknown())
}

/// 404: no such run.
pub(crate) fn unknown() -> Fault {
    Fault::not_found("There is no such run here.").hint(
        "A run appears when it has completed and was planned. One that was skipped by a source rule has no page; its delivery says why.",
    )
}

/// Asks for a run to be planned again, and returns the run key that the new plan will have.
///
/// # Errors
/// 404 for an unknown run, 410 if the body of its delivery has expired; else what the store says.
pub(crate) async fn ask(
    desk: &Desk,
    key: RunKey,
    only: ReplayScope,
    session: &Session,
    id: String,
) -> Result<RunKey, Fault> {
    if !is_uuid(&id) {
        return Err(Fault::parameter("The id of an action is a UUID."));
    }
    let base = RunKey { replay: None, ..key };
    let run: RunRecord = desk.reader.get(&views::RUN, &keys::run(base)).await?.ok_or_else(unknown)?;
    let kept = desk.reader.delivery(run.delivery).await?.is_some_and(|delivery| delivery.body_kept);
    if !kept {
        return Err(Fault::expired(
            "The body of this run's delivery is no longer kept, so it cannot be planned again.",
        )
        .hint("Re-run the workflow on GitHub; a new attempt is planned afresh."));
    }
    let n = next_number(&desk.reader, base, run.delivery).await?;
    let action = ReplayAction { run_key: base, n, only };
    let next = base.replayed(action.n);
    let serde_json::Value::Object(body) = json!(action) else { return Err(unknown()) };
    desk.acceptor
        .action(Action {
            id,
            event: REPLAY.to_owned(),
            actor: session.who.clone(),
            body,
            subject: Some(keys::subject(&run.source.repository, &run.source.sha)),
            installation: Some(Installation(run.source.installation_id)),
        })
        .await?;
    Ok(next)
}

/// Whether a text is a UUID in its usual form.
fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_run_or_nothing() {
        let path = |attempt: &str| ("7".to_owned(), "500".to_owned(), attempt.to_owned());
        assert_eq!(run_key(&path("1~2")).unwrap(), RunKey::new(7, 500, 1).replayed(2));
        assert_eq!(run_key(&path("x")).unwrap_err().status, 404);
        assert!(is_uuid("01930d5e-7b3c-7000-8000-000000000001"));
        assert!(!is_uuid("0193-") && !is_uuid("01930d5e-7b3c-7000-8000-00000000000g"));
    }
}
