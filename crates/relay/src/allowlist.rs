//! The allowlist: which downstream repositories are relayed to, and what their results count for.
//!
//! A file is either wholly valid or refused; nothing of a refused file counts, so that a slip of the pen can neither widen nor narrow
//! what is relayed to others. Names compare without case and keep the file's spelling; entries keep the file's order.
//!
//! [`parse`] reads a file, [`diff`] says what a new one changes, [`AllowlistSource`] where it stands, [`JSON_SCHEMA`] what editors should
//! know of it.

mod diff;
mod entry;
mod keys;
mod level;
mod list;
mod options;
mod read;
mod schema;
mod source;

pub use diff::{Change, Standing, diff};
pub use entry::{Entry, Events, Options};
pub use level::{Level, NoLevel};
pub use list::{Allowlist, Twice};
pub use read::{BUDGET, MAX_ENTRIES, parse};
pub use schema::JSON_SCHEMA;
pub use source::{AllowlistSource, Blob};

#[cfg(test)]
mod tests;
