//! How time passes.

use std::time::Duration;

use switchboard_clock::Timestamp;
use switchboard_engine::Turned;

use crate::drive::drive;
use crate::world::World;

/// Rounds of webhooks and work at one moment, before the story is taken to run in a circle.
const MOST_ROUNDS: usize = 10_000;

impl World {
    /// Runs everything that is due now, until nothing is: webhooks and reports arrive, jobs are decided, intents are carried out, and
    /// whatever follows from that. Time passes only while a handler sleeps.
    ///
    /// # Panics
    /// If it never comes to rest.
    pub async fn settle(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let arrived = self.deliver().await + self.deliver_callbacks().await;
            let ran = self.turn().await;
            if arrived + ran == 0 {
                return;
            }
        }
        panic!("the world does not come to rest at {}: something is due again at once, every time", self.now());
    }

    /// Lets this much time pass, and everything happen that is due meanwhile.
    ///
    /// # Panics
    /// As [`World::settle`].
    pub async fn run_for(&mut self, duration: Duration) {
        let end = self.now() + duration;
        loop {
            self.settle().await;
            match self.next_event().await {
                Some(next) if next <= end => self.clock.advance_to(next),
                _ => break,
            }
        }
        self.clock.advance_to(end);
        self.settle().await;
    }

    /// Lets time pass until nothing is left to do but what schedules will do.
    ///
    /// # Panics
    /// If that takes longer than `limit`.
    pub async fn run_until_idle(&mut self, limit: Duration) {
        let end = self.now() + limit;
        loop {
            self.settle().await;
            let unsettled = self.unsettled().await;
            if unsettled.is_empty() && self.github.next_due().is_none() {
                return;
            }
            match self.next_event().await {
                Some(next) if next <= end => self.clock.advance_to(next),
                next => panic!(
                    "not idle after {limit:?}; the next thing is due at {}, and this is left to do:\n{}",
                    next.map_or_else(|| "no time".to_owned(), Timestamp::rfc3339),
                    crate::look::listed(&unsettled),
                ),
            }
        }
    }

    /// Runs what the server has to do now; says how much that was.
    async fn turn(&mut self) -> usize {
        let Some(server) = &self.server else { return 0 };
        if self.plan.gauge.is_full() {
            return 0;
        }
        match drive(&self.clock, &self.plan.gauge, server.engine.turn()).await {
            Ok(ran) => ran,
            Err(Turned::Crashed(_)) => {
                self.restart().await;
                1
            }
            Err(Turned::Store(error)) => panic!("the store failed: {error}"),
        }
    }

    /// When something happens next, if nothing is due now.
    async fn next_event(&self) -> Option<Timestamp> {
        let mut moments = vec![self.github.next_due(), self.clock.next_wake()];
        if let Some(server) = self.server.as_ref().filter(|_| !self.plan.gauge.is_full()) {
            let due = server.engine.next_due().await.expect("the store can be read");
            assert!(due.is_none_or(|due| due > self.now()), "something is due, and yet nobody can claim it");
            moments.push(due);
            // A lost lease has no moment that anybody knows of: the engine looks for them now and then.
            let leased = self.leased().await;
            moments.push(leased.then(|| self.now() + self.plan.options.lease / 4));
        }
        moments.into_iter().flatten().min()
    }
}
