//! Room for what is to be stored.

use switchboard_panel::components::bytes;

use crate::doctor::{Check, Figures, subject};

/// From here on there is little room: what `SwitchboardDiskFull` among the alert rules warns of.
const LOW_BYTES: u64 = 1_000_000_000;
/// From here on there is next to none: a few of the largest deliveries, each in the database and in its log.
const FULL_BYTES: u64 = 100_000_000;

/// Free space, and the whole, where the database lies.
#[must_use]
pub fn disk(free: u64, total: u64) -> Check {
    let found = format!("{} of {} are free", bytes(free), bytes(total));
    let hint = "Make room, or shorten the retention under [store].";
    let check = match free {
        ..FULL_BYTES => Check::error(subject::DISK, found, hint),
        FULL_BYTES..LOW_BYTES => Check::warning(subject::DISK, found, hint),
        LOW_BYTES.. => Check::ok(subject::DISK, found),
    };
    check.with(Figures::Disk { free_bytes: free, total_bytes: total })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn little_room_is_a_warning_and_next_to_none_an_error() {
        let at = |free| disk(free, 50_000_000_000);
        assert_eq!(at(20_000_000_000).verdict, Verdict::Ok);
        assert_eq!(at(999_999_999).verdict, Verdict::Warning);
        let full = at(99_000_000);
        assert_eq!((full.verdict, full.found.as_str()), (Verdict::Error, "99 MB of 50 GB are free"));
        assert_eq!(at(0).verdict, Verdict::Error);
    }

    #[test]
    fn the_alert_warns_of_the_same() {
        let alerts = include_str!("../../../../../deploy/observability/alerts.yml");
        let line = alerts.lines().find(|line| line.contains("switchboard_store_free_bytes <")).unwrap();
        let threshold: f64 = line.rsplit('<').next().unwrap().trim().parse().unwrap();
        assert!((threshold - LOW_BYTES as f64).abs() < 1.0, "{line}");
    }
}
