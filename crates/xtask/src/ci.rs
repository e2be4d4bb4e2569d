//! `cargo xtask ci`: everything that must hold before a merge, in the order of how fast it fails.

use std::process::{ExitCode, Stdio};

use crate::cli::TestArgs;
use crate::generated;
use crate::step::Steps;
use crate::test::{self, FEATURES};
use crate::trouble::Trouble;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode, Trouble> {
    components(workspace)?;
    let mut steps = Steps::new();
    steps.run("format", &mut workspace.cargo(&["fmt", "--all", "--check"]));
    let lint = ["clippy", "--workspace", "--all-targets", FEATURES, "--locked", "--", "-D", "warnings"];
    steps.run("lint", &mut workspace.cargo(&lint));
    let documentation = ["doc", "--workspace", "--no-deps", FEATURES, "--locked"];
    steps.run("documentation", workspace.cargo(&documentation).env("RUSTDOCFLAGS", "-D warnings"));
    test::take(&mut steps, workspace, &TestArgs::default());
    steps.run("release build", &mut workspace.cargo(&["build", "--release", "--package=switchboard", "--locked"]));
    generated::check(&mut steps, workspace);
    Ok(steps.close())
}

/// A minimal toolchain comes without these two.
fn components(workspace: &Workspace) -> Result<(), Trouble> {
    for component in ["fmt", "clippy"] {
        let asked = workspace.cargo(&[component, "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            return Err(Trouble::Missing {
                what: format!("`cargo {component}`"),
                hint: "rustup component add rustfmt clippy".to_owned(),
            });
        }
    }
    Ok(())
}
