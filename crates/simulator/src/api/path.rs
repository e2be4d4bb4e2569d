//! A request's path and query, taken apart.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

use crate::ids::RepoId;
use crate::state::State;

/// How a path names a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RepoRef {
    Named(String, String),
    Id(RepoId),
}

/// What a request is about.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub repo: Option<RepoRef>,
    /// The decoded segments, without those that name the repository.
    pub rest: Vec<String>,
    /// The same segments as they were sent.
    pub raw_rest: Vec<String>,
    /// Decoded, with the repository's present name.
    pub canonical: String,
    pub query: Query,
}

/// The query's members; of a repeated one the last counts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl Query {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The query with one member set, encoded.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut all = self.0.clone();
        all.insert(name.to_owned(), value.to_owned());
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&all).finish()
    }
}

/// The prefix of the API on GitHub Enterprise Server.
const ENTERPRISE_PREFIX: &str = "/api/v3";

impl Target {
    pub(crate) fn parse(state: &State, uri: &http::Uri) -> Self {
        let path = uri.path().strip_prefix(ENTERPRISE_PREFIX).unwrap_or(uri.path());
        let query = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let raw: Vec<String> = path.trim_start_matches('/').split('/').map(str::to_owned).collect();
        let decoded: Vec<String> = raw.iter().map(|s| percent_decode_str(s).decode_utf8_lossy().into_owned()).collect();
        let (repo, named_by) = match decoded.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["repos", owner, name, ..] => (Some(RepoRef::Named((*owner).to_owned(), (*name).to_owned())), 3),
            ["repositories", id, ..] => match id.parse() {
                Ok(id) => (Some(RepoRef::Id(RepoId(id))), 2),
                Err(_) => (None, 0),
            },
            _ => (None, 0),
        };
        let rest = decoded[named_by..].to_vec();
        let present = repo.as_ref().and_then(|r| r.find(state)).map(|id| format!("/repos/{}", state.full_name(id)));
        let prefix = present.unwrap_or_else(|| decoded[..named_by].iter().map(|s| format!("/{s}")).collect());
        let canonical = rest.iter().fold(prefix, |path, segment| path + "/" + segment);
        Self { repo, rest, raw_rest: raw[named_by..].to_vec(), canonical, query: Query(query) }
    }
}

impl RepoRef {
    pub(crate) fn find(&self, state: &State) -> Option<RepoId> {
        match self {
            Self::Named(owner, name) => state.find_repository(owner, name),
            Self::Id(id) => state.repositories.contains_key(id).then_some(*id),
        }
    }
}
