//! The allowlist: which downstream repositories are relayed to, and what their results count for.
//!
//! A file is either wholly valid or refused; nothing of a refused file counts, so that a slip of the pen can neither widen nor narrow
//! what is relayed to others. Names compare without case and keep the file's spelling; entries keep the file's order.

mod entry;
mod level;
mod list;
mod source;

pub use entry::{Entry, Events, Options};
pub use level::{Level, NoLevel};
pub use list::{Allowlist, Twice};
pub use source::{AllowlistSource, Blob};
