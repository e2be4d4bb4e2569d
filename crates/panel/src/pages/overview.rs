//! `/`: how everything is, on one screen.

use askama::Template;
use axum::response::Response;
use switchboard_clock::Timestamp;
use switchboard_store::{Backlog, DeliveryFilter, Hold, WorkFilter, WorkState};

use super::tables::{DeliveryTable, WorkRow, WorkTable};
use crate::components::{Empty, Sentence, State, Time, count, duration, plural};
use crate::{Fault, Shell};

/// Deliveries and dead letters that one screen has room for.
const DELIVERIES: usize = 10;
const LETTERS: usize = 5;
/// From how long a wait on the overview speaks of it with concern.
const LONG_WAIT_SECONDS: u64 = 60;
/// Further sentences of automations would take the page over its eight reads.
pub(crate) const SENTENCES_MAX: usize = 3;

#[derive(Template)]
#[template(path = "pages/overview.html")]
struct OverviewPage {
    health: Sentence,
    accepted: String,
    pending: String,
    dead: u64,
    waiting: Vec<Waiting>,
    automations: Vec<(String, &'static str, Sentence)>,
    letters: WorkTable,
    letters_more: u64,
    holds: Vec<(String, Time)>,
    latest: DeliveryTable,
    teach: Empty,
}

/// How much of one kind of work waits.
struct Waiting {
    kind: String,
    count: String,
}

/// `GET /`
pub(crate) async fn page(shell: Shell) -> Result<Response, Fault> {
    let (store, now) = (shell.store(), shell.now());
    let backlog = store.backlog().await?;
    let dead: u64 = backlog.dead.values().sum();
    let mut letters = store.works(WorkFilter::State(WorkState::Dead), None, LETTERS).await?;
    letters.retain(|work| !shell.is_visitor() || work.automation != switchboard_engine::operations::NAME);
    let mut latest = store.deliveries(DeliveryFilter::All, None, DELIVERIES).await?;
    latest.retain(|delivery| !shell.is_visitor() || super::delivery::is_public_delivery(delivery));
    let holds = store.holds().await?;
    let mut automations = Vec::new();
    for automation in shell.core().automations.iter().take(SENTENCES_MAX) {
        let nav = automation.nav();
        automations.push((nav.label.to_owned(), nav.path, automation.sentence(store, &backlog).await?));
    }
    let page = OverviewPage {
        health: health(&backlog, now),
        accepted: count(backlog.accepted_deliveries),
        pending: count(backlog.pending_deliveries),
        dead,
        waiting: waiting(&backlog, shell.is_visitor()),
        automations,
        letters_more: dead.saturating_sub(letters.len() as u64),
        letters: WorkTable { rows: letters.iter().map(|work| WorkRow::new(work, &shell)).collect() },
        holds: holds.iter().filter(|hold| hold.until > now).map(|hold| held(hold, now)).collect(),
        latest: DeliveryTable::new(&latest, now, true),
        teach: super::deliveries::teach(),
    };
    shell.live(["delivery", "work", "record/engine.gaps"]).page("Overview", &page).await
}

fn held(hold: &Hold, now: Timestamp) -> (String, Time) {
    (hold.installation.to_string(), Time { at: hold.until, now })
}

/// What the engine itself does, sign-ins and replays among it, is not for visitors.
fn waiting(backlog: &Backlog, visitor: bool) -> Vec<Waiting> {
    let shown = |automation: &str| !visitor || automation != switchboard_engine::operations::NAME;
    let kinds = backlog.waiting.iter().filter(|((automation, _), count)| **count > 0 && shown(automation));
    kinds.map(|((_, kind), number)| Waiting { kind: kind.clone(), count: count(*number) }).collect()
}

/// How everything is, in a sentence.
fn health(backlog: &Backlog, now: Timestamp) -> Sentence {
    let dead: u64 = backlog.dead.values().sum();
    let letters = match dead {
        0 => String::new(),
        dead => format!(
            " {} {} you.",
            plural(dead, "dead letter", "dead letters"),
            if dead == 1 { "waits for" } else { "wait for" }
        ),
    };
    let wait = backlog.oldest_waiting.map(|since| now.since(since));
    let (state, text) = match (backlog.pending_deliveries, wait) {
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
    };
    let state = if dead > 0 { State::Dead } else { state };
    Sentence::new(format!("{text}{letters}")).state(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(pending: u64, dead: u64, waited_millis: i64) -> String {
        let mut backlog = Backlog { accepted_deliveries: 9, pending_deliveries: pending, ..Backlog::default() };
        backlog.oldest_waiting = (pending > 0).then_some(Timestamp::from_millis(1_000_000 - waited_millis));
        backlog.dead.insert(("dispatcher".into(), "dispatch.workflow".into()), dead);
        let html = health(&backlog, Timestamp::from_millis(1_000_000)).to_string();
        html.rsplit_once("</svg></span> ").unwrap().1.trim_end_matches("</span>").to_owned()
    }

    #[test]
    fn health_is_a_sentence() {
        assert_eq!(told(0, 0, 0), "Everything accepted is settled.");
        assert_eq!(told(1, 0, 200), "1 delivery is being worked on, all else is settled; oldest waiting 0.2 s.");
        assert_eq!(told(40, 0, 252_000), "40 deliveries wait to be settled, the oldest for 4 min 12 s.");
        assert_eq!(told(0, 2, 0), "Everything accepted is settled. 2 dead letters wait for you.");
        assert_eq!(told(0, 1, 0), "Everything accepted is settled. 1 dead letter waits for you.");
    }
}
