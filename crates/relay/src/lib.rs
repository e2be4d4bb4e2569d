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
//! # The way of a report
//! 1. [`identity`] says who reports, by a verified token; [`report`] reads what is said; [`admit`] whether it is taken, and
//!    [`refusal`] in which words it is not.
//! 2. [`advance`](mod@advance) moves a result on by reports, timers ([`verify`]) and GitHub's own word; [`conclusion`] is how things end.
//! 3. [`checks`] are the check runs on the upstream's pull request, and the merge gate.
//! 4. [`count`] is what a result counts as, [`criteria`] what an entry's counts are worth.
//!
//! All of these are pure: values in, decision out, no I/O and no clock. [`config`] is what the operator may set.

pub mod admit;
pub mod advance;
pub mod allowlist;
mod api;
pub mod cache;
pub mod checks;
pub mod conclusion;
pub mod config;
pub mod count;
pub mod criteria;
pub mod deliver;
pub mod endpoint;
pub mod fit;
pub mod handlers;
pub mod identity;
pub mod keys;
pub mod names;
pub mod observe;
pub mod pages;
pub mod payload;
pub mod plan;
pub mod pull;
pub mod push;
pub mod records;
pub mod refusal;
pub mod report;
pub mod text;
pub mod verify;
pub mod vitals;
pub mod window;

#[cfg(test)]
mod testing;
