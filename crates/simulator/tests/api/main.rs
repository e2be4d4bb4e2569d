//! The simulated GitHub, tested through its own HTTP interface.
#![expect(clippy::unwrap_used, reason = "what tests share fails by panicking, too")]

mod checks;
mod contents;
mod deliveries;
mod dispatches;
mod downstream;
mod faults;
mod issues;
mod ledger;
mod limits;
mod manifests;
mod oidc;
mod permissions;
mod pulls;
mod repositories;
mod runs;
mod sign_in;
mod support;
mod tcp;
mod tokens;
