//! A trace for each delivery, sent to a collector by OpenTelemetry's own protocol.
//!
//! The trace's id **is** the delivery's id, so that a trace is found from a log line, a page or a dead letter without
//! looking anything up. Its root is the span `accept`; `decide` and `deliver` follow as its children however much later they
//! run, and on whatever server; each call to GitHub is a child of the attempt that made it. Work without a delivery (a
//! schedule) has a trace of its own id.
//!
//! The root's number comes from the delivery's id, so that every server can name it as a parent; all others are random.
//!
//! Spans are handed over when they are complete. The exporter gathers them on a thread of its own; when the collector is
//! away it drops them, and nothing waits.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, Key, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanExporter as Exporter, SpanProcessor as _};
use switchboard_clock::{Entropy, Timestamp};
use switchboard_engine::observe::{Accepted, Attempted, Ending};
use switchboard_github::record::{CallKind, CallRecord};

use super::metrics::beat;

/// What we are called, unless the settings or `OTEL_RESOURCE_ATTRIBUTES` say otherwise.
const SERVICE_NAME: &str = "switchboard";
/// How the name begins that OpenTelemetry gives to what has none.
const NAMELESS: &str = "unknown_service";
/// How long one export may take.
const EXPORT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the end of the server waits for the last spans.
const FLUSH_TIMEOUT: Duration = Duration::from_secs(5);

/// Sends spans.
pub struct Traces {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
    entropy: Arc<dyn Entropy>,
}

/// What says whose spans they are.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    /// What this server is called, if somebody said so.
    pub service: Option<&'a str>,
    /// The version that runs.
    pub version: &'a str,
}

impl fmt::Debug for Traces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Traces")
    }
}

impl Traces {
    /// Sends to this address, such as `http://127.0.0.1:4318/v1/traces`. Headers, compression, batching and further
    /// attributes are what OpenTelemetry's own variables say; its library reads those.
    ///
    /// # Errors
    /// When the exporter cannot be built, in words.
    pub fn to(address: &str, named: Named<'_>, entropy: Arc<dyn Entropy>) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(address)
            .with_timeout(EXPORT_TIMEOUT)
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self::over(exporter, named, entropy))
    }

    /// Sends by this exporter.
    pub(super) fn over(exporter: impl Exporter + 'static, named: Named<'_>, entropy: Arc<dyn Entropy>) -> Self {
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        processor.set_resource(&resource(named));
        let scope = InstrumentationScope::builder(SERVICE_NAME).with_version(named.version.to_owned()).build();
        Self { processor, scope, entropy }
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
            KeyValue::new("switchboard.via", accepted.via.as_str()),
            KeyValue::new("switchboard.event", accepted.event.unwrap_or_default().to_owned()),
            KeyValue::new("switchboard.outcome", accepted.outcome),
        ];
        // What came before belongs to the first delivery's trace, and must not be a second root of it.
        let first = !matches!(accepted.outcome, "duplicate" | "requeued");
        let (own, parent) = if first { (tail(id), SpanId::INVALID) } else { (self.fresh(), tail(id)) };
        let span = Span { trace: id, own, parent, name: "accept".into(), kind: SpanKind::Server };
        self.send(span, accepted.started_at, accepted.took, attributes, Status::Unset);
    }

    pub(super) fn attempted(&self, attempted: &Attempted<'_>) {
        let work = attempted.work;
        let (trace, parent) = match work.delivery {
            Some(delivery) => (delivery.0.into_bytes(), tail(delivery.0.into_bytes())),
            None => (work.id.0.into_bytes(), SpanId::INVALID),
        };
        let own = self.fresh();
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
        let span = Span { trace, own, parent, name: beat(work.class).into(), kind: SpanKind::Internal };
        self.send(span, attempted.started_at, attempted.took, attributes, status);
        for call in attempted.calls {
            self.called(trace, own, call);
        }
    }

    fn called(&self, trace: [u8; 16], parent: SpanId, call: &CallRecord) {
        let purpose = match call.kind {
            CallKind::Mint => "mint",
            CallKind::Read => "read",
            CallKind::Revalidated => "revalidate",
            CallKind::Shared => "share a read",
            CallKind::Write => "write",
        };
        let name = format!("{} {}", call.method, call.route).into();
        let mut attributes = vec![
            KeyValue::new("switchboard.call", purpose),
            KeyValue::new("http.request.method", call.method.clone()),
            KeyValue::new("url.template", call.route.clone()),
            KeyValue::new("url.path", call.path.clone()),
        ];
        attributes.extend(call.status.map(|status| KeyValue::new("http.response.status_code", i64::from(status))));
        attributes.extend(call.request_id.clone().map(|id| KeyValue::new("github.request_id", id)));
        let refused = call.status.is_none_or(|status| status >= 400);
        let status = if refused { Status::error(call.failure.clone().unwrap_or_default()) } else { Status::Unset };
        let span = Span { trace, own: self.fresh(), parent, name, kind: SpanKind::Client };
        self.send(span, call.at, Duration::from_millis(call.duration_ms), attributes, status);
    }

    /// A number for a span that nobody has to find; never 0, which is no span's.
    fn fresh(&self) -> SpanId {
        let mut number = [0; 8];
        self.entropy.fill(&mut number);
        SpanId::from_bytes(u64::from_ne_bytes(number).max(1).to_ne_bytes())
    }

    fn send(&self, span: Span, at: Timestamp, took: Duration, attributes: Vec<KeyValue>, status: Status) {
        let start_time = system(at);
        let trace = TraceId::from_bytes(span.trace);
        self.processor.on_end(SpanData {
            span_context: SpanContext::new(trace, span.own, TraceFlags::SAMPLED, false, TraceState::NONE),
            parent_span_id: span.parent,
            parent_span_is_remote: false,
            span_kind: span.kind,
            name: span.name,
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
    own: SpanId,
    parent: SpanId,
    name: Cow<'static, str>,
    kind: SpanKind,
}

/// What the spans of this server come from.
fn resource(named: Named<'_>) -> Resource {
    let told = Resource::builder().with_attribute(KeyValue::new("service.version", named.version.to_owned()));
    let standard = Resource::builder().build().get(&Key::from_static_str("service.name"));
    let nameless = standard.is_none_or(|name| name.as_str().starts_with(NAMELESS));
    match named.service.or(nameless.then_some(SERVICE_NAME)) {
        Some(name) => told.with_service_name(name.to_owned()).build(),
        None => told.build(),
    }
}

/// The number of a delivery's root: the random half of its UUIDv7.
fn tail(id: [u8; 16]) -> SpanId {
    let [.., a, b, c, d, e, f, g, h] = id;
    SpanId::from_bytes([a, b, c, d, e, f, g, h])
}

fn system(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0))
}
