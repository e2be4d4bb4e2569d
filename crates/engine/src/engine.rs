//! The engine itself: what it is made of, and the loops that drive it.

use std::sync::Arc;
use std::time::Duration;

use switchboard_clock::{Clock, Entropy, Timestamp};
use switchboard_github::GitHub;
use switchboard_github::secret::WebhookSecret;
use switchboard_store::{Claim, Leased, Queue, Store, StoreError};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::accept::Acceptor;
use crate::crash::{Crashed, Crashes};
use crate::observe::{Observer, Unobserved};
use crate::operations::{self, Operations, Upkeep};
use crate::{Automation, Context, Reader, schedule};

/// How the engine works.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name under which this server leases work.
    pub worker: String,
    /// Jobs decided at once.
    pub jobs: usize,
    /// Intents carried out at once.
    pub intents: usize,
    /// How long a lease lasts without being extended.
    pub lease: Duration,
    /// The queues whose jobs this server decides, the engine's own among them.
    pub queues: Vec<Queue>,
    /// How the engine keeps house.
    pub upkeep: Upkeep,
    /// Where to die, in tests.
    pub crashes: Crashes,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            worker: "server".to_owned(),
            jobs: 32,
            intents: 32,
            lease: Duration::from_secs(60),
            queues: vec![operations::QUEUE],
            upkeep: Upkeep::default(),
            crashes: Crashes::default(),
            observer: Arc::new(Unobserved),
        }
    }
}

/// What the engine is made of.
pub struct Parts {
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// GitHub.
    pub github: GitHub,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
    /// The webhook secrets that are valid now.
    pub secrets: Vec<WebhookSecret>,
    /// The automations that are switched on.
    pub automations: Vec<Arc<dyn Automation>>,
}

/// Drives the three beats.
pub struct Engine {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) github: GitHub,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) automations: Arc<[Arc<dyn Automation>]>,
    pub(crate) options: Options,
    pub(crate) crashes: Crashes,
    acceptor: Acceptor,
}

impl Engine {
    /// Puts an engine together. Nothing runs until [`Engine::start`] and [`Engine::run`] or [`Engine::turn`].
    #[must_use]
    pub fn new(parts: Parts, options: Options) -> Self {
        let products = Acceptor {
            store: Arc::clone(&parts.store),
            automations: parts.automations.clone().into(),
            secrets: parts.secrets.into(),
            crashes: options.crashes.clone(),
            observer: Arc::clone(&options.observer),
        };
        let own = Operations::new(Arc::clone(&parts.store), products.clone(), options.upkeep);
        let mut automations = parts.automations;
        automations.push(Arc::new(own));
        let automations: Arc<[Arc<dyn Automation>]> = automations.into();
        let acceptor = Acceptor { automations: Arc::clone(&automations), ..products };
        Self {
            store: parts.store,
            github: parts.github,
            clock: parts.clock,
            entropy: parts.entropy,
            automations,
            crashes: options.crashes.clone(),
            options,
            acceptor,
        }
    }

    /// Beat 1.
    #[must_use]
    pub fn acceptor(&self) -> &Acceptor {
        &self.acceptor
    }

    /// The store, to read.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader::new(Arc::clone(&self.store))
    }

    /// GitHub, as the handlers use it.
    #[must_use]
    pub fn github(&self) -> &GitHub {
        &self.github
    }

    /// The automations that are switched on.
    #[must_use]
    pub fn automations(&self) -> &[Arc<dyn Automation>] {
        &self.automations
    }

    /// What a handler would be given now.
    #[must_use]
    pub fn context(&self, github: GitHub) -> Context {
        Context { now: self.store.now(), store: self.reader(), github, entropy: Arc::clone(&self.entropy) }
    }

    pub(crate) fn automation(&self, name: &str) -> Option<&Arc<dyn Automation>> {
        self.automations.iter().find(|automation| automation.name() == name)
    }

    /// Makes sure that every schedule has its next run, and lets those run now that begin with the server. To be called at
    /// every start.
    ///
    /// # Errors
    /// What the store says.
    pub async fn start(&self) -> Result<(), StoreError> {
        let id = self.entropy.id(self.clock.now()).to_string();
        let jobs = schedule::first_runs(self.store.as_ref(), &self.automations).await?;
        self.store.accept(schedule::start(id, jobs)).await?;
        Ok(())
    }

    /// Runs everything that is due now, one after the other, and returns how much that was. Tests on simulated time
    /// drive the engine by this.
    ///
    /// # Errors
    /// [`Crashed`] where a test lets the process die.
    pub async fn turn(&self) -> Result<usize, Turned> {
        let mut ran = 0;
        for leased in self.take_back().await? {
            self.lost(leased).await?;
            ran += 1;
        }
        for beat in [self.decide_claim(1), self.deliver_claim(1)] {
            while let Some(leased) = self.store.claim(beat.clone()).await?.pop() {
                self.attempt(leased).await?;
                ran += 1;
            }
        }
        Ok(ran)
    }

    /// When there is something to do next.
    ///
    /// # Errors
    /// What the store says.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        let mut queues = self.options.queues.clone();
        queues.push(Queue::OUTBOX);
        self.store.next_due(&queues).await
    }

    /// Drives beats 2 and 3 until `shutdown`, then finishes what is running.
    pub async fn run(self: Arc<Self>, shutdown: CancellationToken) {
        tokio::join!(
            Arc::clone(&self).work(self.decide_claim(self.options.jobs), shutdown.clone()),
            Arc::clone(&self).work(self.deliver_claim(self.options.intents), shutdown.clone()),
            self.reap(shutdown),
        );
    }

    fn decide_claim(&self, capacity: usize) -> Claim {
        self.claim(self.options.queues.clone(), capacity)
    }

    fn deliver_claim(&self, capacity: usize) -> Claim {
        self.claim(vec![Queue::OUTBOX], capacity)
    }

    fn claim(&self, queues: Vec<Queue>, capacity: usize) -> Claim {
        Claim { worker: self.options.worker.clone(), queues, capacity, lease: self.options.lease }
    }

    async fn take_back(&self) -> Result<Vec<Leased>, StoreError> {
        self.store.take_back(&self.options.worker, TAKE_BACK_AT_ONCE, self.options.lease).await
    }

    /// One beat's loop: keeps up to `claim.capacity` attempts running.
    async fn work(self: Arc<Self>, claim: Claim, shutdown: CancellationToken) {
        let mut changes = self.store.subscribe();
        let mut running = JoinSet::new();
        while !shutdown.is_cancelled() {
            let free = claim.capacity - running.len();
            let mut claimed = 0;
            if free > 0 {
                match self.store.claim(Claim { capacity: free, ..claim.clone() }).await {
                    Ok(leased) => {
                        claimed = leased.len();
                        for leased in leased {
                            let engine = Arc::clone(&self);
                            // Only a test's crash point ends an attempt with an error, and it has said so already.
                            running.spawn(async move {
                                let _ = engine.attempt(leased).await;
                            });
                        }
                    }
                    Err(error) => {
                        tracing::error!(%error, hint = error.hint(), "could not claim work");
                        self.clock.sleep(STORE_TROUBLE).await;
                    }
                }
            }
            if claimed > 0 && running.len() < claim.capacity {
                continue;
            }
            let rest = self.rest(&claim.queues);
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(_) = running.join_next() => while running.try_join_next().is_some() {},
                () = rest, if running.len() < claim.capacity => {}
                () = woken(&mut changes), if running.len() < claim.capacity => {}
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Sleeps until the store knows of something due.
    async fn rest(&self, queues: &[Queue]) {
        let now = self.store.now();
        let next = self.store.next_due(queues).await.ok().flatten().unwrap_or(Timestamp::MAX);
        // At least a moment, should the head of a lane be due and yet not to be had; at most a while, since hints
        // may be missed.
        self.clock.sleep_until(next.max(now + REST_MIN).min(now + REST_MAX)).await;
    }

    /// Takes back the leases that have ended.
    async fn reap(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            match self.take_back().await {
                Ok(leased) => {
                    for leased in leased {
                        let _ = self.lost(leased).await;
                    }
                }
                Err(error) => tracing::error!(%error, hint = error.hint(), "could not take leases back"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.clock.sleep(self.options.lease / 4) => {}
            }
        }
    }
}

/// Leases taken back in one go.
const TAKE_BACK_AT_ONCE: usize = 100;
/// How long a loop waits for a store in trouble.
const STORE_TROUBLE: Duration = Duration::from_secs(1);
/// The shortest and the longest rest of an idle loop.
const REST_MIN: Duration = Duration::from_millis(20);
const REST_MAX: Duration = Duration::from_secs(5);

/// Returns when work may have come.
async fn woken(changes: &mut tokio::sync::broadcast::Receiver<switchboard_store::Change>) {
    loop {
        match changes.recv().await {
            Ok(switchboard_store::Change::Work(..)) | Err(RecvError::Lagged(_)) => return,
            Ok(_) => {}
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

/// Why a [`Engine::turn`] ended early.
#[derive(Debug, thiserror::Error)]
pub enum Turned {
    /// A test let the process die.
    #[error(transparent)]
    Crashed(#[from] Crashed),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
