//! `switchboard doctor`: is everything in place, and if not, what is to be done?
//!
//! [`subject`] is the table of what is looked at. [`look`] looks: at this machine, at what is stored (read only, beside a server that
//! may run), and at GitHub. [`judge`] compares what was found with what is needed: pure functions, values in, [`Check`]s out. A
//! [`Report`] shows the result.
//!
//! A refusal is told in the words in which it was told where it happened: hints come from [`switchboard_github::Hint`], from
//! the store's errors, from dead letters and from the remarks on files, and are not worded anew.

mod check;
mod figures;
pub mod judge;
mod look;
mod progress;
mod report;
pub mod subject;

pub use check::{Check, Verdict};
pub use figures::Figures;
pub use look::{Occasion, examine};
pub use progress::Progress;
pub use report::Report;
pub use subject::{Source, Subject};
