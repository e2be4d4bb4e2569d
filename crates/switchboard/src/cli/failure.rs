use std::process::ExitCode;

use crate::settings::Problems;

/// How a command ended, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0: it worked.
    Success,
    /// 1: it ran and found something wrong, or failed on the way.
    Finding,
    /// 2: the command line or the configuration cannot be used. `clap` ends with the same code.
    Usage,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Success => Self::SUCCESS,
            Exit::Finding => Self::from(1),
            Exit::Usage => Self::from(2),
        }
    }
}

/// Why a command could not do what it was asked. Printed as `error: …`, `  at …`, `  hint: …`.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The settings cannot be used.
    #[error("{0}")]
    Configuration(#[from] Problems),
    /// An argument cannot be used.
    #[error("error: {message}\n  hint: {hint}")]
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// It failed on the way.
    #[error("error: {message}\n  hint: {hint}")]
    Failed {
        /// What happened.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl Failure {
    /// The exit code that it ends the process with.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Configuration(_) | Self::Usage { .. } => Exit::Usage,
            Self::Failed { .. } => Exit::Finding,
        }
    }
}
