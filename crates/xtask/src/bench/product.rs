//! The product as the benchmarks run it: built as it is shipped, with a database of its own on a real disk.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::trouble::Trouble;
use crate::workspace::Workspace;

/// What both sides sign with.
pub(crate) const WEBHOOK_SECRET: &str = "bench-secret-0123456789abcdef";
/// The App's number.
pub(crate) const APP_ID: u64 = 1;
/// The App's name in addresses.
pub(crate) const APP_SLUG: &str = "bench-app";
/// The database's file within its folder.
pub(crate) const DATABASE: &str = "bench.db";
/// The simulator's key, which is no secret.
const PRIVATE_KEY: &str = "crates/simulator/keys/simulator-only.rsa-private-key.pem";

/// Builds the binary in `profile` and says where it is. Progress goes to stderr, where cargo writes it.
pub(crate) fn build(workspace: &Workspace, profile: &str) -> Result<PathBuf, Trouble> {
    let mut command = workspace.cargo(&["build", "--profile", profile, "--package=switchboard"]);
    let program = format!("cargo build --profile {profile} --package=switchboard");
    match command.stdout(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(workspace.binary(profile)),
        Ok(status) => Err(Trouble::Failed { program, detail: status.to_string() }),
        Err(source) => Err(Trouble::NotStarted { program, source }),
    }
}

/// An empty folder for one benchmark, under the build folder and thus on its disk; dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(workspace: &Workspace, name: &str) -> Result<Self, Trouble> {
        let folder = workspace.scratch().join(format!("bench-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(Trouble::file(&folder))?;
        Ok(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}

/// `switchboard serve` in `folder`, listening on `address`, with its GitHub at `github`.
pub(crate) fn serve(workspace: &Workspace, binary: &Path, folder: &Path, address: SocketAddr, github: &str) -> Command {
    let mut command = Command::new(binary);
    // Nothing of the caller's environment reaches the server: its settings are these.
    command.arg("serve").current_dir(folder).env_clear();
    command.envs(variables(workspace, github)).env("PORT", address.port().to_string());
    command
}

/// The settings, but for the port, as they stand in the environment.
pub(crate) fn variables(workspace: &Workspace, github: &str) -> Vec<(&'static str, OsString)> {
    vec![
        ("GITHUB_APP_ID", APP_ID.to_string().into()),
        ("GITHUB_APP_SLUG", APP_SLUG.into()),
        ("GITHUB_WEBHOOK_SECRET", WEBHOOK_SECRET.into()),
        ("GITHUB_APP_PRIVATE_KEY_PATH", workspace.root().join(PRIVATE_KEY).into()),
        ("GITHUB_API_URL", github.into()),
        ("DATABASE_URL", format!("sqlite:{DATABASE}").into()),
        ("LOG_LEVEL", "warn".into()),
        ("SWITCHBOARD__ENGINE__GAP_REPAIR_MINUTES", "0".into()),
    ]
}

/// Bytes of the database with everything beside it that belongs to it.
pub(crate) fn database_size(folder: &Path) -> Result<u64, Trouble> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(Trouble::file(folder))? {
        let entry = entry.map_err(Trouble::file(folder))?;
        if entry.file_name().to_string_lossy().starts_with(DATABASE) {
            bytes += entry.metadata().map_err(Trouble::file(entry.path()))?.len();
        }
    }
    Ok(bytes)
}
