//! What the unit tests of this crate share: a scripted GitHub, and an App's key, made anew for each run so that none lies
//! in the repository.

mod stub;

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use switchboard_clock::{SeededEntropy, SimulatedClock};

pub(crate) use stub::{Stub, answer};

use crate::permission::{Access, Permission};
use crate::secret::AppKey;
use crate::{AppId, GitHub, InstallationId, RepoId, RepoName, Scope, Settings};

/// A PKCS#8 private key, the same throughout a run.
pub(crate) fn app_key_pem() -> &'static str {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(new_key_pem)
}

/// A PKCS#8 private key that is new each time. Making one takes a while.
pub(crate) fn new_key_pem() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    pem("PRIVATE KEY", der.as_ref())
}

/// A PEM block.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let lines: Vec<&str> = encoded.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A client with a scripted GitHub behind it.
pub(crate) struct World {
    pub github: GitHub,
    pub stub: Arc<Stub>,
    pub clock: SimulatedClock,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = SimulatedClock::default();
        let stub = Arc::new(Stub::new(clock.clone()));
        let settings = Settings::new(AppId(42), AppKey::from_pem(app_key_pem()).unwrap());
        let entropy = Arc::new(SeededEntropy::new(1));
        let github = GitHub::new(settings, stub.clone(), Arc::new(clock.clone()), entropy).unwrap();
        Self { github, stub, clock }
    }

    /// Runs `work`, moving the time on whenever it waits for that.
    pub(crate) async fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                outcome = &mut work => return outcome,
                () = tokio::task::yield_now() => {
                    if let Some(wake) = self.clock.next_wake() {
                        self.clock.advance_to(wake);
                    }
                }
            }
        }
    }
}

/// May read the contents of installation 7.
pub(crate) fn reader() -> Scope {
    Scope::new(InstallationId(7), Permission::CONTENTS, Access::Read)
}

/// May start workflows in repository 1 of installation 7.
pub(crate) fn dispatcher() -> Scope {
    Scope::new(InstallationId(7), Permission::ACTIONS, Access::Write).on(RepoId(1))
}

pub(crate) fn repo() -> RepoName {
    "octo/hello".parse().unwrap()
}
