//! What can go wrong with durable state.

use std::path::PathBuf;

/// Why a verb failed. Nothing was changed, whichever it is.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease was taken back or settled before.
    #[error("the lease was taken back or settled before")]
    StaleLease,
    /// The settlement is beyond the limits.
    #[error("a settlement of {changes} changes and {bytes} bytes is too large")]
    TooLarge {
        /// Its changes.
        changes: usize,
        /// Its bytes of JSON.
        bytes: usize,
    },
    /// Another server has this database open.
    #[error("{} is in use by another server", path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
    },
    /// The database was written by a newer release.
    #[error("the database has schema version {found}, this release knows versions up to {known}")]
    Newer {
        /// The version found.
        found: u32,
        /// The newest version that this release knows.
        known: u32,
    },
    /// The database was written by an older release, and was opened to read.
    #[error("the database has schema version {found}, this release works with version {known}")]
    Older {
        /// The version found; 0 if nothing was written yet.
        found: u32,
        /// The version of this release.
        known: u32,
    },
    /// There is no room left.
    #[error("the disk is full")]
    Full,
    /// The database cannot be opened, read or written.
    #[error("the database is unavailable: {reason}")]
    Unavailable {
        /// What the backend said.
        reason: String,
    },
    /// A stored row does not read back.
    #[error("a stored {what} does not read back: {reason}")]
    Corrupt {
        /// What kind of row.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl StoreError {
    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::StaleLease | Self::TooLarge { .. } => None,
            Self::InUse { .. } => Some("stop the other server, or give this one its own database (DATABASE_URL)"),
            Self::Older { .. } => Some("start the server, or run `switchboard migrate`: either brings it up to date"),
            Self::Newer { .. } => Some("run the newer release, or restore the copy made before the upgrade"),
            Self::Full => Some("free some space; deliveries that were refused meanwhile are fetched again afterwards"),
            Self::Unavailable { .. } => Some("check that the folder exists and that this user may write to it"),
            Self::Corrupt { .. } => Some("restore the database from its last copy and report this"),
        }
    }
}
