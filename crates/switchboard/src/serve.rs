//! `switchboard serve`: from settings to a running server.

use std::sync::Arc;

use switchboard_clock::{Clock, Entropy, SystemClock, SystemEntropy};
use switchboard_engine::Options;
use switchboard_engine::operations::Upkeep;
use switchboard_github::transport::Transport;
use switchboard_github::{GitHub, HttpTransport};
use switchboard_panel::{Access, Auth, SessionSecret, SettingRow, Version};
use switchboard_relay::cache::redis::{Redis, Unusable};
use switchboard_relay::config::CacheBackend;
use switchboard_store::sqlite::{self, SqliteStore};
use switchboard_store::{Retention, Store, StoreError};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::assembly::{Components, RelayParts, Server, TelemetryParts};
use crate::cli::Failure;
use crate::directory;
use crate::session_secret::session_secret;
use crate::settings::kinds::StoreLocation;
use crate::settings::{GitHubSettings, Settings};
use crate::telemetry::{Named, Traces};

/// Opens the configured store.
///
/// # Errors
/// What the store says; [`store_failure`] tells it to people.
pub fn open_store(settings: &Settings) -> Result<Arc<SqliteStore>, StoreError> {
    let options = sqlite::Options::new(Arc::new(SystemClock), Arc::new(SystemEntropy));
    let StoreLocation::Sqlite(path) = &settings.store.location;
    SqliteStore::open(path, &options)
}

/// A store that cannot be opened, with its file and what to do.
#[must_use]
pub fn store_failure(settings: &Settings, error: &StoreError) -> Failure {
    let StoreLocation::Sqlite(path) = &settings.store.location;
    Failure::Failed {
        message: format!("the store {} cannot be opened: {error}", path.display()),
        hint: error.hint().unwrap_or("see DATABASE_URL in `switchboard settings`").to_owned(),
    }
}

/// The way to GitHub and to issuers of tokens.
///
/// # Errors
/// [`Failure`], if this machine has no certificates.
pub fn transport() -> Result<Arc<dyn Transport>, Failure> {
    let transport = HttpTransport::new().map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: "check this machine's certificates".to_owned(),
    })?;
    Ok(Arc::new(transport))
}

/// Makes the client for the configured App.
///
/// # Errors
/// [`Failure`], if it cannot be put together.
pub fn client(github: &GitHubSettings) -> Result<GitHub, Failure> {
    let failed = |message: String| Failure::Failed {
        message,
        hint: "check GITHUB_API_URL and this machine's certificates".to_owned(),
    };
    GitHub::new(github.client(), transport()?, Arc::new(SystemClock), Arc::new(SystemEntropy))
        .map_err(|error| failed(error.to_string()))
}

/// Runs the server until it is told to stop. `settings` were loaded [to serve](crate::settings::Purpose::Serve).
///
/// # Errors
/// [`Failure`], if it cannot start.
pub async fn serve(settings: Settings, shutdown: CancellationToken) -> Result<(), Failure> {
    let store = open_store(&settings).map_err(|error| store_failure(&settings, &error))?;
    let mut components = components(&settings, store as Arc<dyn Store>)?;
    if settings.auth.github_lists_nobody {
        tracing::info!(
            "nobody may sign in with GitHub yet: SWITCHBOARD_OPERATORS and SWITCHBOARD_VIEWERS list who may"
        );
    }
    if !components.auth.is_open() {
        components.auth.secret = session_secret(&settings);
    }
    let address = settings.server.address();
    let listener = TcpListener::bind(address).await.map_err(|error| Failure::Failed {
        message: format!("cannot listen on {address}: {error}"),
        hint: "another server may be running; PORT chooses another port".to_owned(),
    })?;
    let address = listener.local_addr().unwrap_or(address);
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let server = Server::new(components, shutdown);
    tracing::info!(%address, version = settings.server.version(), "listening");
    server.run(listener).await.map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: error.hint().unwrap_or("see the log").to_owned(),
    })
}

/// What the settings say a server is put together from. They were loaded [to serve](crate::settings::Purpose::Serve).
///
/// # Errors
/// [`Failure`], if the App's client cannot be made.
pub fn components(settings: &Settings, store: Arc<dyn Store>) -> Result<Components, Failure> {
    let Some(github) = &settings.github else {
        // The loader asks for the App when loading to serve.
        return Err(Failure::Failed {
            message: "no App is configured".to_owned(),
            hint: "see .env.example".to_owned(),
        });
    };
    let telemetry = telemetry(settings)?;
    Ok(Components {
        store,
        github: client(github)?,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        secrets: github.webhook_secrets.clone(),
        engine: engine_options(settings),
        dispatcher: settings.dispatcher.config.clone(),
        relay: relay(settings)?,
        auth: Auth {
            operator: settings.auth.operator.clone(),
            read_only: settings.auth.viewer.clone(),
            github: directory::sign_in(settings, github, Arc::clone(&telemetry.metrics) as _)?,
            public: public_pages(settings),
            // Only a server keeps one: what other commands sign is good for themselves.
            secret: SessionSecret::random(),
            public_url: settings.server.public_url.as_ref().map(ToString::to_string),
        },
        access: Access {
            allowed: settings.server.admin_ip_allowlist.clone(),
            proxies: settings.server.trusted_proxies.clone(),
        },
        version: version(settings),
        github_url: github.api_url.web().trim_end_matches('/').to_owned(),
        settings: setting_rows(settings),
        telemetry,
    })
}

fn relay(settings: &Settings) -> Result<Option<RelayParts>, Failure> {
    let parts = RelayParts::new(&settings.relay.config, transport()?, Arc::new(SystemClock));
    let parts = parts.map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: "see oidc_issuer and [[relay.provider]] in `switchboard settings`".to_owned(),
    })?;
    let Some(parts) = parts else { return Ok(None) };
    let redis = redis(settings).transpose().map_err(|error| Failure::Failed {
        message: error.to_string(),
        hint: "see url under [relay.cache] in `switchboard settings`".to_owned(),
    })?;
    Ok(Some(parts.cached_in(redis.map(Arc::new))))
}

/// The Redis that the relay's cache is kept in, if it is in one. Nothing is sent to it yet.
#[must_use]
pub fn redis(settings: &Settings) -> Option<Result<Redis, Unusable>> {
    let url = settings.relay.redis_url.as_ref().filter(|_| settings.relay.config.cache == CacheBackend::Redis)?;
    // A new name at every start: what an earlier process took still counts, and nobody goes on counting there.
    let node = SystemEntropy.id(SystemClock.now()).to_string();
    Some(Redis::new(url.expose(), node))
}

/// The pages that anybody may read.
fn public_pages(settings: &Settings) -> Vec<String> {
    let mut pages = settings.auth.public_pages.clone();
    let relay = switchboard_relay::handlers::NAME.to_owned();
    if settings.relay.config.public_pages && !pages.contains(&relay) {
        pages.push(relay);
    }
    pages
}

fn telemetry(settings: &Settings) -> Result<TelemetryParts, Failure> {
    let traces = settings.telemetry.traces_to().map(|address| {
        let named = Named { service: settings.telemetry.service_name.as_deref(), version: settings.server.version() };
        Traces::to(&address, named, Arc::new(SystemEntropy)).map_err(|error| Failure::Failed {
            message: format!("traces cannot be sent to {address}: {error}"),
            hint: "see OTEL_EXPORTER_OTLP_ENDPOINT in `switchboard settings`".to_owned(),
        })
    });
    let StoreLocation::Sqlite(path) = &settings.store.location;
    Ok(TelemetryParts {
        metrics: Arc::default(),
        traces: traces.transpose()?,
        public_metrics: settings.telemetry.public_metrics,
        database: Some(path.clone()),
    })
}

/// The settings in force as the pages show them: secrets as fingerprints.
fn setting_rows(settings: &Settings) -> Vec<SettingRow> {
    let rows = settings.effective.iter().map(|row| SettingRow {
        section: row.setting.section.to_owned(),
        name: row.setting.key.to_owned(),
        shown: row.shown.clone(),
        origin: row.origin.to_string(),
        about: row.setting.about.to_owned(),
    });
    rows.collect()
}

/// What the pages say about this build.
#[must_use]
pub fn version(settings: &Settings) -> Version {
    Version {
        version: settings.server.version().to_owned(),
        image: settings.server.image_sha.clone(),
        started_at: SystemClock.now(),
    }
}

fn engine_options(settings: &Settings) -> Options {
    let engine = &settings.engine;
    Options {
        jobs: engine.concurrent_jobs,
        intents: engine.concurrent_intents,
        lease: engine.lease,
        upkeep: Upkeep {
            retention: Retention { bodies: settings.store.keep_bodies, history: settings.store.keep_history },
            gap_repair: engine.gap_repair_interval(),
        },
        ..Options::default()
    }
}

/// Cancels when the process is told to stop; a second signal ends it at once.
#[must_use]
pub fn stop_on_signal() -> CancellationToken {
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    tokio::spawn(async move {
        signal().await;
        tracing::info!("stopping; a second signal stops at once");
        stop.cancel();
        signal().await;
        std::process::exit(130);
    });
    shutdown
}

async fn signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
