//! What was before decides: staleness, closing, approvals.

use super::*;

fn known(head: char, state: PrState, seconds_later: i64) -> Memory {
    let updated_at = Timestamp::from_seconds(NOW + seconds_later);
    let info = PrInfo { head_sha: sha(head), state, updated_at, ..pull(Action::Opened).info };
    Memory { info: Some(info), ..Memory::default() }
}

#[test]
fn an_event_that_was_overtaken_does_not_cancel_the_newer_run() {
    let list = list("L1: [o/a]");
    let table = [
        (Action::Synchronize, known('b', PrState::Open, 5), "stale"),
        (Action::Synchronize, known('a', PrState::Open, 5), "send"),
        (Action::Synchronize, known('b', PrState::Open, 0), "send"),
        (Action::Synchronize, known('b', PrState::Open, -5), "send"),
        (Action::Opened, known('a', PrState::Closed, 5), "stale"),
        (Action::Closed, known('a', PrState::Open, 5), "stale"),
        (Action::Closed, known('a', PrState::Closed, 5), "never_sent"),
        (Action::Reopened, known('a', PrState::Closed, -5), "send"),
    ];
    for (action, memory, word) in table {
        let found = verdicts(&list, &pull(action.clone()), &memory, &Config::defaults());
        assert_eq!(found, [format!("o/a: {word}")], "{action:?} {:?}", memory.info);
    }
}

#[test]
fn relay_11_closed_is_sent_to_whom_something_was_sent() {
    let list = list("L1: [o/sent, o/held, o/skipped, o/new, o/labels: {labels: [x]}, o/mixed]");
    let mut memory = remembering([
        earlier("o/sent", 'b', Outcome::Planned),
        earlier("o/held", 'a', Outcome::Held),
        earlier("o/skipped", 'a', Outcome::Skipped),
        earlier("o/labels", 'a', Outcome::Planned),
        earlier("o/mixed", 'a', Outcome::Skipped),
    ]);
    let (mixed, more) = earlier("o/mixed", 'b', Outcome::Planned);
    memory.earlier.entry(mixed).or_default().extend(more);
    let expected = [
        "o/sent: send",
        "o/held: never_sent",
        "o/skipped: never_sent",
        "o/new: never_sent",
        "o/labels: send",
        "o/mixed: send",
    ];
    let closed = PullRequestEvent { author_association: "NONE".to_owned(), ..pull(Action::Closed) };
    assert_eq!(verdicts(&list, &closed, &memory, &holding()), expected, "and is never held");
}

fn freed(list: &Allowlist, event: &PullRequestEvent, memory: &Memory) -> Vec<String> {
    let freed = released(list, event, memory, &holding());
    freed.iter().map(|(entry, target)| format!("{} {}", entry.repo, target.delivery)).collect()
}

#[test]
fn relay_12_the_approval_releases_the_held_targets_of_the_head_it_names() {
    let list = list("L1: [o/a, o/b, o/c, o/d]");
    let memory = remembering([
        earlier("o/a", 'a', Outcome::Held),
        earlier("o/b", 'b', Outcome::Held),
        earlier("o/c", 'a', Outcome::Planned),
        earlier("o/gone", 'a', Outcome::Held),
    ]);
    assert_eq!(freed(&list, &labeled("CRCR/Approved"), &memory), ["o/a o-a-a"]);
    assert_eq!(freed(&list, &labeled("other"), &memory), [""; 0]);
    let unlabeled = pull(Action::Unlabeled("crcr/approved".to_owned()));
    assert_eq!(freed(&list, &unlabeled, &memory), [""; 0]);
    assert_eq!(verdicts(&list, &labeled("crcr/approved"), &memory, &holding()), [""; 0], "and plans nothing anew");
}

#[test]
fn what_was_superseded_while_it_was_held_stays_where_it_is() {
    let list = list("L1: [o/a]");
    let (repo, mut targets) = earlier("o/a", 'a', Outcome::Held);
    targets[0].superseded = true;
    assert_eq!(freed(&list, &labeled("crcr/approved"), &remembering([(repo, targets)])), [""; 0]);
}

#[test]
fn an_approval_names_a_head_and_counts_for_its_own_event() {
    let config = holding();
    assert_eq!(approved_head(&labeled("crcr/approved"), &config), Some(&sha('a')));
    assert_eq!(approved_head(&labeled("crcr/approve"), &config), None);
    assert_eq!(approved_head(&pull(Action::Opened), &config), None);
    let list = list("L1: [o/a: {labels: [crcr/approved]}]");
    let event = PullRequestEvent { author_association: "NONE".to_owned(), ..labeled("crcr/approved") };
    assert_eq!(verdicts(&list, &event, &Memory::default(), &config), ["o/a: send"]);
}
