//! The relay's pages, over records that stories have left behind: asked without a network, through the panel that frames them.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod cost;
mod fill;
mod hostile;
mod hud;
mod operate;
mod pages;
mod site;
mod strip;
mod visitors;
