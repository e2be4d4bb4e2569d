//! The engine's promises, told as stories: a simulated GitHub, the real engine and store, and a small automation that
//! answers every issue with a comment.
#![expect(clippy::unwrap_used, clippy::panic, reason = "what tests share fails by panicking, too")]

mod accept;
mod burst;
mod crashes;
mod echo;
mod gaps;
mod installations;
mod leases;
mod letters;
mod observed;
mod payloads;
mod retries;
mod schedules;
mod script;
