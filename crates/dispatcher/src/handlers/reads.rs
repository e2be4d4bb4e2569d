//! What the rules need from GitHub, read with tokens that can do nothing but read, and revalidated by ETag.

use std::sync::Arc;

use switchboard_engine::yaml::{Diagnostic, Diagnostics};
use switchboard_github::api::repos::File;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Auth, Error, GitHub, InstallationId, Reason as Refusal, RepoName, Scope, endpoint};

use crate::candidates::{FileVerdict, InstallationVerdict, RepositoryFacts, RepositoryVerdict};
use crate::file::{self, DispatchingFile};
use crate::names::RepositoryName;

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
            Self::Found { path, file, .. } => FileVerdict::Found { path, file: Arc::clone(file) },
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
    let Some(name) = repo_name(repository) else { return Ok(None) };
    let read = match github.file(planning(installation), &name, path, file::BUDGET.bytes).await? {
        File::Missing | File::NotAFile => return Ok(None),
        File::TooLarge => Err(too_long()),
        File::Found { bytes, .. } => file::read(&bytes),
    };
    Ok(Some(match read {
        Ok((file, diagnostics)) => FileRead::Found { path, file: Arc::new(file), diagnostics },
        Err(diagnostics) => FileRead::Invalid { path, diagnostics },
    }))
}

/// A file that is too long is invalid and never missing, whatever its size.
fn too_long() -> Diagnostics {
    let message = format!("the file is longer than {} bytes", file::BUDGET.bytes);
    let mut diagnostics = Diagnostics::default();
    diagnostics.push(Diagnostic::error(1, 1, message).with_hint("split the rules over several repositories"));
    diagnostics
}

/// The name as the client takes it. Both follow the same grammar, so this is always one.
pub(crate) fn repo_name(name: &RepositoryName) -> Option<RepoName> {
    RepoName::new(name.owner(), name.name()).ok()
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
    let Some(name) = repo_name(name) else { return Ok(RepositoryVerdict::NotFound) };
    match github.repository(planning(installation), &name).conditional().fetch().await {
        Ok(fetched) => {
            let found = fetched.value;
            let Ok(name) = RepositoryName::new(found.full_name.owner(), found.full_name.name()) else {
                return Ok(RepositoryVerdict::NotFound);
            };
            Ok(RepositoryVerdict::Found(RepositoryFacts {
                id: found.id.0,
                name,
                archived: found.archived,
                default_branch: found.default_branch.unwrap_or_default(),
            }))
        }
        // A token that cannot be minted is not the repository's absence.
        Err(error) if error.status() == Some(404) && error.route() == endpoint::REPOSITORY.route => {
            Ok(RepositoryVerdict::NotFound)
        }
        Err(error) => Err(error),
    }
}

/// Reads which installation covers a repository.
///
/// # Errors
/// Whatever leaves it open whether one does.
pub(crate) async fn installation(github: &GitHub, name: &RepositoryName) -> Result<InstallationVerdict, Error> {
    let Some(name) = repo_name(name) else { return Ok(InstallationVerdict::NotInstalled) };
    match github.repository_installation(&name).conditional().fetch().await {
        Ok(fetched) => Ok(InstallationVerdict::Installed(fetched.value.id.0)),
        Err(error) if error.reason() == Some(Refusal::NotFound) => Ok(InstallationVerdict::NotInstalled),
        Err(error) => Err(error),
    }
}
