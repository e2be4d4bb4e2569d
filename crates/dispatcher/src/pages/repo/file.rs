//! A repository's file as GitHub shows it now. Only this page asks, bounded in time, and by ETag, so that an unchanged file costs
//! nothing.

use std::time::Duration;

use askama::Template;
use switchboard_engine::Trouble;
use switchboard_engine::yaml::{Diagnostic, Severity};
use switchboard_github::api::repos::File;
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Auth, Error, GitHub, InstallationId, Reason as Refusal, RepoName, Scope};
use switchboard_panel::components::{Mark, Notice, State as Shape};

use super::Remarks;
use crate::file::{self, PATHS};
use crate::names::RepositoryName;
use crate::pages::links;
use crate::pages::repos::verdict;

/// How long the page waits for GitHub before it is shown without.
const PATIENCE: Duration = Duration::from_secs(3);
/// Lines around one that is remarked on.
const AROUND: usize = 1;
/// The longest line that is quoted, in characters.
const LINE_MAX: usize = 200;

/// What GitHub has.
pub(in crate::pages) enum FileNow {
    /// A file at one path, or at both.
    Found { mark: Mark, path: &'static str, href: String, remarks: Remarks, lines: Quote, both: Option<Notice> },
    /// On neither path.
    Missing,
    /// It could not be found out.
    Unknown(Notice),
}

/// The lines of a file that are remarked on, each with its neighbours.
#[derive(Template)]
#[template(path = "parts/quote.html")]
pub(in crate::pages) struct Quote {
    lines: Vec<QuotedLine>,
}

/// A line of a file, as it stands there.
struct QuotedLine {
    /// From 1.
    number: usize,
    /// The text, cut if it is long.
    text: String,
    /// `error` or `warning`, if it is remarked on.
    class: Option<&'static str>,
    /// Whether lines are left out before it.
    gap: bool,
}

impl Quote {
    pub(super) fn of(text: &str, diagnostics: &[Diagnostic]) -> Self {
        Self { lines: quoted(text, diagnostics) }
    }
}

impl askama::filters::HtmlSafe for Quote {}

/// Looks at both paths.
pub(super) async fn look(github: &GitHub, name: &RepositoryName, base: &str) -> FileNow {
    match tokio::time::timeout(PATIENCE, read(github, name)).await {
        Ok(Ok(Some(files))) => found(&files, name, base),
        Ok(Ok(None)) => FileNow::Unknown(
            Notice::new(
                Mark::new(Shape::Denied, "not installed"),
                format!("The App is not installed on `{name}`, so its file cannot be read."),
            )
            .hint("Ask an owner to install the App on it."),
        ),
        Ok(Err(error)) => FileNow::Unknown(trouble(&error.into())),
        Err(_) => FileNow::Unknown(Notice::new(
            Mark::new(Shape::TimedOut, "no answer"),
            format!("GitHub did not answer within {} s; the last verdict stands below.", PATIENCE.as_secs()),
        )),
    }
}

/// What stands at each path; `None` if the App is not installed.
async fn read(github: &GitHub, name: &RepositoryName) -> Result<Option<[File; 2]>, Error> {
    let Ok(repo) = RepoName::new(name.owner(), name.name()) else { return Ok(None) };
    let installation = match github.repository_installation(&repo).conditional().fetch().await {
        Ok(fetched) => fetched.value.id.0,
        Err(error) if error.reason() == Some(Refusal::NotFound) => return Ok(None),
        Err(error) => return Err(error),
    };
    let scope = Scope::new(InstallationId(installation), Permission::CONTENTS, Access::Read);
    let auth = Auth::Installation(scope.and(Permission::METADATA, Access::Read));
    let [first, second] = PATHS.map(|path| github.file(auth.clone(), &repo, path, file::BUDGET.bytes));
    let (first, second) = tokio::try_join!(first, second)?;
    Ok(Some([first, second]))
}

fn found(files: &[File; 2], name: &RepositoryName, base: &str) -> FileNow {
    let there = |file: &File| matches!(file, File::Found { .. } | File::TooLarge);
    let both = files.iter().all(there).then(|| {
        Notice::new(
            Mark::new(Shape::Denied, "two files"),
            format!("`{}` is ignored, since `{}` exists.", PATHS[1], PATHS[0]),
        )
        .hint("Remove one of the two, so that nobody edits the wrong one.")
    });
    let Some((path, file)) = PATHS.into_iter().zip(files).find(|(_, file)| there(file)) else {
        return FileNow::Missing;
    };
    let (text, read) = match file {
        File::Found { bytes, .. } => (String::from_utf8_lossy(bytes).into_owned(), file::read(bytes)),
        _ => {
            let message = format!("the file is longer than {} bytes", file::BUDGET.bytes);
            (String::new(), Err(Diagnostic::error(1, 1, message).into()))
        }
    };
    let (mark, diagnostics) = match read {
        Ok((_, diagnostics)) => (verdict("found"), diagnostics),
        Err(diagnostics) => (verdict("invalid"), diagnostics),
    };
    let href = |diagnostic: &Diagnostic| Some(links::line(base, name, path, diagnostic.line));
    FileNow::Found {
        mark,
        path,
        href: links::line(base, name, path, 1),
        remarks: Remarks::new(diagnostics.kept(), href),
        lines: Quote::of(&text, diagnostics.kept()),
        both,
    }
}

fn quoted(text: &str, diagnostics: &[Diagnostic]) -> Vec<QuotedLine> {
    let mut last = 0;
    let mut quoted = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let near = |diagnostic: &&Diagnostic| number.abs_diff(diagnostic.line as usize) <= AROUND;
        if !diagnostics.iter().any(|diagnostic| near(&diagnostic)) {
            continue;
        }
        let on = || diagnostics.iter().filter(|diagnostic| diagnostic.line as usize == number);
        let class = match (on().any(|diagnostic| diagnostic.severity == Severity::Error), on().next()) {
            (true, _) => Some("error"),
            (false, Some(_)) => Some("warning"),
            (false, None) => None,
        };
        let text = crate::pages::words::clip(line, LINE_MAX);
        quoted.push(QuotedLine { number, text, class, gap: last > 0 && number > last + 1 });
        last = number;
    }
    quoted
}

/// Why GitHub could not be read.
pub(super) fn trouble(trouble: &Trouble) -> Notice {
    let mark = Mark::new(Shape::Failed, "not read");
    match trouble {
        Trouble::Wait { failure, .. } | Trouble::Again { failure, .. } | Trouble::Permanent { failure } => {
            Notice::failure(mark, failure)
        }
        Trouble::Store(_) => Notice::new(mark, "The database cannot be read at the moment."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_quoted_with_their_neighbours() {
        let text = (1..=9).map(|n| format!("line {n}\n")).collect::<String>();
        let lines = quoted(&text, &[Diagnostic::error(2, 1, "x"), Diagnostic::warning(8, 1, "y")]);
        let seen: Vec<_> = lines.iter().map(|line| (line.number, line.class, line.gap)).collect();
        assert_eq!(
            seen,
            [
                (1, None, false),
                (2, Some("error"), false),
                (3, None, false),
                (7, None, true),
                (8, Some("warning"), false),
                (9, None, false)
            ]
        );
        assert!(quoted(&text, &[Diagnostic::error(400, 1, "past the end")]).is_empty());
    }
}
