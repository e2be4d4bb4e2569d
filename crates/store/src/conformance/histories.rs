//! Random histories, held against a model: whatever happens in whatever order, nothing acknowledged is lost, nothing is
//! settled twice, lanes keep their order, and counters equal the sum of the facts.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use switchboard_clock::Timestamp;

use super::house::{AUTOMATION, Backend, House, LEASE, QUEUE, delivery, failure, job_of};
use super::model::{Model, ModelDelivery};
use crate::{
    CounterAdd, Digest, FactsOf, Key, Leased, NewDelivery, NewFact, NewJob, Outcome, Settlement, StoreError, Verdict,
    View, WorkState,
};

/// Histories that are tried in one run of the test.
const HISTORIES: u32 = 48;
/// Things that happen in the longest of them.
const EVENTS_MAX: usize = 80;
const VIEW: View = View::of("testing.sum");
const SUM: Key = Key::of("sum");
const SUBJECT: &str = "octo/history#1";

/// Something that happens to a store.
#[derive(Debug, Clone)]
enum Event {
    Accept { name: u8, body: u8, jobs: Vec<(u8, Option<u8>)> },
    Claim { capacity: usize },
    Settle { which: usize, how: How, follow_up: Option<(u8, Option<u8>)>, counts: i64 },
    SettleAgain { which: usize },
    Extend { which: usize },
    TakeBack { capacity: usize },
    Pass { seconds: u8 },
    Die,
}

/// How an attempt ends.
#[derive(Debug, Clone)]
enum How {
    Done,
    Retry { after: u8, counted: bool },
    Dead,
    DoneReviving,
}

fn event() -> impl Strategy<Value = Event> {
    let lane = || 0..4_u8;
    let due = || prop::option::weighted(0.3, 0..90_u8);
    let jobs = prop::collection::vec((lane(), due()), 0..4);
    let how = prop_oneof![
        4 => Just(How::Done),
        2 => (0..60_u8, any::<bool>()).prop_map(|(after, counted)| How::Retry { after, counted }),
        1 => Just(How::Dead),
        1 => Just(How::DoneReviving),
    ];
    let follow_up = prop::option::weighted(0.3, (lane(), due()));
    prop_oneof![
        4 => (0..12_u8, 0..8_u8, jobs).prop_map(|(name, body, jobs)| Event::Accept { name, body: body / 7, jobs }),
        4 => (0..4_usize).prop_map(|capacity| Event::Claim { capacity }),
        6 => (any::<usize>(), how, follow_up, -3..9_i64)
            .prop_map(|(which, how, follow_up, counts)| Event::Settle { which, how, follow_up, counts }),
        1 => any::<usize>().prop_map(|which| Event::SettleAgain { which }),
        1 => any::<usize>().prop_map(|which| Event::Extend { which }),
        1 => (0..3_usize).prop_map(|capacity| Event::TakeBack { capacity }),
        2 => (0..40_u8).prop_map(|seconds| Event::Pass { seconds }),
        1 => Just(Event::Die),
    ]
}

/// Tries random histories, and shows the shortest one that breaks a promise.
pub fn every_history_keeps_the_promises<B: Backend>() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    // The same histories in every run, so that a failure is not a matter of luck; and no file to remember them in.
    let config = Config { cases: HISTORIES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let histories = prop::collection::vec(event(), 1..EVENTS_MAX);
    let result = runner.run(&histories, |events| {
        runtime.block_on(async {
            let mut history = History { house: House::<B>::new().await, model: Model::default() };
            for event in events {
                history.happen(event).await;
            }
            history.end().await;
        });
        Ok(())
    });
    if let Err(broken) = result {
        panic!("{broken}");
    }
}

struct History<B> {
    house: House<B>,
    model: Model,
}

impl<B: Backend> History<B> {
    async fn happen(&mut self, event: Event) {
        match event {
            Event::Accept { name, body, jobs } => self.accept(name, body, &jobs).await,
            Event::Claim { capacity } => self.claim(capacity).await,
            Event::Settle { which, how, follow_up, counts } => {
                if let Some(n) = pick(&self.model.leased(), which) {
                    self.settle(n, &how, follow_up, counts).await;
                }
            }
            Event::SettleAgain { which } => {
                if let Some(lease) = pick(&self.model.ended, which) {
                    let again = self.house.store().settle(lease, sum(100)).await;
                    assert!(matches!(again, Err(StoreError::StaleLease)), "{again:?}");
                }
            }
            Event::Extend { which } => {
                if let Some(n) = pick(&self.model.leased(), which)
                    && let Some((lease, until)) = &mut self.model.works[n].lease
                {
                    self.house.store().extend(*lease, LEASE).await.unwrap();
                    *until = self.house.store().now() + LEASE;
                }
            }
            Event::TakeBack { capacity } => self.take_back(capacity).await,
            Event::Pass { seconds } => self.house.pass(u64::from(seconds)),
            Event::Die => {
                self.house.reopen().await;
                for work in &mut self.model.works {
                    if let Some((_, until)) = &mut work.lease {
                        *until = Timestamp::EPOCH;
                    }
                }
            }
        }
    }

    async fn accept(&mut self, name: u8, body: u8, jobs: &[(u8, Option<u8>)]) {
        let now = self.house.store().now();
        let known = self.model.deliveries.iter().position(|delivery| delivery.name == name);
        let first = self.model.works.len();
        let jobs: Vec<_> = jobs.iter().enumerate().map(|(n, job)| self.job(first + n, *job)).collect();
        let new = NewDelivery { digest: Digest::of(&[body]), jobs: jobs.clone(), ..delivery(&name.to_string()) };
        let acceptance = self.house.store().accept(new).await.unwrap();
        let expected = match known {
            None => Verdict::Accepted,
            Some(n) if self.model.deliveries[n].body != body => Verdict::Conflict,
            Some(n) if self.model.state(n) == crate::DeliveryState::Dead => Verdict::Requeued,
            Some(_) => Verdict::Duplicate,
        };
        assert_eq!(acceptance.verdict, expected);
        match known {
            None => {
                let id = acceptance.id;
                self.model.deliveries.push(ModelDelivery { name, body, id, has_jobs: !jobs.is_empty() });
                for job in jobs {
                    self.model.enqueue(lane(&job), self.model.deliveries.len() - 1, job.due, now);
                }
            }
            Some(known) => {
                assert_eq!(acceptance.id, self.model.deliveries[known].id);
                if expected == Verdict::Requeued {
                    for n in self.model.dead() {
                        if self.model.works[n].delivery == known {
                            self.model.revive(n, now);
                        }
                    }
                }
            }
        }
    }

    /// The model's `n`th work, as a job for the store. It carries its number, so that it is recognised when claimed.
    fn job(&self, n: usize, (lane, due): (u8, Option<u8>)) -> NewJob {
        let due = due.map(|seconds| self.house.after(u64::from(seconds)));
        NewJob { payload: json!([n, lane]), due, ..job_of(u64::from(lane % 2), &lane.to_string()) }
    }

    async fn claim(&mut self, capacity: usize) {
        let now = self.house.store().now();
        let claimable = self.model.claimable(now);
        let due = self.house.store().next_due(&[QUEUE]).await.unwrap();
        assert_eq!(due == Some(now), !claimable.is_empty(), "next due {due:?} at {now}");
        let claimed = self.house.claim(capacity).await;
        assert_eq!(claimed.len(), capacity.min(claimable.len()), "claimed {claimed:?} of {claimable:?}");
        for leased in claimed {
            let n = number(&leased);
            assert!(claimable.contains(&n), "{n} is not the due head of its lane");
            let work = &mut self.model.works[n];
            work.attempts += 1;
            assert_eq!(work.state, WorkState::Waiting, "{n} was claimed twice");
            assert_eq!((leased.work.attempts, leased.work.unanswered), (work.attempts, work.unanswered));
            (work.state, work.lease) = (WorkState::Leased, Some((leased.lease, leased.until)));
        }
    }

    async fn settle(&mut self, n: usize, how: &How, follow_up: Option<(u8, Option<u8>)>, counts: i64) {
        let now = self.house.store().now();
        let follow_up = follow_up.map(|job| self.job(self.model.works.len(), job));
        let mut settlement = Settlement { jobs: follow_up.iter().cloned().collect(), ..sum(counts) };
        let dead = self.model.dead();
        let work = &mut self.model.works[n];
        let Some((lease, _)) = work.lease.take() else { return };
        match how {
            How::Done | How::DoneReviving => work.state = WorkState::Done,
            How::Dead => {
                settlement.outcome = Outcome::Dead { failure: failure("broken") };
                work.state = WorkState::Dead;
            }
            How::Retry { after, counted } => {
                let at = now + Duration::from_secs(u64::from(*after));
                let failure = failure("unavailable");
                settlement.outcome = Outcome::Retry { at, failure, counted: *counted, unanswered: work.unanswered };
                work.attempts -= u32::from(!counted);
                (work.state, work.due) = (WorkState::Waiting, at);
            }
        }
        work.settlements += 1;
        let delivery = work.delivery;
        if matches!(how, How::DoneReviving) {
            let filter = crate::WorkFilter::State(WorkState::Dead);
            let works = self.house.store().works(filter, None, 1000).await.unwrap();
            assert_eq!(works.len(), dead.len());
            // Oldest first, as the model knows them.
            settlement.revive = works.iter().rev().map(|work| work.id).collect();
            for n in works.iter().rev().map(|work| work.payload[0].as_u64().unwrap() as usize) {
                self.model.revive(n, now);
            }
        }
        self.house.store().settle(lease, settlement).await.unwrap();
        self.model.ended.push(lease);
        self.model.counted += counts;
        self.model.facts += 1;
        if let Some(job) = follow_up {
            self.model.enqueue(lane(&job), delivery, job.due, now);
        }
    }

    async fn take_back(&mut self, capacity: usize) {
        let expired = self.model.expired(self.house.store().now());
        let taken = self.house.store().take_back("reaper", capacity, LEASE).await.unwrap();
        assert_eq!(taken.len(), capacity.min(expired.len()));
        for leased in taken {
            let n = number(&leased);
            assert!(expired.contains(&n), "{n} is alive");
            let work = &mut self.model.works[n];
            self.model.ended.extend(work.lease.map(|(lease, _)| lease));
            (work.lease, work.unanswered) = (Some((leased.lease, leased.until)), true);
        }
    }

    /// Finishes everything, then compares.
    async fn end(&mut self) {
        for n in 0..self.model.deliveries.len() {
            let id = self.model.deliveries[n].id;
            assert_eq!(self.house.delivery(id).await.state, self.model.state(n));
        }
        self.house.reopen().await;
        let backlog = self.house.store().backlog().await.unwrap();
        assert_eq!(backlog.leased.values().sum::<u64>(), self.model.leased().len() as u64);
        let unsettled = self.model.works.iter().filter(|work| !is_settled(work.state)).count() as u64;
        assert_eq!(backlog.waiting.values().sum::<u64>(), unsettled);
        assert_eq!(backlog.dead.values().sum::<u64>(), self.model.dead().len() as u64);
        assert_eq!(backlog.accepted_deliveries, self.model.deliveries.len() as u64);
        self.happen(Event::Die).await;
        self.take_back(1000).await;
        for n in self.model.leased() {
            self.settle(n, &How::Done, None, 1).await;
        }
        self.house.pass(1000);
        loop {
            self.claim(1000).await;
            let leased = self.model.leased();
            if leased.is_empty() {
                break;
            }
            for n in leased {
                self.settle(n, &How::Done, None, 1).await;
            }
        }
        assert!(self.model.works.iter().all(|work| is_settled(work.state)), "something was lost");
        self.compare_facts().await;
    }

    async fn compare_facts(&self) {
        let store = self.house.store();
        let facts = store.facts(FactsOf::Subject(SUBJECT.into()), None, usize::MAX).await.unwrap();
        assert_eq!(facts.len(), self.model.facts, "a fact for each settlement");
        let ids: BTreeSet<_> = facts.iter().map(|fact| fact.id).collect();
        assert_eq!(ids.len(), facts.len());
        let sum: i64 = facts.iter().filter_map(|fact| fact.data.as_i64()).sum();
        let counted = store.counter(&VIEW, &SUM).await.unwrap().get("n").copied().unwrap_or(0);
        assert_eq!((sum, counted), (self.model.counted, self.model.counted));
        for delivery in &self.model.deliveries {
            let works = store.works(crate::WorkFilter::Delivery(delivery.id), None, 1000).await.unwrap();
            for work in works {
                let settled = store.facts(FactsOf::Work(work.id), None, 1000).await.unwrap().len();
                let n = work.payload[0].as_u64().unwrap() as usize;
                assert_eq!(settled, self.model.works[n].settlements);
            }
        }
    }
}

fn is_settled(state: WorkState) -> bool {
    !matches!(state, WorkState::Waiting | WorkState::Leased)
}

fn pick<T: Clone>(from: &[T], which: usize) -> Option<T> {
    from.get(which.checked_rem(from.len())?).cloned()
}

fn lane(job: &NewJob) -> u8 {
    job.payload[1].as_u64().unwrap() as u8
}

fn number(leased: &Leased) -> usize {
    leased.work.payload[0].as_u64().unwrap() as usize
}

/// A settlement that says the same number in a fact and in a counter.
fn sum(by: i64) -> Settlement {
    let kind = "testing.settled".to_owned();
    Settlement {
        facts: vec![NewFact { automation: AUTOMATION, subject: SUBJECT.into(), kind, data: json!(by) }],
        counters: vec![CounterAdd { view: VIEW, key: SUM, add: vec![("n".to_owned(), by)] }],
        ..Settlement::done()
    }
}
