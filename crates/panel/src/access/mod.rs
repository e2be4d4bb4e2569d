//! Sign-in: who may look, and who may act.
//!
//! The operator configures the hash of a token, and perhaps of a second one that may only look. A browser exchanges the
//! token for a session cookie; a program sends it as `Authorization: Bearer`. People may also sign in by GitHub, as far as lists
//! of people, organizations and teams let them. Without any of it configured the panel is open, which is only meant for
//! one's own machine: it then answers to loopback names alone and says so on every page.
//!
//! A session is a signed cookie of twelve hours. It says who somebody is and what they may do; whether they still belong is
//! asked again at the next sign-in, and changing who may sign in ends every session.
//!
//! Pages that an operator makes public are read by [visitors](Role::Visitor), who have no session.
//!
//! Handlers state what they need by what they extract: [`Session`] to look, [`Operator`] to act, [`OperatorForm`] to
//! act from a form of ours.

mod cookie;
mod directory;
mod ended;
mod flow;
mod form;
mod github;
mod grants;
mod guard;
mod limiter;
mod notes;
mod public;
mod session;
mod sign_in;
mod token;

pub use directory::{Belonging, Directory, DirectoryError, GitHubSignIn, Person};
pub use form::{OperatorForm, SessionForm, same_origin};
pub use github::CALLBACK_PATH;
pub(crate) use github::{begin, callback};
pub use grants::{Grantee, GranteeError, Grants, Group};
pub(crate) use guard::{guard, identify};
pub use public::PUBLIC_PAGES;
pub(crate) use public::PublicRoutes;
pub use session::{Operator, Role, Session};
pub(crate) use session::{Sessions, Via};
pub(crate) use sign_in::{enter, form, leave};
pub use token::{TokenHash, TokenHashError, generate_token};

pub(crate) use cookie::{clear_cookie, read_cookie, set_cookie};
pub(crate) use flow::Flows;
pub(crate) use limiter::Limiter;
pub(crate) use notes::Refusals;

use std::fmt;

use aws_lc_rs::{digest, rand};

/// How sign-in works here.
#[derive(Debug, Clone)]
pub struct Auth {
    /// The hash of the token that may look and act.
    pub operator: Option<TokenHash>,
    /// The hash of a token that may only look.
    pub read_only: Option<TokenHash>,
    /// Signing in by GitHub. Needs `public_url`, since GitHub leads browsers back there.
    pub github: Option<GitHubSignIn>,
    /// Names of the pages that visitors may read: of [`PUBLIC_PAGES`], or of automations.
    pub public: Vec<String>,
    /// What session cookies are signed with, together with the hashes. Kept across restarts, sessions survive them.
    pub secret: SessionSecret,
    /// `PUBLIC_URL`: where browsers reach this server. An `https` address makes cookies secure.
    pub public_url: Option<String>,
}

impl Auth {
    /// No sign-in: whoever reaches the server may look and act. For loopback only.
    #[must_use]
    pub fn open() -> Self {
        Self {
            operator: None,
            read_only: None,
            github: None,
            public: Vec::new(),
            secret: SessionSecret::random(),
            public_url: None,
        }
    }

    /// Whether anybody is asked to sign in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.takes_tokens() && self.github.is_none()
    }

    /// Whether anybody can sign in with a token.
    #[must_use]
    pub fn takes_tokens(&self) -> bool {
        self.operator.is_some() || self.read_only.is_some()
    }

    /// The role that a token has, if any. Both hashes are compared, so that the time tells nothing.
    #[must_use]
    pub fn role(&self, token: &str) -> Option<Role> {
        let matches = |hash: &Option<TokenHash>| hash.as_ref().is_some_and(|hash| hash.matches(token));
        match (matches(&self.operator), matches(&self.read_only)) {
            (true, _) => Some(Role::Operator),
            (false, true) => Some(Role::ReadOnly),
            (false, false) => None,
        }
    }

    pub(crate) fn https(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.starts_with("https://"))
    }
}

/// 32 secret bytes of this installation.
#[derive(Clone)]
pub struct SessionSecret([u8; 32]);

impl SessionSecret {
    /// The secret with these bytes, as kept from an earlier start.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret that follows from a text, which should be long and random.
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        let mut bytes = [0; 32];
        let digest = digest::digest(&digest::SHA256, text.trim().as_bytes());
        bytes.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        Self(bytes)
    }

    /// A new secret.
    #[must_use]
    pub fn random() -> Self {
        Self(random())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SessionSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionSecret(…)")
    }
}

/// Bytes that nobody can guess. The library draws them from a generator that the operating system seeds and that
/// cannot fail once the process runs; should it fail all the same, zeros would be a guessable key, so the process ends.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if rand::fill(&mut bytes).is_err() {
        tracing::error!("the operating system gives no randomness; ending, since keys could be guessed");
        std::process::abort();
    }
    bytes
}
