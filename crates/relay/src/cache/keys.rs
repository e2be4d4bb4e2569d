//! The cache's keys. Names whose letters strangers choose are encoded, so that none can be taken for another's.

use switchboard_github::RepoName;

use crate::keys::part;

/// What a key is about; in memory, each has its own bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The allowlist's text.
    Allowlist,
    /// A pull request.
    Pull,
    /// An event that was sent to a repository.
    Dispatch,
    /// Results of a repository on a commit.
    Action,
    /// Reports of a repository in the last minute.
    Rate,
    /// What a run or a token spoke for.
    Bound,
}

/// A key of the cache.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    /// What it is about.
    pub kind: Kind,
    /// As it is written.
    pub text: String,
}

impl CacheKey {
    fn new(kind: Kind, prefix: &str, rest: std::fmt::Arguments<'_>) -> Self {
        Self { kind, text: format!("{prefix}{rest}") }
    }

    /// `allowlist:{up}`
    #[must_use]
    pub fn allowlist(prefix: &str, up: &RepoName) -> Self {
        Self::new(Kind::Allowlist, prefix, format_args!("allowlist:{}", up.key()))
    }

    /// `pr:{up}#{n}`
    #[must_use]
    pub fn pull(prefix: &str, up: &RepoName, number: u64) -> Self {
        Self::new(Kind::Pull, prefix, format_args!("pr:{}#{number}", up.key()))
    }

    /// `dispatch:{delivery id}:{repo}`
    #[must_use]
    pub fn dispatch(prefix: &str, delivery_id: &str, repo: &RepoName) -> Self {
        Self::new(Kind::Dispatch, prefix, format_args!("dispatch:{}:{}", part(delivery_id), repo.key()))
    }

    /// `action:{head_sha}:{repo}`; one field per result.
    #[must_use]
    pub fn action(prefix: &str, head: &str, repo: &RepoName) -> Self {
        Self::new(Kind::Action, prefix, format_args!("action:{}:{}", part(head), repo.key()))
    }

    /// `rate:{repo}`; one field per node.
    #[must_use]
    pub fn rate(prefix: &str, repo: &RepoName) -> Self {
        Self::new(Kind::Rate, prefix, format_args!("rate:{}", repo.key()))
    }

    /// `jti:{jti}`
    #[must_use]
    pub fn token(prefix: &str, token: &str) -> Self {
        Self::new(Kind::Bound, prefix, format_args!("jti:{}", part(token)))
    }

    /// `run:{repo}:{run_id}`
    #[must_use]
    pub fn run(prefix: &str, repo: &RepoName, run: &str) -> Self {
        Self::new(Kind::Bound, prefix, format_args!("run:{}:{}", repo.key(), part(run)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_the_contracts_and_no_name_breaks_out_of_its_place() {
        let (up, repo): (RepoName, RepoName) = ("Org/Up".parse().unwrap(), "three/C".parse().unwrap());
        let written = [
            CacheKey::allowlist("p:", &up),
            CacheKey::pull("p:", &up, 7),
            CacheKey::dispatch("p:", "d-1", &repo),
            CacheKey::action("p:", "abc", &repo),
            CacheKey::rate("p:", &repo),
            CacheKey::token("p:", "j:1"),
            CacheKey::run("p:", &repo, "9:9\n"),
        ]
        .map(|key| key.text);
        let expected = [
            "p:allowlist:org/up",
            "p:pr:org/up#7",
            "p:dispatch:d-1:three/c",
            "p:action:abc:three/c",
            "p:rate:three/c",
            "p:jti:j%3A1",
            "p:run:three/c:9%3A9%0A",
        ];
        assert_eq!(written, expected);
    }
}
