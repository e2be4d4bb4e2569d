//! The relay's cache in a real Redis, over TLS and with a user of its own, through the real binary.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::doctor::report::doctor;
use crate::support::server::Server;
use crate::support::upstream::{Upstream, soon};
use crate::support::{client, until};

/// Told by `cargo xtask test`, which installs Redis; without it a machine that has none is excused.
const HANDSHAKE: &str = "SWITCHBOARD_REDIS";
/// What docs/operating.md advises.
const USER: [&str; 10] =
    ["relay", "on", ">hunter2", "~switchboard:relay:*", "+mget", "+set", "+hset", "+hgetall", "+pexpire", "+ping"];

/// A Redis that speaks TLS alone, with a certificate that `folder` holds.
struct Redis(Child, SocketAddr);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether this machine has what is needed.
fn is_installed() -> bool {
    let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
    let both = there("redis-server") && there("openssl");
    assert!(both || std::env::var_os(HANDSHAKE).is_none(), "redis-server or openssl is not installed");
    both
}

fn certificate(folder: &Path) {
    let mut openssl = Command::new("openssl");
    openssl.args("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost".split(' '));
    openssl.args(["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=DNS:localhost"]);
    openssl.args(["-keyout", "key.pem", "-out", "certificate.pem"]);
    assert!(openssl.current_dir(folder).stderr(Stdio::null()).status().unwrap().success());
}

async fn start(folder: &Path) -> Redis {
    // The port is free for a moment only: if somebody else takes it, another one is tried.
    for _ in 0..5 {
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", "0", "--tls-port", &address.port().to_string()]);
        command.args(["--tls-cert-file", "certificate.pem", "--tls-key-file", "key.pem", "--tls-auth-clients", "no"]);
        command.args(["--save", "", "--appendonly", "no", "--user"]).args(USER).args(["--user", "default", "off"]);
        command.current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        let mut redis = Redis(command.spawn().unwrap(), address);
        for _ in 0..500 {
            if TcpStream::connect(address).is_ok() {
                return redis;
            }
            if redis.0.try_wait().unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    panic!("redis-server does not start");
}

#[tokio::test]
async fn a_server_keeps_its_cache_in_a_redis_behind_tls_and_goes_on_without_it() {
    if !is_installed() {
        eprintln!("there is no redis-server here: not tested");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    certificate(folder.path());
    let redis = start(folder.path()).await;
    let github = Upstream::start(soon("CI").result("build").never_ends()).await;
    let url = |password: &str| format!("rediss://relay:{password}@localhost:{}", redis.1.port());
    let trusted = folder.path().join("certificate.pem").to_str().unwrap().to_owned();
    let with = |url: &str, certificates: Option<&str>| {
        let mut variables = github.variables();
        variables.push(("REDIS_URL".to_owned(), url.to_owned()));
        variables.push(("SWITCHBOARD__TELEMETRY__PUBLIC_METRICS".to_owned(), "true".to_owned()));
        variables.extend(certificates.map(|file| ("SSL_CERT_FILE".to_owned(), file.to_owned())));
        variables
    };
    let well = with(&url("hunter2"), Some(&trusted));
    let state = tempfile::tempdir().unwrap();
    let cache = async |variables: &[(String, String)]| {
        let (_, report) = doctor(state.path(), variables, &[]).await;
        let check = report.one("relay-cache");
        assert!(!format!("{check:?}").contains("hunter3"));
        (check.verdict.clone(), check.found.clone())
    };
    assert_eq!(cache(&well).await, ("ok".to_owned(), "a Redis, which answers".to_owned()));
    let (verdict, found) = cache(&with(&url("hunter3"), Some(&trusted))).await;
    assert_eq!(verdict, "warning", "{found}");
    let (verdict, found) = cache(&with(&url("hunter2"), None)).await;
    assert_eq!(verdict, "warning", "a certificate that nobody vouches for: {found}");

    let server = Server::start(state.path(), &well).await;
    github.sends_to(&server);
    let metrics = async || client().get(format!("{}/metrics", server.url)).send().await.unwrap().text().await.unwrap();
    let listed = async || metrics().await.contains("switchboard_relay_allowlist_entries{").then_some(());
    until("the allowlist is read", listed).await;
    github.up.open_pull("Add a kernel");
    github.reported("in_progress").await;
    let errors = async || {
        let metrics = metrics().await;
        let line = metrics.lines().find(|line| line.starts_with("switchboard_relay_cache_errors_total ")).unwrap();
        line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()
    };
    assert_eq!(errors().await, 0);
    drop(redis);
    github.up.open_pull("Add another");
    until("it notices", async || (errors().await > 0).then_some(())).await;
    server.stop().await;
}
