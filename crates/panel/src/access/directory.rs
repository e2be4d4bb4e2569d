//! Who tells us who somebody is. GitHub, in production; the panel only knows this much of it.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::grants::{Grants, Group};

/// Tells who people are: an OAuth provider with PKCE.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Where a browser is led to be asked. It comes back to `redirect_uri` with a code and with `state`.
    fn authorize_url(&self, redirect_uri: &str, state: &str, challenge: &str) -> String;

    /// Whose code this is.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn identify(&self, code: &str, redirect_uri: &str, verifier: &str)
    -> Result<Box<dyn Person>, DirectoryError>;
}

/// Somebody who can be asked about.
#[async_trait]
pub trait Person: Send + Sync {
    /// Their name.
    fn login(&self) -> &str;

    /// Whether they belong somewhere.
    ///
    /// # Errors
    /// [`DirectoryError`].
    async fn belongs(&self, group: &Group) -> Result<Belonging, DirectoryError>;

    /// Lets go of whatever was needed to ask.
    fn forget(self: Box<Self>) {}
}

/// Whether somebody belongs to a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Belonging {
    /// Yes.
    Member,
    /// Invited, and has not accepted.
    Invited,
    /// No.
    Stranger,
    /// The directory does not tell, and says why.
    Untold(String),
}

/// Why nobody knows who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryError {
    /// The code is no good (any more).
    #[error("the code is wrong, used or expired")]
    CodeRejected,
    /// This server's own part is wrong.
    #[error("{message}")]
    Misconfigured {
        /// What the directory said, for the log.
        message: String,
    },
    /// The account may not be used.
    #[error("the account is suspended")]
    AccountSuspended,
    /// Nobody answers.
    #[error("it cannot be asked at the moment")]
    Unavailable {
        /// How many seconds to wait, if it said so.
        retry_after: Option<u64>,
    },
}

/// Sign-in by GitHub.
#[derive(Clone)]
pub struct GitHubSignIn {
    /// GitHub.
    pub directory: Arc<dyn Directory>,
    /// Who may enter.
    pub grants: Grants,
}

impl fmt::Debug for GitHubSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHubSignIn").field("grants", &self.grants).finish_non_exhaustive()
    }
}
