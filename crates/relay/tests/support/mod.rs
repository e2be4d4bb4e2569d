//! What the stories share: an upstream with an allowlist, downstream repositories, and a server that relays between them.
#![allow(dead_code, reason = "each test binary uses its share")]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use switchboard_engine::{Automation, Reader};
use switchboard_github::RepoName;
use switchboard_github::oidc::Verifier;
use switchboard_relay::config::Config;
use switchboard_relay::endpoint::Callback;
use switchboard_relay::handlers::{QUEUE, REFRESH, Relay};
use switchboard_relay::identity::issuers;
use switchboard_relay::records::{DispatchRecord, Kind, ResultRecord, RowRecord, TargetRecord, keys, views};
use switchboard_simulator::{Access, CheckRunView, Downstream, Expected, Pull, Repository, RunId, Workflow};
use switchboard_store::FactsOf;
use switchboard_testkit::{Builder, Reported, Wiring, World};

pub mod cached;
pub mod redis;
pub mod reports;
pub mod scribe;

pub const UP: &str = "org/up";
pub const MINUTE: Duration = Duration::from_secs(60);
/// The label that asks for check runs of the device `cuda`.
pub const LABEL: &str = "ciflow/crcr/cuda";
/// An entry on L3, for that device.
pub const L3: &str = "L3: { cuda: { three/c: } }";

pub use cached::Cached;

/// An upstream, its world, and what is dispatched in it.
pub struct Town {
    pub world: World,
    pub up: Repository,
}

/// The settings of an operator who sets nothing but what must be set.
pub fn config() -> Config {
    Config { enabled: true, upstream: Some(name(UP)), ..Config::default() }
}

pub fn name(text: &str) -> RepoName {
    text.parse().unwrap()
}

impl Town {
    /// An upstream with this allowlist, which has been read.
    pub async fn with(config: Config, allowlist: &str) -> Self {
        Self::built(config, allowlist, &Cached::default(), |_, _| axum::Router::new(), |builder| builder).await
    }

    /// The same, with everything that happens by the clock.
    pub async fn scheduled(config: Config, allowlist: &str) -> Self {
        let told = |builder: Builder| builder.schedules().options(|options| options.upkeep.gap_repair = None);
        Self::built(config, allowlist, &Cached::default(), |_, _| axum::Router::new(), told).await
    }

    /// The same as [`with`](Self::with), with further routes of the server.
    pub async fn beside(config: Config, allowlist: &str, also: fn(Relay, &Wiring<'_>) -> axum::Router) -> Self {
        Self::built(config, allowlist, &Cached::default(), also, |builder| builder).await
    }

    /// The same, with this cache.
    pub async fn cached(config: Config, allowlist: &str, cached: &Cached) -> Self {
        Self::built(config, allowlist, cached, |_, _| axum::Router::new(), |builder| builder).await
    }

    async fn built(
        config: Config,
        allowlist: &str,
        cached: &Cached,
        also: fn(Relay, &Wiring<'_>) -> axum::Router,
        told: fn(Builder) -> Builder,
    ) -> Self {
        let relay = {
            let (config, cached) = (config.clone(), cached.clone());
            move || cached.relay(Relay::new(config.clone(), name(UP), "https://github.com"))
        };
        let routes = {
            let (config, relay) = (config.clone(), relay.clone());
            move |wiring: &Wiring<'_>| callback(&config, relay(), wiring).merge(also(relay(), wiring))
        };
        let automations = move || -> Vec<Arc<dyn Automation>> { vec![Arc::new(relay()), Arc::new(scribe::Scribe)] };
        let world = told(World::with_all(automations).queue(QUEUE).routes(routes));
        let mut world = world
            .events(&["pull_request", "push", "check_run", "check_suite", "workflow_run"])
            .permissions(&[
                ("actions", Access::Write),
                ("checks", Access::Write),
                ("contents", Access::Write),
                ("metadata", Access::Read),
                ("pull_requests", Access::Write),
            ])
            .outside(&cached.outside)
            .begin()
            .await;
        let up = world.repository(UP);
        up.file(".github/allowlist.yml", allowlist.to_owned());
        let mut town = Self { world, up };
        town.refresh().await;
        town
    }

    /// The server reads the allowlist.
    pub async fn refresh(&mut self) {
        self.world.operate(REFRESH, json!({})).await;
        self.world.settle().await;
    }

    /// A downstream repository with this workflow.
    pub fn downstream(&mut self, repo: &str, workflow: Downstream) -> Workflow {
        self.world.repository(repo).on_dispatch(workflow)
    }

    /// Everything happens that follows within so many minutes.
    pub async fn minutes(&mut self, minutes: u32) {
        self.world.run_for(MINUTE * minutes).await;
    }

    /// The story ends once nothing is left to happen: timers run out, and nothing else is wrong.
    pub async fn end(mut self, expected: &[Expected]) {
        self.world.run_until_idle(MINUTE * 60 * 24 * 10).await;
        self.world.finish(expected).await;
    }

    /// The same, of a story that has looked at what is written to GitHub itself.
    pub async fn end_as_written(mut self) {
        self.world.run_until_idle(MINUTE * 60 * 24 * 10).await;
        let writes = self.world.github.writes();
        let written: Vec<Expected> = writes.iter().map(|call| Expected::once(&call.method, &call.path)).collect();
        self.world.finish(&written).await;
    }

    /// The same, of a story in which things happen by the clock for ever.
    pub async fn end_by_the_clock(self) {
        let writes = self.world.github.writes();
        let written: Vec<Expected> = writes.iter().map(|call| Expected::once(&call.method, &call.path)).collect();
        self.world.finish(&written).await;
    }

    /// The dispatches, oldest first.
    pub async fn dispatches(&self) -> Vec<DispatchRecord> {
        let mut all: Vec<DispatchRecord> = self.all(&views::DISPATCH).await;
        all.sort_by_key(|dispatch| dispatch.seq);
        all
    }

    pub async fn rows(&self, kind: Kind) -> Vec<RowRecord> {
        let rows: Vec<RowRecord> = self.all(&views::ROW).await;
        rows.into_iter().filter(|row| row.kind == kind).collect()
    }

    pub async fn results(&self) -> Vec<ResultRecord> {
        self.all(&views::RESULT).await
    }

    pub async fn target(&self, delivery_id: &str, repo: &str) -> Option<TargetRecord> {
        self.world.record(&views::TARGET, keys::target(delivery_id, &name(repo))).await
    }

    /// The newest dispatch's delivery id at a repository.
    pub async fn newest_of(&self, repo: &str) -> String {
        let run = self.world.github.find(repo).unwrap().runs().pop().expect("something was dispatched");
        run.inputs["delivery_id"].as_str().unwrap().to_owned()
    }

    /// The newest dispatch's target at a repository.
    pub async fn newest_target(&self, repo: &str) -> TargetRecord {
        let newest = self.dispatches().await.pop().expect("something was dispatched");
        self.target(&newest.delivery_id, repo).await.expect("it is a target")
    }

    pub async fn all<T: serde::de::DeserializeOwned>(&self, view: &switchboard_store::View) -> Vec<T> {
        let records = self.world.records(view).await;
        records.into_iter().map(|record| serde_json::from_value(record.value).unwrap()).collect()
    }

    /// The one result that there is.
    pub async fn result(&self) -> ResultRecord {
        let mut all = self.results().await;
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// The runs in a repository, oldest first.
    pub fn runs(&self, repo: &str) -> Vec<RunId> {
        self.world.github.find(repo).unwrap().runs().iter().map(|run| run.id).collect()
    }

    /// What somebody sees of one check run on a pull request's head: its status, or how it ended.
    pub fn check(&self, pull: &Pull, check: &str) -> Option<String> {
        self.checks(&pull.head_sha()).into_iter().find(|(name, _)| name == check).map(|(_, end)| end)
    }

    /// How many check runs of a name there are on all commits.
    pub fn count_checks(&self, name: &str) -> usize {
        self.up.check_runs().iter().filter(|check| check.name == name).count()
    }

    /// The store's works that could not be done, by code.
    pub async fn dead(&self) -> Vec<String> {
        let code = |work: switchboard_store::Work| work.failure.map(|failure| failure.code).unwrap_or_default();
        self.world.dead_letters().await.into_iter().map(code).collect()
    }

    /// Calls of GitHub's API of this kind so far, whatever became of them.
    pub fn calls(&self, method: &str, path: &str) -> usize {
        let meant = switchboard_simulator::CallPattern::new(method, path);
        self.world.github.calls().iter().filter(|call| meant.matches(&call.method, &call.path)).count()
    }

    /// What somebody sees on a commit: names with status or conclusion.
    pub fn checks(&self, sha: &str) -> Vec<(String, String)> {
        let end = |check: &CheckRunView| check.conclusion.clone().unwrap_or_else(|| check.status.to_string());
        self.up.visible_checks(sha).iter().map(|check| (check.name.clone(), end(check))).collect()
    }

    /// The statuses and bodies with which reports were answered.
    pub fn answers(&self) -> Vec<(u16, Value)> {
        let answer = |reported: &Reported| {
            let answer = reported.answer.as_ref().expect("the server lives");
            (answer.status, answer.body.clone())
        };
        self.world.reported().iter().map(answer).collect()
    }

    /// Facts of a kind, all subjects.
    pub async fn facts(&self, kind: &str) -> Vec<Value> {
        let mut found = Vec::new();
        for delivery in self.world.deliveries().await {
            let facts = self.world.store().facts(FactsOf::Delivery(delivery.id), None, 1_000).await.unwrap();
            found.extend(facts.into_iter().filter(|fact| fact.kind == kind).map(|fact| fact.data));
        }
        found
    }
}

/// So many events are sent to a repository.
pub fn dispatched(times: u64, repo: &str) -> Expected {
    Expected::times(times, "POST", &format!("/repos/{repo}/dispatches"))
}

/// So many check runs are created on the upstream.
pub fn checks_created(times: u64) -> Expected {
    Expected::times(times, "POST", "/repos/org/up/check-runs")
}

/// So many writes change check runs on the upstream.
pub fn checks_updated(times: u64) -> Expected {
    Expected::times(times, "PATCH", "/repos/org/up/check-runs/*")
}

fn callback(config: &Config, relay: Relay, wiring: &Wiring<'_>) -> axum::Router {
    let audiences: Vec<&str> = config.oidc_audience.iter().map(String::as_str).collect();
    let issuers = issuers(&config.oidc_issuer, &config.providers);
    let verifier =
        Verifier::new(&issuers, &audiences, Arc::clone(&wiring.transport), Arc::clone(&wiring.clock)).unwrap();
    let acceptor = wiring.engine.acceptor().clone();
    let store = Reader::new(Arc::clone(&wiring.store));
    Callback::new(relay, acceptor, store, verifier, Arc::clone(&wiring.clock)).router()
}
