//! Settings: one table, from which everything else about them follows.
//!
//! A setting is a row: its name, its variables, the shape of its value, its default, what it means, and the typed field
//! that it fills. The rows stand in [`sections`], one file a section, beside the struct that they fill; **adding a
//! setting is adding a field and a row**. From the table come
//!
//! - the loader ([`Settings::load`]): defaults, then `switchboard.toml`, then the environment, each value with its
//!   [`Origin`]. Everything that is wrong is reported at once, with file, line and a hint;
//! - the documents ([`render`]): `switchboard.example.toml`, `.env.example`, `docs/configuration.md` and the JSON Schema. A test
//!   fails when one of them is not what the table says.
//!
//! The rules of reading: a section's key `max_targets` in `[dispatcher]` is also the variable
//! `SWITCHBOARD__DISPATCHER__MAX_TARGETS`, which wins over the setting's other variables. Booleans are words. A list in a
//! variable is separated by commas, and set but empty is the empty list; any other empty value counts as unset.
//!
//! Secrets are [`kinds::Secret`], which cannot be printed: messages, pages and logs show a fingerprint.

mod checks;
mod draft;
mod effective;
mod env_file;
mod environment;
mod file;
pub mod kinds;
mod load;
mod nearest;
mod origin;
mod problem;
mod relay;
pub mod render;
mod sections;
mod setting;
mod sign_in;
mod sources;
mod table;
#[cfg(test)]
mod tests;
mod value;

pub use effective::Effective;
pub use kinds::LogFormat;
pub use origin::{Origin, Position};
pub use problem::{Problem, Problems};
pub use sections::{
    AuthSettings, DispatcherSettings, EngineSettings, GitHubSettings, GitHubSignInSettings, LogSettings, RelaySettings,
    SECTIONS, Section, ServerSettings, StoreSettings, TelemetrySettings,
};
pub use setting::{Form, Setting};
pub use sources::{DEFAULT_FILE, Sources};
pub use table::{setting, settings};

/// What the settings are wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To run the server, which needs the App's identity and, beyond loopback, sign-in.
    Serve,
    /// To look at what is there (the store, the settings themselves); what is set must be right, but nothing is needed.
    Inspect,
}

/// All settings, typed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the server listens, and who may come.
    pub server: ServerSettings,
    /// Which GitHub App this is; always there when loaded to [serve](Purpose::Serve).
    pub github: Option<GitHubSettings>,
    /// Who may sign in.
    pub auth: AuthSettings,
    /// Where durable state lives.
    pub store: StoreSettings,
    /// What is logged.
    pub log: LogSettings,
    /// What machines are told.
    pub telemetry: TelemetrySettings,
    /// How the engine works.
    pub engine: EngineSettings,
    /// The dispatcher's bounds.
    pub dispatcher: DispatcherSettings,
    /// The relay's settings.
    pub relay: RelaySettings,
    /// Every setting with its value and origin, in the table's order.
    pub effective: Vec<Effective>,
    /// What is odd but stops nothing.
    pub warnings: Vec<String>,
}

impl Settings {
    /// Reads and judges the settings.
    ///
    /// # Errors
    /// Everything that is wrong with them, at once.
    pub fn load(sources: &Sources, purpose: Purpose) -> Result<Self, Problems> {
        load::load(sources, purpose)
    }
}
