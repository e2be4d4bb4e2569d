//! Places where a test lets the process die.

use std::fmt;
use std::sync::Arc;

/// A moment between two steps of the three beats. Whatever came before it is durable or never happened; what comes
/// after it must happen exactly once all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CrashPoint {
    /// A delivery is verified, and not stored yet.
    BeforeAccept,
    /// A delivery is stored, and not answered yet.
    AfterAccept,
    /// A job or intent is leased, and its handler or carrier has not begun.
    Claimed,
    /// A handler has decided, and nothing is settled yet.
    Decided,
    /// A carrier has done its work outside, and nothing is settled yet.
    Carried,
    /// The settlement is durable.
    Settled,
}

impl CrashPoint {
    /// All of them, in order of a delivery's journey.
    pub const ALL: [Self; 6] =
        [Self::BeforeAccept, Self::AfterAccept, Self::Claimed, Self::Decided, Self::Carried, Self::Settled];
}

/// The process is to die here. Whoever meets it lets go of everything without another write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the process dies at {0:?}")]
pub struct Crashed(pub CrashPoint);

/// Decides where to die. In production, nowhere.
#[derive(Clone, Default)]
pub struct Crashes(Option<Arc<dyn Fn(CrashPoint) -> bool + Send + Sync>>);

impl Crashes {
    /// Dies wherever `decide` says so.
    pub fn when(decide: impl Fn(CrashPoint) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(decide)))
    }

    /// Passes a point, or dies there.
    ///
    /// # Errors
    /// [`Crashed`], to be handed up untouched.
    pub fn pass(&self, point: CrashPoint) -> Result<(), Crashed> {
        match &self.0 {
            Some(decide) if decide(point) => Err(Crashed(point)),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for Crashes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Crashes(armed)" } else { "Crashes(never)" })
    }
}
