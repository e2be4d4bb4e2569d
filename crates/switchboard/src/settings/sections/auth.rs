use switchboard_panel::TokenHash;

use super::Section;
use crate::settings::kinds::{Secret, hash_of_token};
use crate::settings::setting::{Form, Setting};
use crate::settings::value::{Refusal, Value};

/// Who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthSettings {
    /// The token that may read and act.
    pub operator: Option<TokenHash>,
    /// The token that may only read.
    pub viewer: Option<TokenHash>,
}

impl AuthSettings {
    /// Whether anyone can sign in at all.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.operator.is_some() || self.viewer.is_some()
    }
}

/// The section while it is being read.
#[derive(Debug, Default)]
pub(in crate::settings) struct AuthDraft {
    pub(in crate::settings) operator_token: Option<TokenHash>,
    pub(in crate::settings) operator_token_hash: Option<TokenHash>,
    pub(in crate::settings) viewer_token: Option<TokenHash>,
    pub(in crate::settings) viewer_token_hash: Option<TokenHash>,
}

impl AuthDraft {
    /// Whether anyone could sign in.
    pub(in crate::settings) const fn is_configured(&self) -> bool {
        self.operator_token.is_some()
            || self.operator_token_hash.is_some()
            || self.viewer_token.is_some()
            || self.viewer_token_hash.is_some()
    }

    /// The section; the loader has made sure that of a token and its hash only one is set.
    pub(in crate::settings) fn finish(self) -> AuthSettings {
        AuthSettings {
            operator: self.operator_token_hash.or(self.operator_token),
            viewer: self.viewer_token_hash.or(self.viewer_token),
        }
    }
}

const NAME: &str = "auth";

const TOKEN: Form = Form::Secret { what: "a token" };
const HASH: Form = Form::Text { what: "`sha256:` and 64 hex digits" };

/// Keeps the hash of a token and forgets the token.
fn hashed(value: &Value, field: &mut Option<TokenHash>) -> Result<(), Refusal> {
    let mut token = Secret::new("");
    value.put(&mut token)?;
    *field = Some(hash_of_token(token.expose())?);
    Ok(())
}

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Who may sign in. A server that is reachable from other machines needs at least one token.",
    settings: &[
        Setting::new(NAME, "operator_token", TOKEN, |draft, value| hashed(value, &mut draft.auth.operator_token))
            .env(&["SWITCHBOARD_OPERATOR_TOKEN"])
            .about("The token that operators sign in with: they read everything, replay and approve. At least 20 characters."),
        Setting::new(NAME, "operator_token_hash", HASH, |draft, value| value.put(&mut draft.auth.operator_token_hash))
            .env(&["SWITCHBOARD_OPERATOR_TOKEN_HASH"])
            .about(
                "The operators' token as `sha256:<64 hex digits>`, for a file that others can read; instead of \
                 `operator_token`.",
            ),
        Setting::new(NAME, "viewer_token", TOKEN, |draft, value| hashed(value, &mut draft.auth.viewer_token))
            .env(&["SWITCHBOARD_VIEWER_TOKEN"])
            .about("A token for people who may read every page and change nothing."),
        Setting::new(NAME, "viewer_token_hash", HASH, |draft, value| value.put(&mut draft.auth.viewer_token_hash))
            .env(&["SWITCHBOARD_VIEWER_TOKEN_HASH"])
            .about("The viewers' token as `sha256:<64 hex digits>`; instead of `viewer_token`."),
    ],
};
