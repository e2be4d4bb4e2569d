//! How a story ends: everything that was written was wanted, nothing is left to do, and no secret was told.

use std::collections::BTreeSet;

use switchboard_simulator::{Expected, SIMULATOR_ONLY_PRIVATE_KEY};

use crate::look::listed;
use crate::world::World;

/// How much of a secret a complaint quotes.
const QUOTED: usize = 6;

impl World {
    /// The story will end with so many dead letters, each of the kind named.
    pub fn expect_dead_letters(&mut self, kinds: &[&str]) {
        self.expected_dead.extend(kinds.iter().map(|kind| (*kind).to_owned()));
    }

    /// Ends the story.
    ///
    /// # Panics
    /// Unless all of this holds: the simulated GitHub saw the `expected` writes and no others; no webhook is on its way
    /// and no job or intent is left to do; the dead letters are those that were
    /// [expected](World::expect_dead_letters); neither disk nor log holds a credential.
    pub async fn finish(mut self, expected: &[Expected]) {
        self.ended = true;
        let mut complaints = Vec::new();
        if let Err(unexpected) = self.github.finish(expected) {
            complaints.push(unexpected.to_string());
        }
        if self.github.next_due().is_some_and(|due| due <= self.now()) {
            complaints.push("webhooks are still on their way: let the world settle".to_owned());
        }
        if self.server.is_none() {
            complaints.push("the server is down".to_owned());
        } else {
            let unsettled = self.unsettled().await;
            if !unsettled.is_empty() {
                complaints.push(format!("left to do:\n{}", listed(&unsettled)));
            }
            let dead = self.dead_letters().await;
            let mut found: Vec<&str> = dead.iter().map(|work| work.kind.as_str()).collect();
            found.sort_unstable();
            self.expected_dead.sort_unstable();
            if found != self.expected_dead {
                let expected = &self.expected_dead;
                complaints.push(format!("expected dead letters: {expected:?}, found:\n{}", listed(&dead)));
            }
        }
        complaints.extend(self.leaks());
        assert!(complaints.is_empty(), "the story did not end well\n{}", complaints.join("\n"));
    }

    /// Everything that must never be written down.
    #[must_use]
    pub fn secrets(&self) -> BTreeSet<String> {
        let mut secrets = self.plan.wire.credentials();
        secrets.extend(self.plan.secrets.iter().cloned());
        secrets.insert(self.own_secret.clone());
        secrets.extend(SIMULATOR_ONLY_PRIVATE_KEY.lines().find(|line| !line.starts_with('-')).map(str::to_owned));
        secrets
    }

    fn leaks(&self) -> Vec<String> {
        let secrets = self.secrets();
        let told = |place: &str, bytes: &[u8]| {
            let found = secrets_in(bytes, &secrets);
            let begins: Vec<&str> = found.iter().map(|secret| secret.get(..QUOTED).unwrap_or(secret)).collect();
            (!begins.is_empty()).then(|| format!("{place} holds credentials that begin with {begins:?}"))
        };
        let mut leaks: Vec<String> = told("the log", self.logs.text().as_bytes()).into_iter().collect();
        let files = std::fs::read_dir(self.folder.path()).expect("the store's folder is there");
        for file in files {
            let path = file.expect("the store's folder can be listed").path();
            let bytes = std::fs::read(&path).expect("the store's files can be read");
            leaks.extend(told(&path.file_name().unwrap_or_default().to_string_lossy(), &bytes));
        }
        leaks
    }
}

/// Which of `secrets` stand somewhere in `bytes`.
#[must_use]
pub fn secrets_in<'a>(bytes: &[u8], secrets: &'a BTreeSet<String>) -> Vec<&'a str> {
    let within = |secret: &&str| memchr::memmem::find(bytes, secret.as_bytes()).is_some();
    secrets.iter().map(String::as_str).filter(|secret| !secret.is_empty()).filter(within).collect()
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the last lines of the log, stories beside this one included:\n{}", self.logs.tail());
        } else {
            assert!(self.ended, "a story needs an end: call finish()");
        }
    }
}
