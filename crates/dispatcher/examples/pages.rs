//! Serves the dispatcher's pages over a story that was just played, to look at:
//! `cargo run -p switchboard-dispatcher --example pages`. `PORT` chooses the port. It listens on loopback only.

#[path = "../tests/pages/story.rs"]
mod story;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use switchboard_clock::{SimulatedClock, Timestamp};
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::{Config, IssuePolicy};
use switchboard_dispatcher::keys::views;
use switchboard_dispatcher::pages::{DispatcherPages, schemas};
use switchboard_panel::{Access, Auth, Panel, Version};
use switchboard_simulator::RunSpec;
use switchboard_testkit::World;
use tokio_util::sync::CancellationToken;

/// How long the story takes: rounds of two runs, with a pause after each.
const ROUNDS: u32 = 8;
const PAUSE: Duration = Duration::from_secs(1_700);

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3_000);
    let now = Timestamp::from_system(SystemTime::now());
    let began = now - PAUSE * (2 * ROUNDS - 1) - Duration::from_secs(100);
    let clock = SimulatedClock::new(began);
    let config = Config { issues: IssuePolicy::All, ..Config::default() };
    let mut world = story::world(config.clone()).clock(clock.clone()).schedules().begin().await;
    play(&mut world).await;

    let store = world.store_handle();
    let dispatcher = Arc::new(Dispatcher::new(config, None));
    let pages = DispatcherPages::new(Arc::clone(&store), dispatcher, world.engine());
    let panel = Panel {
        store,
        actions: Arc::new(world.engine().acceptor().clone()),
        auth: Auth::open(),
        access: Access::default(),
        automations: vec![Arc::new(pages)],
        version: Version { version: "0.1.0".to_owned(), image: "sha256:4be1c0a7f9d2".to_owned(), started_at: began },
        github_url: "https://github.com".to_owned(),
        shutdown: CancellationToken::new(),
        also: Vec::new(),
    };
    let router = panel.router().merge(schemas());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = tokio::net::TcpListener::bind(address).await?;
    for run in world.records(&views::RUN).await {
        println!("http://{address}/dispatcher/runs/{}", run.key.as_str());
    }
    println!("http://{address}/dispatcher");
    tokio::spawn(async move {
        // From here on time passes as it does outside.
        loop {
            clock.advance_to(Timestamp::from_system(SystemTime::now()));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
}

/// The same runs again and again; in the last round GitHub stumbles twice.
async fn play(world: &mut World) {
    let ci = story::arrange(world);
    let nightly = world.repository("acme/billing").workflow("nightly.yml");
    let docs = "/repos/acme/docs/actions/workflows/*/dispatches";
    world.github.fault("POST", docs).after(u64::from(ROUNDS) - 1).times(2).status(502);
    world.github.fault("GET", "/repos/*/*/contents/**").always().slow(Duration::from_millis(170));
    world.github.fault("POST", "/repos/*/*/actions/workflows/*/dispatches").always().slow(Duration::from_millis(340));
    for round in 1..=ROUNDS {
        nightly.complete_run(&RunSpec::default());
        world.run_for(PAUSE).await;
        ci.complete_run(&RunSpec::default());
        world.run_for(if round == ROUNDS { Duration::from_secs(90) } else { PAUSE }).await;
    }
}
