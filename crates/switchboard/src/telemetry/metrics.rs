//! What happened since the start, counted as it happens: a look-up and an atomic addition each.

use std::fmt;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use switchboard_engine::observe::{Accepted, Attempted, Via};
use switchboard_github::observe::{CallObserver, Exchange, PutOff};
use switchboard_github::record::CallKind;
use switchboard_github::webhook::events::documented;
use switchboard_store::Class;

use super::bounded::{Bounded, OTHER, Pair};
use super::labels::{
    AttemptLabels, BeatLabels, CallLabels, DeliveryLabels, PurposeLabels, ReasonLabels, ResultLabels, SettlementLabels,
    WorkLabels,
};
use super::relay::RelayCounters;

/// Before every name.
pub(super) const PREFIX: &str = "switchboard";
/// The event of what was refused before its sender had proved who it is: whatever it says is a stranger's word.
const REFUSED: &str = "refused";
/// The event of an operator's action.
const ACTION: &str = "action";
/// What all verified reports are counted under.
const REPORT: &str = "report";

/// Kinds of work that have lines of their own.
const KINDS_MAX: usize = 200;
/// Kinds of facts that do.
const FACTS_MAX: usize = 300;

/// Upper bounds in seconds. GitHub gives up after ten.
const ACCEPT_BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];
const WORK_BOUNDS: [f64; 9] = [0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 60.0];

/// Histograms by a label.
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// The counters and histograms.
pub struct Metrics {
    registry: Registry,
    works: Bounded<Pair>,
    fact_kinds: Bounded<Pair>,
    deliveries: Family<DeliveryLabels, Counter>,
    accept_duration: Histogram,
    attempts: Family<AttemptLabels, Counter>,
    attempt_duration: Durations<BeatLabels>,
    settlements: Family<SettlementLabels, Counter>,
    facts: Family<WorkLabels, Counter>,
    requests: Family<CallLabels, Counter>,
    request_duration: Durations<PurposeLabels>,
    put_off: Family<ReasonLabels, Counter>,
    mints: Family<ResultLabels, Counter>,
    pub(super) relay: RelayCounters,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let durations: fn() -> Histogram = || Histogram::new(WORK_BOUNDS);
        let metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            works: Bounded::new(KINDS_MAX),
            fact_kinds: Bounded::new(FACTS_MAX),
            deliveries: Family::default(),
            accept_duration: Histogram::new(ACCEPT_BOUNDS),
            attempts: Family::default(),
            attempt_duration: Family::new_with_constructor(durations),
            settlements: Family::default(),
            facts: Family::default(),
            requests: Family::default(),
            request_duration: Family::new_with_constructor(durations),
            put_off: Family::default(),
            mints: Family::default(),
            relay: RelayCounters::default(),
        };
        // From the first scrape on, so that the first failure is seen as a rise.
        for result in ["minted", "failed"] {
            drop(metrics.mints.get_or_create(&ResultLabels { result }));
        }
        for reason in [PutOff::Held, PutOff::Spent, PutOff::Crowded] {
            drop(metrics.put_off.get_or_create(&ReasonLabels { reason: reason.as_str() }));
        }
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        let help = "Deliveries taken in or refused, by the way they came, event and outcome";
        registry.register("deliveries", help, self.deliveries.clone());
        let help = "From a webhook's head to its answer, its body and the durable write included";
        registry.register_with_unit("accept_duration", help, Unit::Seconds, self.accept_duration.clone());
        registry.register("attempts", "Attempts that ended, by beat, work and outcome", self.attempts.clone());
        let help = "How long attempts took, their settlements included";
        registry.register_with_unit("attempt_duration", help, Unit::Seconds, self.attempt_duration.clone());
        let help = "Settlements, by work and whether they were committed";
        registry.register("settlements", help, self.settlements.clone());
        registry.register("facts", "What happened, by the kind of its line in the history", self.facts.clone());
        registry.register("github_requests", "Requests to GitHub, by endpoint and status", self.requests.clone());
        let help = "How long requests to GitHub took, by what they were for";
        registry.register_with_unit("github_request_duration", help, Unit::Seconds, self.request_duration.clone());
        let help = "Calls to GitHub that were not sent, because they would have had to wait too long";
        registry.register("github_calls_put_off", help, self.put_off.clone());
        registry.register("token_mints", "Installation tokens asked for, by result", self.mints.clone());
        self.relay.register(registry);
        self
    }

    /// Says that there is a relay, so that all that is counted of it is told from the first scrape on.
    pub fn begin_relay(&self) {
        self.relay.begin();
    }

    /// Everything as registered.
    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// How a kind of work is labelled.
    pub(super) fn work(&self, automation: &str, kind: &str) -> WorkLabels {
        let (automation, kind) = self.works.pair(automation, kind);
        WorkLabels { automation, kind }
    }

    pub(super) fn accepted(&self, accepted: &Accepted<'_>) {
        let event = match (accepted.via, accepted.event) {
            (Via::Operator, _) => ACTION,
            (Via::Callback, _) => REPORT,
            (_, None) => REFUSED,
            (_, Some(event)) => documented(event).unwrap_or(OTHER),
        };
        let labels = DeliveryLabels { via: accepted.via.as_str(), event, outcome: accepted.outcome };
        self.deliveries.get_or_create(&labels).inc();
        if accepted.via == Via::Callback {
            self.relay.reported(accepted.outcome);
        }
        if accepted.via == Via::Webhook {
            self.accept_duration.observe(accepted.took.as_secs_f64());
        }
    }

    pub(super) fn attempted(&self, attempted: &Attempted<'_>) {
        let WorkLabels { automation, kind } = self.work(&attempted.work.automation, &attempted.work.kind);
        let beat = beat(attempted.work.class);
        let result = if attempted.committed { "committed" } else { "not_committed" };
        let settlement = SettlementLabels { automation: automation.clone(), kind: kind.clone(), result };
        self.settlements.get_or_create(&settlement).inc();
        let outcome = attempted.ending.as_str();
        self.attempts.get_or_create(&AttemptLabels { beat, automation, kind, outcome }).inc();
        self.attempt_duration.get_or_create(&BeatLabels { beat }).observe(attempted.took.as_secs_f64());
        for fact in attempted.facts {
            let (automation, kind) = self.fact_kinds.pair(fact.automation, &fact.kind);
            self.facts.get_or_create(&WorkLabels { automation, kind }).inc();
        }
    }
}

impl CallObserver for Metrics {
    fn exchanged(&self, exchange: &Exchange) {
        let status = status(exchange.status);
        let purpose = match exchange.kind {
            CallKind::Mint => "mint",
            CallKind::Read | CallKind::Revalidated | CallKind::Shared => "read",
            CallKind::Write => "write",
        };
        if exchange.kind == CallKind::Mint {
            let result = if status == "2xx" { "minted" } else { "failed" };
            self.mints.get_or_create(&ResultLabels { result }).inc();
        }
        let labels = CallLabels { method: exchange.method, route: exchange.route, status };
        self.requests.get_or_create(&labels).inc();
        self.request_duration.get_or_create(&PurposeLabels { purpose }).observe(exchange.took.as_secs_f64());
    }

    fn put_off(&self, reason: PutOff) {
        self.put_off.get_or_create(&ReasonLabels { reason: reason.as_str() }).inc();
    }
}

/// Beat 2 or 3.
pub(super) const fn beat(class: Class) -> &'static str {
    match class {
        Class::Job => "decide",
        Class::Intent => "deliver",
    }
}

/// The statuses that mean something of their own, and the classes of the others.
fn status(status: Option<u16>) -> &'static str {
    match status {
        Some(200..=299) => "2xx",
        Some(304) => "304",
        Some(300..=399) => "3xx",
        Some(401) => "401",
        Some(403) => "403",
        Some(404) => "404",
        Some(429) => "429",
        Some(400..=499) => "4xx",
        Some(500..=599) => "5xx",
        Some(_) => "odd",
        None => "none",
    }
}
