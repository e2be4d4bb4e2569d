//! What there is at the moment when somebody asks: read then, and only then.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use switchboard_clock::Timestamp;
use switchboard_engine::Reader;
use switchboard_engine::gaps::{COMPLETENESS, CURRENT, Completeness};
use switchboard_github::GitHub;
use switchboard_store::{Backlog, Queue, Store, StoreError};

use super::Metrics;
use super::bounded::Bounded;
use super::budgets::{self, INSTALLATIONS_MAX};
use super::labels::WorkLabels;
use super::metrics::PREFIX;
use super::relay::WatchedRelay;

/// What is looked at.
pub struct Watched {
    store: Arc<dyn Store>,
    github: GitHub,
    database: Option<PathBuf>,
    version: String,
    installations: Bounded<u64>,
    relay: Option<WatchedRelay>,
}

impl Watched {
    /// Looks at the store and its file, if it is one, at GitHub's budgets, and at nothing yet. `version` is what runs.
    pub fn new(store: Arc<dyn Store>, github: GitHub, database: Option<PathBuf>, version: String) -> Self {
        let installations = Bounded::new(INSTALLATIONS_MAX);
        Self { store, github, database, version, installations, relay: None }
    }

    /// Looks at a relay, too.
    #[must_use]
    pub fn with_relay(self, relay: Option<WatchedRelay>) -> Self {
        Self { relay, ..self }
    }

    /// The gauges as they are now, in four reads of the store and the relay's three. `metrics` knows which kinds have lines of their own.
    ///
    /// # Errors
    /// What the store says.
    pub(super) async fn look(&self, metrics: &Metrics) -> Result<Registry, StoreError> {
        let mut registry = Registry::with_prefix(PREFIX);
        let now = self.store.now();
        registry.register("build", "The version that runs", Info::new([("version", self.version.clone())]));
        self.files(&mut registry);
        works(&mut registry, &self.store.backlog().await?, metrics, now);
        self.waits(&mut registry, now).await?;
        budgets::register(&mut registry, self.github.budgets(), &self.installations, now);
        let complete = self.store.record(&COMPLETENESS, &CURRENT).await?;
        if let Some(complete) = complete.and_then(|value| serde_json::from_value::<Completeness>(value).ok()) {
            let help = "Deliveries that GitHub sent and that are not here";
            number(&mut registry, "deliveries_missing", help, complete.missing);
            let age = now.since(complete.checked_at);
            seconds(&mut registry, "gap_check_age", "Since the last complete look for missing deliveries", age);
        }
        if let Some(relay) = &self.relay {
            relay.look(&Reader::new(Arc::clone(&self.store)), &mut registry).await?;
        }
        Ok(registry)
    }

    fn files(&self, registry: &mut Registry) {
        let Some(path) = &self.database else { return };
        let with = |suffix: &str| {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |file| file.len())
        };
        bytes(registry, "store", "The database's files together", with("") + with("-wal") + with("-shm"));
        if let Some(free) = path.parent().and_then(free_bytes) {
            bytes(registry, "store_free", "Free space where the database lies", free);
        }
    }

    async fn waits(&self, registry: &mut Registry, now: Timestamp) -> Result<(), StoreError> {
        let due = self.store.next_due(&[Queue::OUTBOX]).await?;
        let overdue = due.map_or(Duration::ZERO, |due| now.since(due));
        seconds(registry, "outbox_overdue", "Since when the first intent that could be carried out waits", overdue);
        let holds = self.store.holds().await?;
        let held = holds.iter().filter(|hold| hold.until > now).count();
        number(registry, "installations_held", "Installations whose writes wait because GitHub said so", held);
        let longest = holds.iter().map(|hold| hold.until.since(now)).max().unwrap_or_default();
        seconds(registry, "installations_held_longest", "Until the last of those holds ends", longest);
        let mints = self.github.mint_hold().map_or(Duration::ZERO, |until| until.since(now));
        seconds(registry, "token_mints_held", "Until tokens are minted again, because GitHub said so", mints);
        Ok(())
    }
}

fn works(registry: &mut Registry, backlog: &Backlog, metrics: &Metrics, now: Timestamp) {
    let pending = backlog.pending_deliveries;
    number(registry, "deliveries_pending", "Deliveries with work that is not settled", pending);
    let oldest = backlog.oldest_waiting.map_or(Duration::ZERO, |since| now.since(since));
    seconds(registry, "oldest_unprocessed", "Age of the oldest unsettled job that follows from a delivery", oldest);
    let shown = [
        ("work_waiting", "Jobs and intents that are not settled", &backlog.waiting),
        ("work_leased", "Jobs and intents that are being attempted", &backlog.leased),
        ("lanes_held", "Lanes that wait for the next attempt at the work at their head", &backlog.holding),
        ("dead_letters", "Jobs and intents that were given up and wait for an operator", &backlog.dead),
    ];
    // A kind that has a number in one of them says 0 in the others.
    let kinds: BTreeSet<_> = shown.iter().flat_map(|(_, _, counts)| counts.keys()).collect();
    for (name, help, counts) in shown {
        let family = Family::<WorkLabels, Gauge>::default();
        for kind in &kinds {
            let count = counts.get(*kind).copied().unwrap_or(0);
            family.get_or_create(&metrics.work(&kind.0, &kind.1)).inc_by(whole(count));
        }
        registry.register(name, help, family);
    }
}

fn whole(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

pub(super) fn number(registry: &mut Registry, name: &str, help: &str, value: impl TryInto<i64>) {
    let gauge: Gauge = Gauge::default();
    gauge.set(whole(value));
    registry.register(name, help, gauge);
}

pub(super) fn seconds(registry: &mut Registry, name: &str, help: &str, value: Duration) {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value.as_secs_f64());
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}

fn bytes(registry: &mut Registry, name: &str, help: &str, value: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(whole(value));
    registry.register_with_unit(name, help, Unit::Bytes, gauge);
}

/// Free space for this user where `directory` lies.
fn free_bytes(directory: &Path) -> Option<u64> {
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let found = rustix::fs::statvfs(directory).ok()?;
    Some(found.f_bavail * found.f_frsize)
}
