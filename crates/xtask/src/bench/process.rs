//! A server as a process of its own: started, waited for, watched through `/proc`, stopped.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http1::Connection;
use crate::trouble::Trouble;

/// How long a server may take to come up.
const START_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to go once it is asked to.
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
/// How often to look whether it did.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The unit of processor times in `/proc`, a part of Linux's interface on every architecture that it still supports
/// (`USER_HZ`, proc_pid_stat(5)).
const TICKS_PER_SECOND: u64 = 100;
/// Lines of a server's log that are shown when it does not come up.
const LOG_LINES_SHOWN: usize = 20;

/// A running server; dropped, it is killed.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    log: PathBuf,
}

/// An address that nobody listens on.
pub(crate) fn free_address() -> Result<SocketAddr, Trouble> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    listener.map_err(|error| Trouble::Void(format!("no free port: {error}")))
}

impl Server {
    /// Starts `command`, which is to listen on `address`, and returns when it answers `GET /health`.
    pub(crate) async fn start(command: &mut Command, address: SocketAddr, log: &Path) -> Result<Self, Trouble> {
        let program = command.get_program().to_string_lossy().into_owned();
        let out = std::fs::File::create(log).map_err(Trouble::file(log))?;
        let err = out.try_clone().map_err(Trouble::file(log))?;
        let child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn();
        let child = child.map_err(|source| Trouble::NotStarted { program: program.clone(), source })?;
        let mut server = Self { child, address, log: log.to_owned() };
        let deadline = Instant::now() + START_TIMEOUT;
        while !healthy(address).await {
            let ended = server.child.try_wait().ok().flatten();
            if let Some(why) = ended.map(|status| status.to_string()).or_else(|| too_late(deadline)) {
                return Err(Trouble::Failed { program, detail: format!("{why}\n{}", server.log_end()) });
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(server)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Processor time spent so far, by the process in user and kernel mode.
    pub(crate) fn processor_time(&self) -> Result<Duration, Trouble> {
        processor_time(&self.child.id().to_string())
    }

    /// The most memory that was resident at once, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64, Trouble> {
        let path = PathBuf::from(format!("/proc/{}/status", self.child.id()));
        let status = std::fs::read_to_string(&path).map_err(Trouble::file(&path))?;
        peak_memory(&status).ok_or_else(|| Trouble::Void(format!("{} names no VmHWM", path.display())))
    }

    /// Asks the server to stop and waits until it has; it has to end well.
    pub(crate) async fn stop(mut self) -> Result<(), Trouble> {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).stdin(Stdio::null()).status();
        asked.map_err(|source| Trouble::NotStarted { program: "kill".to_owned(), source })?;
        let deadline = Instant::now() + STOP_TIMEOUT;
        loop {
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some_and(|status| status.success()) {
                return Ok(());
            }
            if let Some(why) = ended.map(|status| status.to_string()).or_else(|| too_late(deadline)) {
                return Err(Trouble::Void(format!("the server did not stop well: {why}\n{}", self.log_end())));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn log_end(&self) -> String {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines = log.lines().collect::<Vec<_>>();
        lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// This process's own processor time.
pub(crate) fn own_processor_time() -> Result<Duration, Trouble> {
    processor_time("self")
}

fn too_late(deadline: Instant) -> Option<String> {
    (Instant::now() > deadline).then(|| "it takes too long".to_owned())
}

async fn healthy(address: SocketAddr) -> bool {
    let Ok(mut connection) = Connection::open(address).await else { return false };
    let request = b"GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    matches!(connection.exchange(request, b"").await, Ok(answer) if answer.status == 200)
}

fn processor_time(process: &str) -> Result<Duration, Trouble> {
    let path = PathBuf::from(format!("/proc/{process}/stat"));
    let stat = std::fs::read_to_string(&path).map_err(Trouble::file(&path))?;
    ticks(&stat)
        .map(|ticks| Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
        .ok_or_else(|| Trouble::Void(format!("{} is unintelligible", path.display())))
}

/// `utime` + `stime`, fields 14 and 15; the second field is a name in parentheses that may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11).map(|field| field.parse::<u64>().ok());
    Some(fields.next()?? + fields.next()??)
}

fn peak_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_writes() {
        let stat = "4242 (a name) with) S 1 4242 4242 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 4 0 100 1000 20";
        assert_eq!(ticks(stat), Some(300));
        assert_eq!(peak_memory("Name:\tx\nVmHWM:\t   12345 kB\nVmRSS:\t 1 kB\n"), Some(12_345 * 1024));
        assert_eq!(peak_memory("Name:\tx\n"), None);
    }

    #[test]
    fn this_process_has_spent_some_time() {
        own_processor_time().unwrap();
    }
}
