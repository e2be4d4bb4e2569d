//! The buckets of traffic, held against random histories: they always equal what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use switchboard_clock::{Clock as _, Timestamp};

use super::house::{Backend, House, delivery, failure, intent, job};
use crate::traffic::{ARRIVED, Arrived, Count, Width, arrived_key};
use crate::{
    Class, Installation, KeyRange, Leased, NewDelivery, NewIntent, NewJob, Outcome, Retention, Settlement, Verdict,
    WorkFilter, WorkState,
};

/// Histories that are tried in one run of the test.
const HISTORIES: u32 = 48;
/// Things that happen in the longest of them.
const EVENTS_MAX: usize = 60;
const DAY: u64 = 86_400;

/// Something that happens to a store.
#[derive(Debug, Clone)]
enum Event {
    Accept { jobs: usize, installation: u64 },
    Again { which: usize },
    Decide { how: How, intents: usize },
    Carry { how: How },
    Revive { which: usize },
    Discard { which: usize },
    Pass { seconds: u64 },
    Die,
}

/// How an attempt ends.
#[derive(Debug, Clone, Copy)]
enum How {
    Done,
    Dead,
    Retry { counted: bool },
}

fn event() -> impl Strategy<Value = Event> {
    let how = || {
        prop_oneof![
            4 => Just(How::Done),
            2 => Just(How::Dead),
            2 => any::<bool>().prop_map(|counted| How::Retry { counted }),
        ]
    };
    prop_oneof![
        6 => (0..3_usize, 7..9_u64).prop_map(|(jobs, installation)| Event::Accept { jobs, installation }),
        2 => any::<usize>().prop_map(|which| Event::Again { which }),
        8 => (how(), 0..3_usize).prop_map(|(how, intents)| Event::Decide { how, intents }),
        4 => how().prop_map(|how| Event::Carry { how }),
        2 => any::<usize>().prop_map(|which| Event::Revive { which }),
        1 => any::<usize>().prop_map(|which| Event::Discard { which }),
        4 => (0..1_800_u64).prop_map(|seconds| Event::Pass { seconds }),
        1 => (1..20 * DAY).prop_map(|seconds| Event::Pass { seconds }),
        1 => Just(Event::Die),
    ]
}

/// Tries random histories, and shows the shortest one after which a bucket is wrong.
pub fn the_buckets_equal_what_happened<B: Backend>() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let result = runner.run(&prop::collection::vec(event(), 1..EVENTS_MAX), |events| {
        runtime.block_on(async {
            let mut history = History { house: House::<B>::new().await, model: Model::default() };
            for event in events {
                history.happen(event).await;
            }
            history.compare().await;
            history.house.reopen().await;
            history.compare().await;
        });
        Ok(())
    });
    if let Err(broken) = result {
        panic!("{broken}");
    }
}

/// What an installation sent last is known as long as that delivery is.
pub async fn what_an_installation_sent_last_goes_with_it<B: Backend>(house: &mut House<B>) {
    let (quiet, busy) = (Installation(7), Installation(8));
    let of = |name: &str, installation| NewDelivery { installation: Some(installation), ..delivery(name) };
    house.store().accept(of("a", quiet)).await.unwrap();
    house.store().accept(of("b", busy)).await.unwrap();
    house.pass(20 * DAY);
    let newest = house.store().accept(of("c", busy)).await.unwrap();
    house.pass(20 * DAY);
    let month = Duration::from_secs(30 * DAY);
    while house.store().sweep(Retention { bodies: month, history: month }, 10).await.unwrap() > 0 {}
    assert_eq!(house.store().record(&ARRIVED, &arrived_key(quiet)).await.unwrap(), None);
    let kept = house.store().record(&ARRIVED, &arrived_key(busy)).await.unwrap().unwrap();
    assert_eq!(serde_json::from_value::<Arrived>(kept).unwrap().delivery, newest.id);
}

/// A job or an intent as the model knows it.
#[derive(Debug, Clone, Copy)]
struct Work {
    delivery: usize,
    class: Class,
    state: WorkState,
}

/// What happened, told without the store's own accounts.
#[derive(Default)]
struct Model {
    /// Their names and how many jobs each came with.
    deliveries: Vec<(String, usize)>,
    works: Vec<Work>,
    buckets: BTreeMap<(Timestamp, Count), u64>,
    arrived: BTreeMap<u64, crate::DeliveryId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Ignored,
    Pending,
    Dead,
    Settled,
}

impl Model {
    fn count(&mut self, count: Count, at: Timestamp) {
        *self.buckets.entry((at, count)).or_default() += 1;
    }

    fn standing(&self, delivery: usize) -> Standing {
        let mut jobs = self.works.iter().filter(|work| work.delivery == delivery && work.class == Class::Job);
        let waits = |work: &Work| matches!(work.state, WorkState::Waiting | WorkState::Leased);
        match () {
            () if self.deliveries[delivery].1 == 0 => Standing::Ignored,
            () if jobs.clone().any(waits) => Standing::Pending,
            () if jobs.any(|work| work.state == WorkState::Dead) => Standing::Dead,
            () => Standing::Settled,
        }
    }

    fn standings(&self) -> Vec<Standing> {
        (0..self.deliveries.len()).map(|delivery| self.standing(delivery)).collect()
    }

    /// Counts the deliveries that have come to be settled since `before`.
    fn settled_since(&mut self, before: &[Standing], at: Timestamp) {
        let after = self.standings();
        for (was, is) in before.iter().zip(after) {
            if *was != is && is == Standing::Settled {
                self.count(Count::Settled, at);
            }
        }
    }
}

struct History<B> {
    house: House<B>,
    model: Model,
}

impl<B: Backend> History<B> {
    async fn happen(&mut self, event: Event) {
        let now = self.house.clock.now();
        let before = self.model.standings();
        match event {
            Event::Accept { jobs, installation } => self.accept(jobs, installation, now).await,
            Event::Again { which } => self.again(which).await,
            Event::Decide { how, intents } => {
                if let Some(leased) = self.house.claim(1).await.pop() {
                    self.settle(&leased, how, intents, now).await;
                }
            }
            Event::Carry { how } => {
                if let Some(leased) = self.house.send(1).await.pop() {
                    self.settle(&leased, how, 0, now).await;
                }
            }
            Event::Revive { which } => self.letter(which, true, now).await,
            Event::Discard { which } => self.letter(which, false, now).await,
            Event::Pass { seconds } => self.house.pass(seconds),
            Event::Die => self.house.reopen().await,
        }
        self.model.settled_since(&before, now);
    }

    async fn accept(&mut self, jobs: usize, installation: u64, now: Timestamp) {
        let name = format!("d{}", self.model.deliveries.len());
        self.model.deliveries.push((name.clone(), jobs));
        let number = self.model.deliveries.len() - 1;
        let jobs = (0..jobs).map(|_| self.new_job(number)).collect::<Vec<_>>();
        if jobs.is_empty() {
            self.model.count(Count::Ignored, now);
        }
        self.model.count(Count::Accepted, now);
        let new = NewDelivery { jobs, installation: Some(Installation(installation)), ..delivery(&name) };
        let accepted = self.house.store().accept(new).await.unwrap();
        self.model.arrived.insert(installation, accepted.id);
    }

    fn new_job(&mut self, delivery: usize) -> NewJob {
        let n = self.model.works.len();
        self.model.works.push(Work { delivery, class: Class::Job, state: WorkState::Waiting });
        NewJob { payload: json!(n), ..job(&format!("lane-{n}")) }
    }

    fn new_intent(&mut self, delivery: usize) -> NewIntent {
        let n = self.model.works.len();
        self.model.works.push(Work { delivery, class: Class::Intent, state: WorkState::Waiting });
        NewIntent { payload: json!(n), ..intent(&format!("intent-{n}")) }
    }

    /// The same delivery once more: nothing, or its dead jobs are queued again.
    async fn again(&mut self, which: usize) {
        let Some(number) = which.checked_rem(self.model.deliveries.len()) else { return };
        let answer = self.house.store().accept(delivery(&self.model.deliveries[number].0)).await.unwrap();
        let dead = self.model.standing(number) == Standing::Dead;
        assert_eq!(answer.verdict, if dead { Verdict::Requeued } else { Verdict::Duplicate });
        let jobs = self.model.works.iter_mut().filter(|work| work.delivery == number && work.class == Class::Job);
        for job in jobs.filter(|job| dead && job.state == WorkState::Dead) {
            job.state = WorkState::Waiting;
        }
    }

    async fn settle(&mut self, leased: &Leased, how: How, intents: usize, now: Timestamp) {
        let n = number(leased);
        let delivery = self.model.works[n].delivery;
        let outcome = match how {
            How::Done => Outcome::Done,
            How::Dead => Outcome::Dead { failure: failure("broken") },
            How::Retry { counted } => {
                Outcome::Retry { at: self.house.after(60), failure: failure("slow"), counted, unanswered: false }
            }
        };
        match how {
            How::Done => self.model.works[n].state = WorkState::Done,
            How::Dead => {
                self.model.works[n].state = WorkState::Dead;
                self.model.count(Count::Failed, now);
            }
            How::Retry { counted: true } => self.model.count(Count::Retried, now),
            How::Retry { counted: false } => {}
        }
        let intents = (0..intents).map(|_| self.new_intent(delivery)).collect();
        self.house.settle(leased, Settlement { intents, ..Settlement::with(outcome) }).await;
    }

    /// An operator queues a dead letter again, or closes it.
    async fn letter(&mut self, which: usize, revive: bool, now: Timestamp) {
        let dead = self.house.store().works(WorkFilter::State(WorkState::Dead), None, 1_000).await.unwrap();
        let Some(at) = which.checked_rem(dead.len()) else { return };
        let n = usize::try_from(dead[at].payload.as_u64().unwrap()).unwrap();
        self.model.works[n].state = if revive { WorkState::Waiting } else { WorkState::Withdrawn };
        let ids = vec![dead[at].id];
        let (revive, discard) = if revive { (ids, Vec::new()) } else { (Vec::new(), ids) };
        let carrier = self.house.write(Settlement { revive, discard, ..Settlement::done() }).await;
        // What carries it is a delivery like any other.
        self.model.count(Count::Accepted, now);
        self.model.count(Count::Settled, now);
        self.model.arrived.insert(7, carrier.delivery.unwrap());
    }

    /// Every bucket that must still be kept is there and right, and there are no others.
    async fn compare(&self) {
        let now = self.house.clock.now();
        for width in Width::ALL {
            let mut expected: BTreeMap<Timestamp, BTreeMap<String, i64>> = BTreeMap::new();
            for ((at, count), by) in &self.model.buckets {
                let bucket = expected.entry(width.start(*at)).or_default();
                *bucket.entry(count.field().to_owned()).or_default() += i64::try_from(*by).unwrap();
            }
            let newest = expected.keys().next_back().copied().unwrap_or(now);
            let oldest = width.start(newest - width.kept());
            expected.retain(|start, _| *start >= oldest);
            let rows = self.house.store().counters(&width.view(), KeyRange::all(), 10_000).await.unwrap();
            let found: BTreeMap<_, _> =
                rows.into_iter().map(|row| (Width::of_key(&row.key).unwrap(), row.counters)).collect();
            assert_eq!(found, expected, "{width:?} at {now}");
        }
        for (installation, id) in &self.model.arrived {
            let key = arrived_key(Installation(*installation));
            let record = self.house.store().record(&ARRIVED, &key).await.unwrap().unwrap();
            let arrived: Arrived = serde_json::from_value(record).unwrap();
            assert_eq!(arrived.delivery, *id);
            assert_eq!(self.house.delivery(*id).await.accepted_at, arrived.at);
        }
    }
}

fn number(leased: &Leased) -> usize {
    usize::try_from(leased.work.payload.as_u64().unwrap()).unwrap()
}
