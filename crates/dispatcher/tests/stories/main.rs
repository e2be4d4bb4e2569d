//! The contract's acceptance cases, told as stories.

#[path = "../support/mod.rs"]
mod support;

mod first;
