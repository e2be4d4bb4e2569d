//! The relay's contract, told as stories: each begins with a click somewhere and ends at what people see.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod again;
mod bounds;
mod cache;
mod dispatch;
mod endpoint;
mod gate;
mod interleavings;
mod oncalls;
mod planning;
mod probe;
mod required;
mod results;
mod scenarios;
mod sending;
