use switchboard_engine::yaml::{Diagnostic, Diagnostics};

use super::sections::{Section, assemble};
use super::{Issue, code, inert};

/// The marker by which a repository's configuration issue is found again.
#[must_use]
pub fn config_marker(repository_id: u64) -> String {
    format!("<!-- switchboard:config-issue:{repository_id} -->")
}

/// The issue about a repository's invalid file.
#[must_use]
pub fn config_issue(repository_id: u64, path: &str, diagnostics: &Diagnostics) -> Issue {
    let title = "dispatching.yml is invalid".to_owned();
    let introduction = format!(
        "The file {} on the default branch is invalid, so nothing is dispatched from or to this repository. \
         This issue is closed by the first run after the file is fixed.\n\n",
        code(path)
    );
    let rows = diagnostics.kept().iter().map(line).collect();
    let section = Section { heading: "Diagnostics", rows, surplus: diagnostics.dropped() };
    Issue { title, body: assemble(&introduction, &[section], &config_marker(repository_id)) }
}

fn line(diagnostic: &Diagnostic) -> String {
    let Diagnostic { line, column, path, message, hint, .. } = diagnostic;
    let field = if path.is_empty() { String::new() } else { format!(", {}", code(path)) };
    let hint = hint.as_deref().map(|hint| format!(" *Hint:* {}", inert(hint))).unwrap_or_default();
    format!("- line {line}, column {column}{field}: {}{hint}", inert(message))
}
