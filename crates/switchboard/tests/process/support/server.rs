//! The binary in a process of its own: a server that runs, or a command that ends.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::{PATIENCE, until};

/// The binary in this folder, with nothing in its environment but `variables`.
pub fn switchboard(folder: &Path, variables: &[(String, String)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
    command.current_dir(folder).env_clear().envs(variables.iter().cloned()).args(arguments).stdin(Stdio::null());
    command
}

/// How a command ended, and what it printed.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a command to its end, without standing in the way of what else the test does.
pub async fn run(folder: &Path, variables: &[(String, String)], arguments: &[&str]) -> Ended {
    let mut command = switchboard(folder, variables, arguments);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    Ended {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A process that runs until it is told to end. Dropped, it is killed.
pub struct Process {
    pub child: Child,
    printed: Arc<Mutex<Vec<u8>>>,
    readers: Vec<JoinHandle<()>>,
}

impl Process {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let printed = Arc::default();
        let readers =
            vec![reader(child.stdout.take().unwrap(), &printed), reader(child.stderr.take().unwrap(), &printed)];
        Self { child, printed, readers }
    }

    /// Everything that it has printed so far.
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.printed.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Waits for a line of which `read` makes something.
    pub async fn line<T>(&self, what: &str, read: impl Fn(&str) -> Option<T>) -> T {
        until(&format!("{what} among\n{}", self.printed()), async || self.printed().lines().find_map(&read)).await
    }

    /// Asks it to end, as an operator or an orchestrator does.
    pub fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        let began = Instant::now();
        let child = &mut self.child;
        let status = until("the process ends", async || child.try_wait().unwrap()).await;
        assert!(began.elapsed() < PATIENCE);
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn reader(mut pipe: impl Read + Send + 'static, printed: &Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    let printed = Arc::clone(printed);
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(read @ 1..) = pipe.read(&mut bytes) {
            printed.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(&bytes[..read]);
        }
    })
}

/// A server that listens.
pub struct Server {
    pub process: Process,
    /// `http://127.0.0.1:<port>`
    pub url: String,
}

impl Server {
    /// Starts one on a free port and waits until it listens.
    pub async fn start(folder: &Path, variables: &[(String, String)]) -> Self {
        let mut variables = variables.to_vec();
        variables.push(("PORT".to_owned(), "0".to_owned()));
        Self::started(Process::start(switchboard(folder, &variables, &["serve"]))).await
    }

    /// Waits until a process that logs JSON listens.
    pub async fn started(process: Process) -> Self {
        let address = process.line("the server's address", |line| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            if line["message"] != "listening" {
                return None;
            }
            line["address"].as_str().map(str::to_owned)
        });
        let url = format!("http://{}", address.await);
        Self { process, url }
    }

    /// The port, for commands that look for the server.
    pub fn port(&self) -> (String, String) {
        ("PORT".to_owned(), self.url.rsplit(':').next().unwrap().to_owned())
    }

    /// Ends it gracefully.
    pub async fn stop(mut self) {
        self.process.terminate();
        assert!(self.process.ended().await.success(), "{}", self.process.printed());
    }
}
