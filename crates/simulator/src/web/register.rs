//! From a manifest to an App: the page with the button, the code, and its exchange.

use serde_json::json;

use super::html::{escape, page};
use super::manifest::{Manifest, NAME_CHARS_MAX, slug};
use super::{Fields, redirect};
use crate::api::{Answer, Refusal};
use crate::ids::AccountId;
use crate::keys;
use crate::render;
use crate::state::State;
use crate::state::people::Client;
use crate::state::registry::{CODE_LIFETIME, NewApp, Registration};

/// What GitHub's codes, secrets and client secrets are long.
const SECRET_CHARS: usize = 40;

/// The page without a manifest: on GitHub a long form; here everything comes from manifests.
pub(super) fn empty() -> Answer {
    page(200, "Register new GitHub App", "<p>Post a form with a <code>manifest</code> to this address.</p>")
}

/// Shows what a manifest asks for, or does it: the button sends the name along.
pub(super) fn new(
    state: &mut State,
    owner: AccountId,
    path: &str,
    query: &Fields,
    form: &Fields,
) -> Result<Answer, Refusal> {
    let text = form.get("manifest").unwrap_or_default();
    let manifest = match Manifest::read(text) {
        Ok(manifest) => manifest,
        Err(errors) => {
            let list: String = errors.iter().map(|error| format!("<li>{}</li>", escape(error))).collect();
            let body = format!("<div role=\"alert\"><p>Invalid GitHub App configuration</p><ul>{list}</ul></div>");
            return Ok(page(422, "Register new GitHub App", &body));
        }
    };
    let state_parameter = query.get("state").or_else(|| form.get("state")).unwrap_or_default();
    let Some(name) = form.get("name") else {
        return Ok(confirm(state, owner, path, text, &manifest, state_parameter, None));
    };
    if let Some(problem) = name_problem(state, name) {
        let manifest = Manifest { name: name.to_owned(), ..manifest };
        return Ok(confirm(state, owner, path, text, &manifest, state_parameter, Some(&problem)));
    }
    let code = register(state, owner, name, &manifest).map_err(|_| Refusal::new(500, "Server Error"))?;
    let mut target = url::Url::parse(&manifest.redirect_url).map_err(|_| Refusal::new(422, "Validation Failed"))?;
    target.query_pairs_mut().append_pair("code", &code);
    if !state_parameter.is_empty() {
        target.query_pairs_mut().append_pair("state", state_parameter);
    }
    Ok(redirect(target.to_string()))
}

fn name_problem(state: &State, name: &str) -> Option<String> {
    if slug(name).is_empty() || name.chars().count() > NAME_CHARS_MAX {
        return Some(format!("Name must have 1 to {NAME_CHARS_MAX} characters, letters or digits among them."));
    }
    state.find_app(&slug(name)).map(|_| "Name is already taken".to_owned())
}

fn confirm(
    state: &State,
    owner: AccountId,
    path: &str,
    text: &str,
    manifest: &Manifest,
    state_parameter: &str,
    problem: Option<&str>,
) -> Answer {
    let Manifest { name, webhook_url, permissions, events, .. } = manifest;
    let alert = problem.map_or_else(String::new, |problem| format!("<p role=\"alert\">{}</p>", escape(problem)));
    let listed = permissions.0.iter().map(|(name, access)| format!("{name}: {}", access.as_str()));
    let body = format!(
        "{alert}<p>{} will own the App.</p>\
         <form method=\"post\" action=\"/{}\"><input type=\"hidden\" name=\"manifest\" value=\"{}\">\
         <input type=\"hidden\" name=\"state\" value=\"{}\"><label for=\"name\">GitHub App name</label>\
         <input id=\"name\" name=\"name\" value=\"{}\" required>\
         <button type=\"submit\" id=\"create\">Create GitHub App</button></form>\
         <dl><dt>Webhook</dt><dd>{}</dd><dt>Permissions</dt><dd>{}</dd><dt>Events</dt><dd>{}</dd></dl>",
        escape(state.login(owner)),
        escape(path),
        escape(text),
        escape(state_parameter),
        escape(name),
        if webhook_url.is_empty() { "inactive".to_owned() } else { escape(webhook_url) },
        escape(&listed.collect::<Vec<_>>().join(", ")),
        escape(&events.join(", ")),
    );
    page(if problem.is_some() { 422 } else { 200 }, "Create GitHub App from manifest", &body)
}

fn register(state: &mut State, owner: AccountId, name: &str, manifest: &Manifest) -> Result<String, keys::KeyError> {
    let (pem, key) = keys::generate()?;
    let webhook_secret = state.random_alphanumeric(SECRET_CHARS).to_ascii_lowercase();
    let app = state.register(NewApp {
        id: None,
        slug: slug(name),
        name: name.to_owned(),
        owner,
        key,
        webhook_secret: webhook_secret.clone(),
        webhook_url: manifest.webhook_url.clone(),
        permissions: manifest.permissions.clone(),
        events: manifest.events.clone(),
    });
    let client_secret = state.random_alphanumeric(SECRET_CHARS).to_ascii_lowercase();
    let client = Client { secret: client_secret.clone(), callbacks: manifest.callback_urls.clone() };
    state.people.clients.insert(app, client);
    let code = state.random_alphanumeric(SECRET_CHARS).to_ascii_lowercase();
    let expires_at = state.now + CODE_LIFETIME;
    state.registrations.insert(code.clone(), Registration { app, expires_at, client_secret, webhook_secret, pem });
    Ok(code)
}

/// `POST /app-manifests/{code}/conversions`. A code that was exchanged, or is older than an hour, is not found.
pub(super) fn convert(state: &mut State, code: &str) -> Result<Answer, Refusal> {
    let registration = state.registrations.remove(code).ok_or_else(Refusal::not_found)?;
    let app = state.apps.get(&registration.app).filter(|_| registration.expires_at > state.now);
    let app = app.ok_or_else(Refusal::not_found)?;
    let more = json!({
        "client_secret": registration.client_secret,
        "webhook_secret": registration.webhook_secret,
        "pem": registration.pem,
    });
    Ok(Answer::json(201, render::extended(render::installation::app(state, app), more)))
}

/// `GET /apps/{slug}`: what anybody may know of an App.
pub(super) fn public(state: &State, slug: &str) -> Result<Answer, Refusal> {
    let app = state.find_app(slug).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::installation::app(state, app)))
}
