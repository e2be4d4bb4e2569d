//! What can go wrong with a task itself, as opposed to a step of it that fails.

use std::path::PathBuf;

/// A task cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// A program could not be started at all.
    #[error("`{program}` could not be started: {source}")]
    NotStarted { program: String, source: std::io::Error },
    /// A program that the task depends on ended badly, or said something unintelligible.
    #[error("`{program}` failed: {detail}")]
    Failed { program: String, detail: String },
    /// Something is not installed and could not be installed from here.
    #[error("{what} is needed and missing")]
    Missing { what: String, hint: String },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: std::io::Error },
    /// A benchmark did not go as it has to for its figures to mean anything.
    #[cfg(feature = "bench")]
    #[error("the benchmark is void: {0}")]
    Void(String),
}

impl Trouble {
    /// What the reader can do about it.
    pub(crate) fn hint(&self) -> Option<&str> {
        match self {
            Self::Missing { hint, .. } => Some(hint),
            _ => None,
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
