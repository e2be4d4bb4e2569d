//! Signing in by GitHub: there, and back with an answer.
//!
//! 1. [`begin`] remembers the browser in a cookie and leads it to GitHub;
//! 2. GitHub asks the person and leads the browser to [`callback`], with a code and the `state` that it was given;
//! 3. the code is exchanged, the person asked about, and a session opened or a page drawn that says why not.
//!
//! Whatever goes wrong, the page has the button again and still knows where to go afterwards.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;

use super::directory::DirectoryError;
use super::grants::{Admission, Grants};
use super::sign_in::{self, Next};
use super::{GitHubSignIn, Via, guard, notes};
use crate::core::Core;
use crate::{Fault, Shell, links};

/// How it is called in the audit.
const BY: &str = "github";
/// The way back; the App's settings name it as a callback URL, below `PUBLIC_URL`.
pub const CALLBACK_PATH: &str = "/sign-in/github/callback";

/// What GitHub sends a browser back with.
#[derive(Deserialize)]
pub(crate) struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// `GET /sign-in/github`. A link and no form: the policy of our pages lets forms lead to us alone, and starting a
/// sign-in that somebody then has to approve at GitHub harms nobody.
pub(crate) async fn begin(State(core): State<Arc<Core>>, Query(Next { next }): Query<Next>) -> Result<Response, Fault> {
    let GitHubSignIn { directory, .. } = github(&core)?;
    let flow = core.flows.begin(links::own_path(next.as_deref()), core.store.now());
    let url = directory.authorize_url(&redirect_uri(&core), &core.flows.state(&flow), &core.flows.challenge(&flow));
    let location = HeaderValue::try_from(url).map_err(|_| misconfigured())?;
    let cookie = core.flows.set_cookie(&flow);
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, location), (header::SET_COOKIE, cookie)]).into_response())
}

/// `GET /sign-in/github/callback`
pub(crate) async fn callback(
    State(core): State<Arc<Core>>,
    Query(answer): Query<Answer>,
    request: Request,
) -> Result<Response, Fault> {
    github(&core)?;
    let shell = Shell::bare(Arc::clone(&core), &request);
    let (parts, _) = request.into_parts();
    let (now, client) = (core.store.now(), core.access.client_of(&parts));
    let flow = core.flows.read(&parts.headers, now);
    let next = flow.as_ref().map_or("/", |flow| links::own_path(Some(&flow.next))).to_owned();
    let mut outcome = match guard::waits(&core, client) {
        Some(fault) => Err(fault),
        None => enter(&core, flow, answer, client).await,
    };
    if let Err(fault) = &outcome
        && counts(fault)
    {
        core.limiter.failed(client, now);
    }
    let mut response = match &mut outcome {
        Ok(cookie) => {
            (StatusCode::SEE_OTHER, [(header::LOCATION, links::location(&next)), (header::SET_COOKIE, cookie.clone())])
                .into_response()
        }
        Err(fault) => sign_in::page(&core, shell, &next, Some(fault)).await?,
    };
    // A code and its state are good for one answer.
    response.headers_mut().append(header::SET_COOKIE, core.flows.clear_cookie());
    Ok(response)
}

/// From GitHub's answer to the cookie of a session.
async fn enter(
    core: &Core,
    flow: Option<super::flow::Flow>,
    answer: Answer,
    client: Option<std::net::IpAddr>,
) -> Result<HeaderValue, Fault> {
    let GitHubSignIn { directory, grants } = github(core)?;
    let flow = flow.ok_or_else(|| {
        Fault::new(
            StatusCode::BAD_REQUEST,
            "sign_in_expired",
            "This sign-in took longer than ten minutes, or began in another browser.",
        )
        .hint("Begin again; if it happens at once, allow this site to set cookies and open it at its public address.")
    })?;
    if !core.flows.is_state(&flow, answer.state.as_deref().unwrap_or_default()) {
        return Err(Fault::new(
            StatusCode::BAD_REQUEST,
            "state_mismatch",
            "This answer from GitHub belongs to another sign-in than the one this browser began.",
        )
        .hint("Begin again, in one tab only."));
    }
    if let Some(error) = answer.error {
        return Err(declined(&error));
    }
    let code = answer.code.unwrap_or_default();
    let person = directory.identify(&code, &redirect_uri(core), &core.flows.verifier(&flow)).await;
    let person = person.map_err(|error| fault_of(&error))?;
    let who = format!("@{}", person.login());
    let admission = grants.admit(person.as_ref()).await;
    person.forget();
    match admission.map_err(|error| fault_of(&error))? {
        Admission::As(role) => {
            let session = core.sessions.open(role, &who, Via::Cookie, core.store.now());
            notes::signed_in(core, &session, BY, client).await;
            Ok(core.sessions.set_cookie(&session))
        }
        Admission::Refused { pending, hidden } => {
            for (group, words) in &hidden {
                tracing::warn!(%group, words, "GitHub does not tell who is a member");
            }
            let hidden: Vec<String> = hidden.iter().map(|(group, _)| group.to_string()).collect();
            let pending: Vec<String> = pending.iter().map(ToString::to_string).collect();
            let fault = not_a_member(&who, grants, &pending, &hidden);
            notes::refused(core, &who, BY, client, &fault).await;
            Err(fault)
        }
    }
}

fn github(core: &Core) -> Result<&GitHubSignIn, Fault> {
    core.auth.github.as_ref().ok_or_else(|| {
        Fault::not_found("Signing in with GitHub is not configured here.")
            .hint("The operator's guide says how, under sign-in.")
    })
}

/// The way back, exactly as the App's settings name it.
fn redirect_uri(core: &Core) -> String {
    format!("{}{CALLBACK_PATH}", core.auth.public_url.as_deref().unwrap_or_default().trim_end_matches('/'))
}

/// Whether a failure may be somebody who guesses. Our own faults and GitHub's keep nobody waiting.
fn counts(fault: &Fault) -> bool {
    fault.status.is_client_error() && fault.status != StatusCode::TOO_MANY_REQUESTS && fault.code != "sign_in_declined"
}

fn declined(error: &str) -> Fault {
    if error == "access_denied" {
        return Fault::new(
            StatusCode::FORBIDDEN,
            "sign_in_declined",
            "You declined at GitHub, so nobody is signed in.",
        )
        .hint("Begin again and choose to authorize. The panel only learns your name and whether you are a member.");
    }
    // What else GitHub says here (`application_suspended`, `redirect_uri_mismatch`) is the operator's to mend.
    let error: String = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').take(60).collect();
    tracing::error!(error, "GitHub refuses to sign people in to this App");
    misconfigured()
}

fn fault_of(error: &DirectoryError) -> Fault {
    match error {
        DirectoryError::CodeRejected => Fault::new(
            StatusCode::BAD_REQUEST,
            "code_rejected",
            "GitHub does not accept this sign-in's code: it was used before, or is older than ten minutes.",
        )
        .hint("Begin again."),
        DirectoryError::Misconfigured { message } => {
            tracing::error!(message, "GitHub does not accept this server's sign-in settings");
            misconfigured()
        }
        DirectoryError::AccountSuspended => {
            Fault::new(StatusCode::FORBIDDEN, "account_suspended", "GitHub has suspended this account.")
                .hint("Sign in with another account, or ask your administrator.")
        }
        DirectoryError::Unavailable { retry_after } => {
            let mut fault = Fault::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "github_unavailable",
                "GitHub cannot be asked who you are at the moment.",
            )
            .hint("Nothing is lost; try again in a moment. An operator can also sign in with a token.");
            fault.retry_after = *retry_after;
            fault
        }
    }
}

fn misconfigured() -> Fault {
    Fault::new(
        StatusCode::BAD_GATEWAY,
        "sign_in_misconfigured",
        "GitHub does not accept this server's sign-in settings, so nobody can sign in that way.",
    )
    .hint("For the operator: compare GITHUB_APP_CLIENT_ID, GITHUB_APP_CLIENT_SECRET and the callback URL with the App's settings page; the server's log has GitHub's answer.")
}

fn not_a_member(who: &str, grants: &Grants, pending: &[String], hidden: &[String]) -> Fault {
    let code = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
    let groups: Vec<String> = grants.groups().iter().map(ToString::to_string).collect();
    let (word, detail) = match (pending, groups.as_slice()) {
        ([], []) => ("not_listed", format!("{who} is not among the people who may enter here.")),
        ([], groups) => ("not_a_member", format!("{who} is not a member of {}.", code(groups))),
        (pending, _) => {
            ("membership_pending", format!("{who} was invited to {} and has not accepted yet.", code(pending)))
        }
    };
    let fault = Fault::new(StatusCode::FORBIDDEN, word, detail);
    match (pending, hidden) {
        ([], []) => fault.hint("Ask the operator of this server to add you, or sign in with another account."),
        (_, []) => fault.hint("Accept the invitation on GitHub, then begin again."),
        (_, hidden) => fault.hint(format!(
            "GitHub does not tell this App about {}. For the operator: the App needs the permission \"members: read\", approved by an owner there; with single sign-on, begin a session there first.",
            code(hidden)
        )),
    }
}
