//! What the server logs, kept so that a story can look for what must not be there.
//!
//! Logs are the process's, and a test binary runs several stories at once; so a story also sees the lines of the stories
//! beside it. Looking for what must *not* be there is the one thing that this is good for.

use std::io;
use std::sync::{Mutex, Once, PoisonError};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static INSTALLED: Once = Once::new();

/// Lines that a failed story shows.
const SHOWN: usize = 60;

/// Writes to [`LINES`].
struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The log from one moment on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Logs {
    from: usize,
}

impl Logs {
    /// Begins to keep what is logged from now on, at every level.
    pub(crate) fn begin() -> Self {
        INSTALLED.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .without_time()
                .with_writer(|| Kept)
                .finish();
            // A test that has its own subscriber keeps it.
            let _ = tracing::subscriber::set_global_default(subscriber);
        });
        Self { from: LINES.lock().unwrap_or_else(PoisonError::into_inner).len() }
    }

    /// Everything since.
    pub(crate) fn text(self) -> String {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&lines[self.from..]).into_owned()
    }

    /// The last lines, for whoever must find out why a story failed.
    pub(crate) fn tail(self) -> String {
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(SHOWN)..].join("\n")
    }
}
