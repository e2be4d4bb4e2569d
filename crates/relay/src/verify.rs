//! When GitHub is asked what became of a run.

use std::time::Duration;

use switchboard_clock::Timestamp;

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// The first looks after a run's last open result closed; then one every [`EVERY`]. Most runs end within minutes of
/// their last result, and the event that says so seldom fails to come.
const FIRST: [Duration; 3] = [minutes(2), minutes(10), minutes(30)];
/// The further looks.
const EVERY: Duration = minutes(60);
/// How long a run of a provider that cannot be asked may be silent, with nothing open, before it counts as ended.
pub const SILENT_RUN_ENDS_AFTER: Duration = minutes(10);

/// When to look at a run after `looks` looks; `None` once `timeout` has passed. The first look is worth it however short that is:
/// what waits for the run's end would wait for ever.
#[must_use]
pub fn next_look(closed_at: Timestamp, looks: u32, timeout: Duration) -> Option<Timestamp> {
    let after = match FIRST.get(usize::try_from(looks).unwrap_or(usize::MAX)) {
        Some(first) => *first,
        None => {
            let further = looks - u32::try_from(FIRST.len()).unwrap_or(0) + 1;
            FIRST[FIRST.len() - 1].saturating_add(EVERY.saturating_mul(further))
        }
    };
    (looks == 0 || after <= timeout).then(|| closed_at + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_grow_apart_and_end_with_the_timeout() {
        let closed = Timestamp::from_seconds(1_000);
        let after = |looks| next_look(closed, looks, minutes(360)).map(|at| at.millis() / 60_000 - 1_000 / 60);
        assert_eq!([0, 1, 2, 3, 4].map(after), [Some(2), Some(10), Some(30), Some(90), Some(150)]);
        assert_eq!((after(7), after(8), after(u32::MAX)), (Some(330), None, None));
        let short = |looks| next_look(closed, looks, minutes(1));
        assert_eq!((short(0), short(1)), (Some(closed + minutes(2)), None));
    }
}
