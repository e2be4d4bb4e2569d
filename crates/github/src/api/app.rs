//! The App as itself: who it is, where it is installed, what GitHub sent to it.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::auth::{Auth, Scope};
use crate::call::{Call, Raw};
use crate::client::GitHub;
use crate::endpoint;
use crate::ids::{AppId, AppSlug, HookDeliveryId, InstallationId, RepoId};
use crate::limits::{MAX_PER_PAGE, MAX_WEBHOOK_BYTES};
use crate::permission::{Access, Permission, Permissions};
use crate::repo_name::RepoName;

/// The App.
#[derive(Debug, Clone, Deserialize)]
pub struct App {
    /// Its number.
    pub id: AppId,
    /// Its name in URLs.
    pub slug: Option<AppSlug>,
    /// Who owns it, and manages its settings.
    pub owner: Option<Account>,
    /// Its public page, from where it is installed.
    pub html_url: Option<String>,
    /// What it asks installations for.
    #[serde(default, deserialize_with = "super::or_default")]
    pub permissions: Permissions,
    /// The webhook events it subscribes to.
    #[serde(default, deserialize_with = "super::or_default")]
    pub events: Vec<String>,
}

/// An installation of the App.
#[derive(Debug, Clone, Deserialize)]
pub struct Installation {
    /// Its id.
    pub id: InstallationId,
    /// The account that installed it.
    pub account: Option<Account>,
    /// The page where an owner of the account manages it.
    pub html_url: Option<String>,
    /// What the account has granted; less than the App asks for while an approval is pending.
    #[serde(default, deserialize_with = "super::or_default")]
    pub permissions: Permissions,
    /// The events it sends.
    #[serde(default, deserialize_with = "super::or_default")]
    pub events: Vec<String>,
    /// `all` or `selected` repositories.
    pub repository_selection: Option<String>,
    /// Since when it is suspended, if it is.
    pub suspended_at: Option<String>,
}

/// A user or organization.
#[derive(Debug, Clone, Deserialize)]
pub struct Account {
    /// Its name in URLs.
    pub login: Option<String>,
    /// `User` or `Organization`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// Where GitHub sends the App's webhooks, and how. The secret itself is never told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct HookConfig {
    /// The address; none while the webhook was never set up.
    pub url: Option<String>,
    /// `json` or `form`.
    pub content_type: Option<String>,
    /// `"1"` if the certificate is not verified. GitHub says so as a text, and documents a number as well.
    #[serde(default)]
    pub insecure_ssl: serde_json::Value,
    /// Asterisks, if a secret is set.
    pub secret: Option<String>,
}

impl HookConfig {
    /// Whether GitHub is told not to verify the certificate.
    #[must_use]
    pub fn skips_verification(&self) -> bool {
        match &self.insecure_ssl {
            serde_json::Value::String(text) => text == "1",
            serde_json::Value::Number(number) => number.as_i64() == Some(1),
            _ => false,
        }
    }
}

/// A page of what an installation covers.
#[derive(Debug, Clone, Deserialize)]
pub struct Covered {
    /// How many repositories there are, on all pages.
    pub total_count: u64,
    /// Those of this page.
    #[serde(default)]
    pub repositories: Vec<CoveredRepository>,
}

/// A repository that an installation covers.
#[derive(Debug, Clone, Deserialize)]
pub struct CoveredRepository {
    /// Its id.
    pub id: RepoId,
    /// `owner/name` as of now.
    pub full_name: RepoName,
    /// Whether it takes no changes any more.
    #[serde(default, deserialize_with = "super::or_default")]
    pub archived: bool,
}

/// One attempt to deliver a webhook, as GitHub's own list has it.
#[derive(Debug, Clone, Deserialize)]
pub struct HookDelivery {
    /// The number of the attempt; a redelivery has a new one.
    pub id: HookDeliveryId,
    /// What `X-GitHub-Delivery` said; a redelivery repeats it.
    pub guid: String,
    /// When it was sent, in RFC 3339.
    pub delivered_at: Option<String>,
    /// Whether it was a redelivery.
    #[serde(default, deserialize_with = "super::or_default")]
    pub redelivery: bool,
    /// `OK`, or why it failed.
    pub status: Option<String>,
    /// What we answered; 0 if nothing.
    pub status_code: Option<i64>,
    /// The event.
    pub event: Option<String>,
    /// The payload's action.
    pub action: Option<String>,
    /// Which installation it was about.
    pub installation_id: Option<InstallationId>,
    /// Which repository it was about.
    pub repository_id: Option<RepoId>,
}

impl HookDelivery {
    /// Whether we answered that it was taken in.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.status_code.is_some_and(|status| (200..300).contains(&status))
    }
}

/// One attempt with what was sent.
#[derive(Debug, Deserialize)]
pub struct HookDeliveryDetail {
    /// The attempt.
    #[serde(flatten)]
    pub delivery: HookDelivery,
    /// The request.
    pub request: Option<HookRequest>,
}

/// The request of a delivery.
#[derive(Debug, Deserialize)]
pub struct HookRequest {
    /// Its headers.
    pub headers: Option<HashMap<String, serde_json::Value>>,
    /// The payload, as this answer spells it: not the bytes that were signed.
    pub payload: Option<Box<RawValue>>,
}

impl GitHub {
    /// The App itself.
    pub fn app(&self) -> Call<App> {
        self.call(Auth::App, &endpoint::APP, &[]).typed()
    }

    /// A page of installations.
    pub fn installations(&self) -> Call<Vec<Installation>> {
        self.call(Auth::App, &endpoint::INSTALLATIONS, &[]).query("per_page", MAX_PER_PAGE).typed()
    }

    /// One installation.
    pub fn installation(&self, installation: InstallationId) -> Call<Installation> {
        self.call(Auth::App, &endpoint::INSTALLATION, &[&installation.to_string()]).typed()
    }

    /// A page of what an installation covers, asked with a token that can do nothing else.
    pub fn installation_repositories(&self, installation: InstallationId) -> Call<Covered> {
        let scope = Scope::new(installation, Permission::METADATA, Access::Read);
        self.call(scope, &endpoint::INSTALLATION_REPOSITORIES, &[]).query("per_page", MAX_PER_PAGE).typed()
    }

    /// Where GitHub sends the App's webhooks.
    pub fn hook_config(&self) -> Call<HookConfig> {
        self.call(Auth::App, &endpoint::HOOK_CONFIG, &[]).typed()
    }

    /// A page of what GitHub sent to the App's webhook, newest first; further back from `cursor`
    /// (see [`NextPage::cursor`](crate::page::NextPage::cursor)).
    pub fn hook_deliveries(&self, cursor: Option<&str>) -> Call<Vec<HookDelivery>> {
        let call = self.call(Auth::App, &endpoint::HOOK_DELIVERIES, &[]).query("per_page", MAX_PER_PAGE);
        match cursor {
            Some(cursor) => call.query("cursor", cursor).typed(),
            None => call.typed(),
        }
    }

    /// One attempt with its payload, which may be as large as a webhook.
    pub fn hook_delivery(&self, delivery: HookDeliveryId) -> Call<HookDeliveryDetail> {
        // The answer repeats the payload with white space, and headers beside it.
        const ROOM: usize = 2;
        self.call(Auth::App, &endpoint::HOOK_DELIVERY, &[&delivery.to_string()])
            .max_body(ROOM * MAX_WEBHOOK_BYTES)
            .typed()
    }

    /// Asks GitHub to send it again. Answers 202.
    pub fn redeliver(&self, delivery: HookDeliveryId) -> Call<Raw> {
        self.call(Auth::App, &endpoint::REDELIVER, &[&delivery.to_string()])
    }
}
