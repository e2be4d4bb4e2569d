//! What a store should do, in the plainest words: a list of works, looked through from the start each time.

use switchboard_clock::Timestamp;

use crate::{DeliveryId, DeliveryState, Lease, WorkState};

/// A job as the model knows it.
#[derive(Debug, Clone)]
pub(super) struct ModelWork {
    pub(super) lane: u8,
    /// Which of the model's deliveries it follows from.
    pub(super) delivery: usize,
    /// Its place in the lane.
    pub(super) place: (Timestamp, u64),
    pub(super) due: Timestamp,
    pub(super) state: WorkState,
    pub(super) lease: Option<(Lease, Timestamp)>,
    pub(super) attempts: u32,
    pub(super) unanswered: bool,
    /// Settlements that were acknowledged.
    pub(super) settlements: usize,
}

/// A delivery as the model knows it.
#[derive(Debug, Clone)]
pub(super) struct ModelDelivery {
    pub(super) name: u8,
    pub(super) body: u8,
    pub(super) id: DeliveryId,
    pub(super) has_jobs: bool,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) works: Vec<ModelWork>,
    pub(super) deliveries: Vec<ModelDelivery>,
    /// Leases that have ended, one way or the other.
    pub(super) ended: Vec<Lease>,
    /// What the counter should show.
    pub(super) counted: i64,
    /// How many facts were acknowledged.
    pub(super) facts: usize,
    seq: u64,
}

impl Model {
    pub(super) fn seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    pub(super) fn enqueue(&mut self, lane: u8, delivery: usize, due: Option<Timestamp>, now: Timestamp) {
        let due = due.unwrap_or(now);
        let place = (due.max(now), self.seq());
        self.works.push(ModelWork {
            lane,
            delivery,
            place,
            due,
            state: WorkState::Waiting,
            lease: None,
            attempts: 0,
            unanswered: false,
            settlements: 0,
        });
    }

    /// The works that a claim may return now: waiting, due, and first of the unsettled ones in their lane.
    pub(super) fn claimable(&self, now: Timestamp) -> Vec<usize> {
        let unsettled = |work: &&ModelWork| matches!(work.state, WorkState::Waiting | WorkState::Leased);
        let is_head = |work: &ModelWork| {
            let lane = self.works.iter().filter(unsettled).filter(|other| other.lane == work.lane);
            lane.map(|other| other.place).min() == Some(work.place)
        };
        let claimable =
            |(_, work): &(usize, &ModelWork)| work.state == WorkState::Waiting && work.due <= now && is_head(work);
        self.works.iter().enumerate().filter(claimable).map(|(n, _)| n).collect()
    }

    /// Works under a lease.
    pub(super) fn leased(&self) -> Vec<usize> {
        (0..self.works.len()).filter(|n| self.works[*n].state == WorkState::Leased).collect()
    }

    pub(super) fn expired(&self, now: Timestamp) -> Vec<usize> {
        let expired = |n: &usize| self.works[*n].lease.is_some_and(|(_, until)| until <= now);
        self.leased().into_iter().filter(expired).collect()
    }

    /// Queues a dead work again.
    pub(super) fn revive(&mut self, n: usize, now: Timestamp) {
        let place = (now, self.seq());
        let work = &mut self.works[n];
        (work.state, work.place, work.due, work.attempts) = (WorkState::Waiting, place, now, 0);
    }

    pub(super) fn dead(&self) -> Vec<usize> {
        (0..self.works.len()).filter(|n| self.works[*n].state == WorkState::Dead).collect()
    }

    pub(super) fn state(&self, delivery: usize) -> DeliveryState {
        if !self.deliveries[delivery].has_jobs {
            return DeliveryState::Ignored;
        }
        let of = |states: &[WorkState]| {
            self.works.iter().any(|work| work.delivery == delivery && states.contains(&work.state))
        };
        if of(&[WorkState::Waiting, WorkState::Leased]) {
            DeliveryState::Pending
        } else if of(&[WorkState::Dead]) {
            DeliveryState::Dead
        } else {
            DeliveryState::Settled
        }
    }
}
