//! The contract's acceptance cases, told as stories.

#[path = "../support/mod.rs"]
mod support;

mod first;
mod answers;
mod chains;
mod counters;
mod issues;
mod lost_answers;
mod replay;
mod matching;
mod source;
mod consent;
mod inputs;
mod budget;
mod files;
mod deliveries;
