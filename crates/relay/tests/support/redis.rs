//! A real Redis of the test's own, and a way to it that can be made to stand still.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use switchboard_relay::cache::redis::Redis;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Told by `cargo xtask test`, which installs Redis; without it a machine that has none is excused.
const HANDSHAKE: &str = "SWITCHBOARD_REDIS";
const STARTS: Duration = Duration::from_secs(10);

/// A Redis in a process and folder of its own, on a port of its own. It ends with the test.
pub struct Server {
    process: Child,
    address: SocketAddr,
    arguments: Vec<String>,
    folder: TempDir,
}

impl Server {
    /// One with these further arguments; `None` on a machine without Redis, which `cargo xtask test` does not leave so.
    pub async fn start(arguments: &[&str]) -> Option<Self> {
        let missing = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err();
        if missing {
            assert!(std::env::var_os(HANDSHAKE).is_none(), "redis-server is not installed");
            eprintln!("there is no redis-server here: not tested");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        // The port is free for a moment only: if somebody else takes it, another one is tried.
        for _ in 0..5 {
            let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let process = spawn(address, &arguments, &folder);
            let mut server =
                Self { process, address, arguments: arguments.clone(), folder: tempfile::tempdir().unwrap() };
            if server.is_up().await {
                server.folder = folder;
                return Some(server);
            }
        }
        panic!("redis-server does not start");
    }

    /// Its address with a scheme and perhaps what signs in.
    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// It dies at once.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// It comes again, with nothing in it.
    pub async fn restart(&mut self) {
        self.process = spawn(self.address, &self.arguments, &self.folder);
        assert!(self.is_up().await);
    }

    /// Asks it something directly.
    pub async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        ask(&self.url(), command).await
    }

    async fn is_up(&mut self) -> bool {
        let deadline = Instant::now() + STARTS;
        while Instant::now() < deadline && self.process.try_wait().unwrap().is_none() {
            if TcpStream::connect(self.address).await.is_ok() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        false
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn(address: SocketAddr, arguments: &[String], folder: &TempDir) -> Child {
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    command.args(["--save", "", "--appendonly", "no", "--dir"]).arg(folder.path());
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
    command.spawn().unwrap()
}

/// Asks a Redis something directly.
pub async fn ask<T: redis::FromRedisValue>(url: &str, command: &[&str]) -> T {
    let client = redis::Client::open(url).unwrap();
    let mut connection: MultiplexedConnection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.unwrap()
}

/// The cache at this address, connected, and patient: how busy the machine is must not matter.
pub async fn connected(url: &str) -> Arc<Redis> {
    let redis = Redis::new(url, "here").unwrap().patient(Duration::from_secs(30));
    redis.ping().await.unwrap();
    Arc::new(redis)
}

/// A way to a Redis that can be made to stand still: what is sent waits, and nothing comes back.
pub struct Way {
    address: SocketAddr,
    open: watch::Sender<bool>,
}

impl Way {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (open, is_open) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(server).await else { continue };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                tokio::spawn(pass(near_in, far_out, is_open.clone()));
                tokio::spawn(pass(far_in, near_out, is_open.clone()));
            }
        });
        Self { address, open }
    }

    pub fn url(&self) -> String {
        format!("redis://{}", self.address)
    }

    pub fn stand_still(&self) {
        self.open.send_replace(false);
    }

    pub fn go_on(&self) {
        self.open.send_replace(true);
    }
}

async fn pass(
    from: tokio::net::tcp::OwnedReadHalf,
    to: tokio::net::tcp::OwnedWriteHalf,
    mut is_open: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        if from.readable().await.is_err() || is_open.wait_for(|open| *open).await.is_err() {
            return;
        }
        let read = match from.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(read) => read,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return,
        };
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            if to.writable().await.is_err() {
                return;
            }
            match to.try_write(rest) {
                Ok(written) => rest = &rest[written..],
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }
}
