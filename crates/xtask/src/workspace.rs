//! Where the repository and its build folder are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::trouble::Trouble;

/// The workspace that this task belongs to.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// Asks cargo, which knows about `CARGO_TARGET_DIR` and configuration files.
    pub(crate) fn find() -> Result<Self, Trouble> {
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let program = "cargo metadata";
        let failed = |detail: String| Trouble::Failed { program: program.to_owned(), detail };
        let output = Command::new(cargo())
            .args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path", manifest])
            .stdin(Stdio::null())
            .output()
            .map_err(|source| Trouble::NotStarted { program: program.to_owned(), source })?;
        if !output.status.success() {
            return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|e| failed(e.to_string()))?;
        let folder = |member: &str| {
            metadata[member].as_str().map(PathBuf::from).ok_or_else(|| failed(format!("its answer has no `{member}`")))
        };
        Ok(Self { root: folder("workspace_root")?, target: folder("target_directory")? })
    }

    /// The folder of the root manifest.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The tasks' own corner of the build folder: downloads and scratch that are never committed.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }

    /// The product's binary as a profile's build leaves it.
    #[cfg(feature = "bench")]
    pub(crate) fn binary(&self, profile: &str) -> PathBuf {
        let folder = if profile == "dev" { "debug" } else { profile };
        self.target.join(folder).join(format!("switchboard{}", std::env::consts::EXE_SUFFIX))
    }

    /// `cargo` with these arguments, in the repository, without a stdin to wait on.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo());
        command.args(arguments).current_dir(&self.root).stdin(Stdio::null());
        command
    }
}

/// The cargo that runs this task, so that `cargo +nightly xtask …` stays on one toolchain.
fn cargo() -> String {
    std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned())
}
