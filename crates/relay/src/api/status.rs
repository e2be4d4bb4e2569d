//! `/status`: whether the relay itself is well: the health strip.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::Fault;
use switchboard_panel::api::Refused;
use utoipa::ToSchema;

use super::list::RelayListError;
use crate::pages::strip::Health;
use crate::pages::{Desk, reading};
use crate::records::AllowlistRecord;

/// Whether the relay itself is well.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayStatus {
    /// The repository whose events are relayed.
    #[schema(value_type = String)]
    upstream: RepoName,
    /// The last event, send and report.
    pulses: Vec<RelayPulse>,
    /// Minutes after which such a moment is too long ago.
    stale_after_minutes: u32,
    /// Targets that are sent or to be sent, and have not reported.
    waiting: u64,
    /// Targets that wait for an approval.
    held: u64,
    /// Results that are open.
    open: u64,
    /// Sends that failed in the last 24 hours.
    failed_sends: u64,
    /// Jobs and intents of the relay that were given up.
    dead_letters: u64,
    /// The allowlist.
    allowlist: RelayListState,
    /// How the relay's own probe does; `null` without one.
    #[schema(required)]
    probe: Option<RelayProbe>,
    /// The shared cache: `embedded` or `redis`.
    cache: &'static str,
}

/// When something last happened.
#[derive(Serialize, ToSchema)]
pub(super) struct RelayPulse {
    /// `event`, `send` or `report`.
    what: &'static str,
    /// When; `null` if it never did.
    #[schema(required, format = DateTime)]
    at: Option<String>,
    /// Whether that is too long ago, or never was.
    stale: bool,
}

/// How the allowlist stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayListState {
    /// `valid`; `refused`, while the last good one is in force; or `missing`, while there is none at all.
    state: &'static str,
    /// Since when the list in force is.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    /// When its source was last read.
    #[schema(required, format = DateTime)]
    checked_at: Option<String>,
    /// Why its source cannot be used.
    #[schema(required)]
    error: Option<RelayListError>,
}

/// How many of the probe's last heads ended as they should.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RelayProbe {
    /// Those that did.
    as_expected: usize,
    /// All of them.
    heads: usize,
}

/// Whether the relay itself is well.
#[utoipa::path(get, path = "/api/v1/relay/status", tag = "relay", responses((status = 200, body = RelayStatus), Refused))]
pub(super) async fn status(State(desk): State<Arc<Desk>>) -> Result<Json<RelayStatus>, Fault> {
    let health = Health::read(&desk, reading::allowlist(&desk).await?).await?;
    let pulse = |(what, at): (&'static str, Option<Timestamp>)| RelayPulse {
        what,
        at: at.map(Timestamp::rfc3339),
        stale: health.is_stale(at),
    };
    Ok(Json(RelayStatus {
        upstream: desk.relay.upstream().clone(),
        pulses: health.pulses.iter().copied().map(pulse).collect(),
        stale_after_minutes: desk.relay.config().stale_after_minutes,
        waiting: health.gauged("waiting"),
        held: health.gauged("held"),
        open: health.gauged("open"),
        failed_sends: u64::try_from(health.failed_sends).unwrap_or_default(),
        dead_letters: health.dead_letters,
        allowlist: RelayListState::of(health.allowlist.as_ref()),
        probe: health.probe.map(|(as_expected, heads)| RelayProbe { as_expected, heads }),
        cache: health.cache,
    }))
}

impl RelayListState {
    pub(super) fn of(record: Option<&AllowlistRecord>) -> Self {
        let state = match record {
            Some(AllowlistRecord { list: Some(_), error: None, .. }) => "valid",
            Some(AllowlistRecord { list: Some(_), error: Some(_), .. }) => "refused",
            None | Some(AllowlistRecord { list: None, .. }) => "missing",
        };
        Self {
            state,
            since: record.and_then(|record| record.since).map(Timestamp::rfc3339),
            checked_at: record.map(|record| record.checked_at.rfc3339()),
            error: record.and_then(|record| record.error.as_ref()).map(RelayListError::from),
        }
    }
}
