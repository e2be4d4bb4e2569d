//! What the rules need from GitHub, read with tokens that can do nothing but read, and revalidated by ETag.

use std::sync::Arc;

use serde::Deserialize;
use switchboard_github::auth::{Auth, Scope};
use switchboard_github::error::{Error, Reason as Refusal};
use switchboard_github::ids::InstallationId;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{GitHub, endpoint};

use crate::candidates::{FileVerdict, InstallationVerdict, RepositoryFacts, RepositoryVerdict};
use crate::file::{self, DispatchingFile};
use crate::names::RepositoryName;
use switchboard_engine::yaml::Diagnostics;

/// What a repository's `dispatching.yml` is, with everything there is to say about it.
#[derive(Debug, Clone)]
pub(crate) enum FileRead {
    /// On neither path.
    Missing,
    /// There, but unusable.
    Invalid { path: &'static str, diagnostics: Diagnostics },
    /// Valid.
    Found { path: &'static str, file: Arc<DispatchingFile>, diagnostics: Diagnostics },
}

impl FileRead {
    /// What the rules need of it.
    pub(crate) fn verdict(&self) -> FileVerdict {
        match self {
            Self::Missing => FileVerdict::Missing,
            Self::Invalid { .. } => FileVerdict::Invalid,
            Self::Found { file, .. } => FileVerdict::Found(Arc::clone(file)),
        }
    }

    /// The state's word.
    pub(crate) fn state(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Invalid { .. } => "invalid",
            Self::Found { .. } => "found",
        }
    }

    /// Where it was found.
    pub(crate) fn path(&self) -> Option<&'static str> {
        match self {
            Self::Missing => None,
            Self::Invalid { path, .. } | Self::Found { path, .. } => Some(path),
        }
    }

    /// What there is to say about it.
    pub(crate) fn diagnostics(&self) -> Option<&Diagnostics> {
        match self {
            Self::Missing => None,
            Self::Invalid { diagnostics, .. } | Self::Found { diagnostics, .. } => Some(diagnostics),
        }
    }
}

/// A token for planning: it reads contents and metadata of one installation, and does nothing else.
fn planning(installation: u64) -> Auth {
    let scope = Scope::new(InstallationId(installation), Permission::CONTENTS, Access::Read);
    Auth::Installation(scope.and(Permission::METADATA, Access::Read))
}

/// Reads `dispatching.yml`, and `.github/dispatching.yml` only if the first is missing.
///
/// # Errors
/// Whatever leaves it open what the file says: there is no verdict then.
pub(crate) async fn file(github: &GitHub, installation: u64, repository: &RepositoryName) -> Result<FileRead, Error> {
    for path in file::PATHS {
        if let Some(read) = one_path(github, installation, repository, path).await? {
            return Ok(read);
        }
    }
    Ok(FileRead::Missing)
}

/// Whether a file stands at the second path too, although the first one counts.
///
/// # Errors
/// As [`file`].
pub(crate) async fn also_at_second_path(
    github: &GitHub,
    installation: u64,
    repository: &RepositoryName,
) -> Result<bool, Error> {
    Ok(one_path(github, installation, repository, file::PATHS[1]).await?.is_some())
}

async fn one_path(
    github: &GitHub,
    installation: u64,
    repository: &RepositoryName,
    path: &'static str,
) -> Result<Option<FileRead>, Error> {
    let call = github
        .call(planning(installation), &endpoint::CONTENTS, &[repository.owner(), repository.name(), path])
        .raw_accept()
        .conditional()
        .max_body(file::BUDGET.bytes);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) if error.reason() == Some(Refusal::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    // A directory, submodule or dangling link has no raw form, so GitHub describes it in JSON instead.
    if !answer.content_type().is_some_and(|kind| kind.contains(".raw")) {
        return Ok(None);
    }
    let read = if answer.truncated() { Err(file::too_long()) } else { file::read(answer.body()) };
    Ok(Some(match read {
        Ok((file, diagnostics)) => FileRead::Found { path, file: Arc::new(file), diagnostics },
        Err(diagnostics) => FileRead::Invalid { path, diagnostics },
    }))
}

#[derive(Deserialize)]
struct Repository {
    id: u64,
    full_name: String,
    #[serde(default)]
    archived: bool,
    default_branch: String,
}

/// Reads a repository; a rename is followed.
///
/// # Errors
/// Whatever leaves it open whether it is there.
pub(crate) async fn repository(
    github: &GitHub,
    installation: u64,
    name: &RepositoryName,
) -> Result<RepositoryVerdict, Error> {
    let call = github
        .call(planning(installation), &endpoint::REPOSITORY, &[name.owner(), name.name()])
        .conditional()
        .typed::<Repository>();
    match call.fetch().await {
        Ok(fetched) => {
            let Repository { id, full_name, archived, default_branch } = fetched.value;
            // GitHub's own names follow GitHub's grammar; one that does not is not for us to build URLs from.
            let Ok(name) = full_name.parse() else { return Ok(RepositoryVerdict::NotFound) };
            Ok(RepositoryVerdict::Found(RepositoryFacts { id, name, archived, default_branch }))
        }
        Err(error) if error.reason() == Some(Refusal::NotFound) => Ok(RepositoryVerdict::NotFound),
        Err(error) => Err(error),
    }
}

#[derive(Deserialize)]
struct Installation {
    id: u64,
}

/// Reads which installation covers a repository.
///
/// # Errors
/// Whatever leaves it open whether one does.
pub(crate) async fn installation(github: &GitHub, name: &RepositoryName) -> Result<InstallationVerdict, Error> {
    let call = github
        .call(Auth::App, &endpoint::REPOSITORY_INSTALLATION, &[name.owner(), name.name()])
        .conditional()
        .typed::<Installation>();
    match call.fetch().await {
        Ok(fetched) => Ok(InstallationVerdict::Installed(fetched.value.id)),
        Err(error) if error.reason() == Some(Refusal::NotFound) => Ok(InstallationVerdict::NotInstalled),
        Err(error) => Err(error),
    }
}
