//! Writes a history into an empty store, by the store's own verbs and thousands at a time: the deliveries are accepted,
//! their jobs and intents claimed and settled, at moments spread over the history's days.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join_all;
use serde_json::{Value, json};
use switchboard_clock::{Clock as _, SeededEntropy, SimulatedClock, SystemClock};
use switchboard_dispatcher::handlers::{NAME, QUEUE};
use switchboard_dispatcher::keys;
use switchboard_store::sqlite::{Options, SqliteStore};
use switchboard_store::{
    Claim, DeliveryKey, Digest, Follows, Lane, Leased, NewDelivery, NewJob, Queue, Settlement, Store, StoreError,
};

use super::group::{GROUP, Group, SPAN};
use super::history::{self, PLANS};
use crate::bench::payload;
use crate::trouble::Trouble;

/// Groups that are written between two steps of the clock.
const STEP: u32 = 200;
/// The newest groups at least, whose deliveries arrive one after the other: both histories end alike, to the row.
const TAIL: u32 = 50;
/// Works claimed at once.
const CAPACITY: usize = 512;
const LEASE: Duration = Duration::from_secs(3600);
/// Distinct bodies of pull requests.
const BODIES: u32 = 500;

/// Fills the database at `path` with so many deliveries.
pub(super) async fn fill(path: &Path, deliveries: u32) -> Result<(), Trouble> {
    let groups = deliveries / GROUP;
    let clock = SimulatedClock::new(SystemClock.now() - SPAN);
    let options = Options::new(Arc::new(clock.clone()), Arc::new(SeededEntropy::new(1)));
    let store = SqliteStore::open(path, &options).map_err(void)?;
    let bodies: Vec<Vec<u8>> = (0..BODIES).map(payload::pull_request).collect();
    frame(&store).await?;
    let pause = SPAN / (groups + 1);
    for first in (0..groups).step_by(STEP as usize) {
        let mut step = Vec::new();
        for number in first..groups.min(first + STEP) {
            step.push(Group::new(number, clock.now() + pause * (number - first))?);
        }
        if let Some(last) = step.last() {
            clock.advance_to(last.at);
        }
        let deliveries = step.iter().flat_map(|group| (0..GROUP).map(|n| delivery(group, n, &bodies)));
        if first + STEP < groups.saturating_sub(TAIL) {
            try_join_all(deliveries.map(|delivery| store.accept(delivery))).await.map_err(void)?;
        } else {
            for delivery in deliveries {
                store.accept(delivery).await.map_err(void)?;
            }
        }
        let find = |work: &Value| step.get((work["group"].as_u64()? as u32).checked_sub(first)? as usize);
        settle(&store, &QUEUE, |leased| {
            let n = leased.work.payload["n"].as_u64().unwrap_or_default() as u32;
            find(&leased.work.payload).map(|group| group.settlement(n, &leased.work))
        })
        .await?;
        settle(&store, &Queue::OUTBOX, |leased| find(&leased.work.payload).map(Group::dispatched)).await?;
    }
    Ok(())
}

/// Settles everything that can be claimed from a queue.
async fn settle(
    store: &SqliteStore,
    queue: &Queue,
    settlement: impl Fn(&Leased) -> Option<Settlement>,
) -> Result<(), Trouble> {
    loop {
        let claim = Claim { worker: "bench".to_owned(), queues: vec![queue.clone()], capacity: CAPACITY, lease: LEASE };
        let leased = store.claim(claim).await.map_err(void)?;
        if leased.is_empty() {
            return Ok(());
        }
        let mut settling = Vec::new();
        for leased in leased {
            let settlement = settlement(&leased).ok_or_else(|| Trouble::Void("a work of no group".to_owned()))?;
            settling.push(store.settle(leased.lease, settlement));
        }
        try_join_all(settling).await.map_err(void)?;
    }
}

async fn frame(store: &SqliteStore) -> Result<(), Trouble> {
    const ID: &str = "00000000-0000-4000-9000-000000000000";
    let queue = Queue::of("bench");
    let about = Group::new(0, store.now())?;
    let first = NewDelivery { jobs: vec![job(&about, 0, queue.clone())], ..new(&about, "api", ID, "{}".into()) };
    store.accept(first).await.map_err(void)?;
    settle(store, &queue, |leased| Some(history::frame(&leased.work, about.at))).await
}

/// The `n`th delivery of a group.
fn delivery(group: &Group, n: u32, bodies: &[Vec<u8>]) -> NewDelivery {
    let (event, action) = match n {
        0..=2 => ("workflow_run", "completed"),
        3..=5 => ("workflow_run", "in_progress"),
        6 | 7 => ("pull_request", "synchronize"),
        8 => ("push", ""),
        _ => ("check_suite", "requested"),
    };
    let pull = event == "pull_request";
    let body = if pull {
        bodies[(group.number % BODIES) as usize].clone()
    } else {
        json!({ "action": action, "workflow_run": { "id": group.run_id(), "head_sha": group.sha() }, "n": n })
            .to_string()
            .into_bytes()
    };
    let subject = if pull { history::about_pull(group) } else { keys::subject(&group.repository, &group.sha()) };
    let mut new = new(group, "github", &group.guid(n), body);
    new.key.event = event.to_owned();
    new.key.action = action.to_owned();
    new.subject = Some(subject);
    new.jobs = (n < 3).then(|| job(group, n, QUEUE)).into_iter().collect();
    new
}

fn new(group: &Group, platform: &str, id: &str, body: Vec<u8>) -> NewDelivery {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    NewDelivery {
        key: DeliveryKey {
            platform: platform.to_owned(),
            delivery_id: id.to_owned(),
            event: "bench".to_owned(),
            action: String::new(),
        },
        digest: Digest::of(&body),
        headers: vec![header("x-github-delivery", id), header("content-type", "application/json")],
        body: body.into(),
        installation: Some(group.installation()),
        repository: Some(group.repository.to_string()),
        subject: None,
        jobs: Vec::new(),
        bindings: Vec::new(),
    }
}

fn job(group: &Group, n: u32, queue: Queue) -> NewJob {
    NewJob {
        queue,
        automation: NAME,
        kind: PLANS.to_owned(),
        lane: Lane::from(format!("run/{}/{n}", group.run_id())),
        key: None,
        installation: Some(group.installation()),
        payload: json!({ "group": group.number, "n": n }),
        due: None,
        follows: Follows::Inherited,
    }
}

/// What the store refuses makes the benchmark void.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
pub(super) fn void(error: StoreError) -> Trouble {
    Trouble::Void(format!("the store says: {error}"))
}
