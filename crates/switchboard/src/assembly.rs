//! The wiring: how the crates below become one server. `serve` wires them to the configured App, `demo` to a simulated
//! GitHub; from here on there is no difference.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use switchboard_clock::{Clock, Entropy};
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::Config;
use switchboard_dispatcher::pages::DispatcherPages;
use switchboard_engine::readiness::Readiness;
use switchboard_engine::{Automation, Engine, Options, Parts};
use switchboard_github::secret::WebhookSecret;
use switchboard_github::{GitHub, InstallationId};
use switchboard_panel::{
    Access, Auth, AutomationPages, Budget, Budgets, Insight, Panel, SettingRow, TokenLife, Version, Visibility,
};
use switchboard_relay::pages::RelayPages;
use switchboard_store::{Installation, Store, StoreError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

mod relay;

pub use relay::RelayParts;

use crate::telemetry::{self, Metrics, Telemetry, Traces, Watched};
use crate::{listen, probes};

/// What a server is put together from.
pub struct Components {
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// GitHub, as our App sees it.
    pub github: GitHub,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The webhook secrets that are valid now.
    pub secrets: Vec<WebhookSecret>,
    /// How the engine works; its queues are added here.
    pub engine: Options,
    /// The dispatcher's settings.
    pub dispatcher: Config,
    /// The relay, if it is switched on.
    pub relay: Option<RelayParts>,
    /// Who may sign in.
    pub auth: Auth,
    /// From where.
    pub access: Access,
    /// What the pages say about this build.
    pub version: Version,
    /// Where GitHub's pages are: `https://github.com`.
    pub github_url: String,
    /// The settings in force, as the pages show them.
    pub settings: Vec<SettingRow>,
    /// What machines are told.
    pub telemetry: TelemetryParts,
}

/// What machines are told about the server, and how.
#[derive(Debug, Default)]
pub struct TelemetryParts {
    /// What is counted, by the server and by what is handed to it.
    pub metrics: Arc<Metrics>,
    /// Where traces go, if anywhere.
    pub traces: Option<Traces>,
    /// Whether the metrics are told without sign-in.
    pub public_metrics: bool,
    /// The database's file, for its size.
    pub database: Option<PathBuf>,
}

/// The budgets as the client of GitHub keeps them in memory.
struct ClientBudgets(GitHub);

impl Budgets for ClientBudgets {
    fn budget(&self, installation: Installation) -> Budget {
        let now = self.0.budget(InstallationId(installation.0));
        Budget {
            in_flight: now.in_flight,
            points_minute: now.points_minute,
            writes_hour: now.content_hour,
            hour: now.told.map(|told| (told.remaining, told.limit, told.reset)),
            held_until: now.held_until,
        }
    }

    fn tokens(&self, installation: Installation) -> Vec<TokenLife> {
        let lives = self.0.tokens(InstallationId(installation.0)).into_iter();
        lives.map(|life| TokenLife { scope: life.scope.reach(), expires_at: life.expires_at }).collect()
    }
}

/// The automations that are switched on, for what they tell without a server.
#[must_use]
pub fn automations(dispatcher: &Config, relay: &switchboard_relay::config::Config) -> Vec<Arc<dyn Automation>> {
    let dispatcher = dispatcher.enabled.then(|| Arc::new(Dispatcher::new(dispatcher.clone(), None)) as _);
    dispatcher.into_iter().chain(relay::without_server(relay)).collect()
}

/// A server, put together and not running yet.
pub struct Server {
    /// The engine.
    pub engine: Arc<Engine>,
    /// The dispatcher, if it is switched on.
    pub dispatcher: Option<Arc<Dispatcher>>,
    router: Router,
    shutdown: CancellationToken,
    telemetry: Arc<Telemetry>,
}

impl Server {
    /// Puts a server together. `shutdown` ends it.
    #[must_use]
    pub fn new(components: Components, shutdown: CancellationToken) -> Self {
        let Components {
            store,
            github,
            clock,
            entropy,
            secrets,
            mut engine,
            dispatcher,
            relay: relay_parts,
            auth,
            access,
            version,
            github_url,
            settings,
            telemetry,
        } = components;
        let listening = Arc::new(Telemetry { metrics: telemetry.metrics, traces: telemetry.traces });
        engine.observer = Arc::clone(&listening) as _;
        let github = github.observed(Arc::clone(&listening.metrics) as _);
        let watched = Watched::new(Arc::clone(&store), github.clone(), telemetry.database, version.version.clone())
            .with_relay(relay_parts.as_ref().map(RelayParts::watched));
        let metrics = telemetry::router(Arc::clone(&listening.metrics), watched, version.started_at);
        let access_to_metrics = if telemetry.public_metrics { Visibility::Public } else { Visibility::SignedIn };
        let slug = github.slug().map(|slug| slug.as_str().to_owned());
        let dispatcher = dispatcher.enabled.then(|| Arc::new(Dispatcher::new(dispatcher, slug.as_deref())));
        let mut automations: Vec<Arc<dyn Automation>> = Vec::new();
        if let Some(dispatcher) = &dispatcher {
            automations.push(Arc::clone(dispatcher) as Arc<dyn Automation>);
            engine.queues.push(switchboard_dispatcher::handlers::QUEUE);
        }
        let relay = relay_parts.as_ref().map(|parts| parts.relay(&github_url, &listening.metrics));
        if let Some(relay) = &relay {
            automations.push(Arc::new(relay.clone()));
            engine.queues.push(switchboard_relay::handlers::QUEUE);
        }
        let readiness = Arc::new(Readiness::new(Arc::clone(&store)));
        let insight = Insight {
            settings,
            budgets: Some(Arc::new(ClientBudgets(github.clone()))),
            readiness: Some(Arc::clone(&readiness)),
        };
        let parts = Parts { store: Arc::clone(&store), github, clock, entropy, secrets, automations };
        let engine = Arc::new(Engine::new(parts, engine));
        let mut pages: Vec<Arc<dyn AutomationPages>> = Vec::new();
        if let Some(relay) = &relay {
            pages.push(Arc::new(RelayPages::new(Arc::clone(&store), relay.clone(), &engine)));
        }
        if let Some(dispatcher) = &dispatcher {
            pages.push(Arc::new(DispatcherPages::new(Arc::clone(&store), Arc::clone(dispatcher), &engine)));
        }
        let callback = relay_parts.zip(relay).map(|(parts, relay)| parts.callback(relay, &engine, Arc::clone(&store)));
        let panel = Panel {
            store: Arc::clone(&store),
            actions: Arc::new(engine.acceptor().clone()),
            auth,
            access,
            automations: pages,
            version,
            github_url,
            shutdown: shutdown.clone(),
            also: vec![(access_to_metrics, metrics)],
        };
        let router = switchboard_engine::webhook::router(engine.acceptor().clone())
            .merge(probes::router(store, readiness))
            .merge(switchboard_dispatcher::pages::schemas())
            .merge(switchboard_relay::pages::schemas())
            .merge(callback.unwrap_or_default())
            .merge(panel.router_with(insight));
        Self { engine, dispatcher, router, shutdown, telemetry: listening }
    }

    /// Its routes alone, for asking it things without running it.
    pub fn into_router(self) -> Router {
        self.router
    }

    /// Runs until shut down: answers what was accepted, finishes what is being decided and delivered.
    ///
    /// # Errors
    /// What the store says at the start. Later trouble is logged, and outlived.
    pub async fn run(self, listener: TcpListener) -> Result<(), StoreError> {
        self.engine.start().await?;
        let engine = tokio::spawn(Arc::clone(&self.engine).run(self.shutdown.clone()));
        listen::serve(listener, self.router, self.shutdown.clone()).await;
        if let Err(error) = engine.await {
            tracing::error!(%error, "the engine ended in an unforeseen way");
        }
        // It waits for the collector, on a thread that may.
        let telemetry = self.telemetry;
        let _ = tokio::task::spawn_blocking(move || telemetry.finish()).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
