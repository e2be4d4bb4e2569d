//! What an endpoint is, and which one a request is for.

use http::Method;

use super::path::Target;
use super::table::ROUTES;
use super::{Answer, Exchange, Refusal};
use crate::ledger::Effect;
use crate::limits::Weight;
use crate::state::access::Access::{self, Read};

/// Who may call an endpoint.
#[derive(Debug)]
pub(super) enum Needs {
    /// An App by its JWT.
    App,
    /// An App or one of its installations.
    Either,
    /// An installation whose token has one of these permissions.
    Token(&'static [(&'static str, Access)]),
    /// A user; with `members`, of an App that may read an organization's members.
    User { members: bool },
}

pub(super) type Handler = fn(&mut Exchange<'_>) -> Result<Answer, Refusal>;

/// An endpoint.
#[derive(Debug)]
pub(super) struct Route {
    method: &'static str,
    /// Without the part that names the repository.
    pattern: &'static str,
    in_repository: bool,
    pub needs: Needs,
    pub weight: Weight,
    /// Page below `https://docs.github.com/rest/`.
    pub docs: &'static str,
    pub handler: Handler,
}

impl Route {
    pub(super) fn effect(&self) -> Effect {
        match (self.method, self.pattern) {
            ("GET", _) => Effect::Read,
            (_, "app/installations/{}/access_tokens") => Effect::Token,
            (_, "app/hook/deliveries/{}/attempts") => Effect::Redelivery,
            _ => Effect::Write,
        }
    }

    /// The value of `x-accepted-github-permissions`.
    pub(super) fn accepted_permissions(&self) -> Option<String> {
        let list = match &self.needs {
            Needs::Token(list) => list,
            Needs::User { members: true } => &[("members", Read)][..],
            _ => return None,
        };
        let list: Vec<String> = list.iter().map(|(name, access)| format!("{name}={}", access.as_str())).collect();
        Some(list.join("; "))
    }
}

/// Prefix that stands for both ways to name a repository.
const REPO: &str = "repo/";

/// Splits `METHOD path` and fills in the rest.
pub(super) fn route(call: &'static str, needs: Needs, weight: Weight, docs: &'static str, handler: Handler) -> Route {
    let (method, path) = call.split_once(' ').unwrap_or((call, ""));
    let in_repository = path.starts_with(REPO.trim_end_matches('/'));
    let pattern = if in_repository { path.strip_prefix(REPO).unwrap_or("") } else { path };
    Route { method, pattern, in_repository, needs, weight, docs, handler }
}

/// The endpoint of a request, and what its placeholders stand for.
pub(super) fn find(method: &Method, target: &Target) -> Option<(&'static Route, Vec<String>)> {
    ROUTES
        .iter()
        .filter(|route| route.method == method.as_str() && route.in_repository == target.repo.is_some())
        .find_map(|route| {
            let params = placeholders(route.pattern, &target.rest)?;
            Some((route, params))
        })
}

/// `{}` stands for one segment, a last `**` for all that follow.
fn placeholders(pattern: &str, segments: &[String]) -> Option<Vec<String>> {
    let wanted: Vec<&str> = pattern.split('/').filter(|segment| !segment.is_empty()).collect();
    let mut params = Vec::new();
    for (n, wanted) in wanted.iter().enumerate() {
        let got = segments.get(n)?;
        match *wanted {
            "**" => {
                params.push(segments[n..].join("/"));
                return Some(params);
            }
            "{}" if !got.is_empty() => params.push(got.clone()),
            literal if literal == got => {}
            _ => return None,
        }
    }
    (segments.len() == wanted.len()).then_some(params)
}
