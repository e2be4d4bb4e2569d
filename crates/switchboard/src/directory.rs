//! GitHub as the panel's directory of people: the App's OAuth, asked with the person's own token.

use std::sync::Arc;

use async_trait::async_trait;
use switchboard_github::HttpTransport;
use switchboard_github::oauth::{Client, Membership, OAuth, OAuthError, UserToken};
use switchboard_github::observe::CallObserver;
use switchboard_github::secret::Token;
use switchboard_github::transport::Transport;
use switchboard_panel::{Belonging, Directory, DirectoryError, GitHubSignIn, Group, Person};
use url::Url;

use crate::cli::Failure;
use crate::settings::{GitHubSettings, Settings};

/// GitHub, where people sign in.
pub struct GitHubDirectory(OAuth);

impl GitHubDirectory {
    /// The directory of the GitHub whose pages are at `web_url` and whose API is at `api_url`.
    #[must_use]
    pub fn new(web_url: Url, api_url: Url, client: Client, transport: Arc<dyn Transport>) -> Self {
        Self(OAuth::new(web_url, api_url, client, transport))
    }

    /// The same, telling `observer` of every call.
    #[must_use]
    pub fn observed(self, observer: Arc<dyn CallObserver>) -> Self {
        Self(self.0.observed(observer))
    }
}

/// Signing in by GitHub as the settings have it; `None` where they do not. `observer` is told of every call.
///
/// # Errors
/// [`Failure`], if the client of GitHub cannot be made.
pub fn sign_in(
    settings: &Settings,
    github: &GitHubSettings,
    observer: Arc<dyn CallObserver>,
) -> Result<Option<GitHubSignIn>, Failure> {
    let Some(settings) = &settings.auth.github else { return Ok(None) };
    let failed = |message: String| Failure::Failed {
        message,
        hint: "check GITHUB_API_URL and this machine's certificates".to_owned(),
    };
    let web_url = Url::parse(github.api_url.web()).map_err(|error| failed(error.to_string()))?;
    let transport = HttpTransport::new().map_err(|error| failed(error.to_string()))?;
    let client =
        Client { id: settings.client_id.clone(), secret: Token::new(settings.client_secret.expose().to_owned()) };
    let directory = GitHubDirectory::new(web_url, github.api_url.url().clone(), client, Arc::new(transport));
    Ok(Some(GitHubSignIn { directory: Arc::new(directory.observed(observer)), grants: settings.grants.clone() }))
}

/// Somebody who has just signed in.
struct SignedIn {
    oauth: OAuth,
    token: UserToken,
    login: String,
}

#[async_trait]
impl Directory for GitHubDirectory {
    fn authorize_url(&self, redirect_uri: &str, state: &str, challenge: &str) -> String {
        self.0.authorize_url(redirect_uri, state, challenge).into()
    }

    async fn identify(
        &self,
        code: &str,
        redirect_uri: &str,
        verifier: &str,
    ) -> Result<Box<dyn Person>, DirectoryError> {
        let token = self.0.exchange(code, redirect_uri, verifier).await.map_err(told)?;
        let login = self.0.user(&token).await.map_err(told)?.login;
        Ok(Box::new(SignedIn { oauth: self.0.clone(), token, login }))
    }
}

#[async_trait]
impl Person for SignedIn {
    fn login(&self) -> &str {
        &self.login
    }

    async fn belongs(&self, group: &Group) -> Result<Belonging, DirectoryError> {
        let membership = match group {
            Group::Organization(organization) => self.oauth.organization(&self.token, organization).await,
            Group::Team(organization, team) => self.oauth.team(&self.token, organization, team, &self.login).await,
        };
        Ok(match membership.map_err(told)? {
            Membership::Active => Belonging::Member,
            Membership::Pending => Belonging::Invited,
            Membership::None => Belonging::Stranger,
            Membership::Hidden(words) => Belonging::Untold(words),
        })
    }

    /// Takes the token back at GitHub, while the person is already being answered.
    fn forget(self: Box<Self>) {
        let Self { oauth, token, .. } = *self;
        tokio::spawn(async move {
            if let Err(error) = oauth.revoke(token).await {
                tracing::info!(%error, "a user's token could not be taken back; it ends by itself within eight hours");
            }
        });
    }
}

fn told(error: OAuthError) -> DirectoryError {
    match error {
        OAuthError::CodeRejected => DirectoryError::CodeRejected,
        OAuthError::AccountSuspended => DirectoryError::AccountSuspended,
        OAuthError::ClientRejected(message) => DirectoryError::Misconfigured { message },
        OAuthError::Unavailable { message, retry_after } => {
            tracing::warn!(message, "GitHub cannot be asked who somebody is");
            DirectoryError::Unavailable { retry_after }
        }
        OAuthError::Unreadable(message) => {
            tracing::error!(message, "GitHub's answer about who somebody is was not understood");
            DirectoryError::Unavailable { retry_after: None }
        }
    }
}
