//! Where the server dies, if the story says so.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use switchboard_engine::crash::{CrashPoint, Crashes};

/// Dooms the server to die at a point, and remembers that it did.
#[derive(Clone, Default)]
pub(crate) struct Doom(Arc<Mutex<Fate>>);

#[derive(Default)]
struct Fate {
    /// Where, and how often it still passes unharmed.
    armed: Option<(CrashPoint, u32)>,
    dead: bool,
    deaths: u32,
}

impl Doom {
    fn fate(&self) -> MutexGuard<'_, Fate> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server dies when it comes to `point` for the `nth` time from now on.
    pub(crate) fn arm(&self, point: CrashPoint, nth: u32) {
        assert!(nth > 0, "the first time is number 1");
        self.fate().armed = Some((point, nth - 1));
    }

    /// What the engine asks at each point. Who is dead stays dead: nothing passes any more.
    pub(crate) fn crashes(&self) -> Crashes {
        let doom = self.clone();
        Crashes::when(move |point| doom.strikes(point))
    }

    fn strikes(&self, point: CrashPoint) -> bool {
        let mut fate = self.fate();
        match &mut fate.armed {
            Some((at, passes)) if *at == point => match passes.checked_sub(1) {
                Some(left) => *passes = left,
                None => {
                    fate.armed = None;
                    fate.dead = true;
                    fate.deaths += 1;
                }
            },
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
}
