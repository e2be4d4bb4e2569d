//! Files in repositories that an automation's rules come from, as it last read them.
//!
//! Whoever asks about them (`doctor`, so far) reads the records that the automation keeps, and never GitHub: the answer is as old as
//! [`BrokenFile::read_at`] says, and costs a few ranges of keys.

use switchboard_clock::Timestamp;

use crate::yaml::Diagnostic;

/// What an automation knows of the files that it has read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilesRead {
    /// How many repositories were looked at.
    pub repositories: usize,
    /// Whether these are all that it has a record of.
    pub all: bool,
    /// Those whose file does not parse, in the order of their names.
    pub broken: Vec<BrokenFile>,
}

/// A file that does not parse, and so counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenFile {
    /// `owner/name`.
    pub repository: String,
    /// Where it stands in the repository.
    pub path: String,
    /// What is wrong with it, each with its line. Empty if only the verdict was kept.
    pub diagnostics: Vec<Diagnostic>,
    /// When it was read.
    pub read_at: Timestamp,
}
