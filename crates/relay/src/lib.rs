//! Relays the pull requests and pushes of one upstream repository to allowlisted downstream repositories.
//!
//! The upstream's allowlist says who is relayed to, and on which [`Level`](allowlist::Level): the level decides how much weight the
//! downstream's results have, from none at all up to holding the merge.
//!
//! # The way of an upstream event
//! 1. [`pull`] and [`push`] read the webhook into an [`Event`](plan::Event), or say which member of the [`payload`] is at fault.
//! 2. [`allowlist`] reads the upstream's allowlist; an invalid one is refused whole, with line and remedy.
//! 3. [`plan`](mod@plan) decides for each entry whether the event is sent to it, and if not, why not.
//! 4. [`fit`](mod@fit) makes the one body that all entries get, within what GitHub takes.
//! 5. [`keys`] makes names safe to stand in the keys of records and lanes.
//!
//! All of these are pure: values in, decision out, no I/O and no clock. [`config`] is what the operator may set.

pub mod allowlist;
pub mod config;
pub mod fit;
pub mod keys;
pub mod names;
pub mod payload;
pub mod plan;
pub mod pull;
pub mod push;

#[cfg(test)]
mod testing;
