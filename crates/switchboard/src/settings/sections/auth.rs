use switchboard_panel::{Grantee, Grants, TokenHash};

use super::Section;
use crate::settings::kinds::{PublicPage, Secret, hash_of_token};
use crate::settings::setting::{Form, Setting};
use crate::settings::value::{Refusal, Value};

/// Who may sign in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthSettings {
    /// The token that may read and act.
    pub operator: Option<TokenHash>,
    /// The token that may only read.
    pub viewer: Option<TokenHash>,
    /// Signing in with GitHub, if it is configured.
    pub github: Option<GitHubSignInSettings>,
    /// Whether it would be, if anyone were listed to enter. `setup` leaves it so.
    pub github_lists_nobody: bool,
    /// Whether somebody may enter for belonging to an organization or team, be there a client to sign in by or not yet.
    pub asks_memberships: bool,
    /// What sessions are signed with, if it does not stand in a file of its own.
    pub session_secret: Option<Secret>,
    /// Names of the pages that anybody may read.
    pub public_pages: Vec<String>,
}

/// Signing in with GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitHubSignInSettings {
    /// The App's client id, which is not its number.
    pub client_id: String,
    /// Its client secret.
    pub client_secret: Secret,
    /// Who may enter.
    pub grants: Grants,
}

impl AuthSettings {
    /// Whether anyone can sign in at all.
    #[must_use]
    pub const fn is_configured(&self) -> bool {
        self.operator.is_some() || self.viewer.is_some() || self.github.is_some()
    }
}

/// The section while it is being read.
#[derive(Debug, Default)]
pub(in crate::settings) struct AuthDraft {
    pub(in crate::settings) operator_token: Option<TokenHash>,
    pub(in crate::settings) operator_token_hash: Option<TokenHash>,
    pub(in crate::settings) viewer_token: Option<TokenHash>,
    pub(in crate::settings) viewer_token_hash: Option<TokenHash>,
    pub(in crate::settings) client_id: Option<String>,
    pub(in crate::settings) client_secret: Option<Secret>,
    pub(in crate::settings) operators: Vec<Grantee>,
    pub(in crate::settings) viewers: Vec<Grantee>,
    pub(in crate::settings) session_secret: Option<Secret>,
    pub(in crate::settings) public_pages: Vec<PublicPage>,
}

impl AuthDraft {
    /// Whether anyone could sign in.
    pub(in crate::settings) const fn is_configured(&self) -> bool {
        self.operator_token.is_some()
            || self.operator_token_hash.is_some()
            || self.viewer_token.is_some()
            || self.viewer_token_hash.is_some()
            || self.lists_somebody()
    }

    /// Whether anyone is listed to enter by GitHub.
    pub(in crate::settings) const fn lists_somebody(&self) -> bool {
        !self.operators.is_empty() || !self.viewers.is_empty()
    }

    /// The section; the loader has made sure that of a token and its hash only one is set.
    /// Of signing in with GitHub it has all or nothing; without anyone listed, nothing.
    pub(in crate::settings) fn finish(self) -> AuthSettings {
        let grants = Grants { operators: self.operators, viewers: self.viewers };
        let github_lists_nobody = self.client_id.is_some() && grants.is_empty();
        let asks_memberships = grants.ask_memberships();
        let github = match (self.client_id, self.client_secret) {
            (Some(client_id), Some(client_secret)) if !grants.is_empty() => {
                Some(GitHubSignInSettings { client_id, client_secret, grants })
            }
            _ => None,
        };
        AuthSettings {
            github,
            github_lists_nobody,
            asks_memberships,
            session_secret: self.session_secret,
            public_pages: self.public_pages.into_iter().map(|page| page.0).collect(),
            operator: self.operator_token_hash.or(self.operator_token),
            viewer: self.viewer_token_hash.or(self.viewer_token),
        }
    }
}

const NAME: &str = "auth";

const TOKEN: Form = Form::Secret { what: "a token" };
const HASH: Form = Form::Text { what: "`sha256:` and 64 hex digits" };

const ENTERING: Form = Form::List { what: "people, organizations and teams" };

/// The shortest session secret: one that nobody can try out.
const MIN_SESSION_SECRET_CHARS: usize = 32;

fn session_secret(value: &Value, field: &mut Option<Secret>) -> Result<(), Refusal> {
    let mut secret = Secret::new("");
    value.put(&mut secret)?;
    if secret.expose().trim().chars().count() < MIN_SESSION_SECRET_CHARS {
        let short = format!("the session secret is shorter than {MIN_SESSION_SECRET_CHARS} characters");
        return Err(Refusal::new(short).hint("make one with `openssl rand -hex 32`, or leave it out"));
    }
    *field = Some(secret);
    Ok(())
}

/// Keeps the hash of a token and forgets the token.
fn hashed(value: &Value, field: &mut Option<TokenHash>) -> Result<(), Refusal> {
    let mut token = Secret::new("");
    value.put(&mut token)?;
    *field = Some(hash_of_token(token.expose())?);
    Ok(())
}

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Who may sign in: by a token, or with GitHub. A server that is reachable from other machines needs one of them.",
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
        Setting::new(NAME, "client_id", Form::Text { what: "a client id" }, |draft, value| {
            value.put(&mut draft.auth.client_id)
        })
        .env(&["GITHUB_APP_CLIENT_ID"])
        .example("Iv23liAbCdEfGhIjKlMn")
        .about(
            "The App's client id, for signing in with GitHub. The App needs `<public_url>/sign-in/github/callback` as a \
             callback URL.",
        ),
        Setting::new(NAME, "client_secret", Form::Secret { what: "a client secret" }, |draft, value| {
            value.put(&mut draft.auth.client_secret)
        })
        .env(&["GITHUB_APP_CLIENT_SECRET"])
        .about("A client secret of the App, generated on its settings page."),
        Setting::new(NAME, "operators", ENTERING, |draft, value| value.put(&mut draft.auth.operators))
            .env(&["SWITCHBOARD_OPERATORS"])
            .default("")
            .about(
                "Who reads and acts when signed in with GitHub: `@user`, `organization` or `organization/team`. \
                 Organizations and teams need the permission \"members: read\".",
            ),
        Setting::new(NAME, "viewers", ENTERING, |draft, value| value.put(&mut draft.auth.viewers))
            .env(&["SWITCHBOARD_VIEWERS"])
            .default("")
            .about("Who reads and changes nothing when signed in with GitHub, written the same way."),
        Setting::new(NAME, "session_secret", Form::Secret { what: "a long random text" }, |draft, value| {
            session_secret(value, &mut draft.auth.session_secret)
        })
        .env(&["SWITCHBOARD_SESSION_SECRET"])
        .about(
            "What sign-ins are signed with, at least 32 characters. Unset, it is made once and kept beside the store in a \
             file that only the server's user can read.",
        ),
        Setting::new(NAME, "public_pages", Form::List { what: "pages" }, |draft, value| {
            value.put(&mut draft.auth.public_pages)
        })
        .env(&["SWITCHBOARD_PUBLIC_PAGES"])
        .default("")
        .about(
            "Pages that anybody may read without signing in, of `overview`, `deliveries` and `dispatcher`: without bodies, \
             headers, settings, audit, or anything that acts. Meaningless while nobody has to sign in.",
        ),
    ],
};
