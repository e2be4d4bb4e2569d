//! What happened since the start, counted as it happens.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use switchboard_engine::observe::{Accepted, Attempted};
use switchboard_github::record::{CallKind, CallRecord};
use switchboard_store::Class;

use super::bounded::Bounded;

/// Before every name.
pub const PREFIX: &str = "switchboard";
/// Events that have a line of their own. GitHub knows about 70.
const EVENTS_MAX: usize = 100;
/// Kinds of work that have one; they are words of this program.
const KINDS_MAX: usize = 200;

/// Upper bounds in seconds. GitHub gives up after ten.
const ACCEPT_BOUNDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5, 10.0];
const WORK_BOUNDS: [f64; 9] = [0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 30.0, 60.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DeliveryLabels {
    event: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct AttemptLabels {
    beat: &'static str,
    automation: String,
    kind: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct BeatLabels {
    beat: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ResultLabels {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    method: String,
    route: String,
    status: &'static str,
}

/// The counters and histograms.
pub struct Metrics {
    registry: Registry,
    events: Bounded,
    kinds: Bounded,
    routes: Bounded,
    deliveries: Family<DeliveryLabels, Counter>,
    accept_duration: Histogram,
    attempts: Family<AttemptLabels, Counter>,
    attempt_duration: Family<BeatLabels, Histogram>,
    settlements: Family<ResultLabels, Counter>,
    requests: Family<CallLabels, Counter>,
    request_duration: Histogram,
    mints: Family<ResultLabels, Counter>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::with_prefix(PREFIX),
            events: Bounded::new(EVENTS_MAX),
            kinds: Bounded::new(KINDS_MAX),
            routes: Bounded::new(KINDS_MAX),
            deliveries: Family::default(),
            accept_duration: Histogram::new(ACCEPT_BOUNDS),
            attempts: Family::default(),
            attempt_duration: Family::new_with_constructor(|| Histogram::new(WORK_BOUNDS)),
            settlements: Family::default(),
            requests: Family::default(),
            request_duration: Histogram::new(WORK_BOUNDS),
            mints: Family::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        registry.register("deliveries", "Webhooks answered, by event and outcome", self.deliveries.clone());
        registry.register_with_unit(
            "accept_duration",
            "From a webhook's head to its answer, its body and the durable write included",
            prometheus_client::registry::Unit::Seconds,
            self.accept_duration.clone(),
        );
        registry.register("attempts", "Attempts that ended, by beat, work and outcome", self.attempts.clone());
        registry.register_with_unit(
            "attempt_duration",
            "How long attempts took, their settlements included",
            prometheus_client::registry::Unit::Seconds,
            self.attempt_duration.clone(),
        );
        registry.register("settlements", "Settlements, by whether they were committed", self.settlements.clone());
        registry.register(
            "github_requests",
            "Requests to GitHub by decided and carried out work",
            self.requests.clone(),
        );
        registry.register_with_unit(
            "github_request_duration",
            "How long requests to GitHub took",
            prometheus_client::registry::Unit::Seconds,
            self.request_duration.clone(),
        );
        registry.register("token_mints", "Installation tokens asked for, by result", self.mints.clone());
        self
    }

    /// Everything as registered.
    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(super) fn accepted(&self, accepted: &Accepted<'_>) {
        let event = accepted.event.map_or_else(|| "refused".to_owned(), |event| self.events.label(event));
        self.deliveries.get_or_create(&DeliveryLabels { event, outcome: accepted.outcome }).inc();
        self.accept_duration.observe(accepted.took.as_secs_f64());
    }

    pub(super) fn attempted(&self, attempted: &Attempted<'_>) {
        let work = attempted.work;
        let beat = beat(work.class);
        let labels = AttemptLabels {
            beat,
            automation: self.kinds.label(&work.automation),
            kind: self.kinds.label(&work.kind),
            outcome: attempted.ending.as_str(),
        };
        self.attempts.get_or_create(&labels).inc();
        self.attempt_duration.get_or_create(&BeatLabels { beat }).observe(attempted.took.as_secs_f64());
        let result = if attempted.committed { "committed" } else { "not_committed" };
        self.settlements.get_or_create(&ResultLabels { result }).inc();
        for call in attempted.calls {
            self.called(call);
        }
    }

    fn called(&self, call: &CallRecord) {
        if call.kind == CallKind::Shared {
            return;
        }
        let status = status(call.status);
        if call.kind == CallKind::Mint {
            let result = if status == "2xx" { "minted" } else { "failed" };
            self.mints.get_or_create(&ResultLabels { result }).inc();
        }
        let labels = CallLabels { method: call.method.clone(), route: self.routes.label(&call.route), status };
        self.requests.get_or_create(&labels).inc();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of a request, far below 2^52")]
        self.request_duration.observe(call.duration_ms as f64 / 1000.0);
    }
}

/// Beat 2 or 3.
pub(super) const fn beat(class: Class) -> &'static str {
    match class {
        Class::Job => "decide",
        Class::Intent => "deliver",
    }
}

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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text::encode;
    use switchboard_clock::Timestamp;

    use super::*;

    fn seen(metrics: &Metrics, event: Option<&str>, outcome: &'static str) {
        let (started_at, took) = (Timestamp::from_millis(0), Duration::from_millis(3));
        metrics.accepted(&Accepted { event, outcome, delivery: None, started_at, took });
    }

    fn text(metrics: &Metrics) -> String {
        let mut text = String::new();
        encode(&mut text, metrics.registry()).unwrap();
        text
    }

    #[test]
    fn deliveries_are_counted_by_event_and_outcome() {
        let metrics = Metrics::default();
        seen(&metrics, Some("push"), "accepted");
        seen(&metrics, Some("push"), "accepted");
        seen(&metrics, None, "signature");
        let text = text(&metrics);
        assert!(text.contains("switchboard_deliveries_total{event=\"push\",outcome=\"accepted\"} 2\n"), "{text}");
        assert!(text.contains("switchboard_deliveries_total{event=\"refused\",outcome=\"signature\"} 1\n"), "{text}");
        assert!(text.contains("switchboard_accept_duration_seconds_bucket{le=\"0.005\"} 3\n"), "{text}");
    }

    #[test]
    fn no_sender_can_make_the_labels_grow_or_break_out_of_them() {
        let metrics = Metrics::default();
        for n in 0..10_000 {
            seen(&metrics, Some(&format!("event-{n}\"}} 1\nevil 1")), "accepted");
        }
        let text = text(&metrics);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("switchboard_deliveries_total")).collect();
        assert_eq!(lines.len(), EVENTS_MAX + 1);
        assert!(text.contains("event=\"other\",outcome=\"accepted\"} 9900\n"));
        assert!(!text.lines().any(|line| line.starts_with("evil")));
    }
}
