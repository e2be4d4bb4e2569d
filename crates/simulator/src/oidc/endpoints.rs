//! Where keys are published, and where jobs ask for tokens.

use bytes::Bytes;
use http::{Method, Request, Uri};
use serde_json::json;

use super::{Provider, Requester};
use crate::api::{Answer, Refusal};
use crate::settings::Settings;
use crate::state::State;
use crate::state::runs::RunStatus;

/// Where a job asks, below the API's address.
const ID_TOKEN: &str = "/_services/pipelines/idtoken";

const CONFIGURATION: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/.well-known/jwks";

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Configuration(Provider),
    Keys(Provider),
    IdToken,
}

fn endpoint(settings: &Settings, uri: &Uri) -> Option<Endpoint> {
    if uri.path().starts_with(ID_TOKEN) {
        return Some(Endpoint::IdToken);
    }
    Provider::ALL.into_iter().find_map(|provider| {
        let rest = rest_of(provider.issuer(settings), uri)?;
        match rest {
            CONFIGURATION => Some(Endpoint::Configuration(provider)),
            KEYS => Some(Endpoint::Keys(provider)),
            _ => None,
        }
    })
}

/// What follows an issuer's address. Over TCP a request names no host.
fn rest_of<'u>(issuer: &str, uri: &'u Uri) -> Option<&'u str> {
    let issuer: Uri = issuer.parse().ok()?;
    let same = |one: Option<&str>, other: Option<&str>| one.is_none() || one == other;
    let here = same(uri.scheme_str(), issuer.scheme_str())
        && same(
            uri.authority().map(http::uri::Authority::as_str),
            issuer.authority().map(http::uri::Authority::as_str),
        );
    here.then(|| uri.path().strip_prefix(issuer.path().trim_end_matches('/'))).flatten()
}

/// The path under which such a call stands in the ledger and in fault schedules, whatever the issuer's address is.
pub(crate) fn canonical_path(settings: &Settings, uri: &Uri) -> Option<String> {
    endpoint(settings, uri).map(|endpoint| match endpoint {
        Endpoint::Configuration(provider) => format!("{}{CONFIGURATION}", provider.path()),
        Endpoint::Keys(provider) => format!("{}{KEYS}", provider.path()),
        Endpoint::IdToken => uri.path().to_owned(),
    })
}

/// Answers if the request is for an issuer.
pub(crate) fn answer(state: &State, request: &Request<Bytes>) -> Option<Result<Answer, Refusal>> {
    let endpoint = endpoint(&state.settings, request.uri())?;
    if request.method() != Method::GET {
        return Some(Err(Refusal::new(405, "Method Not Allowed")));
    }
    Some(match endpoint {
        Endpoint::Configuration(provider) => Ok(configuration(state, provider)),
        Endpoint::Keys(provider) => Ok(Answer::ok(state.issuers.key_set(provider))),
        Endpoint::IdToken => id_token(state, request),
    })
}

fn configuration(state: &State, provider: Provider) -> Answer {
    let issuer = provider.issuer(&state.settings);
    Answer::ok(json!({
        "issuer": issuer,
        "jwks_uri": format!("{}{KEYS}", issuer.trim_end_matches('/')),
        "subject_types_supported": ["public", "pairwise"],
        "response_types_supported": ["id_token"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid"],
    }))
}

/// A token for the job whose request token the call bears, for the audience that its query names.
fn id_token(state: &State, request: &Request<Bytes>) -> Result<Answer, Refusal> {
    let bearer = request.headers().get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token =
        bearer.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, t)| t.trim());
    let asks = token.and_then(|token| state.issuers.requesters.get(token)).copied();
    let asks = asks.filter(|asks| runs(state, *asks)).ok_or_else(|| Refusal::new(401, "Unauthorized"))?;
    let query = request.uri().query().unwrap_or_default();
    let audience = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "audience");
    let audience = audience.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty());
    let claims = state.actions_claims(asks, audience.as_deref()).ok_or_else(Refusal::not_found)?;
    let value = state.sign_token(Provider::GitHubActions, &claims, super::token::Signing::Honest);
    Ok(Answer::ok(json!({ "count": value.len(), "value": value })))
}

/// Whether the attempt that asks is still under way: afterwards its request token is no good.
fn runs(state: &State, asks: Requester) -> bool {
    let run = state.repositories.get(&asks.repo).and_then(|repository| repository.runs.get(&asks.run));
    run.is_some_and(|run| run.attempt == asks.attempt && run.status != RunStatus::Completed)
}

impl State {
    /// Where a job asks for tokens.
    pub(crate) fn id_token_url(&self, asks: Requester) -> String {
        self.api_url(&format!("{ID_TOKEN}/{}/{}?api-version=2.0", asks.run, asks.job))
    }
}
