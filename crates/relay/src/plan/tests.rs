use proptest::prelude::*;
use switchboard_clock::Timestamp;

use super::*;
use crate::allowlist;
use crate::testing::{pull_request_body, push_body};
use crate::{pull, push};

mod history;
mod pushes;

const NOW: i64 = 1_767_614_400;

fn list(text: &str) -> Allowlist {
    let (list, remarks) = allowlist::parse(text.as_bytes());
    list.unwrap_or_else(|| panic!("{text}: {remarks:?}"))
}

fn sha(digit: char) -> HeadSha {
    digit.to_string().repeat(40).parse().unwrap()
}

/// An event of head `aaaa…` at [`NOW`], on an open pull request into `main`.
fn pull(action: Action) -> PullRequestEvent {
    let read = pull::read(pull_request_body("opened").to_string().as_bytes()).unwrap();
    let state = if action == Action::Closed { PrState::Closed } else { PrState::Open };
    let info = PrInfo { state, updated_at: Timestamp::from_seconds(NOW), labels: Vec::new(), ..read.info };
    PullRequestEvent { action, info, ..read }
}

fn labeled(label: &str) -> PullRequestEvent {
    let mut event = pull(Action::Labeled(label.to_owned()));
    event.info.labels = vec![label.to_owned()];
    event
}

fn by_newcomer(action: Action) -> PullRequestEvent {
    PullRequestEvent { author_association: "FIRST_TIMER".to_owned(), ..pull(action) }
}

fn holding() -> Config {
    Config { hold_new_authors: true, ..Config::defaults() }
}

fn earlier(repo: &str, head: char, outcome: Outcome) -> (RepoName, Vec<EarlierTarget>) {
    let delivery = format!("{repo}-{head}").replace('/', "-").parse().unwrap();
    (repo.parse().unwrap(), vec![EarlierTarget { delivery, head_sha: sha(head), outcome, superseded: false }])
}

fn remembering(earlier: impl IntoIterator<Item = (RepoName, Vec<EarlierTarget>)>) -> Memory {
    Memory { earlier: earlier.into_iter().collect(), ..Memory::default() }
}

/// Verdicts as `repo: word`.
fn verdicts(list: &Allowlist, event: &PullRequestEvent, memory: &Memory, config: &Config) -> Vec<String> {
    let event = Event::PullRequest(event.clone());
    let planned = plan(list, &event, memory, config);
    planned.iter().map(|(entry, verdict)| format!("{}: {}", entry.repo, verdict.word())).collect()
}

fn plainly(list: &Allowlist, event: &PullRequestEvent) -> Vec<String> {
    verdicts(list, event, &Memory::default(), &Config::defaults())
}

#[test]
fn relay_1_an_opened_pull_request_goes_to_every_entry_of_every_level() {
    let list = list("L4: [o/d]\nL1: [o/a]\nL2: [o/b]\nL3: {x: {o/c: }}");
    for action in [Action::Opened, Action::Reopened, Action::Synchronize] {
        assert_eq!(plainly(&list, &pull(action)), ["o/d: send", "o/a: send", "o/b: send", "o/c: send"]);
    }
}

#[test]
fn actions_that_change_nothing_to_build_concern_nobody() {
    let list = list("L1: [o/a, o/b: {labels: [x]}]");
    for action in [Action::Unlabeled("x".to_owned()), Action::Other("edited".to_owned())] {
        assert_eq!(plainly(&list, &pull(action)), [""; 0]);
    }
    assert_eq!(plainly(&list, &labeled("other")), [""; 0]);
}

#[test]
fn relay_5_entries_narrow_what_they_get() {
    let list =
        list("L1: [o/a: {events: [nightly]}, o/b: {refs: []}, o/c: {branches: [release/*]}, o/d: {branches: [m*]}]");
    assert_eq!(plainly(&list, &pull(Action::Opened)), ["o/a: events", "o/b: send", "o/c: branches", "o/d: send"]);
}

#[test]
fn relay_6_a_label_starts_one_dispatch_of_a_head() {
    let list = list("L1: [o/x: {labels: [x, y]}, o/all]");
    assert_eq!(plainly(&list, &pull(Action::Opened)), ["o/x: labels", "o/all: send"]);

    let skipped = remembering([earlier("o/x", 'a', Outcome::Skipped), earlier("o/all", 'a', Outcome::Planned)]);
    assert_eq!(verdicts(&list, &labeled("X"), &skipped, &holding()), ["o/x: send"]);

    let sent = remembering([earlier("o/x", 'a', Outcome::Planned)]);
    for label in ["x", "y"] {
        assert_eq!(verdicts(&list, &labeled(label), &sent, &Config::defaults()), [""; 0], "removed and added again");
    }
    let other_head = remembering([earlier("o/x", 'b', Outcome::Planned)]);
    assert_eq!(verdicts(&list, &labeled("x"), &other_head, &Config::defaults()), ["o/x: send"]);
}

#[test]
fn a_label_that_was_there_from_the_start_is_not_dispatched_twice() {
    let list = list("L1: [o/x: {labels: [x]}]");
    let mut opened = pull(Action::Opened);
    opened.info.labels = vec!["x".to_owned()];
    assert_eq!(plainly(&list, &opened), ["o/x: send"]);
    for outcome in [Outcome::Planned, Outcome::Held] {
        let memory = remembering([earlier("o/x", 'a', outcome)]);
        assert_eq!(verdicts(&list, &labeled("x"), &memory, &Config::defaults()), [""; 0], "{outcome:?}");
    }
}

#[test]
fn labels_are_those_that_the_pull_request_has_now() {
    let list = list("L1: [o/x: {labels: [x]}]");
    let since = |labels: &[&str]| {
        let labels = labels.iter().map(|label| (*label).to_owned()).collect();
        let info = PrInfo { labels, updated_at: Timestamp::from_seconds(NOW + 5), ..pull(Action::Opened).info };
        Memory { info: Some(info), ..Memory::default() }
    };
    assert_eq!(verdicts(&list, &labeled("x"), &since(&[]), &Config::defaults()), ["o/x: labels"]);
    assert_eq!(verdicts(&list, &pull(Action::Opened), &since(&["x"]), &Config::defaults()), ["o/x: send"]);
}

#[test]
fn a_label_on_a_closed_pull_request_starts_nothing() {
    let list = list("L1: [o/x: {labels: [x]}]");
    let mut event = labeled("x");
    event.info.state = PrState::Closed;
    assert_eq!(plainly(&list, &event), [""; 0]);
    let since = PrInfo { updated_at: Timestamp::from_seconds(NOW + 5), ..event.info };
    let memory = Memory { info: Some(since), ..Memory::default() };
    assert_eq!(verdicts(&list, &labeled("x"), &memory, &Config::defaults()), [""; 0]);
}

#[test]
fn relay_12_a_newcomers_head_is_held_until_it_is_approved() {
    let list = list("L1: [o/a, o/b: {labels: [x]}]");
    let opened = by_newcomer(Action::Opened);
    assert_eq!(verdicts(&list, &opened, &Memory::default(), &holding()), ["o/a: held", "o/b: labels"]);
    assert_eq!(plainly(&list, &opened), ["o/a: send", "o/b: labels"], "unless the operator holds nobody");
    assert_eq!(verdicts(&list, &pull(Action::Opened), &Memory::default(), &holding()), ["o/a: send", "o/b: labels"]);

    let approved = Memory { approved: vec![sha('a')], ..Memory::default() };
    assert_eq!(verdicts(&list, &by_newcomer(Action::Reopened), &approved, &holding()), ["o/a: send", "o/b: labels"]);
    let mut next = by_newcomer(Action::Synchronize);
    next.info.head_sha = sha('b');
    next.info.labels = vec!["crcr/approved".to_owned()];
    assert_eq!(
        verdicts(&list, &next, &approved, &holding()),
        ["o/a: held", "o/b: labels"],
        "the next push is held again"
    );
}

#[test]
fn every_verdict_and_reason_has_its_word() {
    let words = SkipReason::ALL.map(SkipReason::word);
    assert_eq!(words, ["stale", "events", "refs", "branches", "deletion", "never_sent", "labels", "too_many"]);
    assert_eq!((Verdict::Send.word(), Verdict::Hold.word()), ("send", "held"));
    for reason in SkipReason::ALL {
        assert_eq!(serde_json::to_value(reason).unwrap(), reason.word());
        assert_eq!(Verdict::Skip(reason).word(), reason.to_string());
    }
}

#[test]
fn the_first_check_that_applies_is_the_reason() {
    // Every check fails at once; one after the other is put right.
    let mut newer = pull(Action::Opened).info;
    newer.updated_at = Timestamp::from_seconds(NOW + 5);
    newer.head_sha = sha('b');
    let stale = Memory { info: Some(newer), ..Memory::default() };
    let full = Config { max_targets: 0, ..holding() };
    let event = by_newcomer(Action::Synchronize);
    let close = PullRequestEvent { action: Action::Closed, ..event.clone() };
    let strict = list("L1: [o/a: {events: [nightly], branches: [], labels: [x]}]");
    let branches = list("L1: [o/a: {branches: [], labels: [x]}]");
    let labels = list("L1: [o/a: {labels: [x]}]");
    let open = list("L1: [o/a]");
    let fresh = Memory::default();
    for (list, event, memory, config, word) in [
        (&strict, &event, &stale, &full, "stale"),
        (&strict, &event, &fresh, &full, "events"),
        (&branches, &event, &fresh, &full, "branches"),
        (&labels, &close, &fresh, &full, "never_sent"),
        (&labels, &event, &fresh, &full, "labels"),
        (&open, &event, &fresh, &full, "too_many"),
        (&open, &event, &fresh, &holding(), "held"),
        (&open, &event, &fresh, &Config::defaults(), "send"),
    ] {
        assert_eq!(verdicts(list, event, memory, config), [format!("o/a: {word}")]);
    }
}

#[test]
fn targets_past_the_limit_are_skipped_in_the_files_order() {
    let list = list("L4: [o/a: {events: [nightly]}, o/b, o/c]\nL1: [o/d, o/e: {branches: []}]");
    let config = Config { max_targets: 2, ..Config::defaults() };
    let event = pull(Action::Opened);
    let expected = ["o/a: events", "o/b: send", "o/c: send", "o/d: too_many", "o/e: branches"];
    assert_eq!(verdicts(&list, &event, &Memory::default(), &config), expected, "those skipped do not count");
    let held = Config { hold_new_authors: true, ..config };
    let expected = ["o/a: events", "o/b: held", "o/c: held", "o/d: too_many", "o/e: branches"];
    assert_eq!(verdicts(&list, &by_newcomer(Action::Opened), &Memory::default(), &held), expected, "those held do");
}

proptest! {
    #[test]
    fn verdicts_follow_the_lists_order_and_limit(count in 0..12_usize, most in 0..12_u32, newcomer: bool) {
        let names: String = (0..count).map(|n| format!("o/r{n}, ")).collect();
        let list = list(&format!("L1: [{names}]"));
        let event = if newcomer { by_newcomer(Action::Opened) } else { pull(Action::Opened) };
        let config = Config { max_targets: most, ..holding() };
        let event = Event::PullRequest(event);
        let planned = plan(&list, &event, &Memory::default(), &config);
        let wanted = if newcomer { Verdict::Hold } else { Verdict::Send };
        prop_assert_eq!(planned.len(), count);
        for (at, (entry, verdict)) in planned.into_iter().enumerate() {
            prop_assert_eq!(entry, &list.entries()[at]);
            let within = u32::try_from(at).is_ok_and(|at| at < most);
            prop_assert_eq!(verdict, if within { wanted } else { Verdict::Skip(SkipReason::TooMany) });
        }
    }
}
