//! The server: what is born at a start and gone after a death.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use switchboard_clock::{Clock, Entropy, SimulatedClock};
use switchboard_engine::{Automation, Engine, Options, Parts, webhook};
use switchboard_github::secret::{AppKey, WebhookSecret};
use switchboard_github::transport::Transport;
use switchboard_github::{AppId, GitHub, Settings};
use switchboard_simulator::SIMULATOR_ONLY_PRIVATE_KEY;
use switchboard_store::Store;
use switchboard_store::sqlite::{self, SqliteStore};

use crate::death::Doom;
use crate::watched::{Gauge, Watched};
use crate::wire::Wire;

/// Builds the automations anew for every life, since nothing that a process holds in memory outlives it.
pub(crate) type Automations = Box<dyn Fn() -> Vec<Arc<dyn Automation>>>;

/// Builds further routes beside the webhook's, anew for every life.
pub(crate) type Routes = Box<dyn Fn(&Wiring<'_>) -> Router>;

/// What a server's further routes are wired to.
pub struct Wiring<'w> {
    /// The engine.
    pub engine: &'w Engine,
    /// The way to the simulated GitHub.
    pub transport: Arc<dyn Transport>,
    /// The store, as the engine has it.
    pub store: Arc<dyn Store>,
    /// The world's clock.
    pub clock: Arc<dyn Clock>,
}

/// What outlives a server: its configuration, its disk, and the world around it.
pub(crate) struct Plan {
    pub(crate) automations: Automations,
    pub(crate) routes: Option<Routes>,
    pub(crate) options: Options,
    pub(crate) app: AppId,
    pub(crate) slug: String,
    pub(crate) secrets: Vec<String>,
    pub(crate) database: PathBuf,
    pub(crate) clock: SimulatedClock,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) wire: Arc<Wire>,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) doom: Doom,
}

/// One life of the server.
pub(crate) struct Server {
    pub(crate) engine: Engine,
    pub(crate) router: Router,
    /// The store itself, for the story's own looks.
    pub(crate) store: Arc<dyn Store>,
    /// The same as the server has it: what is read is counted.
    pub(crate) watched: Arc<dyn Store>,
    /// The same, where it matters that it is SQLite.
    pub(crate) sqlite: Arc<SqliteStore>,
    /// The statements that readers have run.
    pub(crate) statements: Statements,
}

/// Statements, each once.
pub(crate) type Statements = Arc<Mutex<BTreeSet<String>>>;

impl Server {
    /// Opens the disk, whatever is on it, and puts a server together on top.
    pub(crate) fn start(plan: &Plan) -> Self {
        plan.doom.revive();
        let clock: Arc<dyn Clock> = Arc::new(plan.clock.clone());
        let mut options = sqlite::Options::new(Arc::clone(&clock), Arc::clone(&plan.entropy));
        let statements = Statements::default();
        let seen = Arc::clone(&statements);
        options.trace = Some(Arc::new(move |sql: &str| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned());
        }));
        // Its lock is let go when the last handle on the store is gone; so this also finds handles that a story kept.
        let sqlite = SqliteStore::open(&plan.database, &options).expect("the store opens");
        let store: Arc<dyn Store> = Arc::clone(&sqlite) as Arc<dyn Store>;
        let watched: Arc<dyn Store> = Arc::new(Watched { inner: Arc::clone(&store), gauge: Arc::clone(&plan.gauge) });
        let parts = Parts {
            store: Arc::clone(&watched),
            github: github(plan, Arc::clone(&clock)),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&plan.entropy),
            secrets: plan.secrets.iter().map(|secret| WebhookSecret::new(secret)).collect(),
            automations: (plan.automations)(),
        };
        let engine = Engine::new(parts, Options { crashes: plan.doom.crashes(), ..plan.options.clone() });
        let mut router = webhook::router(engine.acceptor().clone());
        if let Some(routes) = &plan.routes {
            let transport = Arc::clone(&plan.wire) as Arc<dyn Transport>;
            router = router.merge(routes(&Wiring { engine: &engine, transport, store: Arc::clone(&watched), clock }));
        }
        Self { engine, router, store, watched, sqlite, statements }
    }
}

/// A client with nothing remembered.
fn github(plan: &Plan, clock: Arc<dyn Clock>) -> GitHub {
    let key = AppKey::from_pem(SIMULATOR_ONLY_PRIVATE_KEY).expect("the simulator's key is a key");
    let slug = plan.slug.parse().expect("the App's slug is one");
    let settings = Settings { slug: Some(slug), ..Settings::new(plan.app, key) };
    let transport = Arc::clone(&plan.wire);
    GitHub::new(settings, transport, clock, Arc::clone(&plan.entropy)).expect("the settings fit")
}
