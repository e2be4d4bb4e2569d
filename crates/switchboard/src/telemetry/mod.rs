//! What the server tells machines about itself: [`Metrics`] for Prometheus, [`Traces`] for OpenTelemetry.
//!
//! Both listen to the engine ([`Observer`]) and to the client of GitHub, and decide nothing. What happened is counted as it
//! happens; what there *is* (a backlog, a budget) is read when somebody asks for the metrics, in four reads of the store and three
//! more for the relay.
//! Nothing is global: a server is handed its telemetry like its clock, so that tests run beside each other.

mod bounded;
mod budgets;
#[cfg(test)]
mod cost_tests;
mod gauges;
mod labels;
mod metrics;
#[cfg(test)]
mod metrics_tests;
mod process;
mod relay;
mod route;
mod text;
mod traces;
#[cfg(test)]
mod traces_tests;

use std::sync::Arc;

use switchboard_engine::observe::{Accepted, Attempted, Observer};

pub use gauges::Watched;
pub use metrics::Metrics;
pub use relay::WatchedRelay;
pub use route::router;
pub use traces::{Named, Traces};

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
