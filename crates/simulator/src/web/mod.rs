//! The few pages of github.com that whoever makes an App walks through, and the one API call that belongs to them:
//!
//! 1. a form posts a manifest to `/settings/apps/new` or `/organizations/{org}/settings/apps/new`; the page shows what was
//!    asked for and has a button;
//! 2. the button registers the App, with a key pair of its own, and leads back to where the manifest says, with a code;
//! 3. `POST /app-manifests/{code}/conversions` exchanges the code, once and within an hour, for the App's id and secrets;
//! 4. `/apps/{slug}/installations/new` installs it on an account, which sends `installation.created`.
//!
//! And the one page of whoever signs in somewhere by GitHub, `/login/oauth/authorize`, with the exchange of its code.
//!
//! Whoever makes an App is signed in as `mona`, who owns every organization.

mod authorize;
mod html;
mod install;
mod manifest;
mod register;

use bytes::Bytes;
use http::{Method, Request};

use crate::api::{Answer, Refusal};
use crate::state::{AccountKind, State};
use crate::story::DEFAULT_ACTOR;

/// The largest form that a page takes.
const FORM_BYTES_MAX: usize = 256 * 1024;

/// A form's fields, or a query's.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..FORM_BYTES_MAX).unwrap_or(bytes);
        Self(url::form_urlencoded::parse(bytes).into_owned().collect())
    }

    fn of_json(bytes: &[u8]) -> Self {
        let members: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(bytes).unwrap_or_default();
        let text = |(name, value): (String, serde_json::Value)| Some((name, value.as_str()?.to_owned()));
        Self(members.into_iter().filter_map(text).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_str()))
    }
}

/// Answers if the request is for one of the pages, or exchanges a manifest's code.
pub(crate) fn answer(state: &mut State, request: &Request<Bytes>) -> Option<Result<Answer, Refusal>> {
    let uri = request.uri();
    let api = uri.path().strip_prefix("/api/v3");
    let path = api.unwrap_or(uri.path()).trim_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    let (get, post) = (request.method() == Method::GET, request.method() == Method::POST);
    let query = Fields::read(uri.query().unwrap_or_default().as_bytes());
    let form = || Fields::read(request.body());
    let answer = match segments.as_slice() {
        ["app-manifests", code, "conversions"] if post => register::convert(state, code),
        ["apps", slug] if get && (api.is_some() || wants_json(request)) => register::public(state, slug),
        ["applications", client, "token"] if request.method() == Method::DELETE => {
            authorize::revoke(state, client, request)
        }
        _ if api.is_some() => return None,
        ["login", "oauth", "authorize"] if get => authorize::ask(state, &query),
        ["login", "oauth", "authorize"] if post => authorize::decide(state, &form()),
        ["login", "oauth", "access_token"] if post => Ok(authorize::exchange(state, request, &query)),
        ["apps", slug] if get => install::about(state, slug),
        ["settings", "apps", "new"] if get => Ok(register::empty()),
        ["organizations", _, "settings", "apps", "new"] if get => Ok(register::empty()),
        ["settings", "apps", "new"] if post => {
            let mona = state.account_named(DEFAULT_ACTOR, AccountKind::User);
            register::new(state, mona, path, &query, &form())
        }
        ["organizations", login, "settings", "apps", "new"] if post => match state.find_account(login) {
            Some(organization) => register::new(state, organization, path, &query, &form()),
            None => Err(Refusal::not_found()),
        },
        ["apps", slug, "installations", "new"] if get => install::choose(state, slug),
        ["apps", slug, "installations", "new"] if post => install::install(state, slug, &form()),
        ["organizations", _, "settings", "installations", id] | ["settings", "installations", id] if get => {
            install::installed(state, id)
        }
        _ => return None,
    };
    Some(answer)
}

fn wants_json(request: &Request<Bytes>) -> bool {
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.contains("json")
}

/// Leads the browser elsewhere.
fn redirect(location: String) -> Answer {
    Answer::empty(302).header("location", location)
}
