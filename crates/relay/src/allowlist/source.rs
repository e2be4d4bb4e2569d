//! Where the allowlist stands: the setting `allowlist`.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use switchboard_github::repo_name::RepoName;
use url::Url;

use crate::config::SettingError;

/// Where the allowlist of existing upstreams stands.
const DEFAULT_PATH: &str = ".github/allowlist.yml";
/// Longest setting, in bytes; paths in Git repositories are shorter in practice.
const MAX_SETTING: usize = 2_048;

/// Where the allowlist is read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AllowlistSource {
    /// A file on the upstream's default branch.
    Upstream {
        /// Its path from the repository's root, without a slash in front.
        path: String,
    },
    /// A file that a `…/blob/…` address names.
    Blob(Blob),
}

/// A file of any repository, at a branch, tag or commit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Blob {
    /// Host, in lower case, with its port where it is not HTTPS's own.
    pub host: String,
    /// The repository.
    pub repo: RepoName,
    /// The branch, tag or commit. One with a slash is written `refs/heads/…`, `refs/tags/…`, or with `%2F`.
    pub git_ref: String,
    /// The path from the repository's root, without a slash in front.
    pub path: String,
}

impl AllowlistSource {
    /// The file's path in its repository.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Upstream { path } | Self::Blob(Blob { path, .. }) => path,
        }
    }

    /// The repository that holds the file.
    #[must_use]
    pub fn repo<'s>(&'s self, upstream: &'s RepoName) -> &'s RepoName {
        match self {
            Self::Upstream { .. } => upstream,
            Self::Blob(blob) => &blob.repo,
        }
    }

    /// Whether a push to `full_ref` of `repo` may have changed the file, if it touched its path. A blob's commit never moves.
    #[must_use]
    pub fn moves_with(&self, repo: &RepoName, full_ref: &str, upstream: &RepoName, default_branch: &str) -> bool {
        let branch = full_ref.strip_prefix("refs/heads/");
        repo == self.repo(upstream)
            && match self {
                Self::Upstream { .. } => branch == Some(default_branch),
                Self::Blob(Blob { git_ref, .. }) => {
                    full_ref == git_ref || branch.or_else(|| full_ref.strip_prefix("refs/tags/")) == Some(git_ref)
                }
            }
    }
}

impl Default for AllowlistSource {
    fn default() -> Self {
        Self::Upstream { path: DEFAULT_PATH.to_owned() }
    }
}

impl FromStr for AllowlistSource {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, SettingError> {
        if text.len() > MAX_SETTING || text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(no_source("is no path and no address"));
        }
        if text.contains("://") {
            return blob(text).map(Self::Blob);
        }
        let path = text.strip_prefix('/').unwrap_or(text);
        is_path(path).then(|| Self::Upstream { path: path.to_owned() }).ok_or_else(|| no_source("is no path of a file"))
    }
}

impl fmt::Display for AllowlistSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upstream { path } => f.write_str(path),
            Self::Blob(Blob { host, repo, git_ref, path }) => write!(f, "{host}/{repo} at {git_ref}: {path}"),
        }
    }
}

fn no_source(what: &str) -> SettingError {
    SettingError::new(
        format!("the value {what}"),
        "write a path such as `.github/allowlist.yml`, or `https://<host>/<owner>/<repo>/blob/<ref>/<path>`",
    )
}

fn blob(text: &str) -> Result<Blob, SettingError> {
    let url = Url::parse(text).map_err(|error| no_source(&format!("is no address: {error}")))?;
    if url.scheme() != "https" {
        return Err(no_source("does not begin with `https://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(no_source("names a user"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(no_source("holds more than a file's address: a `?` or `#`"));
    }
    let host = match (url.host_str(), url.port()) {
        (Some(host), None) => host.to_owned(),
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (None, _) => return Err(no_source("names no host")),
    };
    let mut segments = url.path_segments().into_iter().flatten().map(decoded);
    let mut next = || segments.next().flatten().ok_or_else(|| no_source("is no address of a file"));
    let (owner, name, kind) = (next()?, next()?, next()?);
    let repo = RepoName::new(&owner, &name).map_err(|_| no_source("names no repository"))?;
    if kind != "blob" {
        return Err(no_source("is no address of a file: `blob` is missing after the repository"));
    }
    let first = next()?;
    let git_ref = if first == "refs" { format!("refs/{}/{}", next()?, next()?) } else { first };
    if !is_ref(&git_ref) {
        return Err(no_source("names no branch, tag or commit"));
    }
    let rest: Option<Vec<String>> = segments.collect();
    let path = rest.filter(|segments| segments.iter().all(|segment| !segment.contains('/'))).map(|rest| rest.join("/"));
    let path = path.filter(|path| is_path(path)).ok_or_else(|| no_source("names no file"))?;
    Ok(Blob { host, repo, git_ref, path })
}

/// A segment without its encoding; `None` if that is no text or holds what no name may hold.
fn decoded(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    (!text.chars().any(|c| c.is_control() || c == '\\')).then(|| text.into_owned())
}

/// Whether every segment is a name: not empty, and no dot segment, which would lead elsewhere.
fn is_path(path: &str) -> bool {
    path.split('/').all(|segment| !matches!(segment, "" | "." | ".."))
}

/// A branch's or tag's name, in full if it begins with `refs`; or a commit's.
fn is_ref(git_ref: &str) -> bool {
    let named =
        git_ref.strip_prefix("refs/").is_none_or(|rest| rest.starts_with("heads/") || rest.starts_with("tags/"));
    named && is_path(git_ref) && !git_ref.contains(|c: char| c.is_whitespace() || "~^:?*[".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source(text: &str) -> AllowlistSource {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_path_stands_on_the_upstreams_default_branch() {
        assert_eq!(AllowlistSource::default(), source(".github/allowlist.yml"));
        assert_eq!(source("/ci/allow list.yaml").path(), "ci/allow list.yaml");
    }

    #[test]
    fn an_address_names_host_repository_ref_and_path() {
        let table = [
            (
                "https://github.com/Org/Repo/blob/main/.github/allowlist.yml",
                "github.com",
                "main",
                ".github/allowlist.yml",
            ),
            ("https://GHE.example:8443/Org/Repo/blob/v1.2/a.yml", "ghe.example:8443", "v1.2", "a.yml"),
            ("https://github.com:443/Org/Repo/blob/feature%2Fx/a%20b/c.yml", "github.com", "feature/x", "a b/c.yml"),
            ("https://github.com/Org/Repo/blob/refs/heads/main/a.yml", "github.com", "refs/heads/main", "a.yml"),
        ];
        for (text, host, git_ref, path) in table {
            let AllowlistSource::Blob(blob) = source(text) else { panic!("{text}") };
            assert_eq!((&*blob.host, &*blob.git_ref, &*blob.path), (host, git_ref, path), "{text}");
            assert_eq!(blob.repo.as_str(), "Org/Repo");
        }
    }

    #[test]
    fn anything_else_is_refused_with_a_hint() {
        for text in [
            "",
            "/",
            "../x.yml",
            "a//b",
            "a/./b",
            "a/b/",
            "a\\b",
            "a\nb",
            "http://github.com/o/r/blob/main/a.yml",
            "https://github.com/o/r/raw/main/a.yml",
            "https://github.com/o/r/blob/main",
            "https://github.com/o/r/blob/main/",
            "https://github.com/o/r/blob//a.yml",
            "https://github.com/o/r/blob/refs/pull/1/a.yml",
            "https://github.com/o/r/blob/main/a.yml?raw=true",
            "https://github.com/o/r/blob/main/a.yml#L1",
            "https://me:secret@github.com/o/r/blob/main/a.yml",
            "https://github.com/o.x/r/blob/main/a.yml",
            "https://github.com/o/r/blob/main/%2e%2e/a.yml",
            "https://github.com/o/r/blob/main/a%2Fb.yml",
            "https://github.com/o/r/blob/main/a%00.yml",
            "https://github.com/o/r/blob/main/%ff.yml",
            "https:///o/r/blob/main/a.yml",
            "file:///o/r/blob/main/a.yml",
            &"a".repeat(3_000),
        ] {
            let error = text.parse::<AllowlistSource>().expect_err(text);
            assert!(error.hint.contains("blob/<ref>/<path>") && !error.message.contains("secret"), "{text}: {error:?}");
        }
    }

    #[test]
    fn a_source_moves_with_pushes_to_its_own_branch() {
        let (up, other): (RepoName, RepoName) = ("Org/Up".parse().unwrap(), "o/r".parse().unwrap());
        let moves = |source: &str, repo: &RepoName, full_ref: &str| {
            self::source(source).moves_with(repo, full_ref, &up, "main")
        };
        assert!(moves("a.yml", &up, "refs/heads/main"));
        assert!(!moves("a.yml", &up, "refs/heads/x") && !moves("a.yml", &up, "refs/tags/main"));
        assert!(!moves("a.yml", &other, "refs/heads/main"));
        assert!(moves("https://github.com/O/R/blob/v1/a.yml", &other, "refs/tags/v1"));
        assert!(moves("https://github.com/o/r/blob/refs/heads/x/a.yml", &other, "refs/heads/x"));
        assert!(!moves("https://github.com/o/r/blob/x/a.yml", &up, "refs/heads/x"));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_leads_to_one_file(text in "(https://[a-z.:@0-9]{0,8}/o/r/blob/)?[a-z/.%2Fe\\\\ ?#\\PC]{0,24}") {
            if let Ok(source) = text.parse::<AllowlistSource>() {
                prop_assert!(is_path(source.path()));
            }
        }
    }
}
