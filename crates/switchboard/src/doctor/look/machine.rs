//! What can be seen on this machine, without changing anything on it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{Access, access, statvfs};
use serde::Deserialize;
use switchboard_clock::{SystemClock, SystemEntropy};
use switchboard_panel::components::bytes;
use switchboard_store::StoreError;
use switchboard_store::sqlite::{Options, Schema, SqliteStore};

use crate::desk::reachable;
use crate::doctor::judge::deliveries::Server;
use crate::doctor::judge::disk::disk;
use crate::doctor::{Check, Figures, Subject, subject};
use crate::settings::Settings;
use crate::settings::kinds::StoreLocation;

/// How long a server on this machine may take to say that it is ready; it writes to its disk before it says so.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the settings themselves say. That they can be used is known by now.
pub(super) fn settings(settings: &Settings) -> Vec<Check> {
    let odd = |warning: &String| Check::warning(subject::CONFIGURATION, warning, "Leave it out, or change it.");
    let mut checks: Vec<Check> = settings.warnings.iter().map(odd).collect();
    if checks.is_empty() {
        checks.push(Check::ok(subject::CONFIGURATION, "complete"));
    }
    checks.push(sign_in(settings));
    checks
}

fn sign_in(settings: &Settings) -> Check {
    let auth = &settings.auth;
    let how = match (&auth.github, auth.operator.is_some() || auth.viewer.is_some()) {
        (Some(_), true) => "with GitHub, and by token",
        (Some(_), false) => "with GitHub",
        (None, true) if auth.github_lists_nobody => "by token; with GitHub once SWITCHBOARD_OPERATORS lists somebody",
        (None, true) => "by token",
        (None, false) => {
            let found = "open: whoever uses this machine may act";
            return Check::warning(subject::SIGN_IN, found, "Set SWITCHBOARD_OPERATOR_TOKEN.");
        }
    };
    Check::ok(subject::SIGN_IN, how)
}

/// What was seen of the database.
pub(super) struct Seen {
    pub(super) checks: Vec<Check>,
    /// The store, opened to read.
    pub(super) store: Result<Option<Arc<SqliteStore>>, StoreError>,
    pub(super) server: Server,
}

/// Looks at the database and at what is around it.
pub(super) async fn database(settings: &Settings) -> Seen {
    let StoreLocation::Sqlite(path) = &settings.store.location;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut checks = vec![room(directory)];
    if !path.exists() {
        checks.push(absent(settings, directory));
        let hint = "`switchboard serve` starts one.";
        checks.push(Check::skipped(subject::SERVER, "none has run on this database yet", hint));
        return Seen { checks, store: Ok(None), server: Server::NotStarted };
    }
    let runs = SqliteStore::is_in_use(path);
    let server = if matches!(runs, Ok(true)) { Server::Runs } else { Server::Stopped };
    let store = SqliteStore::open_beside(path, &Options::new(Arc::new(SystemClock), Arc::new(SystemEntropy)));
    checks.push(present(path, directory, store.as_ref().err(), server));
    checks.push(match runs {
        Ok(true) => running(settings).await,
        Ok(false) => Check::warning(subject::SERVER, "none runs on this database", "`switchboard serve` starts one."),
        Err(error) => Check::error(subject::SERVER, error.to_string(), hint(&error)),
    });
    Seen { checks, store: store.map(Some), server }
}

fn room(directory: &Path) -> Check {
    match statvfs(directory) {
        Ok(found) => disk(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize),
        Err(error) => {
            let found = format!("{}: {error}", directory.display());
            Check::skipped(subject::DISK, found, "See the check database.")
        }
    }
}

const DATABASE: &Subject = subject::DATABASE;

/// What is to be said about a database that is not there yet.
fn absent(settings: &Settings, directory: &Path) -> Check {
    let location = &settings.store.location;
    if !directory.is_dir() {
        let hint = "Make it, owned by the server's user, or correct DATABASE_URL.";
        return Check::error(DATABASE, format!("{} is not a directory", directory.display()), hint);
    }
    if !is_writable(directory) {
        let hint = "Let the server's user write there, or correct DATABASE_URL.";
        return Check::error(DATABASE, format!("this user may not write to {}", directory.display()), hint);
    }
    Check::ok(DATABASE, format!("{location} will be made at the first start"))
}

fn present(path: &Path, directory: &Path, refused: Option<&StoreError>, server: Server) -> Check {
    let location = path.display();
    match refused {
        // What a start brings up to date is nothing amiss, but a running server has done so already.
        Some(error @ StoreError::Older { .. }) => {
            return Check::warning(DATABASE, format!("{location}: {error}"), hint(error));
        }
        Some(error) => return Check::error(DATABASE, format!("{location}: {error}"), hint(error)),
        None => {}
    }
    // Who runs has it open for writing, whoever asks here.
    if server != Server::Runs && !(is_writable(path) && is_writable(directory)) {
        let hint =
            "Let the server's user write to the file and its folder; then nothing is amiss if you are another user.";
        return Check::warning(DATABASE, format!("{location} can be read, but this user may not write to it"), hint);
    }
    let size = ["", "-wal", "-shm"].iter().map(|suffix| size(path, suffix)).sum();
    let (schema, release_schema) = Schema::of(path).map_or((0, 0), |schema| (schema.found, schema.known));
    let found = format!("{location}, schema version {schema}, {}", bytes(size));
    Check::ok(DATABASE, found).with(Figures::Database { schema, release_schema, bytes: size })
}

fn is_writable(path: &Path) -> bool {
    access(path, Access::WRITE_OK).is_ok()
}

fn size(path: &Path, suffix: &str) -> u64 {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    std::fs::metadata(PathBuf::from(name)).map_or(0, |file| file.len())
}

fn hint(error: &StoreError) -> &'static str {
    error.hint().unwrap_or("See DATABASE_URL in `switchboard settings`.")
}

/// What `/readyz` answers.
#[derive(Deserialize)]
struct Readiness {
    #[serde(default)]
    degraded: Vec<String>,
}

/// Asks the server that has the database open whether it takes deliveries.
async fn running(settings: &Settings) -> Check {
    const SUBJECT: &Subject = subject::SERVER;
    let address = reachable(settings.server.address());
    if address.port() == 0 {
        return Check::ok(SUBJECT, "one has the database open, at a port that the system chose");
    }
    let asked = async {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
        let answer = client.get(format!("http://{address}/readyz")).send().await?;
        let status = answer.status();
        let said = answer.bytes().await?;
        Ok::<_, reqwest::Error>((status, serde_json::from_slice::<Readiness>(&said).ok()))
    };
    match asked.await {
        Ok((status, readiness)) if status.is_success() => {
            let degraded = readiness.map(|readiness| readiness.degraded).unwrap_or_default();
            match degraded.as_slice() {
                [] => Check::ok(SUBJECT, format!("{address} takes deliveries")),
                troubles => {
                    Check::ok(SUBJECT, format!("{address} takes deliveries; degraded: {}", troubles.join(", ")))
                }
            }
        }
        Ok((status, _)) => {
            let hint = "Look at its log, at the disk and at the database: nothing can be written.";
            Check::error(SUBJECT, format!("{address} takes no deliveries: {status}"), hint)
        }
        Err(_) => {
            let found = format!("one has the database open, but none answers at {address}");
            let hint = "Give this command the server's settings: its PORT and SWITCHBOARD__SERVER__HOST.";
            Check::warning(SUBJECT, found, hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;
    use crate::settings::{Purpose, Sources};

    async fn seen(path: &Path) -> Vec<(&'static str, Verdict)> {
        let sources = Sources::default().with_variable("DATABASE_URL", path.to_str().unwrap());
        let settings = Settings::load(&sources, Purpose::Inspect).unwrap();
        let seen = database(&settings).await;
        seen.checks.iter().map(|check| (check.subject.name, check.verdict)).collect()
    }

    #[tokio::test]
    async fn a_database_in_a_missing_directory_is_an_error_and_a_new_file_is_well() {
        let directory = tempfile::tempdir().unwrap();
        let new = seen(&directory.path().join("new.db")).await;
        assert_eq!(new[1..], [("database", Verdict::Ok), ("server", Verdict::Skipped)]);
        let gone = seen(&directory.path().join("gone/new.db")).await;
        assert_eq!(gone, [("disk", Verdict::Skipped), ("database", Verdict::Error), ("server", Verdict::Skipped)]);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "nothing was made");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_an_error_and_an_empty_one_waits_for_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.db");
        std::fs::write(&path, "not a database, however long it may be, and whoever says that it is one").unwrap();
        assert_eq!(seen(&path).await[1], ("database", Verdict::Error));
        std::fs::write(&path, "").unwrap();
        assert_eq!(seen(&path).await[1], ("database", Verdict::Warning));
    }
}
