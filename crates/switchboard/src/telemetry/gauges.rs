//! What there is at the moment when somebody asks: read then, and only then.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_engine::gaps::{COMPLETENESS, CURRENT, Completeness};
use switchboard_engine::installations::VIEW as INSTALLATIONS;
use switchboard_github::{GitHub, InstallationId};
use switchboard_store::{KeyRange, Queue, Store, StoreError, WorkFilter, WorkState};

use super::metrics::PREFIX;

/// Installations whose budgets have a line.
const INSTALLATIONS_MAX: usize = 100;
/// Waiting works that are looked at for lanes that are held.
const WAITING_MAX: usize = 500;

/// What is looked at.
pub struct Watched {
    /// The store.
    pub store: Arc<dyn Store>,
    /// GitHub, for what is left of its budgets.
    pub github: GitHub,
    /// The database's file, if it is one.
    pub database: Option<PathBuf>,
    /// The version that runs.
    pub version: String,
    /// Since when.
    pub started_at: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WorkLabels {
    automation: String,
    kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InstallationLabels {
    installation: u64,
}

type Numbers<L> = Family<L, Gauge>;

impl Watched {
    /// The gauges as they are now, in six reads of the store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn look(&self) -> Result<Registry, StoreError> {
        let mut registry = Registry::with_prefix(PREFIX);
        let now = self.store.now();
        self.process(&mut registry);
        self.files(&mut registry);
        self.work(&mut registry, now).await?;
        self.budgets(&mut registry, now).await?;
        let complete = self.store.record(&COMPLETENESS, &CURRENT).await?;
        if let Some(complete) = complete.and_then(|value| serde_json::from_value::<Completeness>(value).ok()) {
            let missing = i64::try_from(complete.missing).unwrap_or(i64::MAX);
            number(&mut registry, "deliveries_missing", "Deliveries that GitHub sent and that are not here", missing);
            let age = now.since(complete.checked_at);
            seconds(&mut registry, "gap_check_age", "Since the last complete look for missing deliveries", age);
        }
        Ok(registry)
    }

    fn process(&self, registry: &mut Registry) {
        registry.register("build", "What runs", Info::new([("version", self.version.clone())]));
        let started = Duration::from_millis(self.started_at.millis().unsigned_abs());
        seconds(registry, "start_time", "When the server started, in Unix time", started);
        if let Some(bytes) = resident_bytes() {
            size(registry, "resident_memory", "Memory of the process", bytes);
        }
    }

    fn files(&self, registry: &mut Registry) {
        let Some(path) = &self.database else { return };
        let with = |suffix: &str| {
            let mut name = path.clone().into_os_string();
            name.push(suffix);
            std::fs::metadata(name).map_or(0, |file| file.len())
        };
        size(registry, "store", "The database's files together", with("") + with("-wal") + with("-shm"));
        if let Some(free) = path.parent().and_then(free_bytes) {
            size(registry, "store_free", "Free space where the database lies", free);
        }
    }

    async fn work(&self, registry: &mut Registry, now: Timestamp) -> Result<(), StoreError> {
        let backlog = self.store.backlog().await?;
        let pending = i64::try_from(backlog.pending_deliveries).unwrap_or(i64::MAX);
        number(registry, "deliveries_pending", "Deliveries with work that is not settled", pending);
        let oldest = backlog.oldest_waiting.map_or(Duration::ZERO, |since| now.since(since));
        seconds(registry, "oldest_unprocessed", "Age of the oldest unsettled job that follows from a delivery", oldest);
        for (name, help, counts) in [
            ("work_waiting", "Jobs and intents that are not settled", &backlog.waiting),
            ("dead_letters", "Jobs and intents that were given up and wait for an operator", &backlog.dead),
        ] {
            let family = Numbers::<WorkLabels>::default();
            // A kind without dead letters says 0: an alert on what grows needs something to grow from.
            for (automation, kind) in backlog.waiting.keys().chain(backlog.dead.keys()) {
                let count = counts.get(&(automation.clone(), kind.clone())).copied().unwrap_or(0);
                let labels = WorkLabels { automation: automation.clone(), kind: kind.clone() };
                family.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
            registry.register(name, help, family);
        }
        let due = self.store.next_due(&[Queue::OUTBOX]).await?;
        let overdue = due.map_or(Duration::ZERO, |due| now.since(due));
        seconds(registry, "outbox_overdue", "Since when the first intent that could be carried out waits", overdue);
        let holds = self.store.holds().await?;
        let held = holds.iter().filter(|hold| hold.until > now).count();
        number(registry, "installations_held", "Installations whose writes wait because GitHub said so", count(held));
        let waiting = self.store.works(WorkFilter::State(WorkState::Waiting), None, WAITING_MAX).await?;
        let backing_off = waiting.iter().filter(|work| work.attempts > 0 && work.due > now);
        let lanes: BTreeSet<String> = backing_off.map(|work| work.lane.to_string()).collect();
        let help = "Lanes whose head waits for its next attempt, among the newest 500 works that wait";
        number(registry, "lanes_held", help, count(lanes.len()));
        Ok(())
    }

    async fn budgets(&self, registry: &mut Registry, now: Timestamp) -> Result<(), StoreError> {
        let (remaining, limit, reset) = (Numbers::default(), Numbers::default(), Numbers::default());
        let in_flight = Numbers::default();
        for row in self.store.records(&INSTALLATIONS, KeyRange::all(), INSTALLATIONS_MAX).await? {
            let Some(id) = row.value.get("id").and_then(Value::as_u64) else { continue };
            let labels = InstallationLabels { installation: id };
            let budget = self.github.budget(InstallationId(id));
            in_flight.get_or_create(&labels).set(budget.in_flight.into());
            if let Some(told) = budget.told {
                remaining.get_or_create(&labels).set(i64::try_from(told.remaining).unwrap_or(i64::MAX));
                limit.get_or_create(&labels).set(i64::try_from(told.limit).unwrap_or(i64::MAX));
                let left = told.reset.since(now).as_secs();
                reset.get_or_create(&labels).set(i64::try_from(left).unwrap_or(i64::MAX));
            }
        }
        registry.register("github_budget_remaining", "Requests that GitHub says are left of the hour", remaining);
        registry.register("github_budget_limit", "Requests that GitHub allows an hour", limit);
        let help = "Until the hour of the budget starts anew";
        registry.register_with_unit("github_budget_reset", help, Unit::Seconds, reset);
        registry.register("github_requests_in_flight", "Requests under way", in_flight);
        Ok(())
    }
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(registry: &mut Registry, name: &str, help: &str, value: i64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(value);
    registry.register(name, help, gauge);
}

fn seconds(registry: &mut Registry, name: &str, help: &str, value: Duration) {
    let gauge = Gauge::<f64, std::sync::atomic::AtomicU64>::default();
    gauge.set(value.as_secs_f64());
    registry.register_with_unit(name, help, Unit::Seconds, gauge);
}

fn size(registry: &mut Registry, name: &str, help: &str, bytes: u64) {
    let gauge: Gauge = Gauge::default();
    gauge.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    registry.register_with_unit(name, help, Unit::Bytes, gauge);
}

/// The process's resident memory, where the kernel tells it.
fn resident_bytes() -> Option<u64> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_whitespace().nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}

/// Free space for this user where `directory` lies.
fn free_bytes(directory: &std::path::Path) -> Option<u64> {
    let directory = if directory.as_os_str().is_empty() { std::path::Path::new(".") } else { directory };
    let found = rustix::fs::statvfs(directory).ok()?;
    Some(found.f_bavail * found.f_frsize)
}
