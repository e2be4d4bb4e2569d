use std::path::PathBuf;

use switchboard_github::secret::{AppKey, WebhookSecret};
use switchboard_github::{AppId, AppSlug};

use super::Section;
use crate::settings::kinds::BaseUrl;
use crate::settings::setting::{Form, Setting, UNBOUNDED};

/// Which GitHub App this is.
#[derive(Debug, Clone)]
pub struct GitHubSettings {
    /// The App's number.
    pub app_id: AppId,
    /// The App's name in URLs, where it need not be asked for.
    pub slug: Option<AppSlug>,
    /// The secrets that webhooks may be signed with; at least one.
    pub webhook_secrets: Vec<WebhookSecret>,
    /// The App's key.
    pub private_key: AppKey,
    /// The REST API's address.
    pub api_url: BaseUrl,
}

impl GitHubSettings {
    /// What the client needs to know; everything else at its default.
    #[must_use]
    pub fn client(&self) -> switchboard_github::Settings {
        switchboard_github::Settings {
            api_url: self.api_url.url().clone(),
            slug: self.slug.clone(),
            ..switchboard_github::Settings::new(self.app_id, self.private_key.clone())
        }
    }
}

/// The section while it is being read.
#[derive(Debug, Default)]
pub(in crate::settings) struct GitHubDraft {
    pub(in crate::settings) app_id: Option<AppId>,
    pub(in crate::settings) slug: Option<AppSlug>,
    pub(in crate::settings) webhook_secrets: Vec<WebhookSecret>,
    pub(in crate::settings) private_key: Option<AppKey>,
    pub(in crate::settings) private_key_path: Option<PathBuf>,
    pub(in crate::settings) api_url: Option<BaseUrl>,
}

impl GitHubDraft {
    /// The section, if everything that it needs is there.
    pub(in crate::settings) fn finish(self) -> Option<GitHubSettings> {
        if self.webhook_secrets.is_empty() {
            return None;
        }
        Some(GitHubSettings {
            app_id: self.app_id?,
            slug: self.slug,
            webhook_secrets: self.webhook_secrets,
            private_key: self.private_key?,
            api_url: self.api_url?,
        })
    }
}

const NAME: &str = "github";

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "Which GitHub App this is. The values stand on the App's settings page.",
    settings: &[
        Setting::new(NAME, "app_id", Form::Integer { min: 1, max: UNBOUNDED, unit: "" }, |draft, value| {
            value.put(&mut draft.github.app_id)
        })
        .env(&["GITHUB_APP_ID"])
        .example("123456")
        .about("The App's number (\"App ID\"). Required."),
        Setting::new(NAME, "slug", Form::Text { what: "an App's slug" }, |draft, value| {
            value.put(&mut draft.github.slug)
        })
        .env(&["GITHUB_APP_SLUG"])
        .example("my-app")
        .about("The App's name in URLs, `https://github.com/apps/<slug>`. GitHub is asked for it when it is not set."),
        Setting::new(NAME, "webhook_secret", Form::Secrets { what: "webhook secrets" }, |draft, value| {
            value.put(&mut draft.github.webhook_secrets)
        })
        .env(&["GITHUB_WEBHOOK_SECRET"])
        .about("The webhook secret; while rotating, the old and the new one, separated by a comma. Required."),
        Setting::new(NAME, "private_key", Form::Secret { what: "a PEM key" }, |draft, value| {
            value.put(&mut draft.github.private_key)
        })
        .env(&["GITHUB_APP_PRIVATE_KEY", "GITHUB_PRIVATE_KEY"])
        .about("The App's private key in PEM form; its line breaks may be written as `\\n`. This or `private_key_path` is required."),
        Setting::new(NAME, "private_key_path", Form::Text { what: "a path" }, |draft, value| {
            value.put(&mut draft.github.private_key_path)
        })
        .env(&["GITHUB_APP_PRIVATE_KEY_PATH", "GITHUB_PRIVATE_KEY_PATH"])
        .example("/run/secrets/app.pem")
        .about("The file that holds the private key; a relative path starts at the working directory."),
        Setting::new(NAME, "api_url", Form::Text { what: "an http or https address" }, |draft, value| {
            value.put(&mut draft.github.api_url)
        })
        .env(&["GITHUB_API_URL"])
        .default("https://api.github.com")
        .about("GitHub's REST API; `https://<host>/api/v3` for a GitHub Enterprise Server."),
    ],
};
