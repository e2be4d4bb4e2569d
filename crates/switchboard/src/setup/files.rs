//! Writing down what GitHub told once: the key, and the environment file, each for its owner's eyes only.
//!
//! Both are written beside their place and then moved there, so that no half of one is ever seen. What is there is not
//! overwritten unless asked for; an environment file then keeps every line that is not about the App.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::env_text::{self, Change};

/// Where things are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The environment file.
    pub env: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// Whether what is there may be changed.
    pub force: bool,
}

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum FileProblem {
    /// It is there already.
    #[error("{} exists already", .0.display())]
    Exists(PathBuf),
    /// It cannot be written, or read to be changed.
    #[error("{} cannot be written: {error}", path.display())]
    Denied {
        /// The file or its directory.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// A name that cannot stand in an environment file.
    #[error("{} cannot stand in an environment file", .0.display())]
    Unnameable(PathBuf),
}

impl FileProblem {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Exists(_) => {
                "--force changes it (of an environment file only the App's own variables); --output and --key name other files"
            }
            Self::Denied { .. } => {
                "make the directory and let this user write there, or name other files with --output and --key"
            }
            Self::Unnameable(_) => "choose a path of printable Unicode characters with --key",
        }
    }
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The environment file.
    pub env: PathBuf,
    /// The private key.
    pub key: PathBuf,
    /// What became of each variable in the environment file; never a value.
    pub(super) changes: Vec<(String, Change)>,
}

impl Destination {
    /// The path of the key as the environment file will name it: absolute, so that it holds from everywhere.
    ///
    /// # Errors
    /// [`FileProblem::Unnameable`].
    pub fn key_text(&self) -> Result<String, FileProblem> {
        let path = std::path::absolute(&self.key).unwrap_or_else(|_| self.key.clone());
        match path.to_str() {
            Some(text) if !text.chars().any(|c| c.is_control() || c == '"' || c == '\'') && text.trim() == text => {
                Ok(text.to_owned())
            }
            _ => Err(FileProblem::Unnameable(path)),
        }
    }

    /// Finds out whether both files can be written, without writing them: afterwards it would be too late.
    ///
    /// # Errors
    /// [`FileProblem`].
    pub fn check(&self) -> Result<(), FileProblem> {
        self.key_text()?;
        for path in [&self.env, &self.key] {
            if fs::symlink_metadata(path).is_ok() && !self.force {
                return Err(FileProblem::Exists(path.clone()));
            }
            let folder = nearest(path);
            // A file that is gone at once: permissions, read-only file systems and full disks show in no other way.
            NamedTempFile::new_in(&folder).map_err(|error| FileProblem::Denied { path: folder, error })?;
        }
        self.present()?;
        Ok(())
    }

    /// The environment file as it is; empty if there is none.
    ///
    /// # Errors
    /// [`FileProblem::Denied`], also when it is no text.
    pub fn present(&self) -> Result<String, FileProblem> {
        match fs::read_to_string(&self.env) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(FileProblem::Denied { path: self.env.clone(), error }),
        }
    }

    /// Writes the key, then the environment file that names it.
    ///
    /// # Errors
    /// [`FileProblem`]. Trying again does no harm.
    pub fn write(&self, pem: &str, set: &[(&str, &str)], remove: &[&str]) -> Result<Written, FileProblem> {
        let (text, changes) = env_text::edited(&self.present()?, set, remove);
        self.put(&self.key, pem.as_bytes(), self.force || holds(&self.key, pem.as_bytes()))?;
        self.put(&self.env, text.as_bytes(), self.force || holds(&self.env, text.as_bytes()))?;
        Ok(Written { env: self.env.clone(), key: self.key.clone(), changes })
    }

    fn put(&self, path: &Path, content: &[u8], overwrite: bool) -> Result<(), FileProblem> {
        let denied = |error| FileProblem::Denied { path: path.to_owned(), error };
        let folder = folder_of(path);
        make_folder(&folder).map_err(denied)?;
        let mut file = NamedTempFile::new_in(&folder).map_err(denied)?;
        file.write_all(content).and_then(|()| file.as_file().sync_all()).map_err(denied)?;
        let persisted = if overwrite {
            // What a link points to is changed, not the link.
            file.persist(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()))
        } else {
            file.persist_noclobber(path)
        };
        persisted.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => FileProblem::Exists(path.to_owned()),
            _ => denied(error.error),
        })?;
        // Not every file system lets a directory be synced; the content is on the disk already.
        let _ = fs::File::open(&folder).and_then(|folder| folder.sync_all());
        Ok(())
    }
}

/// Whether a file holds exactly this, as after an attempt that got only so far.
fn holds(path: &Path, content: &[u8]) -> bool {
    fs::read(path).is_ok_and(|present| present == content)
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The closest directory above a path that exists.
fn nearest(path: &Path) -> PathBuf {
    let mut folder = folder_of(path);
    while !folder.exists() && folder.parent().is_some() {
        folder = folder_of(&folder);
    }
    folder
}

/// Makes a directory, and those above it, that only its owner enters.
fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(folder: &Path) -> Destination {
        Destination { env: folder.join(".env"), key: folder.join("secrets/app.pem"), force: false }
    }

    #[cfg(unix)]
    fn mode(path: &Path) -> u32 {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    #[cfg(unix)]
    fn secrets_are_for_their_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let destination = destination(folder.path());
        destination.check().unwrap();
        assert!(!folder.path().join("secrets").exists(), "checking leaves nothing behind");
        destination.write("pem", &[("A", "1")], &[]).unwrap();
        assert_eq!((mode(&destination.env), mode(&destination.key)), (0o600, 0o600));
        assert_eq!(mode(&folder.path().join("secrets")), 0o700);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
        destination.write("pem", &[("A", "1")], &[]).unwrap();
    }

    #[test]
    fn what_is_there_is_only_changed_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let kept = destination(folder.path());
        fs::write(&kept.env, "PORT=1\n").unwrap();
        assert!(matches!(kept.check(), Err(FileProblem::Exists(_))));
        assert!(matches!(kept.write("pem", &[("A", "1")], &[]), Err(FileProblem::Exists(_))));
        assert_eq!(fs::read_to_string(&kept.env).unwrap(), "PORT=1\n");

        let forced = Destination { force: true, ..kept };
        forced.check().unwrap();
        let written = forced.write("pem", &[("A", "1")], &[]).unwrap();
        assert_eq!(fs::read_to_string(&forced.env).unwrap(), "PORT=1\nA=1\n");
        assert_eq!(written.changes, [("A".to_owned(), Change::Added)]);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_found_before() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let below_a_file = Destination { env: file.join(".env"), ..destination(folder.path()) };
        let problem = below_a_file.check().unwrap_err();
        assert!(matches!(problem, FileProblem::Denied { .. }) && !problem.hint().is_empty());
        let unnameable = Destination { key: "a\nb".into(), ..destination(folder.path()) };
        assert!(matches!(unnameable.check(), Err(FileProblem::Unnameable(_))));
    }
}
