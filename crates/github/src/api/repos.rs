//! Repositories and their files.

use bytes::Bytes;
use serde::Deserialize;

use super::app::{Account, Installation};
use crate::auth::Auth;
use crate::call::{Call, Raw};
use crate::client::GitHub;
use crate::endpoint;
use crate::error::Error;
use crate::ids::RepoId;
use crate::repo_name::RepoName;

/// A repository.
#[derive(Debug, Clone, Deserialize)]
pub struct Repository {
    /// Its id, which renames and transfers keep.
    pub id: RepoId,
    /// `owner/name` as of now.
    pub full_name: RepoName,
    /// Who holds it.
    pub owner: Option<Account>,
    /// The branch that counts.
    pub default_branch: Option<String>,
    /// Whether it takes no changes any more.
    #[serde(default, deserialize_with = "super::or_default")]
    pub archived: bool,
    /// Whether it is a fork.
    #[serde(default, deserialize_with = "super::or_default")]
    pub fork: bool,
    /// Whether only some may see it.
    #[serde(default, deserialize_with = "super::or_default")]
    pub private: bool,
    /// Whether it has issues at all.
    pub has_issues: Option<bool>,
}

/// How a commit is related to a branch.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Comparison {
    /// `identical`, `behind` (the branch contains the commit), `ahead` or `diverged`.
    pub status: String,
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// A file, whole.
    Found {
        /// Its bytes.
        bytes: Bytes,
        /// Whether they were known already and GitHub confirmed them.
        revalidated: bool,
        /// By what GitHub tells whether they are still the same.
        etag: Option<String>,
    },
    /// A file longer than was to be read.
    TooLarge,
    /// A directory, a submodule or a dangling link.
    NotAFile,
    /// Nothing.
    Missing,
}

/// A file's bytes as they were read before, perhaps by another process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFile {
    /// The bytes, whole.
    pub bytes: Bytes,
    /// What GitHub gave with them.
    pub etag: String,
}

impl GitHub {
    /// A repository.
    pub fn repository(&self, auth: impl Into<Auth>, repo: &RepoName) -> Call<Repository> {
        self.call(auth, &endpoint::REPOSITORY, &[repo.owner(), repo.name()]).typed()
    }

    /// The installation that covers a repository, asked by the App as itself.
    pub fn repository_installation(&self, repo: &RepoName) -> Call<Installation> {
        self.call(Auth::App, &endpoint::REPOSITORY_INSTALLATION, &[repo.owner(), repo.name()]).typed()
    }

    /// How `head` is related to `base`; both are branches, tags or commits.
    pub fn compare(&self, auth: impl Into<Auth>, repo: &RepoName, base: &str, head: &str) -> Call<Comparison> {
        let comparison = format!("{base}...{head}");
        // The list of commits is not read; one is the smallest page.
        let call = self.call(auth, &endpoint::COMPARE, &[repo.owner(), repo.name(), &comparison]);
        call.query("per_page", 1).typed()
    }

    /// The bytes at a path on the default branch.
    pub fn contents(&self, auth: impl Into<Auth>, repo: &RepoName, path: &str) -> Call<Raw> {
        self.call(auth, &endpoint::CONTENTS, &[repo.owner(), repo.name(), path]).raw_accept()
    }

    /// Reads a file of configuration on the default branch, up to `max_bytes`; an unchanged one costs nothing.
    ///
    /// # Errors
    /// [`Error`] for anything but a 200, 304 or 404: then nothing is known about the file.
    pub async fn file(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        path: &str,
        max_bytes: usize,
    ) -> Result<File, Error> {
        self.file_of(self.contents(auth, repo, path), max_bytes).await
    }

    /// The same, on a branch, tag or commit if one is given, beginning with what was read before this client was made.
    ///
    /// # Errors
    /// As [`GitHub::file`].
    pub async fn file_known(
        &self,
        auth: impl Into<Auth>,
        repo: &RepoName,
        path: &str,
        git_ref: Option<&str>,
        known: Option<KnownFile>,
        max_bytes: usize,
    ) -> Result<File, Error> {
        let mut call = self.contents(auth, repo, path);
        if let Some(git_ref) = git_ref {
            call = call.query("ref", git_ref);
        }
        if let Some(known) = known {
            call = call.known(&known.etag, known.bytes);
        }
        self.file_of(call, max_bytes).await
    }

    async fn file_of(&self, call: Call<Raw>, max_bytes: usize) -> Result<File, Error> {
        let answer = match call.conditional().max_body(max_bytes).send().await {
            Ok(answer) => answer,
            Err(error) if error.status() == Some(404) && error.route() == endpoint::CONTENTS.route => {
                return Ok(File::Missing);
            }
            Err(error) => return Err(error),
        };
        // A file comes in the raw type that was asked for; a description of something else as plain JSON.
        Ok(if answer.content_type().is_some_and(|kind| kind.starts_with("application/json")) {
            File::NotAFile
        } else if answer.truncated() {
            File::TooLarge
        } else {
            let etag = answer.etag().map(str::to_owned);
            File::Found { bytes: answer.body().clone(), revalidated: answer.is_revalidated(), etag }
        })
    }
}
