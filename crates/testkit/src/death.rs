//! Where the server dies, if the story says so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_engine::crash::{CrashPoint, Crashes};

/// Dooms the server to die at a point, and remembers that it did.
#[derive(Clone, Default)]
pub(crate) struct Doom(Arc<Mutex<Fate>>);

#[derive(Default)]
struct Fate {
    /// Where, and how often it still passes unharmed; one death after the other.
    armed: VecDeque<(CrashPoint, u32)>,
    dead: bool,
    deaths: u32,
}

impl Doom {
    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server dies when it comes to `point` for the `nth` time, counted from the last death that it is doomed to.
    pub(crate) fn arm(&self, point: CrashPoint, nth: u32) {
        assert!(nth > 0, "the first time is number 1");
        self.fate().armed.push_back((point, nth - 1));
    }

    /// What the engine asks at each point. Who is dead stays dead: nothing passes any more.
    pub(crate) fn crashes(&self) -> Crashes {
        let doom = self.clone();
        Crashes::when(move |point| doom.strikes(point))
    }

    fn strikes(&self, point: CrashPoint) -> bool {
        let mut fate = self.fate();
        if fate.dead {
            return true;
        }
        match fate.armed.front_mut() {
            Some((at, 0)) if *at == point => {
                fate.armed.pop_front();
                fate.dead = true;
                fate.deaths += 1;
            }
            Some((at, passes)) if *at == point => *passes -= 1,
            _ => {}
        }
        fate.dead
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.fate().dead
    }

    /// How often the server has died so far.
    pub(crate) fn deaths(&self) -> u32 {
        self.fate().deaths
    }

    /// A new life begins.
    pub(crate) fn revive(&self) {
        self.fate().dead = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_strikes_once_at_the_nth_time_and_the_dead_stay_dead() {
        let doom = Doom::default();
        let crashes = doom.crashes();
        doom.arm(CrashPoint::Decided, 2);
        let pass = |point| crashes.pass(point).is_ok();
        assert!(pass(CrashPoint::Decided) && pass(CrashPoint::Claimed));
        assert!(!pass(CrashPoint::Decided) && !pass(CrashPoint::Claimed));
        assert!(doom.is_dead());
        doom.revive();
        assert!(pass(CrashPoint::Decided) && pass(CrashPoint::Decided));
        assert_eq!(doom.deaths(), 1);
    }

    #[test]
    fn several_deaths_follow_each_other() {
        let doom = Doom::default();
        let crashes = doom.crashes();
        doom.arm(CrashPoint::Claimed, 1);
        doom.arm(CrashPoint::Settled, 2);
        let pass = |point| crashes.pass(point).is_ok();
        assert!(pass(CrashPoint::Settled), "its turn comes after the first death");
        assert!(!pass(CrashPoint::Claimed));
        doom.revive();
        assert!(pass(CrashPoint::Settled) && !pass(CrashPoint::Settled));
        assert_eq!(doom.deaths(), 2);
    }
}
