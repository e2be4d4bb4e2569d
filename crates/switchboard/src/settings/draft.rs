use super::sections::{
    AuthDraft, DispatcherSettings, EngineSettings, GitHubDraft, LogSettings, RelaySettings, ServerSettings,
    StoreSettings, TelemetrySettings,
};

/// The settings while they are being read: each row of the table fills its field.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) server: ServerSettings,
    pub(super) github: GitHubDraft,
    pub(super) auth: AuthDraft,
    pub(super) store: StoreSettings,
    pub(super) log: LogSettings,
    pub(super) telemetry: TelemetrySettings,
    pub(super) engine: EngineSettings,
    pub(super) dispatcher: DispatcherSettings,
    pub(super) relay: RelaySettings,
}
