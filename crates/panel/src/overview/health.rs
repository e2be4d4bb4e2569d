//! How everything is, in a sentence: the worst first.

use switchboard_clock::Timestamp;
use switchboard_engine::readiness::Refusing;
use switchboard_store::Backlog;

use super::Said;
use crate::components::{State, ago, duration, plural};

/// From how long a wait on the overview speaks of it with concern.
const LONG_WAIT_SECONDS: u64 = 60;

pub(super) fn sentence(backlog: &Backlog, refusing: Option<&Refusing>, now: Timestamp) -> Said {
    let (state, text) = settled(backlog, now);
    if let Some(Refusing { reason, hint, since }) = refusing {
        let hint = hint.map(crate::components::sentence).map(|hint| format!(" {hint}")).unwrap_or_default();
        let since = ago(*since, now);
        return Said::new(State::Failed, format!("New deliveries are refused: {reason}, noticed {since}.{hint}"));
    }
    match backlog.dead.values().sum() {
        0 => Said::new(state, text),
        dead => {
            let wait = if dead == 1 { "waits for" } else { "wait for" };
            let letters = plural(dead, "dead letter", "dead letters");
            Said::new(State::Dead, format!("{text} {letters} {wait} you."))
        }
    }
}

fn settled(backlog: &Backlog, now: Timestamp) -> (State, String) {
    let wait = backlog.oldest_waiting.map(|since| now.since(since));
    match (backlog.pending_deliveries, wait) {
        (0, _) if backlog.accepted_deliveries == 0 => {
            (State::Waiting, "Ready; no delivery has arrived yet.".to_owned())
        }
        (0, _) => (State::Succeeded, "Everything accepted is settled.".to_owned()),
        (pending, Some(wait)) if wait.as_secs() >= LONG_WAIT_SECONDS => {
            let those = plural(pending, "delivery waits", "deliveries wait");
            (State::Denied, format!("{those} to be settled, the oldest for {}.", duration(wait)))
        }
        (pending, wait) => {
            let those = plural(pending, "delivery is", "deliveries are");
            let oldest = wait.map(|wait| format!("; oldest waiting {}", duration(wait))).unwrap_or_default();
            (State::Running, format!("{those} being worked on, all else is settled{oldest}."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);

    fn told(pending: u64, dead: u64, waited_millis: i64) -> String {
        let mut backlog = Backlog { accepted_deliveries: 9, pending_deliveries: pending, ..Backlog::default() };
        backlog.oldest_waiting = (pending > 0).then_some(Timestamp::from_millis(1_000_000 - waited_millis));
        backlog.dead.insert(("dispatcher".into(), "dispatch.workflow".into()), dead);
        sentence(&backlog, None, NOW).words
    }

    #[test]
    fn health_is_a_sentence() {
        assert_eq!(told(0, 0, 0), "Everything accepted is settled.");
        assert_eq!(told(1, 0, 200), "1 delivery is being worked on, all else is settled; oldest waiting 0.2 s.");
        assert_eq!(told(40, 0, 252_000), "40 deliveries wait to be settled, the oldest for 4 min 12 s.");
        assert_eq!(told(0, 2, 0), "Everything accepted is settled. 2 dead letters wait for you.");
        assert_eq!(told(0, 1, 0), "Everything accepted is settled. 1 dead letter waits for you.");
    }

    #[test]
    fn a_full_disk_is_what_is_told_first() {
        let hint = Some("free some space; deliveries that were refused meanwhile are fetched again afterwards");
        let since = Timestamp::from_millis(1_000_000 - 120_000);
        let refusing = Refusing { reason: "the disk is full".to_owned(), hint, since };
        let said = sentence(&Backlog::default(), Some(&refusing), NOW);
        assert_eq!(said.state, State::Failed);
        assert_eq!(
            said.words,
            "New deliveries are refused: the disk is full, noticed 2 min ago. Free some space; deliveries that were refused \
             meanwhile are fetched again afterwards."
        );
    }
}
