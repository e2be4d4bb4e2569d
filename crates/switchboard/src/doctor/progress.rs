//! What a person at a terminal reads while something takes long: one line, overwritten, and gone at the end.

use std::io::{self, IsTerminal as _, Write as _};

/// Back to the line's beginning, and the line emptied (ECMA-48, EL).
const AFRESH: &str = "\r\x1b[2K";

/// See the [module's documentation](self).
#[derive(Debug)]
pub struct Progress {
    shown: bool,
}

impl Progress {
    /// Shown where standard error is a terminal.
    #[must_use]
    pub fn to_terminal() -> Self {
        Self { shown: io::stderr().is_terminal() }
    }

    /// Never shown.
    #[must_use]
    pub const fn quiet() -> Self {
        Self { shown: false }
    }

    /// What is being done now.
    pub fn step(&self, what: &str) {
        if self.shown {
            let _ = write!(io::stderr(), "{AFRESH}{what} …");
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.shown {
            let _ = write!(io::stderr(), "{AFRESH}");
            let _ = io::stderr().flush();
        }
    }
}
