//! Files that commands are given: a path, or `-` for standard input.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use switchboard_engine::accept::BODY_BYTES_MAX;

use super::Failure;

/// How much is read: one byte more than is taken, so that a larger file is told from a cut one.
#[derive(Debug, Clone, Copy)]
pub(super) enum Limit {
    /// A `dispatching.yml`.
    Dispatching,
    /// An allowlist.
    Allowlist,
    /// A webhook's body.
    Body,
}

impl Limit {
    const fn bytes(self) -> u64 {
        let taken = match self {
            Self::Dispatching => switchboard_dispatcher::file::BUDGET.bytes,
            Self::Allowlist => switchboard_relay::allowlist::BUDGET.bytes,
            Self::Body => BODY_BYTES_MAX,
        };
        taken as u64 + 1
    }
}

/// Reads what a command was given; `what` is what should have been named.
pub(super) fn read(path: &Path, limit: Limit, what: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit.bytes()).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(limit.bytes()).read_to_end(&mut bytes))
    };
    match read {
        Ok(_) => Ok(bytes),
        Err(error) => Err(Failure::Usage {
            message: format!("{} cannot be read: {error}", path.display()),
            hint: format!("name {what}, or - for standard input"),
        }),
    }
}
