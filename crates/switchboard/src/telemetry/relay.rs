//! What is told of the relay: what was reported, what went wrong beside deliveries, and how it is.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use switchboard_engine::Reader;
use switchboard_github::RepoName;
use switchboard_relay::observe::{AllowlistReason, Observer};
use switchboard_relay::refusal::Code;
use switchboard_relay::vitals::{PULSES, Vitals};
use switchboard_store::StoreError;

use super::Metrics;
use super::gauges::{number, seconds};
use super::labels::{LevelLabels, OutcomeLabels, PulseLabels, ReasonLabels};

/// What is said of a report that is not refused.
const TAKEN: [&str; 3] = ["accepted", "duplicate", "ignored"];

/// The relay's counters.
#[derive(Default)]
pub(super) struct RelayCounters {
    reports: Family<OutcomeLabels, Counter>,
    allowlist_errors: Family<ReasonLabels, Counter>,
    cache_errors: Counter,
}

impl RelayCounters {
    pub(super) fn register(&self, registry: &mut Registry) {
        let help = "Reports of downstream runs, by whether they were taken or why not";
        registry.register("relay_reports", help, self.reports.clone());
        let help = "Readings of the allowlist's source that could not be used";
        registry.register("relay_allowlist_errors", help, self.allowlist_errors.clone());
        let help = "Failures of the shared cache, each of which the store made up for";
        registry.register("relay_cache_errors", help, self.cache_errors.clone());
    }

    /// Every line there can be, so that the first of a kind is seen as a rise.
    pub(super) fn begin(&self) {
        for outcome in TAKEN.into_iter().chain(Code::ALL.iter().map(|code| code.as_str())) {
            drop(self.reports.get_or_create(&OutcomeLabels { outcome }));
        }
        for reason in AllowlistReason::ALL {
            drop(self.allowlist_errors.get_or_create(&ReasonLabels { reason: reason.as_str() }));
        }
    }

    pub(super) fn reported(&self, outcome: &'static str) {
        self.reports.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

impl Observer for Metrics {
    fn allowlist_error(&self, reason: AllowlistReason) {
        self.relay.allowlist_errors.get_or_create(&ReasonLabels { reason: reason.as_str() }).inc();
    }

    fn cache_error(&self) {
        self.relay.cache_errors.inc();
    }
}

/// The relay that is looked at.
pub struct WatchedRelay {
    /// The repository whose events are relayed.
    pub upstream: RepoName,
    /// After how long without an event, a send or a report its pages turn red.
    pub stale_after: Duration,
}

impl WatchedRelay {
    /// The relay's gauges as they are now, in three reads of the store.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn look(&self, store: &Reader, registry: &mut Registry) -> Result<(), StoreError> {
        let vitals = Vitals::read(store, &self.upstream).await?;
        number(registry, "relay_targets_held", "Dispatches that wait for somebody's approval", vitals.held);
        let help = "Dispatches that are to be sent, or were sent and have not reported";
        number(registry, "relay_targets_waiting", help, vitals.waiting);
        number(registry, "relay_results_open", "Results that are running", vitals.open);
        let ages = Family::<PulseLabels, Gauge<f64, AtomicU64>>::default();
        for (of, age) in PULSES.into_iter().zip(vitals.ages) {
            if let Some(age) = age {
                ages.get_or_create(&PulseLabels { of }).set(age.as_secs_f64());
            }
        }
        let help = "Since the last event, send and report; absent before the first";
        registry.register_with_unit("relay_pulse_age", help, Unit::Seconds, ages);
        let help = "What the settings call too long for those";
        seconds(registry, "relay_stale_after", help, self.stale_after);
        let Some(list) = vitals.allowlist else { return Ok(()) };
        let entries = Family::<LevelLabels, Gauge>::default();
        for (level, count) in list.entries {
            let level = level.as_str();
            entries.get_or_create(&LevelLabels { level }).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        registry.register("relay_allowlist_entries", "Entries of the allowlist in force, by level", entries);
        let help = "Since the allowlist's source was last read, with whatever success";
        seconds(registry, "relay_allowlist_read_age", help, list.read);
        let help = "Since when the allowlist's source cannot be used; 0 while it can";
        seconds(registry, "relay_allowlist_refused", help, list.refused);
        Ok(())
    }
}
