use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{NameError, RepositoryName};

/// The folder in which GitHub looks for workflows.
const WORKFLOW_FOLDER: &str = ".github/workflows/";

/// Longest workflow file name in bytes. Source: the usual limit of file systems.
pub(crate) const MAX_WORKFLOW_FILE: usize = 255;

/// A workflow by its file: the last path segment, `ci.yml`. Two are the same only when every byte is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkflowFile(String);

impl WorkflowFile {
    /// The file name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The workflow that `path` names in a `workflow_run` payload of `source`. GitHub may put `<owner>/<repo>/` before it and
    /// `@<ref>` behind it. `None` for what is not a file of the workflows folder, such as `dynamic/pages/build`.
    #[must_use]
    pub fn from_run_path(path: &str, source: &RepositoryName) -> Option<Self> {
        let path = without_repository(path, source);
        let file = without_ref(path.strip_prefix(WORKFLOW_FOLDER)?);
        check(file).ok()?;
        Some(Self(file.to_owned()))
    }
}

/// Cuts a leading `<owner>/<repo>/` that names the source itself.
fn without_repository<'p>(path: &'p str, source: &RepositoryName) -> &'p str {
    let mut parts = path.splitn(3, '/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(owner), Some(name), Some(rest))
            if source.is_owned_by(owner) && source.name().eq_ignore_ascii_case(name) =>
        {
            rest
        }
        _ => path,
    }
}

/// Cuts an `@…` that follows `.yml` or `.yaml`; the first such place counts, as a ref may hold anything.
fn without_ref(file: &str) -> &str {
    let end = file.match_indices('@').map(|(at, _)| at).find(|at| has_extension(&file[..*at]));
    end.map_or(file, |end| &file[..end])
}

fn has_extension(file: &str) -> bool {
    [".yml", ".yaml"].iter().any(|extension| file.ends_with(extension))
}

fn check(file: &str) -> Result<(), NameError> {
    let fits = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-' | '+' | '@' | '(' | ')');
    if file.len() <= MAX_WORKFLOW_FILE && has_extension(file) && file.chars().all(fits) {
        return Ok(());
    }
    Err(NameError::new("not a workflow file", "write the file's name, such as `ci.yml`, without folders"))
}

impl FromStr for WorkflowFile {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let file = text.strip_prefix(WORKFLOW_FOLDER).unwrap_or(text);
        check(file)?;
        Ok(Self(file.to_owned()))
    }
}

impl TryFrom<String> for WorkflowFile {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<WorkflowFile> for String {
    fn from(file: WorkflowFile) -> Self {
        file.0
    }
}

impl fmt::Display for WorkflowFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
