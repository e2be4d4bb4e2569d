//! Stories through the real binary: servers and commands as processes, a simulated GitHub over TCP.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands, also in its own functions")]

mod api;
mod api_guide;
mod commands;
mod demo;
mod doctor;
mod end_to_end;
mod forward;
mod github_sign_in;
mod public_pages;
mod recordings;
mod redis;
mod relay;
mod relay_cases;
mod relay_commands;
mod report_action;
mod setup;
mod shutdown;
mod sign_in;
mod simulator;
mod startup;
mod support;
mod telemetry;
