use std::fmt;
use std::sync::Arc;

/// A place in a file, counted from 1 as editors do; the column counts characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The file as it was named on the command line.
    pub path: Arc<str>,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte offset in `text`.
    pub(super) fn of_offset(path: &Arc<str>, text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            path: Arc::clone(path),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

/// Where a value came from. The settings page and `doctor` show it beside each value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it; the table's default holds.
    Default,
    /// A line of `switchboard.toml`.
    File(Position),
    /// An environment variable of the process.
    Environment {
        /// The variable's name as it was found.
        name: String,
    },
    /// A line of the file given as `--env-file`.
    EnvFile {
        /// The variable's name as it was found.
        name: String,
        /// Its line.
        position: Position,
    },
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(position) => write!(f, "{position}"),
            Self::Environment { name } => write!(f, "environment variable {name}"),
            Self::EnvFile { name, position } => write!(f, "{}:{} ({name})", position.path, position.line),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn position_counts_lines_and_characters_from_one() {
        let path: Arc<str> = "a.toml".into();
        let text = "eins\nzwölf = 2";
        let at = |offset| Position::of_offset(&path, text, offset).to_string();
        assert_eq!(at(0), "a.toml:1:1");
        assert_eq!(at(5), "a.toml:2:1");
        assert_eq!(at(text.len() - 1), "a.toml:2:9");
    }
}
