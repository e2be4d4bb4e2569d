//! `cargo xtask screenshots`: takes the pictures in `docs/images` anew, from the demo's story, and makes them small.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use crate::needs;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// Tells the test that takes them where to put them.
const FOLDER_VARIABLE: &str = "SWITCHBOARD_SCREENSHOTS";
/// The test that takes them.
const TEST: &str = "screenshots::";

pub(crate) fn run(workspace: &Workspace) -> ExitCode {
    let mut steps = Steps::new();
    let folder = workspace.root().join("docs").join("images");
    let ready = steps.perform("programs", || {
        needs::browser()?;
        needs::pngquant()
    });
    let mut test = workspace.cargo(&["test", "--package=switchboard", "--test=browser", "--", TEST]);
    test.env(FOLDER_VARIABLE, &folder).env(needs::BROWSER_VARIABLE, "required");
    if ready.is_some()
        && steps.run("take", &mut test)
        && let Some(pictures) = steps.perform("find", || pictures(&folder))
    {
        let mut quantize = Command::new("pngquant");
        quantize.args(["--force", "--ext=.png", "--skip-if-larger", "--strip", "--speed=1", "--"]);
        steps.run("make small", quantize.args(pictures));
        steps.run("show", Command::new("git").args(["status", "--short", "docs/images"]).current_dir(workspace.root()));
    }
    steps.close()
}

fn pictures(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let entries = std::fs::read_dir(folder).map_err(Trouble::file(folder))?;
    let mut pictures = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(Trouble::file(folder))?;
    pictures.retain(|path| path.extension().is_some_and(|extension| extension == "png"));
    Ok(pictures)
}
