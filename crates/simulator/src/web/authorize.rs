//! Letting an App know who one is: the page that asks, the exchange of its code, and taking a token back.
//! <https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app>

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, header};
use serde_json::{Value, json};

use super::html::{escape, page};
use super::{Fields, redirect, wants_json};
use crate::api::answer::Body;
use crate::api::{Answer, Refusal};
use crate::ids::{AccountId, AppId};
use crate::keys;
use crate::state::people::{Approval, CODE_LIFETIME, REFRESH_TOKEN_LIFETIME, USER_TOKEN_LIFETIME, UserToken};
use crate::state::{AccountKind, State};

/// What a code is long on GitHub.
const CODE_CHARS: usize = 20;
/// Characters of a user's token after `ghu_`.
const TOKEN_CHARS: usize = 36;
/// Characters of an S256 challenge: 32 bytes in base64url. RFC 7636, section 4.2.
const CHALLENGE_CHARS: usize = 43;

/// What the members of a request to authorize carry on to the button.
const CARRIED: [&str; 5] = ["client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method"];

/// What an App asks for.
struct Asked {
    app: AppId,
    /// Where the answer goes.
    callback: String,
    redirect_uri: Option<String>,
    state: Option<String>,
    challenge: Option<String>,
}

impl Asked {
    fn read(state: &State, fields: &Fields) -> Result<Self, Answer> {
        let trouble = |text: &str| page(400, "Be careful!", &format!("<p role=\"alert\">{text}</p>"));
        let app = fields.get("client_id").and_then(|id| state.app_of_client(id));
        let app = app.ok_or_else(|| page(404, "Not Found", "<p>There is no App with this client id.</p>"))?;
        let callbacks = state.people.clients.get(&app).map(|client| client.callbacks.as_slice()).unwrap_or_default();
        let redirect_uri = fields.get("redirect_uri").map(str::to_owned);
        let callback = match &redirect_uri {
            Some(uri) => callbacks.iter().find(|callback| *callback == uri),
            None => callbacks.first(),
        };
        let callback = callback
            .ok_or_else(|| trouble("The <code>redirect_uri</code> is not associated with this application."))?;
        let challenge = fields.get("code_challenge").map(str::to_owned);
        let method = fields.get("code_challenge_method");
        let sound = match &challenge {
            Some(challenge) => method == Some("S256") && challenge.len() == CHALLENGE_CHARS,
            None => method.is_none(),
        };
        if !sound {
            return Err(trouble("The code challenge must be of the method S256."));
        }
        let state = fields.get("state").map(str::to_owned);
        Ok(Self { app, callback: callback.clone(), redirect_uri, state, challenge })
    }

    /// Leads back to the App with these members, and its own state.
    fn answered(&self, members: &[(&str, &str)]) -> Result<Answer, Refusal> {
        let mut target = url::Url::parse(&self.callback).map_err(|_| Refusal::new(422, "Validation Failed"))?;
        target.query_pairs_mut().extend_pairs(members);
        if let Some(state) = &self.state {
            target.query_pairs_mut().append_pair("state", state);
        }
        Ok(redirect(target.to_string()))
    }
}

/// `GET /login/oauth/authorize`: who is it, and may the App know? With `login` of somebody who exists, as if that person
/// had approved at once.
pub(super) fn ask(state: &mut State, query: &Fields) -> Result<Answer, Refusal> {
    let asked = match Asked::read(state, query) {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    if let Some(user) = query.get("login").and_then(|login| state.find_account(login)) {
        return approve(state, &asked, user);
    }
    let name = state.apps.get(&asked.app).map_or("", |app| app.name.as_str());
    let users = state.accounts.values().filter(|account| account.kind == AccountKind::User);
    let options: String =
        users.map(|user| format!("<option value=\"{login}\">{login}</option>", login = escape(&user.login))).collect();
    let hidden: String = CARRIED
        .iter()
        .filter_map(|name| Some((name, query.get(name)?)))
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value)))
        .collect();
    let body = format!(
        "<p>{} wants to know who you are and where you belong.</p>\
         <form method=\"post\" action=\"/login/oauth/authorize\">{hidden}\
         <label for=\"login\">Sign in as</label><select id=\"login\" name=\"login\">{options}</select>\
         <button type=\"submit\" name=\"authorize\" value=\"1\" id=\"authorize\">Authorize</button>\
         <button type=\"submit\" name=\"authorize\" value=\"0\" id=\"cancel\">Cancel</button></form>\
         <p>You will be led to {}.</p>",
        escape(name),
        escape(&asked.callback),
    );
    Ok(page(200, &format!("Authorize {name}"), &body))
}

/// `POST /login/oauth/authorize`: the two buttons.
pub(super) fn decide(state: &mut State, form: &Fields) -> Result<Answer, Refusal> {
    let asked = match Asked::read(state, form) {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    if form.get("authorize") != Some("1") {
        let text = "The user has denied your application access.";
        return asked.answered(&[("error", "access_denied"), ("error_description", text)]);
    }
    let user = form.get("login").and_then(|login| state.find_account(login)).ok_or_else(Refusal::not_found)?;
    approve(state, &asked, user)
}

fn approve(state: &mut State, asked: &Asked, user: AccountId) -> Result<Answer, Refusal> {
    let code = state.random_alphanumeric(CODE_CHARS).to_ascii_lowercase();
    let approval = Approval {
        app: asked.app,
        user,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        expires_at: state.now + CODE_LIFETIME,
    };
    state.people.approvals.insert(code.clone(), approval);
    asked.answered(&[("code", &code)])
}

/// `POST /login/oauth/access_token`. Whatever is wrong is answered with 200 and an `error`, as GitHub does.
/// <https://docs.github.com/apps/oauth-apps/maintaining-oauth-apps/troubleshooting-oauth-app-access-token-request-errors>
pub(super) fn exchange(state: &mut State, request: &Request<Bytes>, query: &Fields) -> Answer {
    let form = if json_body(request) { Fields::of_json(request.body()) } else { Fields::read(request.body()) };
    let field = |name: &str| form.get(name).or_else(|| query.get(name)).unwrap_or_default();
    let answer = match token_for(state, &field) {
        Ok(token) => json!({
            "access_token": token,
            "expires_in": USER_TOKEN_LIFETIME.as_secs(),
            "refresh_token": format!("ghr_{}", state.random_alphanumeric(2 * TOKEN_CHARS)),
            "refresh_token_expires_in": REFRESH_TOKEN_LIFETIME.as_secs(),
            "token_type": "bearer",
            "scope": "",
        }),
        Err((error, description)) => json!({
            "error": error,
            "error_description": description,
            "error_uri": format!("https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/#{}", error.replace('_', "-")),
        }),
    };
    if wants_json(request) { Answer::ok(answer) } else { encoded(&answer) }
}

fn token_for<'f>(state: &mut State, field: &impl Fn(&str) -> &'f str) -> Result<String, (&'static str, &'static str)> {
    let wrong_client = ("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.");
    let wrong_code = ("bad_verification_code", "The code passed is incorrect or expired.");
    let app = state.app_of_client(field("client_id")).ok_or(wrong_client)?;
    let client = state.people.clients.get(&app).filter(|client| client.secret == field("client_secret"));
    client.ok_or(wrong_client)?;
    // Bringing a code spends it, whatever comes of it.
    let approval = state.people.approvals.remove(field("code")).filter(|approval| approval.app == app);
    let approval = approval.filter(|approval| approval.expires_at > state.now).ok_or(wrong_code)?;
    let uri = Some(field("redirect_uri")).filter(|uri| !uri.is_empty());
    if uri.is_some() && uri != approval.redirect_uri.as_deref() {
        return Err((
            "redirect_uri_mismatch",
            "The redirect_uri MUST match the registered callback URL for this application.",
        ));
    }
    if let Some(challenge) = &approval.challenge {
        let verifier = URL_SAFE_NO_PAD.encode(keys::sha256(field("code_verifier").as_bytes()));
        if verifier != *challenge {
            return Err(wrong_code);
        }
    }
    let token = format!("ghu_{}", state.random_alphanumeric(TOKEN_CHARS));
    let expires_at = state.now + USER_TOKEN_LIFETIME;
    state.people.tokens.insert(token.clone(), UserToken { app, user: approval.user, expires_at });
    Ok(token)
}

/// `DELETE /applications/{client_id}/token`, by the client's own name and secret.
pub(super) fn revoke(state: &mut State, client_id: &str, request: &Request<Bytes>) -> Result<Answer, Refusal> {
    let app = state.app_of_client(client_id).ok_or_else(Refusal::not_found)?;
    let secret = state.people.clients.get(&app).map(|client| client.secret.as_str()).unwrap_or_default();
    let expected = format!("Basic {}", STANDARD.encode(format!("{client_id}:{secret}")));
    let given = request.headers().get(header::AUTHORIZATION).map(http::HeaderValue::as_bytes);
    if secret.is_empty() || given != Some(expected.as_bytes()) {
        return Err(Refusal::new(401, "Requires authentication"));
    }
    let body: Value = serde_json::from_slice(request.body()).unwrap_or(Value::Null);
    let token = body["access_token"].as_str().unwrap_or_default();
    let known = state.people.tokens.get(token).is_some_and(|token| token.app == app);
    if !known {
        return Err(Refusal::not_found());
    }
    state.people.tokens.remove(token);
    Ok(Answer::empty(204))
}

fn json_body(request: &Request<Bytes>) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// The answer to who does not ask for JSON.
fn encoded(answer: &Value) -> Answer {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in answer.as_object().into_iter().flatten() {
        form.append_pair(name, value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str());
    }
    let bytes = Bytes::from(form.finish());
    Answer {
        body: Body::Raw { content_type: "application/x-www-form-urlencoded; charset=utf-8", bytes },
        ..Answer::empty(200)
    }
}
