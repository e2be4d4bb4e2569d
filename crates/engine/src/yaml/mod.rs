//! A YAML reader for files that strangers write.
//!
//! Every file that an automation reads from a repository comes through here: [`parse`] turns bytes into a [`Node`] tree
//! whose every part knows its line and column, and a [`Walker`] takes that tree apart into typed values, collecting
//! [`Diagnostics`] that name the field, the place and the remedy.
//!
//! What a caller may rely on, whatever the bytes are:
//! - it neither panics nor recurses; time and memory stay within a constant times [`Budget::bytes`] plus [`Budget::nodes`];
//! - a repeated key is an error, never "the last one wins"; merge keys and tags outside YAML's core schema are errors;
//! - one document, UTF-8 only, no NUL, neither raw nor escaped;
//! - an alias costs as many nodes as what it stands for, and shares the memory of it, so a bomb is refused before it is built.

mod builder;
mod diagnostic;
mod node;
mod schema;
mod text;
mod walker;

pub use diagnostic::{Diagnostic, Diagnostics, FieldPath, Severity, quote};
pub use node::{Entry, Key, Node, Scalar, ScalarKind, Value};
pub use walker::{Fields, Keys, Walker};

/// What a file may cost at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Size of the file in bytes, a byte order mark included.
    pub bytes: usize,
    /// Lists and mappings inside each other; a file that is one plain value has depth 0.
    pub depth: usize,
    /// Values, lists, mappings and keys together, counted after the expansion of aliases.
    pub nodes: usize,
    /// Whether anchors and aliases may be used at all.
    pub aliases: bool,
}

/// Reads one document. `None` stands for a file without content: empty, or nothing but comments.
///
/// # Errors
/// The first thing that makes the file unreadable, with its place. Reading stops there.
pub fn parse(bytes: &[u8], budget: &Budget) -> Result<Option<Node>, Diagnostic> {
    if bytes.len() > budget.bytes {
        let message = format!("the file is larger than {} bytes", budget.bytes);
        let hint = "split it, or remove what is not needed";
        return Err(Diagnostic::error(1, 1, message).with_code("too_large").with_hint(hint));
    }
    let text = text::decode(bytes)?;
    builder::build(text, budget)
}

#[cfg(test)]
mod tests;
