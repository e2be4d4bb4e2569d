//! What a handler or carrier is given.

use std::sync::Arc;

use switchboard_clock::{Entropy, Timestamp};
use switchboard_github::GitHub;

use crate::Reader;

/// What a handler or carrier is given: the time, something to read from, and GitHub.
#[derive(Clone)]
pub struct Context {
    /// When the attempt began.
    pub now: Timestamp,
    /// The store, to read.
    pub store: Reader,
    /// GitHub. Calls made through it are noted with the attempt.
    pub github: GitHub,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}
