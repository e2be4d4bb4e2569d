use std::path::{Path, PathBuf};

use clap::Args;
use switchboard_relay::allowlist::parse;

use crate::cli::input::{self, Limit};
use crate::cli::lint::{Remarks, report};
use crate::cli::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  switchboard relay lint .github/allowlist.yml
  switchboard relay lint .github/allowlist.yml --json
  git show HEAD:.github/allowlist.yml | switchboard relay lint -

Each remark is printed as `file:line:column: error: field: message (hint)`, as compilers do. A file with an error is refused
as a whole; while it stands on the upstream, the last good one stays in force.
Exit codes: 0 the file is valid (there may be warnings), 1 it is not, 2 it cannot be read.";

/// Checks an allowlist as the server would.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct LintArgs {
    /// The file; `-` for standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

pub(super) fn run(args: &LintArgs) -> Result<Exit, Failure> {
    lint(&args.file, args.json)
}

/// Checks an allowlist and prints what is to be said about it.
pub(in crate::cli) fn lint(file: &Path, json: bool) -> Result<Exit, Failure> {
    let bytes = input::read(file, Limit::Allowlist, "an allowlist.yml")?;
    let (list, remarks) = parse(&bytes);
    Ok(report(file, &Remarks { valid: list.is_some(), kept: &remarks, dropped: 0 }, json))
}
