//! One request being answered: who asks, about what, with what.

use bytes::Bytes;
use http::{Request, header};
use serde_json::Value;

use super::finish::API_VERSIONS;
use super::path::{Query, RepoRef, Target};
use super::routes::{Needs, Route};
use super::{Answer, Refusal};
use crate::ids::{AccountId, AppId, RepoId};
use crate::keys::sha256_hex;
use crate::ledger::Credentials;
use crate::limits::{MAX_PER_PAGE, Weight};
use crate::state::people::UserToken;
use crate::state::{Repository, State, Token};

/// Entries on a page when the request does not say.
const DEFAULT_PER_PAGE: usize = 30;

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    App(AppId),
    Installation(Token),
    User(UserToken),
}

impl Caller {
    pub(crate) fn credentials(&self) -> Credentials {
        match self {
            Self::App(app) => Credentials::App(*app),
            Self::Installation(token) => Credentials::Installation {
                id: token.installation,
                repositories: token.repositories.clone(),
                permissions: token.permissions.clone(),
            },
            Self::User(token) => Credentials::User(token.user),
        }
    }

    pub(crate) fn app(&self) -> AppId {
        match self {
            Self::App(app) => *app,
            Self::Installation(token) => token.app,
            Self::User(token) => token.app,
        }
    }
}

/// A request in the hands of the API.
pub(crate) struct Exchange<'a> {
    pub state: &'a mut State,
    pub request: &'a Request<Bytes>,
    pub caller: Caller,
    pub repo: Option<RepoId>,
    /// What the route's placeholders stand for.
    pub params: Vec<String>,
    pub query: Query,
    /// The JSON body; null when there is none.
    pub body: Value,
    path: String,
}

impl<'a> Exchange<'a> {
    pub(super) fn new(state: &'a mut State, request: &'a Request<Bytes>, target: &Target) -> Self {
        Self {
            state,
            request,
            caller: Caller::App(AppId(0)),
            repo: None,
            params: Vec::new(),
            query: target.query.clone(),
            body: Value::Null,
            path: request.uri().path().to_owned(),
        }
    }

    pub(crate) fn request_header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// GitHub turns away who does not name himself, and API versions that it does not know.
    pub(super) fn require_polite_headers(&self) -> Result<(), Refusal> {
        if self.request_header("user-agent").is_none_or(str::is_empty) {
            let text =
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
            return Err(Refusal::new(403, text));
        }
        match self.request_header("x-github-api-version") {
            Some(version) if !API_VERSIONS.contains(&version) => {
                Err(Refusal::new(400, &format!("\"{version}\" is not a supported version of the REST API.")))
            }
            _ => Ok(()),
        }
    }

    /// Finds the repository that the path names; answers with a redirect when it has moved.
    pub(super) fn enter_repository(&mut self, target: &Target) -> Result<Option<Answer>, Refusal> {
        let Some(named) = &target.repo else { return Ok(None) };
        let id = named.find(self.state).ok_or_else(Refusal::not_found)?;
        let repository = self.state.repositories.get(&id).ok_or_else(Refusal::not_found)?;
        let visible = match &self.caller {
            Caller::App(app) => !repository.private || self.state.installation_for(*app, id).is_some(),
            Caller::Installation(token) => !repository.private || self.state.in_scope(token, repository),
            // What users may see of private repositories is left out.
            Caller::User(_) => !repository.private,
        };
        if !visible {
            return Err(Refusal::not_found());
        }
        if let RepoRef::Named(owner, name) = named
            && !self.state.full_name(id).eq_ignore_ascii_case(&format!("{owner}/{name}"))
        {
            return Ok(Some(self.moved(id, target)));
        }
        self.repo = Some(id);
        Ok(None)
    }

    /// GitHub redirects reads with 301 and everything else with 307, so that method and body are kept.
    fn moved(&self, id: RepoId, target: &Target) -> Answer {
        let rest = target.raw_rest.iter().fold(String::new(), |path, segment| path + "/" + segment);
        let query = self.request.uri().query().map_or_else(String::new, |query| format!("?{query}"));
        let url = format!("{}/repositories/{id}{rest}{query}", self.base());
        let read = self.request.method().is_safe();
        let (status, message) = if read { (301, "Moved Permanently") } else { (307, "Temporary Redirect") };
        let docs = "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects";
        let body = serde_json::json!({ "message": message, "url": url, "documentation_url": docs });
        Answer::json(status, body).header("location", url)
    }

    /// Where this API is, from the caller's point of view.
    pub(crate) fn base(&self) -> String {
        let uri = self.request.uri();
        match (uri.scheme_str(), uri.authority()) {
            (Some(scheme), Some(authority)) => format!("{scheme}://{authority}"),
            _ => self.state.settings.api_url.clone(),
        }
    }

    /// Whether the caller's token has what the route needs. Public things are readable by every token.
    pub(super) fn require_permissions(&self, route: &Route) -> Result<(), Refusal> {
        let (Needs::Token(permissions), Caller::Installation(token)) = (&route.needs, &self.caller) else {
            return Ok(());
        };
        let Some(repository) = self.repository() else { return Ok(()) };
        if route.weight == Weight::Read && !repository.private {
            return Ok(());
        }
        let permitted = permissions.iter().any(|(name, access)| self.state.permits(token, name, *access));
        if permitted && self.state.in_scope(token, repository) { Ok(()) } else { Err(Refusal::not_accessible()) }
    }

    pub(super) fn parse_body(&mut self) -> Result<(), Refusal> {
        if self.request.body().is_empty() {
            return Ok(());
        }
        let body =
            serde_json::from_slice(self.request.body()).map_err(|_| Refusal::new(400, "Problems parsing JSON"))?;
        if !matches!(body, Value::Object(_) | Value::Array(_)) {
            return Err(Refusal::new(400, "Body should be a JSON object"));
        }
        self.body = body;
        Ok(())
    }

    pub(crate) fn repository(&self) -> Option<&Repository> {
        self.repo.and_then(|id| self.state.repositories.get(&id))
    }

    /// The repository of a route that has one.
    pub(crate) fn require_repository(&self) -> Result<(RepoId, &Repository), Refusal> {
        self.repository().map(|r| (r.id, r)).ok_or_else(Refusal::not_found)
    }

    /// What the `n`th placeholder stands for.
    pub(crate) fn param(&self, n: usize) -> &str {
        self.params.get(n).map_or("", String::as_str)
    }

    /// The `n`th placeholder as a number.
    pub(crate) fn number(&self, n: usize) -> Result<u64, Refusal> {
        self.param(n).parse().map_err(|_| Refusal::not_found())
    }

    /// A text member of the body.
    pub(crate) fn text(&self, member: &str) -> Option<&str> {
        self.body.get(member).and_then(Value::as_str)
    }

    /// The account that the caller acts as.
    pub(crate) fn actor(&self) -> AccountId {
        self.state.apps.get(&self.caller.app()).map_or(AccountId(0), |app| app.bot)
    }

    /// Makes ETags differ by form and, where the settings say so, by token.
    pub(super) fn etag_salt(&self) -> String {
        let accept = self.request_header("accept").unwrap_or_default();
        let token =
            self.request.headers().get(header::AUTHORIZATION).filter(|_| self.state.settings.etags_vary_by_token);
        sha256_hex(&[accept.as_bytes(), token.map_or(&b""[..], |t| t.as_bytes())])
    }

    /// Entries a page; GitHub cuts larger wishes to the maximum.
    pub(crate) fn per_page(&self) -> usize {
        let wish = self.query.get("per_page").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_PER_PAGE);
        wish.clamp(1, MAX_PER_PAGE)
    }

    /// An address of the present resource with one member of the query set.
    pub(crate) fn address_with(&self, name: &str, value: &str) -> String {
        format!("{}{}?{}", self.base(), self.path, self.query.with(name, value))
    }

    /// The page of `all` that the query asks for, and the `Link` header that leads to the others.
    pub(crate) fn page<T>(&self, all: Vec<T>) -> (Vec<T>, Option<String>) {
        let per_page = self.per_page();
        let page = self.query.get("page").and_then(|text| text.parse().ok()).unwrap_or(1_usize).max(1);
        let last = all.len().div_ceil(per_page).max(1);
        let mut relations = Vec::new();
        if page > 1 {
            relations.push((page - 1, "prev"));
        }
        if page < last {
            relations.push((page + 1, "next"));
            relations.push((last, "last"));
        }
        if page > 1 {
            relations.push((1, "first"));
        }
        let link = |(n, rel): &(usize, &str)| format!("<{}>; rel=\"{rel}\"", self.address_with("page", &n.to_string()));
        let header = (!relations.is_empty()).then(|| relations.iter().map(link).collect::<Vec<_>>().join(", "));
        (all.into_iter().skip((page - 1).saturating_mul(per_page)).take(per_page).collect(), header)
    }

    /// Answers with one page of a list.
    pub(crate) fn listed(&self, all: Vec<Value>) -> Answer {
        let (page, link) = self.page(all);
        let answer = Answer::ok(Value::Array(page));
        match link {
            Some(link) => answer.header("link", link),
            None => answer,
        }
    }

    /// Answers with one page of a list that is wrapped in an object with its total count.
    pub(crate) fn counted_list(&self, member: &str, all: Vec<Value>) -> Answer {
        let total = all.len();
        let (page, link) = self.page(all);
        let answer = Answer::ok(serde_json::json!({ "total_count": total, member: page }));
        match link {
            Some(link) => answer.header("link", link),
            None => answer,
        }
    }
}
