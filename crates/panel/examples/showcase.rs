//! Serves the panel over a store with sample data, to look at: `cargo run -p switchboard-panel --example showcase`.
//! `PORT` chooses the port, `TOKEN` an operator's token; without one the panel is open.

#[path = "../tests/support/mod.rs"]
mod support;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use axum::Router;
use switchboard_clock::{Clock as _, Timestamp};
use switchboard_panel::components::{Flow, Sentence, State, Told};
use switchboard_panel::{
    Access, Auth, AutomationPages, Budget, Budgets, Insight, NavItem, Panel, SettingRow, TokenHash, Version,
};
use switchboard_store::{Fact, Installation};
use tokio_util::sync::CancellationToken;

/// Stands in for the dispatcher's pages.
struct Dispatcher;

#[async_trait]
impl AutomationPages for Dispatcher {
    fn name(&self) -> &'static str {
        "dispatcher"
    }

    fn nav(&self) -> NavItem {
        NavItem { label: "Dispatcher", path: "/dispatcher" }
    }

    fn routes(&self) -> Router {
        Router::new()
    }

    fn tell(&self, fact: &Fact) -> Option<Told> {
        let text = |name: &str| fact.data[name].as_str().unwrap_or("?").to_owned();
        Some(match fact.kind.as_str() {
            "dispatch.trigger.succeeded" => Told {
                flow: Flow::Out,
                sentence: Sentence::new(format!("Started `cd.yml` in `{}`.", text("targetRepo")))
                    .state(State::Succeeded),
            },
            "dispatch.trigger.failed" => Told {
                flow: Flow::Out,
                sentence: Sentence::new(format!(
                    "Not started in `{}`: the workflow has no `workflow_dispatch` trigger.",
                    text("targetRepo")
                ))
                .state(State::Failed),
            },
            "dispatch.target.denied" => Told {
                flow: Flow::Decided,
                sentence: Sentence::new(format!(
                    "Not dispatched: `{}` has no inbound rule for `acme/api` `ci.yml`.",
                    text("targetRepo")
                ))
                .state(State::Denied),
            },
            "dispatch.plan.created" => Told {
                flow: Flow::Decided,
                sentence: Sentence::new(format!("Planned {} target.", fact.data["candidateTargets"])),
            },
            _ => return None,
        })
    }
}

/// A budget that is partly spent.
struct Spent;

impl Budgets for Spent {
    fn budget(&self, installation: Installation) -> Budget {
        let reset = Timestamp::from_system(SystemTime::now()) + Duration::from_secs(1_320);
        let hour = (installation.0 % 2 == 1).then_some((4_987, 5_000, reset));
        Budget { hour, points_minute: 26, writes_hour: 4, ..Budget::default() }
    }
}

/// A few settings, as a server tells them.
fn insight() -> Insight {
    let row = |section: &str, name: &str, shown: Option<&str>, origin: &str, about: &str| SettingRow {
        section: section.to_owned(),
        name: name.to_owned(),
        shown: shown.map(str::to_owned),
        origin: origin.to_owned(),
        about: about.to_owned(),
    };
    let settings = vec![
        row("server", "port", Some("3000"), "environment variable PORT", "The port to listen on."),
        row(
            "server",
            "public_url",
            Some("\"https://switchboard.example\""),
            "switchboard.toml:4:14",
            "Where browsers reach this server, for links from GitHub back to our pages.",
        ),
        row("server", "trusted_proxies", None, "default", "Proxies whose `X-Forwarded-For` counts."),
        row(
            "github",
            "webhook_secret",
            Some("sha256:4be1c0a7, sha256:9f3c2d1b"),
            "environment variable GITHUB_WEBHOOK_SECRET",
            "What GitHub signs deliveries with; several while rotating.",
        ),
        row("store", "keep_bodies", Some("\"30d\""), "default", "How long raw bodies are kept."),
    ];
    Insight { settings, budgets: Some(Arc::new(Spent)), ..Insight::default() }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3_000);
    let now = Timestamp::from_system(SystemTime::now());
    let empty = std::env::var_os("EMPTY").is_some();
    let started = now - Duration::from_secs(50 * 3_600);
    let sample = if empty { support::Sample::empty(started) } else { support::Sample::lived(started).await };
    let clock = sample.clock.clone();
    let behind = Timestamp::from_system(SystemTime::now()).since(clock.now());
    tokio::spawn(async move {
        loop {
            clock.advance_to(Timestamp::from_system(SystemTime::now()) - behind);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let operator = std::env::var("TOKEN").ok().map(|token| TokenHash::of(&token));
    let shutdown = CancellationToken::new();
    let panel = Panel {
        store: sample.store.clone(),
        actions: Arc::new(support::Noted::default()),
        auth: Auth { operator, ..Auth::open() },
        access: Access::default(),
        automations: vec![Arc::new(Dispatcher)],
        version: Version {
            version: "0.1.0".to_owned(),
            image: "sha256:4be1c0a7f9d2".to_owned(),
            started_at: sample.now() - Duration::from_secs(50_000),
        },
        github_url: "https://github.com".to_owned(),
        shutdown,
        also: Vec::new(),
    };
    if !empty {
        // Something to watch: a delivery every few seconds.
        tokio::spawn(async move {
            for n in 0_u64.. {
                tokio::time::sleep(Duration::from_secs(
                    std::env::var("EVERY").ok().and_then(|s| s.parse().ok()).unwrap_or(5),
                ))
                .await;
                sample.arrive(&support::run("acme/live", &format!("{n:040x}")), n % 2 == 0).await;
            }
        });
    } else {
        std::mem::forget(sample);
    }
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, panel.router_with(insight()).into_make_service_with_connect_info::<SocketAddr>()).await
}
