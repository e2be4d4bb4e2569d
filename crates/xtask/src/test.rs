//! `cargo xtask test`: fetches what the tests need, then runs them all.

use std::process::{Command, ExitCode, Stdio};

use crate::cli::TestArgs;
use crate::needs;
use crate::step::Steps;
use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// Every cargo command that compiles tests names the same features, so that nothing is compiled twice.
pub(crate) const FEATURES: &str = "--features=switchboard-xtask/bench";

pub(crate) fn run(workspace: &Workspace, wanted: &TestArgs) -> ExitCode {
    let mut steps = Steps::new();
    take(&mut steps, workspace, wanted);
    steps.close()
}

/// The steps of this task, which are also steps of `ci`.
pub(crate) fn take(steps: &mut Steps, workspace: &Workspace, wanted: &TestArgs) {
    let mut environment = Vec::new();
    if wanted.offline {
        steps.leave_out(
            "webhook examples",
            "--offline: the test of published payloads says that it has none and passes",
        );
        steps.leave_out(
            "axe-core",
            "--offline: the test that asks it about the pages says that it is missing and passes",
        );
        steps.leave_out(
            "schemathesis",
            "--offline: the test of the API by its document says that it is missing and passes",
        );
    } else {
        if let Some(file) = steps.perform("webhook examples", || needs::webhook_examples(workspace)) {
            environment.push((needs::EXAMPLES_VARIABLE, file.into_os_string()));
        }
        if let Some(program) = steps.perform("schemathesis", || needs::schemathesis(workspace)) {
            environment.push((needs::SCHEMATHESIS_VARIABLE, program.into_os_string()));
        }
        if found(steps, "promtool", needs::promtool) {
            environment.push((needs::PROMTOOL_VARIABLE, "required".into()));
        }
        if found(steps, "redis", needs::redis) {
            environment.push((needs::REDIS_VARIABLE, "required".into()));
        }
        if found(steps, "shellcheck", needs::shellcheck) {
            environment.push((needs::SHELLCHECK_VARIABLE, "required".into()));
        }
        if found(steps, "browser", needs::browser) {
            environment.push((needs::BROWSER_VARIABLE, "required".into()));
            if let Some(file) = steps.perform("axe-core", || needs::axe(workspace)) {
                environment.push((needs::AXE_VARIABLE, file.into_os_string()));
            }
        }
    }
    let packages = wanted.packages.iter().map(|package| format!("--package={package}")).collect::<Vec<_>>();
    let mut scope = packages.iter().map(String::as_str).collect::<Vec<_>>();
    if scope.is_empty() {
        scope.extend(["--workspace", FEATURES]);
    }
    let cargo = |arguments: &[&str]| {
        let mut command = workspace.cargo(arguments);
        command.args(&scope).arg("--no-fail-fast").envs(environment.iter().cloned());
        command
    };
    if has_nextest(workspace) {
        steps.run("tests", cargo(&["nextest", "run"]).args(&wanted.filters));
    } else {
        println!("\ncargo-nextest is not installed: `cargo test` runs the tests, only slower");
        steps.run("tests", filtered(&mut cargo(&["test", "--all-targets"]), &wanted.filters));
    }
    if wanted.filters.is_empty() && wanted.packages.is_empty() {
        steps.run("documentation tests", &mut cargo(&["test", "--doc"]));
    } else {
        steps.leave_out("documentation tests", "only a part of the tests was asked for");
    }
}

/// A machine without a browser or another such program, and without the right to install one, can still run everything
/// else; continuous integration has to have them. Returns whether it is there.
fn found(steps: &mut Steps, name: &'static str, need: fn() -> Result<(), Trouble>) -> bool {
    match need() {
        Err(trouble @ Trouble::Missing { .. }) if std::env::var_os("CI").is_none() => {
            steps.leave_out(name, &format!("{trouble}; {}", trouble.hint().unwrap_or_default()));
            false
        }
        found => steps.perform(name, || found).is_some(),
    }
}

/// `cargo test` takes one filter itself, and more only behind `--`.
fn filtered<'a>(command: &'a mut Command, filters: &[String]) -> &'a mut Command {
    if !filters.is_empty() {
        command.arg("--").args(filters);
    }
    command
}

fn has_nextest(workspace: &Workspace) -> bool {
    let asked = workspace.cargo(&["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}
