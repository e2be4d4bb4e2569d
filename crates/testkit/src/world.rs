//! The world itself.

use std::collections::BTreeMap;

use switchboard_clock::{Clock as _, SimulatedClock, Timestamp};
use switchboard_engine::Engine;
use switchboard_simulator::{App, Installation, InstallationSpec, Owner, Repository, Simulator};
use tempfile::TempDir;

use crate::callback::Reported;
use crate::logs::Logs;
use crate::server::{Plan, Server};
use crate::webhook::Arrived;

/// A simulated GitHub, a server that listens to it, and the time that both live by.
///
/// See the [crate's documentation](crate) for what it promises. A world must be [ended](World::finish).
pub struct World {
    /// The time.
    pub clock: SimulatedClock,
    /// The simulated GitHub.
    pub github: Simulator,
    /// The App as which the server acts.
    pub app: App,
    /// `None` while the server is down.
    pub(crate) server: Option<Server>,
    pub(crate) plan: Plan,
    /// The secret that GitHub signs the App's webhooks with.
    pub(crate) own_secret: String,
    /// By the login of their organization.
    pub(crate) installations: BTreeMap<String, Installation>,
    /// Whether a start of the server starts the schedules.
    pub(crate) schedules: bool,
    pub(crate) began: Timestamp,
    pub(crate) arrived: Vec<Arrived>,
    pub(crate) reported: Vec<Reported>,
    /// Operators' actions so far.
    pub(crate) operated: u64,
    /// Kinds of the dead letters that the story expects at its end.
    pub(crate) expected_dead: Vec<String>,
    pub(crate) logs: Logs,
    pub(crate) ended: bool,
    /// Holds the store; removed with the world.
    pub(crate) folder: TempDir,
}

impl World {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// When the story began.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        self.began
    }

    /// The organization of this name. If it is new, it is made, and the App is installed on all of it.
    pub fn organization(&mut self, login: &str) -> Owner {
        let owner = self.github.organization(login);
        let app = &self.app;
        self.installations.entry(login.to_owned()).or_insert_with(|| app.install(&owner, InstallationSpec::all()));
        owner
    }

    /// A private repository `owner/name` of an [organization](World::organization); made if it is not there.
    ///
    /// # Panics
    /// If `full_name` is not `owner/name`.
    pub fn repository(&mut self, full_name: &str) -> Repository {
        let (owner, name) = full_name.split_once('/').expect("a repository is owner/name");
        self.organization(owner).repository(name)
    }

    /// The App's installation on an organization that the story has named before.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn installation(&self, login: &str) -> &Installation {
        self.installations.get(login).expect("the App is installed on organizations that the story named")
    }

    /// The engine, to ask it things. Not to keep: see [`World::restart`].
    ///
    /// # Panics
    /// If the server is down.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.server().engine
    }

    /// The webhook route, to put behind a real listener. It holds the store; let it go before the server restarts.
    ///
    /// # Panics
    /// If the server is down.
    pub fn router(&self) -> axum::Router {
        self.server().router.clone()
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("the server is down")
    }
}
