use super::Section;
use crate::settings::kinds::BaseUrl;
use crate::settings::setting::{Form, Setting};

/// What the server tells machines about itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TelemetrySettings {
    /// Whether `/metrics` answers without sign-in.
    pub public_metrics: bool,
    /// The OpenTelemetry collector that traces go to.
    pub otlp_endpoint: Option<BaseUrl>,
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
        .env(&["OTEL_EXPORTER_OTLP_ENDPOINT"])
        .example("http://127.0.0.1:4318")
        .about("The OpenTelemetry collector to send traces to, over HTTP; without one, none are made."),
    ],
};
