//! The server itself: command line, settings, logging, and the wiring of the crates below.
//!
//! `main.rs` only parses the command line and hands it to [`cli::run`]. A command reads its [`settings`], starts
//! [`logging`], and puts together what it needs.

mod addresses;
pub mod assembly;
pub mod cli;
pub mod deliver;
pub mod demo;
pub mod desk;
pub mod directory;
pub mod doctor;
mod listen;
pub mod logging;
pub mod needs;
mod probes;
pub mod serve;
mod session_secret;
pub mod settings;
pub mod setup;
pub mod simulated;
pub mod telemetry;
