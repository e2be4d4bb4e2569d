//! What the tests need besides a Rust toolchain, and how it gets there.
//!
//! Programs come as Debian packages, and only when they are missing. Published example payloads and axe-core, which judges
//! pages, come from npm, pinned to one version and kept in the build folder, so that a second run fetches nothing; they are
//! never committed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// Tells the tests where the published example payloads are: the path of one JSON file, an array of
/// `{name, examples: [payload, …]}`.
pub(crate) const EXAMPLES_VARIABLE: &str = "SWITCHBOARD_WEBHOOK_EXAMPLES";
/// Tells the browser tests where axe-core's script is.
pub(crate) const AXE_VARIABLE: &str = "SWITCHBOARD_AXE";
/// Tells the browser tests that a browser is installed, so that one that finds none fails.
pub(crate) const BROWSER_VARIABLE: &str = "SWITCHBOARD_BROWSER_TESTS";

/// Tells the test of the alert rules that Prometheus's own tool is installed, so that it fails without.
pub(crate) const PROMTOOL_VARIABLE: &str = "SWITCHBOARD_PROMTOOL";
/// Tells the test of the reporting action that what reads its script is installed, so that it fails without.
pub(crate) const SHELLCHECK_VARIABLE: &str = "SWITCHBOARD_SHELLCHECK";
/// Tells the stories of the relay's cache that a Redis is installed, so that they fail without.
pub(crate) const REDIS_VARIABLE: &str = "SWITCHBOARD_REDIS";
/// Tells the API's test where Schemathesis is.
pub(crate) const SCHEMATHESIS_VARIABLE: &str = "SWITCHBOARD_SCHEMATHESIS";
/// From PyPI.
const SCHEMATHESIS: &str = "4.32.5";

const EXAMPLES: Published = Published {
    variable: EXAMPLES_VARIABLE,
    package: "@octokit/webhooks-examples",
    version: "7.6.1",
    // The payloads of github.com, as opposed to those of old Enterprise Servers.
    file: "api.github.com/index.json",
};
const AXE: Published = Published { variable: AXE_VARIABLE, package: "axe-core", version: "4.14.1", file: "axe.min.js" };

/// A program that tests start.
struct Program {
    /// Any of these names will do.
    names: &'static [&'static str],
    /// The Debian package that brings it.
    package: &'static str,
}

/// For the pages in a real browser.
const BROWSER: [Program; 2] = [
    Program { names: &["chromium", "chromium-browser", "google-chrome"], package: "chromium" },
    Program { names: &["chromedriver"], package: "chromium-driver" },
];
/// Tries alert rules. Debian has it with the rest of Prometheus.
const PROMTOOL: [Program; 1] = [Program { names: &["promtool"], package: "prometheus" }];
/// A server to share a cache in.
const REDIS: [Program; 1] = [Program { names: &["redis-server"], package: "redis-server" }];
/// Reads shell scripts.
const SHELLCHECK: [Program; 1] = [Program { names: &["shellcheck"], package: "shellcheck" }];
/// Makes pictures small.
const PNGQUANT: [Program; 1] = [Program { names: &["pngquant"], package: "pngquant" }];
/// Debian packs the part of Python that makes environments by itself.
const PYTHON: [Program; 1] = [Program { names: &["python3"], package: "python3 python3-venv" }];
const NPM: [Program; 1] = [Program { names: &["npm"], package: "npm" }];

/// Makes sure that a browser and its driver are there.
pub(crate) fn browser() -> Result<(), Trouble> {
    installed(&BROWSER)
}

/// Makes sure that what tries alert rules is there.
pub(crate) fn promtool() -> Result<(), Trouble> {
    installed(&PROMTOOL)
}

/// Makes sure that a Redis can be started.
pub(crate) fn redis() -> Result<(), Trouble> {
    installed(&REDIS)
}

/// Makes sure that what reads shell scripts is there.
pub(crate) fn shellcheck() -> Result<(), Trouble> {
    installed(&SHELLCHECK)
}

/// Makes sure that what makes pictures small is there.
pub(crate) fn pngquant() -> Result<(), Trouble> {
    installed(&PNGQUANT)
}

/// The published example payloads: from where the environment says, from an earlier run, or from npm.
pub(crate) fn webhook_examples(workspace: &Workspace) -> Result<PathBuf, Trouble> {
    EXAMPLES.fetched(workspace)
}

/// axe-core's script, likewise.
pub(crate) fn axe(workspace: &Workspace) -> Result<PathBuf, Trouble> {
    AXE.fetched(workspace)
}

/// Schemathesis, which asks the API what its document promises: from where the environment says, from an earlier run, or
/// from PyPI, in an environment of its own.
pub(crate) fn schemathesis(workspace: &Workspace) -> Result<PathBuf, Trouble> {
    if let Some(given) = std::env::var_os(SCHEMATHESIS_VARIABLE).map(PathBuf::from) {
        println!("{SCHEMATHESIS_VARIABLE} is set: {}", given.display());
        return readable(given);
    }
    let folder = workspace.scratch().join(format!("schemathesis-{SCHEMATHESIS}"));
    let (program, whole) = (folder.join("bin/schemathesis"), folder.join("whole"));
    if whole.is_file() {
        println!("schemathesis {SCHEMATHESIS}: already fetched");
        return readable(program);
    }
    installed(&PYTHON)?;
    // An environment names its own place in its scripts, so it cannot be moved there when it is whole; it is marked instead.
    let mut environment = Command::new("python3");
    let made = succeeded(environment.args(["-m", "venv", "--clear"]).arg(&folder));
    if made.is_err() {
        packages(&["python3-venv"])?;
        succeeded(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
    }
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--disable-pip-version-check"]);
    succeeded(pip.arg(format!("schemathesis=={SCHEMATHESIS}")))?;
    std::fs::write(&whole, "").map_err(Trouble::file(&whole))?;
    readable(program)
}

/// A file of a package on npm.
struct Published {
    /// Tells the tests where the file is; set by the caller, it says that here.
    variable: &'static str,
    package: &'static str,
    version: &'static str,
    /// Within the package.
    file: &'static str,
}

impl Published {
    fn fetched(&self, workspace: &Workspace) -> Result<PathBuf, Trouble> {
        let Self { variable, package, version, file } = self;
        if let Some(given) = std::env::var_os(variable).map(PathBuf::from) {
            println!("{variable} is set: {}", given.display());
            return readable(given);
        }
        let name = package.rsplit('/').next().unwrap_or(package);
        let folder = workspace.scratch().join(format!("{name}-{version}"));
        let file = folder.join("node_modules").join(package).join(file);
        if file.is_file() {
            println!("{package} {version}: already fetched");
            return Ok(file);
        }
        installed(&NPM)?;
        // npm writes into a folder of its own, which is moved into place when it is whole: an interrupted download
        // must not look like a finished one.
        let partial = workspace.scratch().join(format!("{name}-{}.partial", std::process::id()));
        std::fs::create_dir_all(&partial).map_err(Trouble::file(&partial))?;
        let mut npm = Command::new("npm");
        npm.arg("install").arg("--prefix").arg(&partial);
        npm.args(["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]);
        succeeded(npm.arg(format!("{package}@{version}")))?;
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Trouble::file(&folder))?;
        }
        std::fs::rename(&partial, &folder).map_err(Trouble::file(&folder))?;
        readable(file)
    }
}

fn readable(file: PathBuf) -> Result<PathBuf, Trouble> {
    std::fs::File::open(&file).map_err(Trouble::file(&file))?;
    Ok(file)
}

/// Installs the packages of those programs that are missing.
fn installed(programs: &[Program]) -> Result<(), Trouble> {
    let missing: Vec<&Program> = programs.iter().filter(|p| !p.names.iter().any(|name| on_path(name))).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let wanted = missing.iter().flat_map(|program| program.package.split(' ')).collect::<Vec<_>>();
    let what = missing.iter().map(|program| program.names[0]).collect::<Vec<_>>().join(" and ");
    packages(&wanted).map_err(|trouble| match trouble {
        Trouble::Missing { hint, .. } => Trouble::Missing { what, hint },
        other => other,
    })
}

/// Installs Debian packages.
fn packages(packages: &[&str]) -> Result<(), Trouble> {
    let by_hand = || Trouble::Missing {
        what: packages.join(" and "),
        hint: format!("on Debian: apt-get install {}", packages.join(" ")),
    };
    if !on_path("apt-get") {
        return Err(by_hand());
    }
    let apt = apt_get().ok_or_else(by_hand)?;
    println!("installing {}", packages.join(" "));
    // The package lists may be absent (container images ship without) or stale; a failure to renew them is not yet
    // a failure to install.
    let _ = succeeded(apt.command().args(["update", "--quiet"]));
    succeeded(apt.command().args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(packages)).map_err(
        |trouble| {
            eprintln!("{trouble}");
            by_hand()
        },
    )
}

/// How packages may be installed from here.
#[derive(Debug, Clone, Copy)]
enum Apt {
    Directly,
    BySudo,
}

impl Apt {
    fn command(self) -> Command {
        let mut command = match self {
            Self::Directly => Command::new("apt-get"),
            Self::BySudo => Command::new("sudo"),
        };
        if let Self::BySudo = self {
            command.args(["--non-interactive", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

/// As root directly; else through sudo if that asks for no password; else not at all.
fn apt_get() -> Option<Apt> {
    let quietly = |command: &mut Command| command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok();
    let root = quietly(Command::new("id").arg("-u")).is_some_and(|output| output.stdout.trim_ascii() == b"0");
    if root {
        return Some(Apt::Directly);
    }
    quietly(Command::new("sudo").args(["--non-interactive", "true"]))
        .is_some_and(|output| output.status.success())
        .then_some(Apt::BySudo)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}

fn succeeded(command: &mut Command) -> Result<(), Trouble> {
    let program = command.get_program().to_string_lossy().into_owned();
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Trouble::Failed { program, detail: status.to_string() }),
        Err(source) => Err(Trouble::NotStarted { program, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_the_path_needs_no_package() {
        installed(&[Program { names: &["no-such-shell", "sh"], package: "no-such-package" }]).unwrap();
    }

    #[test]
    fn a_file_that_the_environment_names_must_be_there() {
        let trouble = readable(PathBuf::from("no/such/examples.json")).unwrap_err();
        assert!(trouble.to_string().contains("no/such/examples.json"), "{trouble}");
    }
}
