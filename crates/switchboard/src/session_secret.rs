//! What sessions are signed with, kept across restarts so that people stay signed in: from the settings, or from a file
//! beside the store that only the server's user can read. Removing the file (or changing the setting) and restarting ends
//! every session.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use switchboard_clock::{Entropy as _, SystemEntropy};
use switchboard_panel::SessionSecret;

use crate::settings::Settings;
use crate::settings::kinds::StoreLocation;

/// 256 bits, as hexadecimal digits.
const DIGITS: usize = 64;

/// The secret of this installation. One that cannot be kept is no reason not to start: people then sign in again after
/// the next restart, and the log says so.
#[must_use]
pub fn session_secret(settings: &Settings) -> SessionSecret {
    if let Some(secret) = &settings.auth.session_secret {
        return SessionSecret::from_text(secret.expose());
    }
    let StoreLocation::Sqlite(store) = &settings.store.location;
    let path = beside(store);
    match kept(&path) {
        Ok(text) => SessionSecret::from_text(&text),
        Err(error) => {
            tracing::warn!(
                path = %path.display(), %error,
                "the session secret cannot be kept; people sign in again after the next restart"
            );
            SessionSecret::random()
        }
    }
}

/// `switchboard.db` keeps its secret in `switchboard.db.session-secret`.
fn beside(store: &Path) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(".session-secret");
    PathBuf::from(name)
}

/// The file's text; written first if there is none.
fn kept(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() == DIGITS => {
            warn_if_readable_by_others(path)?;
            Ok(text)
        }
        Ok(_) => Err(io::Error::new(io::ErrorKind::InvalidData, "it does not hold 64 hexadecimal digits; remove it")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Err(error) => Err(error),
    }
}

fn make(path: &Path) -> io::Result<String> {
    let mut bytes = [0; DIGITS / 2];
    SystemEntropy.fill(&mut bytes);
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(text)
}

#[cfg(unix)]
fn warn_if_readable_by_others(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            "others can read the session secret, and could sign in with it; remove the file and restart"
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn warn_if_readable_by_others(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(&folder.path().join("switchboard.db"));
        let made = kept(&path).unwrap();
        assert_eq!(made.len(), DIGITS);
        assert_eq!(kept(&path).unwrap(), made);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::remove_file(&path).unwrap();
        assert_ne!(kept(&path).unwrap(), made, "removing it makes another");
    }

    #[test]
    fn a_file_that_is_no_secret_is_not_taken_for_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, "").unwrap();
        assert!(kept(&path).is_err());
        assert!(kept(&folder.path().join("gone").join("x")).is_err());
    }
}
