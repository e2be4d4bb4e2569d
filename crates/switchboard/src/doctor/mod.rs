//! `switchboard doctor`: is everything in place, and if not, what is to be done?
//!
//! [`examine`] asks GitHub what there is, [`judge`] compares it with what is needed (pure functions, values in, checks
//! out), and a [`Report`] shows the result. The configuration itself has been judged before any of this begins.

pub mod examine;
pub mod judge;
mod report;

pub use report::{Check, Report, Verdict};
