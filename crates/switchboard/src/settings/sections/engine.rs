use std::time::Duration;

use super::Section;
use crate::settings::setting::{Form, Setting};

/// How the engine works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EngineSettings {
    /// Jobs decided at once.
    pub concurrent_jobs: usize,
    /// Intents carried out at once.
    pub concurrent_intents: usize,
    /// How long a lease lasts without being extended.
    pub lease: Duration,
    /// How often GitHub's list of deliveries is compared with what arrived; zero: never.
    pub gap_repair: Duration,
}

impl EngineSettings {
    /// How often to look for gaps, or `None` for never.
    #[must_use]
    pub fn gap_repair_interval(&self) -> Option<Duration> {
        (!self.gap_repair.is_zero()).then_some(self.gap_repair)
    }
}

const NAME: &str = "engine";

/// GitHub redelivers for three days; a longer interval would miss deliveries for good.
const MAX_GAP_REPAIR_MINUTES: u64 = 3 * 24 * 60;

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "How the engine works through jobs and intents.",
    settings: &[
        Setting::new(NAME, "concurrent_jobs", Form::Integer { min: 1, max: 512, unit: "jobs" }, |draft, value| {
            value.put(&mut draft.engine.concurrent_jobs)
        })
        .default("32")
        .about("How many jobs are decided at once. Jobs of one lane never are."),
        Setting::new(NAME, "concurrent_intents", Form::Integer { min: 1, max: 512, unit: "intents" }, |draft, value| {
            value.put(&mut draft.engine.concurrent_intents)
        })
        .default("32")
        .about("How many changes are carried out at GitHub at once, within its rate limits."),
        Setting::new(NAME, "lease_seconds", Form::Integer { min: 5, max: 3600, unit: "seconds" }, |draft, value| {
            value.put_seconds(&mut draft.engine.lease)
        })
        .default("60")
        .about("How long a job stays with a worker that has stopped answering. Workers extend their leases, so a long job needs no long lease."),
        Setting::new(
            NAME,
            "gap_repair_minutes",
            Form::Integer { min: 0, max: MAX_GAP_REPAIR_MINUTES, unit: "minutes" },
            |draft, value| value.put_minutes(&mut draft.engine.gap_repair),
        )
        .default("10")
        .about("How often GitHub's list of deliveries is compared with what arrived, and the missing ones are asked for again; `0` means never."),
    ],
};
