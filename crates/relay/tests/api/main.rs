//! The relay's JSON API, over records that stories have left behind.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says no by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod cost;
mod figures;
mod gate;
mod inbox;
mod known;
mod list;
mod matrix;
mod operate;
mod site;
