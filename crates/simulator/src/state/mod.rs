//! What is so in the simulated GitHub. API answers and webhooks are both rendered from here and from nowhere else.

pub(crate) mod access;
pub(crate) mod actions;
pub(crate) mod callbacks;
pub(crate) mod checks;
pub(crate) mod downstream;
pub(crate) mod git;
pub(crate) mod issues;
pub(crate) mod jobs;
pub(crate) mod people;
pub(crate) mod pulls;
pub(crate) mod pushes;
pub(crate) mod registry;
pub(crate) mod repository;
pub(crate) mod runs;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use switchboard_clock::{Entropy, SeededEntropy, Timestamp};

pub(crate) use access::{App, Installation, Token};
pub(crate) use repository::Repository;

use crate::fault::Faults;
use crate::ids::{AccountId, AppId, Ids, InstallationId, JobId, Numbered, RepoId, RunId};
use crate::ledger::Call;
use crate::limits::Limits;
use crate::oidc::Issuers;
use crate::settings::Settings;
use crate::webhook::Hooks;

/// What kind of account an owner or actor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum AccountKind {
    /// A person.
    User,
    /// An organization.
    Organization,
    /// The account under which an App acts.
    Bot,
}

/// A user, organization or bot.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub id: AccountId,
    pub login: String,
    pub kind: AccountKind,
    pub created_at: Timestamp,
}

/// Something that happens by itself when its time has come.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Timer {
    RunStarts { repo: RepoId, run: RunId, attempt: u64 },
    RunCompletes { repo: RepoId, run: RunId, attempt: u64 },
    JobStarts { repo: RepoId, run: RunId, job: JobId },
    JobCompletes { repo: RepoId, run: RunId, job: JobId },
}

/// The whole simulated GitHub.
#[derive(Debug)]
pub(crate) struct State {
    /// The moment at which the current step happens; never goes back.
    pub now: Timestamp,
    pub ids: Ids,
    pub entropy: Arc<SeededEntropy>,
    pub settings: Settings,
    pub accounts: BTreeMap<AccountId, Account>,
    logins: HashMap<String, AccountId>,
    pub repositories: BTreeMap<RepoId, Repository>,
    /// Lower-case `owner/name`, former names included, to the repository.
    names: HashMap<String, RepoId>,
    pub apps: BTreeMap<AppId, App>,
    pub registrations: registry::Registrations,
    pub people: people::People,
    pub installations: BTreeMap<InstallationId, Installation>,
    pub tokens: HashMap<String, Token>,
    pub issuers: Issuers,
    pub hooks: Hooks,
    pub callbacks: callbacks::Callbacks,
    pub faults: Faults,
    pub limits: Limits,
    pub ledger: Vec<Call>,
    timers: BTreeMap<(Timestamp, u64), Timer>,
    timers_set: u64,
    requests: u64,
}

impl State {
    pub(crate) fn new(now: Timestamp, seed: u64) -> Self {
        Self {
            now,
            ids: Ids::new(seed),
            entropy: Arc::new(SeededEntropy::new(seed)),
            settings: Settings::default(),
            accounts: BTreeMap::new(),
            logins: HashMap::new(),
            repositories: BTreeMap::new(),
            names: HashMap::new(),
            apps: BTreeMap::new(),
            registrations: BTreeMap::new(),
            people: people::People::default(),
            installations: BTreeMap::new(),
            tokens: HashMap::new(),
            issuers: Issuers::default(),
            hooks: Hooks::default(),
            callbacks: callbacks::Callbacks::default(),
            faults: Faults::default(),
            limits: Limits::default(),
            ledger: Vec::new(),
            timers: BTreeMap::new(),
            timers_set: 0,
            requests: 0,
        }
    }

    /// Lets everything happen that is due by `now`, each thing at its own time.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        while let Some((&(at, n), &timer)) = self.timers.first_key_value() {
            if at > now {
                break;
            }
            self.timers.remove(&(at, n));
            self.now = self.now.max(at);
            match timer {
                Timer::RunStarts { repo, run, attempt } => self.run_starts(repo, run, attempt),
                Timer::RunCompletes { repo, run, attempt } => self.run_completes(repo, run, attempt),
                Timer::JobStarts { repo, run, job } => self.job_starts(repo, run, job),
                Timer::JobCompletes { repo, run, job } => self.job_completes(repo, run, job),
            }
        }
        self.now = self.now.max(now);
    }

    /// When the next thing happens by itself, or the next delivery or report is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let timer = self.timers.first_key_value().map(|((at, _), _)| *at);
        [timer, self.hooks.next_due(), self.callbacks.next_due()].into_iter().flatten().min()
    }

    pub(crate) fn set_timer(&mut self, after: Duration, timer: Timer) {
        self.timers_set += 1;
        self.timers.insert((self.now + after, self.timers_set), timer);
    }

    pub(crate) fn next_id<T: Numbered>(&mut self) -> T {
        self.ids.next()
    }

    /// The id of the request at hand, in the form of GitHub's `x-github-request-id`.
    pub(crate) fn next_request_id(&mut self) -> String {
        self.requests += 1;
        format!("51AB:2F7C9:{:07X}:{:07X}:{:08X}", self.requests, self.requests * 3, self.now.seconds())
    }

    /// Letters and digits that nobody can guess (outside of a simulation).
    pub(crate) fn random_alphanumeric(&self, length: usize) -> String {
        const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let mut bytes = vec![0; length];
        self.entropy.fill(&mut bytes);
        bytes.iter().map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()])).collect()
    }

    /// The account called `login`, made if there is none.
    pub(crate) fn account_named(&mut self, login: &str, kind: AccountKind) -> AccountId {
        let key = login.to_lowercase();
        if let Some(id) = self.logins.get(&key) {
            return *id;
        }
        let id = self.next_id();
        self.accounts.insert(id, Account { id, login: login.to_owned(), kind, created_at: self.now });
        self.logins.insert(key, id);
        id
    }

    pub(crate) fn find_account(&self, login: &str) -> Option<AccountId> {
        self.logins.get(&login.to_lowercase()).copied()
    }

    pub(crate) fn login(&self, id: AccountId) -> &str {
        self.accounts.get(&id).map_or("ghost", |account| &account.login)
    }

    pub(crate) fn find_repository(&self, owner: &str, name: &str) -> Option<RepoId> {
        self.names.get(&format!("{owner}/{name}").to_lowercase()).copied()
    }

    /// Makes `id` reachable by its present name; names it had before stay and redirect.
    pub(crate) fn register_name(&mut self, id: RepoId) {
        let name = self.full_name(id).to_lowercase();
        self.names.insert(name, id);
    }

    /// Removes a repository and every name that led to it.
    pub(crate) fn forget_repository(&mut self, id: RepoId) {
        self.repositories.remove(&id);
        self.names.retain(|_, known| *known != id);
    }

    /// `owner/name` as it is today.
    pub(crate) fn full_name(&self, id: RepoId) -> String {
        self.repositories.get(&id).map_or_else(String::new, |r| format!("{}/{}", self.login(r.owner), r.name))
    }

    /// Applies `change` to a repository.
    pub(crate) fn update_repository<R>(&mut self, id: RepoId, change: impl FnOnce(&mut Repository) -> R) -> Option<R> {
        self.repositories.get_mut(&id).map(change)
    }
}
