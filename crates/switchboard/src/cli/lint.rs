use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::json;
use switchboard_dispatcher::file;
use switchboard_engine::yaml::Diagnostic;

use super::at_desk::print;
use super::input::{self, Limit};
use super::{Exit, Failure, relay};

const EXAMPLES: &str = "\
Examples:
  switchboard lint dispatching.yml
  switchboard lint .github/dispatching.yml --json
  switchboard lint .github/allowlist.yml
  git show HEAD:dispatching.yml | switchboard lint -

Each remark is printed as `file:line:column: error: field: message (hint)`, as compilers do.
Exit codes: 0 the file is valid (there may be warnings), 1 it is not, 2 it cannot be read.";

/// Checks a `dispatching.yml` or a relay's allowlist as the server would.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LintArgs {
    /// The file; `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What the file is; by its name unless said: one with `allowlist` in it is a relay's
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<FileKind>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// The files that repositories keep for Switchboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileKind {
    /// A `dispatching.yml`.
    Dispatching,
    /// A relay's allowlist.
    Allowlist,
}

impl FileKind {
    fn of(path: &Path) -> Self {
        let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if name.contains("allowlist") { Self::Allowlist } else { Self::Dispatching }
    }
}

/// What is to be said about a file.
pub(super) struct Remarks<'r> {
    /// Whether it may be used all the same.
    pub(super) valid: bool,
    pub(super) kept: &'r [Diagnostic],
    /// How many more there were.
    pub(super) dropped: usize,
}

pub(super) fn run(args: &LintArgs) -> Result<Exit, Failure> {
    if args.kind.unwrap_or_else(|| FileKind::of(&args.file)) == FileKind::Allowlist {
        return relay::lint(&args.file, args.json);
    }
    let bytes = input::read(&args.file, Limit::Dispatching, "a dispatching.yml")?;
    let (valid, diagnostics) = match file::read(&bytes) {
        Ok((_, warnings)) => (true, warnings),
        Err(diagnostics) => (false, diagnostics),
    };
    let remarks = Remarks { valid, kept: diagnostics.kept(), dropped: diagnostics.dropped() };
    Ok(report(&args.file, &remarks, args.json))
}

/// Prints what is to be said about a file.
pub(super) fn report(path: &Path, remarks: &Remarks<'_>, json: bool) -> Exit {
    let Remarks { valid, kept, dropped } = remarks;
    if json {
        print(&format!("{:#}\n", json!({ "valid": valid, "diagnostics": kept, "dropped": dropped })));
    } else {
        let lines: String = kept.iter().map(|remark| format!("{}:{remark}\n", path.display())).collect();
        let more = if *dropped > 0 { format!("and {dropped} more\n") } else { String::new() };
        print(&(lines + &more));
    }
    if *valid { Exit::Success } else { Exit::Finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_tells_what_it_is() {
        let kind = |path: &str| FileKind::of(Path::new(path));
        assert_eq!(kind(".github/allowlist.yml"), FileKind::Allowlist);
        assert_eq!(kind("crcr-Allowlist.yaml"), FileKind::Allowlist);
        assert_eq!([kind("allowlist/dispatching.yml"), kind("-")], [FileKind::Dispatching; 2]);
    }
}
