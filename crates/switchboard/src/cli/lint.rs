use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use switchboard_dispatcher::file;
use switchboard_engine::yaml::Diagnostics;

use super::{Exit, Failure};

const EXAMPLES: &str = "\
Examples:
  switchboard lint dispatching.yml
  switchboard lint .github/dispatching.yml --json
  git show HEAD:dispatching.yml | switchboard lint -

Each remark is printed as `file:line:column: error: field: message (hint)`, as compilers do.
Exit codes: 0 the file is valid (there may be warnings), 1 it is not, 2 it cannot be read.";

/// Reads one byte more than the contract allows, so that a larger file is told from a cut one.
const READ_LIMIT: u64 = file::BUDGET.bytes as u64 + 1;

/// Checks a `dispatching.yml` as the server would.
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
    let bytes = read(&args.file).map_err(|error| Failure::Usage {
        message: format!("{} cannot be read: {error}", args.file.display()),
        hint: "name a dispatching.yml, or - for standard input".to_owned(),
    })?;
    let (valid, diagnostics) = match file::read(&bytes) {
        Ok((_, warnings)) => (true, warnings),
        Err(diagnostics) => (false, diagnostics),
    };
    let report = if args.json { as_json(valid, &diagnostics) } else { as_text(&args.file, &diagnostics) };
    let _ = io::stdout().write_all(report.as_bytes());
    Ok(if valid { Exit::Success } else { Exit::Finding })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(READ_LIMIT).read_to_end(&mut bytes)?;
    } else {
        fs::File::open(path)?.take(READ_LIMIT).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn as_text(path: &Path, diagnostics: &Diagnostics) -> String {
    let mut text = String::new();
    for diagnostic in diagnostics.kept() {
        text.push_str(&format!("{}:{diagnostic}\n", path.display()));
    }
    if diagnostics.dropped() > 0 {
        text.push_str(&format!("and {} more\n", diagnostics.dropped()));
    }
    text
}

fn as_json(valid: bool, diagnostics: &Diagnostics) -> String {
    format!("{:#}\n", json!({ "valid": valid, "diagnostics": diagnostics.kept(), "dropped": diagnostics.dropped() }))
}
