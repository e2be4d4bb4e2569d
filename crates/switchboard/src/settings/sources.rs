use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::env_file;
use super::environment::{Variable, Variables};
use super::file::FileText;
use super::origin::Origin;
use super::problem::{Problem, Problems};
use super::table;

/// The file that is read when it exists and no other is named.
pub const DEFAULT_FILE: &str = "switchboard.toml";

/// Accepted from older deployments, and without meaning here.
pub(super) const IGNORED_VARIABLE: &str = "NODE_ENV";

/// Everything that settings are read from, taken in before any of it is judged.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    pub(super) file: Option<FileText>,
    pub(super) variables: Variables,
}

impl Sources {
    /// Takes in the file `config` (or [`DEFAULT_FILE`] where it exists), the variables in `env_file` and those of
    /// the process, which win over the file's.
    ///
    /// # Errors
    /// When a named file cannot be read, or a variable of ours is not Unicode.
    pub fn gather(config: Option<&Path>, env_file: Option<&Path>) -> Result<Self, Problems> {
        let mut problems = Vec::new();
        let mut sources = Self::default();
        match read_file(config.unwrap_or(Path::new(DEFAULT_FILE)), config.is_none()) {
            Ok(file) => sources.file = file,
            Err(problem) => problems.push(*problem),
        }
        if let Some(path) = env_file {
            match read_file(path, false) {
                Ok(Some(file)) => sources.variables = env_file::read(&file.path, &file.text, &mut problems),
                Ok(None) => {}
                Err(problem) => problems.push(*problem),
            }
        }
        for (name, value) in env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            let origin = Origin::Environment { name: name.clone() };
            match value.into_string() {
                Ok(value) => {
                    sources.variables.insert(name, Variable { value, origin });
                }
                Err(_) if is_ours(&name) => problems.push(Problem::new("the value is not Unicode").at(origin)),
                Err(_) => {}
            }
        }
        if problems.is_empty() { Ok(sources) } else { Err(Problems(problems)) }
    }

    /// Adds the text of a file, named `path` in messages.
    #[must_use]
    pub fn with_file(mut self, path: &str, text: impl Into<String>) -> Self {
        self.file = Some(FileText { path: path.into(), text: text.into() });
        self
    }

    /// Adds a variable as if it stood in the environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: impl Into<String>) -> Self {
        let origin = Origin::Environment { name: name.to_owned() };
        self.variables.insert(name.to_owned(), Variable { value: value.into(), origin });
        self
    }

    /// A variable's value, of the process or of the file that was named for it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|variable| variable.value.as_str()).filter(|value| !value.is_empty())
    }

    /// The name of the file to send people to.
    pub(super) fn file_name(&self) -> &str {
        self.file.as_ref().map_or(DEFAULT_FILE, |file| &file.path)
    }
}

fn is_ours(name: &str) -> bool {
    table::settings().any(|setting| setting.variable() == name || setting.env.contains(&name))
}

/// Reads a file; `Ok(None)` when it may be missing and is.
fn read_file(path: &Path, may_be_missing: bool) -> Result<Option<FileText>, Box<Problem>> {
    let shown: Arc<str> = path.display().to_string().into();
    let explained = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => format!("{shown} does not exist"),
        io::ErrorKind::PermissionDenied => format!("{shown} may not be read by this user"),
        io::ErrorKind::InvalidData => format!("{shown} is not UTF-8 text"),
        _ => format!("{shown} cannot be read: {error}"),
    };
    match fs::read_to_string(path) {
        // Editors on Windows leave a byte order mark, which TOML does not know.
        Ok(text) => {
            let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
            Ok(Some(FileText { path: shown, text }))
        }
        Err(error) if may_be_missing && error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            Err(Box::new(Problem::new(explained(&error)).hint("name an existing file, or leave the option out")))
        }
    }
}
