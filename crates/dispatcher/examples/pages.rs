//! Serves the dispatcher's pages over a story that was just played, to look at:
//! `cargo run -p switchboard-dispatcher --example pages`. `PORT` chooses the port. It listens on loopback only.

#[path = "../tests/support/mod.rs"]
mod support;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use support::*;
use switchboard_clock::{Clock as _, SimulatedClock, Timestamp};
use switchboard_dispatcher::Dispatcher;
use switchboard_dispatcher::config::{Config, IssuePolicy};
use switchboard_dispatcher::pages::DispatcherPages;
use switchboard_panel::{Access, Auth, Panel, Version};
use switchboard_simulator::WorkflowSpec;
use tokio_util::sync::CancellationToken;

const API: &str = r#"# What acme/api starts once its tests are green.
outbound:
  - source: { workflow: ci.yml }
    targets:
      - repository: deploy
        workflow: cd.yml
        inputs: { sha: "{{ source.sha }}", image: "registry.acme.example/api:{{ source.run_id }}" }
      - { repository: docs, workflow: publish.yml }
      - { repository: mobile, workflow: release.yml, ref: release/9 }
      - { repository: web, workflow: cd.yml }
      - { repository: terraform, workflow: plan.yml }
"#;

const DEPLOY: &str = r#"outbound:
  - source: { workflow: cd.yml }
    targets:
      - { repository: smoke-tests, workflow: smoke.yml }
      - { repository: status-page, workflow: announce.yml }
      - { repository: api, workflow: ci.yml }

inbound:
  - source: { repository: api, workflow: ci.yml }
    targets:
      - { workflow: cd.yml, accept_inputs: [sha, image] }
"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3_000);
    let now = Timestamp::from_system(SystemTime::now());
    let clock = SimulatedClock::new(now - Duration::from_secs(1_500));
    let config = Config { issues: IssuePolicy::All, ..Config::default() };
    let mut world = world(config.clone()).clock(clock.clone()).schedules().begin().await;
    play(&mut world).await;

    let store = world.store_handle();
    let dispatcher = Arc::new(Dispatcher::new(config, Some("switchboard")));
    let pages = DispatcherPages::new(Arc::clone(&store), dispatcher, world.engine());
    let panel = Panel {
        store,
        actions: Arc::new(world.engine().acceptor().clone()),
        auth: Auth::open(),
        access: Access::default(),
        automations: vec![Arc::new(pages)],
        version: Version {
            version: "0.1.0".to_owned(),
            image: "sha256:4be1c0a7f9d2".to_owned(),
            started_at: now - Duration::from_secs(1_500),
        },
        github_url: "https://github.com".to_owned(),
        shutdown: CancellationToken::new(),
    };
    let router = panel.router().merge(switchboard_dispatcher::pages::schemas());
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let listener = tokio::net::TcpListener::bind(address).await?;
    for run in runs(&world).await {
        println!("http://{address}/dispatcher/runs/{}  {} {}", run.key, run.source.repository, run.source.workflow);
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

async fn play(world: &mut switchboard_testkit::World) {
    let api = world.repository("acme/api");
    let ci = api.workflow(WorkflowSpec::new("ci.yml").name("Tests"));
    api.file("dispatching.yml", API);
    let deploy = world.repository("acme/deploy");
    deploy.workflow(WorkflowSpec::new("cd.yml").dispatchable(&["sha", "image"]));
    deploy.file("dispatching.yml", DEPLOY);
    deploy.file(".github/dispatching.yml", "inbound: []\n");
    let (docs, _) = target(world, "acme/docs", "publish.yml", "api");
    docs.workflow("publish.yml").set_conclusions(&["failure"]);
    target(world, "acme/mobile", "release.yml", "api");
    target(world, "acme/web", "cd.yml", "some-other-repository");
    world.repository("acme/terraform").workflow(WorkflowSpec::new("plan.yml").dispatchable(&[]));
    for (name, workflow) in [("acme/smoke-tests", "smoke.yml"), ("acme/status-page", "announce.yml")] {
        let repository = world.repository(name);
        repository.workflow(WorkflowSpec::new(workflow).dispatchable(&[]));
        repository.file("dispatching.yml", inbound("deploy", "cd.yml", workflow));
    }
    let broken = world.repository("acme/billing");
    let nightly = broken.workflow("nightly.yml");
    broken.file("dispatching.yml", "outbound:\n  - source: { workflow: nightly.yml }\n    targets:\n      - { repository: ledger, workflow: close.yml, inputs: { retries: 5 } }\n        # a stray line\n");

    world.github.fault("POST", "/repos/acme/docs/actions/workflows/*/dispatches").times(2).status(502);
    for _ in 0..3 {
        ci.complete_run(&success());
        world.run_for(Duration::from_secs(200)).await;
        nightly.complete_run(&success());
        world.run_for(Duration::from_secs(200)).await;
    }
}
