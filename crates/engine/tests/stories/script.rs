//! What befalls the attempts of an automation, as a story has it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use switchboard_clock::{Clock as _, SimulatedClock, Timestamp};
use switchboard_engine::Trouble;
use switchboard_store::{Failure, Store, Work};

/// What befalls one attempt before it does its work.
#[derive(Clone)]
pub enum Fate {
    /// Nothing.
    Well,
    /// It fails, and may work next time.
    Fails,
    /// It fails for good.
    FailsForGood,
    /// It is told to wait, and the others of its installation need not.
    Waits(Duration),
    /// It panics.
    Panics,
    /// It takes this long, and then goes on.
    Takes(Duration),
    /// It stands still for longer than its lease, and another worker takes its work over meanwhile.
    IsRobbed(Arc<dyn Store>),
}

/// What befalls which attempt, and what was attempted. It belongs to the story, so it outlives the server.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    to_come: HashMap<String, VecDeque<Fate>>,
    attempts: Vec<Attempt>,
}

/// An attempt that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub kind: String,
    pub lane: String,
    pub at: Timestamp,
    pub number: u32,
    pub unanswered: bool,
}

/// How long a robber holds what he took.
pub const ROBBERY: Duration = Duration::from_secs(60);

impl Script {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next attempts at work of this kind.
    pub fn next(&self, kind: &str, fates: impl IntoIterator<Item = Fate>) {
        self.pages().to_come.entry(kind.to_owned()).or_default().extend(fates);
    }

    /// The attempts at work of this kind so far.
    pub fn attempts(&self, kind: &str) -> Vec<Attempt> {
        self.pages().attempts.iter().filter(|attempt| attempt.kind == kind).cloned().collect()
    }

    /// Lets befall an attempt what the story has for it.
    pub async fn befall(&self, work: &Work, now: Timestamp, clock: &SimulatedClock) -> Result<(), Trouble> {
        let fate = {
            let mut pages = self.pages();
            pages.attempts.push(Attempt {
                kind: work.kind.clone(),
                lane: work.lane.to_string(),
                at: now,
                number: work.attempts,
                unanswered: work.unanswered,
            });
            pages.to_come.get_mut(&work.kind).and_then(VecDeque::pop_front)
        };
        match fate {
            None | Some(Fate::Well) => Ok(()),
            Some(Fate::Fails) => Err(Trouble::again("unlucky", "it did not work")),
            Some(Fate::FailsForGood) => Err(Trouble::permanent("hopeless", "it will never work")),
            Some(Fate::Waits(wait)) => {
                let failure = Failure { code: "busy".to_owned(), message: "come back later".to_owned(), hint: None };
                Err(Trouble::Wait { until: now + wait, hold: None, failure })
            }
            Some(Fate::Panics) => panic!("as the story has it"),
            Some(Fate::Takes(time)) => {
                clock.sleep(time).await;
                Ok(())
            }
            Some(Fate::IsRobbed(store)) => {
                clock.advance(ROBBERY * 2);
                let taken = store.take_back("robber", 1, ROBBERY).await.unwrap();
                assert_eq!(taken.len(), 1, "the lease is over, so the work can be taken");
                Ok(())
            }
        }
    }
}
