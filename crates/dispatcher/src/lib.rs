//! Dispatches workflows that both repositories' `dispatching.yml` agree on.
//!
//! A repository says in `outbound` what its finished workflow runs should start elsewhere; the target says in `inbound` who may start
//! what. Where both consent, and the operator's limits allow it, the target's workflow is started by `workflow_dispatch`, once.
//! Everything else is a recorded denial with a [reason](reasons::Reason) and a hint.
//!
//! # The way of a run
//! 1. [`payload`] reads the `workflow_run` webhook into a [`SourceRun`](payload::SourceRun), or says which member is at fault.
//! 2. [`source_rules`] judges the run by its payload and the operator's [`config`] alone; most runs end here, without a request.
//! 3. [`file`](mod@file) reads the source's `dispatching.yml`; [`matching`] turns the rules that fire into candidates, in file order.
//! 4. [`chains`] finds out whether the run was itself dispatched, so that loops end.
//! 5. [`candidates`] applies the rules to each candidate: first those that need no read, then, with what was read of the target, the
//!    others, down to the target's own consent in [`authorisation`]. [`templates`] fills in the inputs, [`refs`] picks the ref.
//! 6. Once the dispatch is sent, [`answers`] says what GitHub's answer means and [`retry`] how long to wait.
//! 7. [`facts`] is what is recorded of all this, [`keys`] where, [`report`] what people read about it in an issue; [`histogram`] and
//!    [`health`] are how the whole is doing.
//!
//! All of these are pure: values in, decision out, no I/O and no clock. What may be written in a file or a name stands in [`names`].

pub mod answers;
pub mod api;
pub mod authorisation;
pub mod candidates;
pub mod chains;
pub mod config;
pub mod facts;
pub mod file;
pub mod handlers;
pub mod health;
pub mod histogram;
pub mod keys;
pub mod matching;
pub mod names;
pub mod pages;
pub mod payload;
pub mod reasons;
pub mod refs;
pub mod report;
pub mod retry;
pub mod run_key;
pub mod source_rules;
pub mod templates;

pub use handlers::Dispatcher;

#[cfg(test)]
mod testing;
