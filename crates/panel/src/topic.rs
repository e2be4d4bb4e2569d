//! What people ask about: pull requests, issues, commits, repositories, installations. Read from the names that they
//! paste and from the paths of subject pages. Pure.

use switchboard_engine::subject;
use switchboard_store::{DeliveryFilter, Installation, Subject};

/// The digits of a whole SHA-1 and of a whole SHA-256.
const SHA_LENGTHS: [usize; 2] = [40, 64];
/// Fewer digits than this are no short SHA; GitHub itself abbreviates to seven.
const SHORT_SHA_MIN: usize = 7;

/// What a subject is, with the parts of its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    /// A pull request or an issue.
    Number { repository: String, number: u64 },
    /// A commit.
    Commit { repository: String, sha: String },
    /// A repository, and everything in it.
    Repository(String),
    /// An installation, and everything that it sent.
    Installation(Installation),
}

impl Topic {
    /// What stands at `/subjects/{owner}/{name}`.
    pub(crate) fn of_path(owner: &str, name: &str) -> Option<Self> {
        if owner == "installation"
            && let Ok(id) = name.parse()
        {
            return Some(Self::Installation(Installation(id)));
        }
        (is_plain(owner) && is_plain(name)).then(|| Self::Repository(format!("{owner}/{name}")))
    }

    /// What stands at `/subjects/{owner}/{name}/{detail}`: a number, or a commit behind an `@`.
    pub(crate) fn of_detail(owner: &str, name: &str, detail: &str) -> Option<Self> {
        if !is_plain(owner) || !is_plain(name) {
            return None;
        }
        let repository = format!("{owner}/{name}");
        match detail.strip_prefix('@') {
            Some(sha) => (!sha.is_empty() && is_hex(sha)).then(|| Self::Commit { repository, sha: sha.to_owned() }),
            None => detail.parse().ok().map(|number| Self::Number { repository, number }),
        }
    }

    /// What a name (`acme/api#12`, `acme/api@9f3c…`, `acme/api`, `installation/7`) or an address of GitHub is about.
    pub(crate) fn parse(text: &str, github_url: &str) -> Option<Self> {
        let address = (!github_url.is_empty()).then(|| text.strip_prefix(github_url)).flatten();
        // Behind an address, `#…` is a place on the page and `?…` says how to show it.
        let path = address.map_or(text, |path| path.split(['?', '#']).next().unwrap_or_default());
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        match parts.as_slice() {
            [owner, name] => match name.find(['#', '@']) {
                None => Self::of_path(owner, name),
                Some(at) => {
                    let (name, detail) = name.split_at(at);
                    Self::of_detail(owner, name, detail.trim_start_matches('#'))
                }
            },
            [owner, name, "pull" | "issues", number, ..] => Self::of_detail(owner, name, number),
            [owner, name, "commit", sha, ..] => Self::of_detail(owner, name, &format!("@{sha}")),
            _ => None,
        }
    }

    /// Its name in the history.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Number { repository, number } => subject::number(repository, *number),
            Self::Commit { repository, sha } => subject::commit(repository, &sha.to_lowercase()),
            Self::Repository(name) => subject::repository(name),
            Self::Installation(id) => subject::installation(*id),
        }
    }

    /// The deliveries of its story: those about it, and for a repository or an installation all that it sent.
    pub(crate) fn filter(&self) -> DeliveryFilter {
        match self {
            Self::Number { .. } | Self::Commit { .. } => DeliveryFilter::Subject(self.subject()),
            Self::Repository(name) => DeliveryFilter::Repository(name.clone()),
            Self::Installation(id) => DeliveryFilter::Installation(*id),
        }
    }
}

/// Whether it could be a name at GitHub.
fn is_plain(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Whether it could be the beginning of a commit's SHA, but not all of it.
pub(crate) fn is_short_sha(text: &str) -> bool {
    text.len() >= SHORT_SHA_MIN && !SHA_LENGTHS.contains(&text.len()) && is_hex(text)
}

/// Whether it could be a commit's SHA, or the beginning of one.
pub(crate) fn is_sha(text: &str) -> bool {
    text.len() >= SHORT_SHA_MIN && text.len() <= SHA_LENGTHS[1] && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_understood() {
        for (text, expected) in [
            ("acme/api", Some("acme/api")),
            ("acme/api#412", Some("acme/api#412")),
            ("Acme/API@9F3C2D1", Some("acme/api@9f3c2d1")),
            ("installation/7", Some("installation/7")),
            ("https://github.com/acme/api/pull/412#discussion_r1", Some("acme/api#412")),
            ("https://github.com/acme/api/pull/412/files", Some("acme/api#412")),
            ("https://github.com/acme/api/issues/9?x=1", Some("acme/api#9")),
            ("https://github.com/acme/api/commit/9f3c2d1", Some("acme/api@9f3c2d1")),
            ("https://github.com/acme/api/", Some("acme/api")),
            ("412", None),
            ("acme/api#x", None),
            ("acme/api@main", None),
            ("acme/api@", None),
            ("acme/api/actions", None),
            ("https://evil.example/acme/api", None),
            ("a/<script>", None),
            ("", None),
        ] {
            let subject = Topic::parse(text, "https://github.com").map(|topic| topic.subject());
            assert_eq!(subject.as_ref().map(Subject::as_str), expected, "{text}");
        }
    }

    #[test]
    fn a_short_sha_is_hexadecimal_and_not_whole() {
        assert!(is_short_sha("9f3c2d1") && !is_short_sha("9f3c2d") && !is_short_sha("nothex1"));
        assert!(!is_short_sha(&"a".repeat(40)) && is_sha(&"a".repeat(40)));
    }
}
