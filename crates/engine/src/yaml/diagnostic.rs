use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// How many diagnostics of one file are kept; the rest is only counted.
const MAX_KEPT: usize = 20;

/// Longest piece of a stranger's text that is quoted in a path or message, in characters.
const MAX_QUOTED: usize = 80;

/// Whether a diagnostic makes a file unusable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file is invalid.
    Error,
    /// The file is valid, but its author probably meant something else.
    Warning,
}

/// The code of a remark of no particular kind.
const fn plain_code() -> Cow<'static, str> {
    Cow::Borrowed("invalid")
}

/// One remark on a file, for its author.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Whether the file is invalid because of it.
    pub severity: Severity,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What kind of remark it is, for programs: `duplicate_key`, `type`, …
    #[serde(default = "plain_code")]
    pub code: Cow<'static, str>,
    /// Field, such as `outbound[0].targets[1].inputs.n`; empty where the file as a whole is meant.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error about the place `line`:`column`, without a field path.
    #[must_use]
    pub fn error(line: u32, column: u32, message: impl Into<String>) -> Self {
        let (message, path) = (message.into(), String::new());
        Self { severity: Severity::Error, line, column, code: plain_code(), path, message, hint: None }
    }

    /// A warning about the place `line`:`column`, without a field path.
    #[must_use]
    pub fn warning(line: u32, column: u32, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(line, column, message) }
    }

    /// The same with a code of its own.
    #[must_use]
    pub fn with_code(mut self, code: &'static str) -> Self {
        self.code = Cow::Borrowed(code);
        self
    }

    /// The same with a remedy.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same about the field at `path`.
    #[must_use]
    pub fn at(mut self, path: &FieldPath) -> Self {
        self.path = path.to_string();
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{}:{}: {severity}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// The remarks on one file: the first 20, and the number of the others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics {
    kept: Vec<Diagnostic>,
    dropped: usize,
    errors: usize,
}

impl Diagnostics {
    /// Takes a remark, or only counts it when there are 20 already.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.severity == Severity::Error);
        if self.kept.len() < MAX_KEPT {
            self.kept.push(diagnostic);
        } else {
            self.dropped += 1;
        }
    }

    /// The remarks that were kept, in the order in which they were found.
    #[must_use]
    pub fn kept(&self) -> &[Diagnostic] {
        &self.kept
    }

    /// How many more there were.
    #[must_use]
    pub const fn dropped(&self) -> usize {
        self.dropped
    }

    /// Whether one of them, kept or not, makes the file invalid.
    #[must_use]
    pub const fn has_errors(&self) -> bool {
        self.errors > 0
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        let mut diagnostics = Self::default();
        diagnostics.push(diagnostic);
        diagnostics
    }
}

/// Where in a document a value stands: `outbound[0].targets[1].inputs.n`. The root's path is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FieldPath(String);

impl FieldPath {
    /// The path of this mapping's value under `key`. A key that is not a plain word is quoted, a long one is cut.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let name = if !key.is_empty() && key.chars().all(word) { clip(key) } else { quote(key) };
        if self.0.is_empty() { Self(name) } else { Self(format!("{}.{name}", self.0)) }
    }

    /// The path of this list's item number `index`, from 0.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stranger's text for use in a message: quoted, control characters escaped, cut after 80 characters.
#[must_use]
pub fn quote(text: &str) -> String {
    format!("{:?}", clip(text))
}

fn clip(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
