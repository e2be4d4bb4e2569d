//! The simulated GitHub and the server, in one process and connected by TCP like any other two.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use switchboard_clock::{Clock, SystemEntropy};
use switchboard_dispatcher::config::Config;
use switchboard_engine::operations::Upkeep;
use switchboard_engine::{Options, Reader};
use switchboard_github::secret::{AppKey, WebhookSecret};
use switchboard_github::transport::Transport;
use switchboard_github::{GitHub, HttpTransport};
use switchboard_panel::{Access, Auth, Version};
use switchboard_simulator::{AppSpec, SIMULATOR_ONLY_PRIVATE_KEY, Simulator};
use switchboard_store::Store;
use switchboard_store::sqlite::{self, SqliteStore};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::clock::StoryClock;
use super::door;
use super::town::{APP, Town};
use super::upstream;
use crate::assembly::{Components, RelayParts, Server, TelemetryParts};
use crate::cli::Failure;

/// How often the App's delivery list is looked at, in the story's time; the usual ten minutes would outlast the demo.
const GAP_REPAIR_EVERY: Duration = Duration::from_secs(10);
/// Nothing dies in the demo, so a lease need not end early; in the story's time it would end ten times as soon.
const LEASE: Duration = Duration::from_secs(600);
/// Always the same GitHub, so that every demo shows the same ids.
const SEED: u64 = 1;

/// Where the simulated GitHub's issuer of tokens is.
const ISSUER_PATH: &str = "/_services/token";

/// Where the demo plays.
pub(super) struct Stage {
    pub(super) github: Simulator,
    pub(super) town: Town,
    pub(super) reader: Reader,
    /// Where the pages are.
    pub(super) address: SocketAddr,
    server: JoinHandle<Result<(), switchboard_store::StoreError>>,
    shutdown: CancellationToken,
    /// Holds the store; removed with the stage.
    _folder: TempDir,
}

impl Stage {
    /// Sets everything up. The server listens on `port` of this machine, or on a free one if it is taken.
    ///
    /// # Errors
    /// [`Failure`] with what is missing on this machine.
    pub(super) async fn set(port: u16, sign_in: bool, shutdown: CancellationToken) -> Result<Self, Failure> {
        let clock: Arc<dyn Clock> = Arc::new(StoryClock::start());
        let github = Simulator::new(Arc::clone(&clock), SEED);
        let api = listen(0).await?;
        let api_address = api.local_addr().map_err(failed)?;
        let issuer = format!("http://{api_address}{ISSUER_PATH}");
        github.configure(|settings| {
            settings.html_url = format!("http://{api_address}");
            settings.actions_issuer.clone_from(&issuer);
        });
        let town = Town::build(&github).map_err(failed)?;

        let pages = match listen(port).await {
            Ok(listener) => listener,
            Err(_) => listen(0).await?,
        };
        let address = pages.local_addr().map_err(failed)?;
        github.configure(|settings| settings.callback_url = format!("http://{address}/github/callback"));
        let folder = tempfile::tempdir().map_err(failed)?;
        let options = sqlite::Options::new(Arc::clone(&clock), Arc::new(SystemEntropy));
        let store = SqliteStore::open(folder.path().join("switchboard.db"), &options).map_err(failed)?;
        let auth = if sign_in { door::auth(&github, &town.app, api_address, address)? } else { Auth::open() };
        let relay = upstream::config(issuer);
        let server = server(&town, &clock, store as Arc<dyn Store>, api_address, (auth, relay), shutdown.clone())?;
        let reader = server.engine.reader();

        let webhooks = format!("http://{address}/webhooks/github");
        let (served, posting) = (github.clone(), github.clone());
        tokio::spawn(async move { served.serve(api).await });
        tokio::spawn(async move { posting.run(&webhooks).await });
        let server = tokio::spawn(server.run(pages));
        Ok(Self { github, town, reader, address, server, shutdown, _folder: folder })
    }

    /// Lets the server end as a signal would.
    ///
    /// # Errors
    /// [`Failure`], if it did not end well.
    pub(super) async fn strike(self) -> Result<(), Failure> {
        self.shutdown.cancel();
        self.server.await.map_err(failed)?.map_err(failed)
    }
}

fn server(
    town: &Town,
    clock: &Arc<dyn Clock>,
    store: Arc<dyn Store>,
    api: SocketAddr,
    (auth, relay): (Auth, switchboard_relay::config::Config),
    shutdown: CancellationToken,
) -> Result<Server, Failure> {
    let key = AppKey::from_pem(SIMULATOR_ONLY_PRIVATE_KEY).map_err(failed)?;
    let settings = switchboard_github::Settings {
        api_url: Url::parse(&format!("http://{api}")).map_err(failed)?,
        ..switchboard_github::Settings::new(switchboard_github::AppId(town.app.id().0), key)
    };
    let entropy = Arc::new(SystemEntropy);
    let transport: Arc<dyn Transport> = Arc::new(HttpTransport::new().map_err(failed)?);
    let client =
        GitHub::new(settings, Arc::clone(&transport), Arc::clone(clock), Arc::clone(&entropy) as _).map_err(failed)?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let components = Components {
        store,
        github: client,
        clock: Arc::clone(clock),
        entropy,
        secrets: vec![WebhookSecret::new(&AppSpec::new(APP).webhook_secret)],
        engine: Options {
            lease: LEASE,
            upkeep: Upkeep { gap_repair: Some(GAP_REPAIR_EVERY), ..Upkeep::default() },
            ..Options::default()
        },
        dispatcher: Config::default(),
        relay: RelayParts::new(&relay, transport, Arc::clone(clock)).map_err(failed)?,
        auth,
        access: Access::default(),
        version: Version { version, image: "demo".to_owned(), started_at: clock.now() },
        github_url: format!("http://{api}"),
        settings: Vec::new(),
        telemetry: TelemetryParts { public_metrics: true, ..TelemetryParts::default() },
    };
    Ok(Server::new(components, shutdown))
}

async fn listen(port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)
}

pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Failed {
        message: format!("the demo cannot be set up: {error}"),
        hint: "it needs a folder for temporary files and two free ports on 127.0.0.1".to_owned(),
    }
}
