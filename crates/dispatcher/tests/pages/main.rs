//! The dispatcher's pages and API, over records that stories have left behind.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test says no by panicking")]

mod api;
mod cost;
mod counting;
mod hostile;
mod pages;
mod replay;
mod site;
mod story;
