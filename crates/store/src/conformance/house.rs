//! What the promises are tested with: a store on simulated time, and short ways to say what happens to it.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use serde_json::{Value, json};
use switchboard_clock::{Clock as _, SimulatedClock, Timestamp};

use crate::{
    Acceptance, Claim, Coalesce, Delivery, DeliveryId, DeliveryKey, Digest, Failure, Follows, Installation, Lane,
    Leased, NewDelivery, NewIntent, NewJob, Outcome, Queue, Settlement, Store, StoreError, Work, WorkId,
};

/// A backend under test.
#[async_trait]
pub trait Backend: Sized + Send + Sync + 'static {
    /// An empty store on this clock.
    async fn create(clock: SimulatedClock) -> Self;

    /// The store.
    fn store(&self) -> &dyn Store;

    /// Lets the server die and another one open what was durable.
    async fn reopen(self) -> Self;
}

/// How long the tests lease work.
pub const LEASE: Duration = Duration::from_secs(60);
/// The queue of the jobs that [`job`] makes.
pub const QUEUE: Queue = Queue::of("test");
/// The queue of the jobs that carry [`House::write`].
const CARRIER_QUEUE: Queue = Queue::of("carrier");
/// The automation of all that is made here.
pub const AUTOMATION: &str = "testing";

/// A store under test.
pub struct House<B> {
    /// The time.
    pub clock: SimulatedClock,
    backend: Option<B>,
    deliveries: u64,
}

impl<B: Backend> House<B> {
    /// An empty store.
    pub async fn new() -> Self {
        let clock = SimulatedClock::default();
        Self { backend: Some(B::create(clock.clone()).await), clock, deliveries: 0 }
    }

    /// The store.
    pub fn store(&self) -> &dyn Store {
        self.backend.as_ref().expect("only missing while it is opened again").store()
    }

    /// Kills the server and starts another. What it had moved along with every commit is what is counted afresh.
    pub async fn reopen(&mut self) {
        let moved_along = self.store().backlog().await.unwrap();
        let backend = self.backend.take().expect("only missing while it is opened again");
        self.backend = Some(backend.reopen().await);
        assert_eq!(self.store().backlog().await.unwrap(), moved_along);
    }

    /// Seconds from now.
    pub fn after(&self, seconds: u64) -> Timestamp {
        self.clock.now() + Duration::from_secs(seconds)
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Accepts a new delivery with these jobs.
    pub async fn deliver(&mut self, jobs: Vec<NewJob>) -> Acceptance {
        self.deliveries += 1;
        let delivery = NewDelivery { jobs, ..delivery(&format!("delivery-{}", self.deliveries)) };
        self.store().accept(delivery).await.unwrap()
    }

    /// Claims jobs of [`QUEUE`].
    pub async fn claim(&self, capacity: usize) -> Vec<Leased> {
        self.claim_of(QUEUE, capacity).await
    }

    /// Claims intents.
    pub async fn send(&self, capacity: usize) -> Vec<Leased> {
        self.claim_of(Queue::OUTBOX, capacity).await
    }

    /// Claims from one queue.
    pub async fn claim_of(&self, queue: Queue, capacity: usize) -> Vec<Leased> {
        self.store().claim(claim(&[queue], capacity)).await.unwrap()
    }

    /// Claims exactly one job.
    pub async fn one(&self) -> Leased {
        let mut claimed = self.claim(1).await;
        claimed.pop().expect("a job to claim")
    }

    /// Claims exactly one intent.
    pub async fn sent(&self) -> Leased {
        let mut claimed = self.send(1).await;
        claimed.pop().expect("an intent to claim")
    }

    /// Settles a lease.
    pub async fn settle(&self, leased: &Leased, settlement: Settlement) {
        self.store().settle(leased.lease, settlement).await.unwrap();
    }

    /// Finishes a work.
    pub async fn done(&self, leased: &Leased) {
        self.settle(leased, Settlement::done()).await;
    }

    /// Gives a work up.
    pub async fn dead(&self, leased: &Leased) {
        self.settle(leased, Settlement::with(Outcome::Dead { failure: failure("broken") })).await;
    }

    /// Puts a work off.
    pub async fn retry(&self, leased: &Leased, at: Timestamp) {
        self.settle(leased, Settlement::with(retry(at))).await;
    }

    /// Commits changes that belong to no work that the test looks at; returns the job whose settlement they were.
    pub async fn write(&mut self, settlement: Settlement) -> Work {
        let lane = format!("carrier-{}", self.deliveries);
        self.deliver(vec![NewJob { queue: CARRIER_QUEUE, ..job(&lane) }]).await;
        let leased = self.claim_of(CARRIER_QUEUE, 1).await.pop().expect("the carrying job");
        self.settle(&leased, settlement).await;
        leased.work
    }

    /// Puts an intent.
    pub async fn put(&mut self, intent: NewIntent) -> Work {
        self.write(Settlement { intents: vec![intent], ..Settlement::done() }).await
    }

    /// The intent under a key.
    pub async fn intent(&self, key: &str) -> Work {
        let filter = crate::WorkFilter::IntentKey(key.to_owned());
        self.store().works(filter, None, 10).await.unwrap().pop().expect("the intent")
    }

    /// A work.
    pub async fn work(&self, id: WorkId) -> Work {
        self.store().work(id).await.unwrap().expect("the work")
    }

    /// A delivery.
    pub async fn delivery(&self, id: DeliveryId) -> Delivery {
        self.store().delivery(id).await.unwrap().expect("the delivery")
    }

    /// Asserts that a lease cannot settle anything.
    pub async fn assert_stale(&self, leased: &Leased) {
        let settled = self.store().settle(leased.lease, Settlement::done()).await;
        assert!(matches!(settled, Err(StoreError::StaleLease)), "settled: {settled:?}");
        let extended = self.store().extend(leased.lease, LEASE).await;
        assert!(matches!(extended, Err(StoreError::StaleLease)), "extended: {extended:?}");
    }
}

/// A delivery without jobs.
#[must_use]
pub fn delivery(id: &str) -> NewDelivery {
    let body = Bytes::from(format!("{{\"id\":\"{id}\"}}"));
    NewDelivery {
        key: DeliveryKey {
            platform: "github".to_owned(),
            delivery_id: id.to_owned(),
            event: "workflow_run".to_owned(),
            action: "completed".to_owned(),
        },
        digest: Digest::of(&body),
        headers: vec![("x-github-event".to_owned(), "workflow_run".to_owned())],
        body,
        installation: Some(Installation(7)),
        repository: Some("Octo/Hello".to_owned()),
        subject: Some("Octo/Hello#1".into()),
        jobs: Vec::new(),
        bindings: Vec::new(),
    }
}

/// A job in a lane, due now.
#[must_use]
pub fn job(lane: &str) -> NewJob {
    NewJob {
        queue: QUEUE,
        automation: AUTOMATION,
        kind: "testing.decide".to_owned(),
        lane: Lane::from(lane),
        key: None,
        installation: None,
        payload: json!({ "lane": lane }),
        due: None,
        follows: Follows::Inherited,
    }
}

/// A job of an installation, in a lane of its own.
#[must_use]
pub fn job_of(installation: u64, lane: &str) -> NewJob {
    NewJob { installation: Some(Installation(installation)), ..job(lane) }
}

/// An intent to be carried out once, due now.
#[must_use]
pub fn intent(key: &str) -> NewIntent {
    NewIntent {
        automation: AUTOMATION,
        kind: "testing.carry".to_owned(),
        key: key.to_owned(),
        lane: None,
        installation: Some(Installation(7)),
        payload: Value::Null,
        coalesce: Coalesce::Once,
        order: None,
        due: None,
    }
}

/// An intent of which the newest stands.
#[must_use]
pub fn latest(key: &str, payload: i64) -> NewIntent {
    NewIntent { coalesce: Coalesce::Latest, payload: json!(payload), ..intent(key) }
}

/// A claim by a worker of this name.
#[must_use]
pub fn claim(queues: &[Queue], capacity: usize) -> Claim {
    Claim { worker: "worker".to_owned(), queues: queues.to_vec(), capacity, lease: LEASE }
}

/// An outcome: again at `at`, this attempt counted.
#[must_use]
pub fn retry(at: Timestamp) -> Outcome {
    Outcome::Retry { at, failure: failure("unavailable"), counted: true, unanswered: false }
}

/// A failure with this code.
#[must_use]
pub fn failure(code: &str) -> Failure {
    Failure { code: code.to_owned(), message: format!("it is {code}"), hint: Some("look at it".to_owned()) }
}

/// The lanes of what was claimed.
#[must_use]
pub fn lanes(claimed: &[Leased]) -> Vec<&str> {
    claimed.iter().map(|leased| leased.work.lane.as_str()).collect()
}
