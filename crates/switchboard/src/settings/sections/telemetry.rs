use super::Section;
use crate::settings::kinds::BaseUrl;
use crate::settings::setting::{Form, Setting};

/// What the server tells machines about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TelemetrySettings {
    /// Whether `/metrics` answers without sign-in.
    pub public_metrics: bool,
    /// The OpenTelemetry collector.
    pub otlp_endpoint: Option<BaseUrl>,
    /// Where it takes traces, if that is an address of its own.
    pub otlp_traces_endpoint: Option<BaseUrl>,
    /// What this server is called in traces, if it has a name of its own there.
    pub service_name: Option<String>,
}

/// Where a collector takes traces, behind its address (OpenTelemetry, "OTLP Exporter Configuration").
const TRACES_PATH: &str = "/v1/traces";

impl TelemetrySettings {
    /// The address that traces are sent to, if any are.
    #[must_use]
    pub fn traces_to(&self) -> Option<String> {
        let own = self.otlp_traces_endpoint.as_ref().map(|own| own.as_str().to_owned());
        own.or_else(|| self.otlp_endpoint.as_ref().map(|collector| format!("{}{TRACES_PATH}", collector.as_str())))
    }
}

const NAME: &str = "telemetry";

pub(super) const SECTION: Section = Section {
    name: NAME,
    about: "What the server tells machines about itself: metrics for Prometheus, traces for OpenTelemetry.",
    settings: &[
        Setting::new(NAME, "public_metrics", Form::Boolean, |draft, value| {
            value.put(&mut draft.telemetry.public_metrics)
        })
        .default("false")
        .about(
            "Whether `/metrics` answers without sign-in, within `admin_ip_allowlist`. Otherwise Prometheus sends the \
             operator's or the viewer's token as a bearer token.",
        ),
        Setting::new(NAME, "otlp_endpoint", Form::Text { what: "an http or https address" }, |draft, value| {
            value.put(&mut draft.telemetry.otlp_endpoint)
        })
        .shared_env(&["OTEL_EXPORTER_OTLP_ENDPOINT"])
        .example("http://127.0.0.1:4318")
        .about("The OpenTelemetry collector to send traces to, over HTTP; without one, none are made."),
        Setting::new(NAME, "otlp_traces_endpoint", Form::Text { what: "an http or https address" }, |draft, value| {
            value.put(&mut draft.telemetry.otlp_traces_endpoint)
        })
        .shared_env(&["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
        .example("http://127.0.0.1:4318/v1/traces")
        .about("The full address that takes traces, where it is not `/v1/traces` of the collector."),
        Setting::new(NAME, "service_name", Form::Text { what: "a name" }, |draft, value| {
            value.put(&mut draft.telemetry.service_name)
        })
        .shared_env(&["OTEL_SERVICE_NAME"])
        .example("switchboard-staging")
        .about(
            "What this server is called in traces; without one, what `OTEL_RESOURCE_ATTRIBUTES` says, and else \
             `switchboard`.",
        ),
    ],
};
