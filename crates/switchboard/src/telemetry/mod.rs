//! What the server tells machines about itself: [metrics] for Prometheus, [traces] for OpenTelemetry.
//!
//! Both listen to the engine ([`Observer`]) and decide nothing. What happened is counted as it happens; what there *is*
//! (a backlog, a budget) is read when somebody asks for the metrics, in at most eight reads.

mod bounded;
pub mod gauges;
pub mod metrics;
mod route;
pub mod traces;

use std::sync::Arc;

use switchboard_engine::observe::{Accepted, Attempted, Observer};

pub use gauges::Watched;
pub use metrics::Metrics;
pub use route::router;
pub use traces::Traces;

/// Everything that listens.
#[derive(Debug, Default)]
pub struct Telemetry {
    /// Always there.
    pub metrics: Arc<Metrics>,
    /// Where an endpoint for them is configured.
    pub traces: Option<Traces>,
}

impl Telemetry {
    /// Sends what is left to be sent. To be called from a thread that may wait.
    pub fn finish(&self) {
        if let Some(traces) = &self.traces {
            traces.finish();
        }
    }
}

impl Observer for Telemetry {
    fn accepted(&self, accepted: &Accepted<'_>) {
        self.metrics.accepted(accepted);
        if let Some(traces) = &self.traces {
            traces.accepted(accepted);
        }
    }

    fn attempted(&self, attempted: &Attempted<'_>) {
        self.metrics.attempted(attempted);
        if let Some(traces) = &self.traces {
            traces.attempted(attempted);
        }
    }
}
