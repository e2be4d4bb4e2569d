//! Files in the repository that come from code: written on request, and never out of date after a merge.
//!
//! Each is compared by a test beside the code that it comes from (`UPDATE_GOLDEN=1` makes that test write instead), so
//! `ci` needs only to see that the tests passed and left the work tree as it was.

use std::process::{Command, ExitCode, Stdio};

use crate::step::Steps;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// Makes the tests that compare generated files write them.
const WRITE_VARIABLE: &str = "UPDATE_GOLDEN";

pub(crate) fn run(workspace: &Workspace) -> ExitCode {
    let mut steps = Steps::new();
    steps.run("write", workspace.cargo(&["test", "--package=switchboard", "--lib"]).env(WRITE_VARIABLE, "1"));
    steps.run("show", Command::new("git").args(["status", "--short"]).current_dir(workspace.root()));
    steps.close()
}

/// In continuous integration the clone is fresh, so whatever differs was written by the steps before this one.
pub(crate) fn check(steps: &mut Steps, workspace: &Workspace) {
    const NAME: &str = "work tree unchanged";
    if std::env::var_os("CI").is_none() {
        steps.leave_out(NAME, "CI is not set: the work tree may hold work");
        return;
    }
    steps.perform(NAME, || {
        let program = "git status";
        let output = Command::new("git")
            .args(["status", "--porcelain"])
            .current_dir(workspace.root())
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Trouble::NotStarted { program: program.to_owned(), source })?;
        let failed = |detail: &[u8]| Trouble::Failed {
            program: program.to_owned(),
            detail: String::from_utf8_lossy(detail).trim_end().to_owned(),
        };
        match (output.status.success(), output.stdout.is_empty()) {
            (true, true) => Ok(()),
            (true, false) => Err(failed(&[b"the steps before changed files:\n", output.stdout.as_slice()].concat())),
            (false, _) => Err(failed(&output.stderr)),
        }
    });
}
