//! What a server waits for besides its store and the clock.

use std::sync::Arc;

use crate::watched::Gauge;

/// Something real beside the world, such as another process: while the server waits for it, the clock stands still.
#[derive(Debug, Clone, Default)]
pub struct Outside(Arc<Gauge>);

impl Outside {
    /// Waits for it.
    pub async fn during<T>(&self, call: impl Future<Output = T>) -> T {
        self.0.during(call).await
    }

    pub(crate) fn gauge(&self) -> Arc<Gauge> {
        Arc::clone(&self.0)
    }
}
