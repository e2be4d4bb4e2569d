//! The three beats: accept, decide, deliver.
//!
//! 1. **Accept** ([`accept`], [`webhook`]): verify the signature over the raw bytes, recognise a duplicate, write the
//!    delivery and its first jobs durably, answer.
//! 2. **Decide**: a worker claims a job; the automation's handler reads, and returns a settlement, which the store
//!    commits in one transaction. Handlers never write to the outside.
//! 3. **Deliver**: the outbox claims an intent; the automation's carrier writes to the outside, idempotently, and
//!    settles what it learned.
//!
//! An [`Automation`] brings the meaning; the engine brings durability, order, retries ([`Patience`]), dead letters,
//! [schedules](Schedule), the operator's actions ([`operations`]) with their [`audit`], gap repair ([`gaps`]) and a look
//! at where the App is [installed](installations), which are built like any other automation.
//!
//! Whoever measures is told what happened ([`observe`]); each automation says how it is ([`health`]), and the store whether
//! it takes anything in ([`readiness`]).
//!
//! # Known races, and why they are harmless
//! * Two attempts at one work: a lease may end while its attempt still runs. The second attempt finds
//!   [`unanswered`](switchboard_store::Work::unanswered) set and looks before it writes; the first cannot settle.
//! * A settlement is durable and its answer is lost (the process dies in between): the lease is gone, the work is done.
//! * A hint is missed: an idle loop looks by itself every few seconds.

pub mod accept;
mod attempt;
pub mod audit;
mod automation;
mod context;
pub mod crash;
mod engine;
pub mod files;
pub mod gaps;
pub mod glob;
pub mod health;
pub mod installations;
pub mod members;
pub mod observe;
pub mod operations;
mod reader;
pub mod readiness;
mod schedule;
pub mod sign_ins;
pub mod subject;
mod trouble;
pub mod webhook;
pub mod yaml;

pub use automation::{API, Arrival, Automation, GITHUB, Patience, Schedule};
pub use context::Context;
pub use engine::{Engine, Options, Parts, Turned};
pub use reader::Reader;
pub use trouble::Trouble;
