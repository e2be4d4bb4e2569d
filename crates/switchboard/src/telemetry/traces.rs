//! A trace for each delivery, sent to a collector by OpenTelemetry's own protocol.
//!
//! The trace's id **is** the delivery's id, so that a trace is found from a log line, a page or a dead letter without
//! looking anything up. Its root is the span `accept`; `decide` and `deliver` follow as its children however much later they
//! run, and on whatever server; each call to GitHub is a child of the attempt that made it. Work without a delivery (a
//! schedule) has a trace of its own id.
//!
//! Spans are handed over when they are complete. The exporter gathers them on a thread of its own; when the collector is
//! away it drops them, and nothing waits.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanProcessor as _};
use switchboard_clock::Timestamp;
use switchboard_engine::observe::{Accepted, Attempted, Ending};
use switchboard_github::record::{CallKind, CallRecord};

use super::metrics::beat;

/// Where a collector takes traces, behind its address (OpenTelemetry, "OTLP/HTTP Request").
const TRACES_PATH: &str = "/v1/traces";
/// How long one export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the end of the server waits for the last spans.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends spans.
pub struct Traces {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traces")
    }
}

impl Traces {
    /// Sends to the collector at this address, such as `http://127.0.0.1:4318`.
    ///
    /// # Errors
    /// When the exporter cannot be built, in words.
    pub fn to(collector: &str, version: &str) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(format!("{}{TRACES_PATH}", collector.trim_end_matches('/')))
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let version = version.to_owned();
        let resource = Resource::builder()
            .with_service_name("switchboard")
            .with_attribute(KeyValue::new("service.version", version.clone()));
        processor.set_resource(&resource.build());
        Ok(Self { processor, scope: InstrumentationScope::builder("switchboard").with_version(version).build() })
    }

    /// Sends what is left. Waits for the collector, though not for long; to be called from a thread that may wait.
    pub fn finish(&self) {
        if let Err(error) = self.processor.shutdown_with_timeout(FLUSH_TIMEOUT) {
            tracing::debug!(%error, "the last spans were not sent");
        }
    }

    pub(super) fn accepted(&self, accepted: &Accepted<'_>) {
        let Some(delivery) = accepted.delivery else { return };
        let id = delivery.0.into_bytes();
        let attributes = vec![
            KeyValue::new("switchboard.delivery", delivery.to_string()),
            KeyValue::new("switchboard.event", accepted.event.unwrap_or_default().to_owned()),
            KeyValue::new("switchboard.outcome", accepted.outcome),
        ];
        // A duplicate is an event of the first delivery's trace, and must not be a second root of it.
        let first = accepted.outcome != "duplicate";
        let own = if first { tail(id) } else { fresh(tail(id), accepted.started_at) };
        let parent = if first { SpanId::INVALID } else { span_id(tail(id)) };
        let span = Span { trace: id, own, parent, name: "accept", kind: SpanKind::Server };
        self.send(span, accepted.started_at, accepted.took, attributes, Status::Unset);
    }

    pub(super) fn attempted(&self, attempted: &Attempted<'_>) {
        let work = attempted.work;
        let (trace, parent) = match work.delivery {
            Some(delivery) => (delivery.0.into_bytes(), span_id(tail(delivery.0.into_bytes()))),
            None => (work.id.0.into_bytes(), SpanId::INVALID),
        };
        let own = fresh(tail(work.id.0.into_bytes()), attempted.started_at);
        let mut attributes = vec![
            KeyValue::new("switchboard.work", work.id.to_string()),
            KeyValue::new("switchboard.automation", work.automation.clone()),
            KeyValue::new("switchboard.kind", work.kind.clone()),
            KeyValue::new("switchboard.lane", work.lane.to_string()),
            KeyValue::new("switchboard.attempt", i64::from(work.attempts)),
            KeyValue::new("switchboard.outcome", attempted.ending.as_str()),
        ];
        attributes.extend(work.delivery.map(|id| KeyValue::new("switchboard.delivery", id.to_string())));
        attributes.extend(attempted.failure.map(|code| KeyValue::new("error.type", code.to_owned())));
        let status = match attempted.ending {
            Ending::Done | Ending::Wait => Status::Unset,
            Ending::Retry | Ending::Dead | Ending::Lost => {
                Status::error(attempted.failure.unwrap_or(attempted.ending.as_str()).to_owned())
            }
        };
        let span = Span { trace, own, parent, name: beat(work.class), kind: SpanKind::Internal };
        self.send(span, attempted.started_at, attempted.took, attributes, status);
        for (n, call) in (1..).zip(attempted.calls) {
            self.called(trace, own, n, call);
        }
    }

    fn called(&self, trace: [u8; 16], parent: u64, n: u64, call: &CallRecord) {
        let name = match call.kind {
            CallKind::Mint => "mint a token",
            CallKind::Read => "read",
            CallKind::Revalidated => "revalidate",
            CallKind::Shared => "share a read",
            CallKind::Write => "write",
        };
        let mut attributes = vec![
            KeyValue::new("http.request.method", call.method.clone()),
            KeyValue::new("url.template", call.route.clone()),
            KeyValue::new("url.path", call.path.clone()),
        ];
        attributes.extend(call.status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
        attributes.extend(call.request_id.clone().map(|id| KeyValue::new("github.request_id", id)));
        let refused = call.status.is_none_or(|status| status >= 400);
        let status = if refused { Status::error(call.failure.clone().unwrap_or_default()) } else { Status::Unset };
        let own = parent.wrapping_add(n.wrapping_mul(SPREAD)).max(1);
        let span = Span { trace, own, parent: span_id(parent), name, kind: SpanKind::Client };
        self.send(span, call.at, Duration::from_millis(call.duration_ms), attributes, status);
    }

    fn send(&self, span: Span, at: Timestamp, took: Duration, attributes: Vec<KeyValue>, status: Status) {
        let start_time = system(at);
        let trace = TraceId::from_bytes(span.trace);
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(trace, span_id(span.own), TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: span.parent,
            parent_span_is_remote: false,
            span_kind: span.kind,
            name: span.name.into(),
            start_time,
            end_time: start_time + took,
            attributes,
            dropped_attributes_count: 0,
            events: opentelemetry_sdk::trace::SpanEvents::default(),
            links: opentelemetry_sdk::trace::SpanLinks::default(),
            status,
            instrumentation_scope: self.scope.clone(),
        });
    }
}

/// Where a span stands.
struct Span {
    trace: [u8; 16],
    own: u64,
    parent: SpanId,
    name: &'static str,
    kind: SpanKind,
}

/// An odd number far from any counter, so that numbers derived by it do not meet.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

/// The random half of a UUIDv7.
fn tail(id: [u8; 16]) -> u64 {
    id[8..].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// A span's number, from what it is about and when it began: the same work has several attempts.
fn fresh(about: u64, at: Timestamp) -> u64 {
    about.wrapping_add(at.millis().unsigned_abs().wrapping_mul(SPREAD)).max(1)
}

fn span_id(number: u64) -> SpanId {
    SpanId::from_bytes(number.to_be_bytes())
}

fn system(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0))
}
