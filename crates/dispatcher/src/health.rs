//! How the dispatcher is doing: five checks, each with its own bounds; the worst counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;
use switchboard_engine::health::{Told, Wellness};

use crate::histogram::Percentile;

/// How recent the newest run must be for the events to count as flowing.
const RECENT: Duration = Duration::from_secs(45 * 60);
/// Shares of successful outcomes in percent: green from the first, amber from the second.
const SUCCESS_PERCENT: (u64, u64) = (95, 80);
/// With fewer outcomes a success rate says nothing.
const FEWEST_OUTCOMES: u64 = 5;
/// Due plan jobs: green up to the first, amber up to the second.
const PLANNING_BACKLOG: (u64, u64) = (3, 10);
/// Open dispatches: green up to the first, amber up to the second.
const DISPATCH_BACKLOG: (u64, u64) = (8, 25);
/// Seconds from delivery to dispatch, 95th percentile: green up to the first, amber up to the second.
const END_TO_END_SECONDS: (u64, u64) = (60, 120);

/// The verdict of a check, or of all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing happens, and nothing says that something should.
    Idle,
    /// Too little is known.
    Unknown,
    /// All is well.
    Green,
    /// Worth a look.
    Amber,
    /// Something is wrong.
    Red,
}

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name in the API.
    pub id: String,
    /// Its name on the page.
    pub label: String,
    /// Its verdict.
    pub status: Status,
    /// The number that the verdict rests on, in words.
    pub detail: String,
}

/// What the checks look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vitals {
    /// The moment of the checks.
    pub now: Timestamp,
    /// The newest run that was accepted, if there ever was one.
    pub last_event_at: Option<Timestamp>,
    /// Events that gap repair found undelivered in the last hour.
    pub undelivered: u64,
    /// Dispatches that succeeded in the last 60 minutes.
    pub succeeded: u64,
    /// Dispatches that failed in the last 60 minutes.
    pub failed: u64,
    /// Plan jobs that are due.
    pub due_plans: u64,
    /// Dispatches queued and not settled, over all time.
    pub open_dispatches: i64,
    /// The 95th percentile from delivery to dispatch over 60 minutes.
    pub end_to_end_p95: Option<Percentile>,
}

/// The state of the dispatcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// The worst of the checks that are green, amber or red; else unknown or idle.
    pub status: Status,
    /// The details of the checks that are amber or red.
    pub reasons: Vec<String>,
    /// All checks.
    pub checks: Vec<Check>,
    /// The newest run that was accepted.
    pub last_event_at: Option<Timestamp>,
}

impl Health {
    /// How it is in words, for whoever shows all automations side by side.
    #[must_use]
    pub fn told(&self, now: Timestamp) -> Told {
        let (wellness, words) = match self.status {
            Status::Green => (Wellness::Well, "Every check is green.".to_owned()),
            Status::Idle | Status::Unknown => {
                (Wellness::Quiet, "Quiet: too little happened lately to judge.".to_owned())
            }
            Status::Amber => (Wellness::Look, format!("{}.", self.reasons.join("; "))),
            Status::Red => (Wellness::Bad, format!("{}.", self.reasons.join("; "))),
        };
        Told { wellness, words, since: now }
    }
}

/// Examines the vitals.
#[must_use]
pub fn examine(vitals: &Vitals) -> Health {
    let checks = vec![
        event_recency(vitals),
        trigger_success_rate(vitals),
        backlog("planning_backlog", "Planning backlog", vitals.due_plans, PLANNING_BACKLOG, "runs wait for their plan"),
        backlog(
            "dispatch_backlog",
            "Dispatch backlog",
            u64::try_from(vitals.open_dispatches).unwrap_or(0),
            DISPATCH_BACKLOG,
            "dispatches are under way",
        ),
        end_to_end_latency(vitals),
    ];
    let status = checks.iter().map(|check| check.status).max().unwrap_or(Status::Unknown);
    let reasons = checks.iter().filter(|check| check.status >= Status::Amber);
    let reasons = reasons.map(|check| format!("{}: {}", check.label, check.detail)).collect();
    Health { status, reasons, checks, last_event_at: vitals.last_event_at }
}

fn check(id: &str, label: &str, status: Status, detail: String) -> Check {
    Check { id: id.to_owned(), label: label.to_owned(), status, detail }
}

/// Silence alone is no alarm: at night nobody pushes. Events that GitHub sent and that never arrived are.
fn event_recency(vitals: &Vitals) -> Check {
    let (status, detail) = match vitals.last_event_at {
        _ if vitals.undelivered > 0 => {
            (Status::Red, format!("{} events did not arrive in the last hour", vitals.undelivered))
        }
        None => (Status::Idle, "no run yet".to_owned()),
        Some(at) => {
            let status = if vitals.now.since(at) <= RECENT { Status::Green } else { Status::Idle };
            // The moment, not its distance: a silence that goes on changes nothing, so that nothing is written.
            (status, format!("the last run completed at {}", at.format("%Y-%m-%d %H:%M UTC")))
        }
    };
    check("event_recency", "Events", status, detail)
}

fn trigger_success_rate(vitals: &Vitals) -> Check {
    let outcomes = vitals.succeeded.saturating_add(vitals.failed);
    let at_least = |percent: u64| u128::from(vitals.succeeded) * 100 >= u128::from(percent) * u128::from(outcomes);
    let status = if outcomes < FEWEST_OUTCOMES {
        Status::Unknown
    } else if at_least(SUCCESS_PERCENT.0) {
        Status::Green
    } else if at_least(SUCCESS_PERCENT.1) {
        Status::Amber
    } else {
        Status::Red
    };
    let detail = format!("{} of {outcomes} dispatches succeeded in the last hour", vitals.succeeded);
    check("trigger_success_rate", "Dispatches", status, detail)
}

fn backlog(id: &str, label: &str, count: u64, bounds: (u64, u64), what: &str) -> Check {
    check(id, label, graded(count, bounds), format!("{count} {what}"))
}

fn end_to_end_latency(vitals: &Vitals) -> Check {
    let (status, detail) = match vitals.end_to_end_p95 {
        None => (Status::Unknown, "no dispatch in the last hour".to_owned()),
        Some(Percentile::Beyond) => (Status::Red, "5 % of the dispatches took over 10 min".to_owned()),
        Some(Percentile::Within(seconds)) => {
            (graded(u64::from(seconds), END_TO_END_SECONDS), format!("95 % of the dispatches took at most {seconds} s"))
        }
    };
    check("end_to_end_latency", "Latency", status, detail)
}

const fn graded(value: u64, (green, amber): (u64, u64)) -> Status {
    if value <= green {
        Status::Green
    } else if value <= amber {
        Status::Amber
    } else {
        Status::Red
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(100_000);

    fn well() -> Vitals {
        Vitals {
            now: NOW,
            last_event_at: Some(NOW - Duration::from_secs(60)),
            undelivered: 0,
            succeeded: 100,
            failed: 0,
            due_plans: 0,
            open_dispatches: 0,
            end_to_end_p95: Some(Percentile::Within(5)),
        }
    }

    fn status_of(id: &str, vitals: &Vitals) -> Status {
        examine(vitals).checks.iter().find(|check| check.id == id).unwrap().status
    }

    #[test]
    fn every_check_has_its_bounds() {
        use Status::{Amber, Green, Idle, Red, Unknown};
        let minutes_ago = |minutes: u64| Some(NOW - Duration::from_secs(minutes * 60));
        let table = [
            ("event_recency", Vitals { last_event_at: minutes_ago(45), ..well() }, Green),
            ("event_recency", Vitals { last_event_at: minutes_ago(46), ..well() }, Idle),
            ("event_recency", Vitals { last_event_at: None, ..well() }, Idle),
            ("event_recency", Vitals { undelivered: 1, ..well() }, Red),
            ("trigger_success_rate", Vitals { succeeded: 95, failed: 5, ..well() }, Green),
            ("trigger_success_rate", Vitals { succeeded: 94, failed: 6, ..well() }, Amber),
            ("trigger_success_rate", Vitals { succeeded: 80, failed: 20, ..well() }, Amber),
            ("trigger_success_rate", Vitals { succeeded: 79, failed: 21, ..well() }, Red),
            ("trigger_success_rate", Vitals { succeeded: 0, failed: 4, ..well() }, Unknown),
            ("planning_backlog", Vitals { due_plans: 3, ..well() }, Green),
            ("planning_backlog", Vitals { due_plans: 10, ..well() }, Amber),
            ("planning_backlog", Vitals { due_plans: 11, ..well() }, Red),
            ("dispatch_backlog", Vitals { open_dispatches: 8, ..well() }, Green),
            ("dispatch_backlog", Vitals { open_dispatches: 25, ..well() }, Amber),
            ("dispatch_backlog", Vitals { open_dispatches: 26, ..well() }, Red),
            ("dispatch_backlog", Vitals { open_dispatches: -1, ..well() }, Green),
            ("end_to_end_latency", Vitals { end_to_end_p95: Some(Percentile::Within(60)), ..well() }, Green),
            ("end_to_end_latency", Vitals { end_to_end_p95: Some(Percentile::Within(120)), ..well() }, Amber),
            ("end_to_end_latency", Vitals { end_to_end_p95: Some(Percentile::Within(300)), ..well() }, Red),
            ("end_to_end_latency", Vitals { end_to_end_p95: Some(Percentile::Beyond), ..well() }, Red),
            ("end_to_end_latency", Vitals { end_to_end_p95: None, ..well() }, Unknown),
        ];
        for (id, vitals, expected) in table {
            assert_eq!(status_of(id, &vitals), expected, "{id} {vitals:?}");
        }
    }

    #[test]
    fn the_worst_check_counts_and_the_undecided_do_not() {
        assert_eq!(examine(&well()).status, Status::Green);
        let quiet = Vitals { last_event_at: None, succeeded: 0, end_to_end_p95: None, ..well() };
        assert_eq!((examine(&quiet).status, examine(&quiet).reasons), (Status::Green, Vec::new()));
        let troubled = examine(&Vitals { due_plans: 5, open_dispatches: 30, ..well() });
        assert_eq!(troubled.status, Status::Red);
        assert_eq!(
            troubled.reasons,
            ["Planning backlog: 5 runs wait for their plan", "Dispatch backlog: 30 dispatches are under way"]
        );
    }
}
