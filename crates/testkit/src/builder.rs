//! How a world is arranged before its story begins.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use switchboard_clock::{Clock as _, SeededEntropy, SimulatedClock};
use switchboard_engine::{Automation, Options};
use switchboard_github::AppId;
use switchboard_simulator::{Access, AppSpec, Simulator};
use switchboard_store::Queue;
use tempfile::TempDir;

use crate::death::Doom;
use crate::logs::Logs;
use crate::outside::Outside;
use crate::server::{Automations, Plan, Routes, Server, Wiring};
use crate::wire::Wire;
use crate::world::World;

/// Linux's file system in memory. A store that syncs every commit is many times faster there.
const MEMORY: &str = "/dev/shm";
/// The seed of everything that is chance, unless a story wants another.
const SEED: u64 = 7;

/// A world being arranged; see [`World::with`].
pub struct Builder {
    automations: Automations,
    routes: Option<Routes>,
    app: AppSpec,
    secrets: Option<Vec<String>>,
    options: Options,
    schedules: bool,
    seed: u64,
    clock: SimulatedClock,
    outside: Outside,
}

impl World {
    /// A world whose server runs one automation, built anew whenever the server starts.
    #[must_use]
    pub fn with<A: Automation>(automation: impl Fn() -> A + 'static) -> Builder {
        Self::with_all(move || vec![Arc::new(automation())])
    }

    /// A world whose server runs these automations, built anew whenever the server starts.
    #[must_use]
    pub fn with_all(automations: impl Fn() -> Vec<Arc<dyn Automation>> + 'static) -> Builder {
        Builder {
            automations: Box::new(automations),
            routes: None,
            app: AppSpec::new("switchboard"),
            secrets: None,
            options: Options::default(),
            schedules: false,
            seed: SEED,
            clock: SimulatedClock::default(),
            outside: Outside::default(),
        }
    }
}

impl Builder {
    /// The App as which the server acts.
    #[must_use]
    pub fn app(self, app: AppSpec) -> Self {
        Self { app, ..self }
    }

    /// The events that the App subscribes to.
    #[must_use]
    pub fn events(self, events: &[&str]) -> Self {
        Self { app: self.app.events(events), ..self }
    }

    /// The permissions that the App asks for.
    #[must_use]
    pub fn permissions(self, permissions: &[(&str, Access)]) -> Self {
        Self { app: self.app.permissions(permissions), ..self }
    }

    /// The webhook secrets that the server knows; the App's own, if this is not called.
    #[must_use]
    pub fn secrets(self, secrets: &[&str]) -> Self {
        Self { secrets: Some(secrets.iter().map(|secret| (*secret).to_owned()).collect()), ..self }
    }

    /// A queue that the server works on, beside the engine's own.
    #[must_use]
    pub fn queue(mut self, queue: Queue) -> Self {
        self.options.queues.push(queue);
        self
    }

    /// Further routes of the server, beside the webhook's.
    #[must_use]
    pub fn routes(mut self, routes: impl Fn(&Wiring<'_>) -> Router + 'static) -> Self {
        self.routes = Some(Box::new(routes));
        self
    }

    /// How long a lease lasts.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.options.lease = lease;
        self
    }

    /// Changes the engine's options beyond what the other methods do.
    #[must_use]
    pub fn options(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    /// Starts the schedules too, gap repair among them. Without this they stand still, and the story is at rest as soon as
    /// nothing is left to do.
    #[must_use]
    pub fn schedules(self) -> Self {
        Self { schedules: true, ..self }
    }

    /// The clock to live by, if the automations need to know it beforehand because they sleep.
    #[must_use]
    pub fn clock(self, clock: SimulatedClock) -> Self {
        Self { clock, ..self }
    }

    /// What the automations wait for besides the store and the clock.
    #[must_use]
    pub fn outside(self, outside: &Outside) -> Self {
        Self { outside: outside.clone(), ..self }
    }

    /// The seed of everything that is chance.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The server starts, with an empty store, and the story begins.
    ///
    /// # Panics
    /// If there is no place for the store.
    pub async fn begin(self) -> World {
        let clock = self.clock;
        let github = Simulator::new(Arc::new(clock.clone()), self.seed);
        let own_secret = self.app.webhook_secret.clone();
        let app = github.app(self.app).expect("the App's key is one");
        let folder = folder();
        let plan = Plan {
            automations: self.automations,
            routes: self.routes,
            options: self.options,
            app: AppId(app.id().0),
            slug: app.slug().to_owned(),
            secrets: self.secrets.unwrap_or_else(|| vec![own_secret.clone()]),
            database: folder.path().join("switchboard.db"),
            wire: Arc::new(Wire::new(github.clone(), Arc::new(clock.clone()))),
            entropy: Arc::new(SeededEntropy::new(self.seed)),
            gauge: self.outside.gauge(),
            doom: Doom::default(),
            clock: clock.clone(),
        };
        let began = clock.now();
        let server = Some(Server::start(&plan));
        let world = World {
            clock,
            github,
            app,
            server,
            plan,
            own_secret,
            installations: BTreeMap::new(),
            schedules: self.schedules,
            began,
            arrived: Vec::new(),
            reported: Vec::new(),
            operated: 0,
            expected_dead: Vec::new(),
            logs: Logs::begin(),
            ended: false,
            folder,
        };
        world.start_schedules().await;
        world
    }
}

/// A new folder, in memory where there is such a place.
fn folder() -> TempDir {
    let builder = || {
        let mut builder = tempfile::Builder::new();
        builder.prefix("switchboard-story-");
        builder
    };
    let in_memory = Path::new(MEMORY).is_dir().then(|| builder().tempdir_in(MEMORY).ok()).flatten();
    in_memory.unwrap_or_else(|| builder().tempdir().expect("there is a place for temporary files"))
}
