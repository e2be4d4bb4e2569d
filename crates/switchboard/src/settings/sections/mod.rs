//! One file for each section of `switchboard.toml`: its typed form, and its rows of the settings table.

mod auth;
mod dispatcher;
mod engine;
mod github;
mod log;
mod relay;
mod server;
mod store;
mod telemetry;

pub use auth::{AuthSettings, GitHubSignInSettings};
pub use dispatcher::DispatcherSettings;
pub use engine::EngineSettings;
pub use github::GitHubSettings;
pub use log::LogSettings;
pub use relay::RelaySettings;
pub use server::ServerSettings;
pub use store::StoreSettings;
pub use telemetry::TelemetrySettings;

pub(super) use auth::AuthDraft;
pub(super) use github::GitHubDraft;

use super::setting::Setting;

/// A section: its name, what it is about, and its rows.
#[derive(Debug, Clone, Copy)]
pub struct Section {
    /// The table's name.
    pub name: &'static str,
    /// One sentence on it.
    pub about: &'static str,
    /// Its settings, in the order in which they are documented.
    pub settings: &'static [Setting],
}

/// The settings table.
pub const SECTIONS: &[Section] = &[
    server::SECTION,
    github::SECTION,
    auth::SECTION,
    store::SECTION,
    log::SECTION,
    telemetry::SECTION,
    engine::SECTION,
    dispatcher::SECTION,
    relay::SECTION,
    relay::CRITERIA,
    relay::CACHE,
];
