//! Pushes: refs, deletions, limits; nothing of pull requests applies.

use super::*;

fn push(full_ref: &str) -> PushEvent {
    push::read(push_body(full_ref).to_string().as_bytes()).unwrap()
}

fn words(list: &Allowlist, push: PushEvent, config: &Config) -> Vec<&'static str> {
    let event = Event::Push(push);
    plan(list, &event, &Memory::default(), config).into_iter().map(|(_, verdict)| verdict.word()).collect()
}

#[test]
fn relay_5_pushes_go_where_their_ref_is_wanted() {
    let list = list(
        "L1: [o/a, o/b: {refs: []}, o/c: {refs: [refs/tags/ciflow/riscv64/*]}, o/d: {events: [nightly]}, o/e: {branches: [], labels: [x]}]",
    );
    let config = Config { hold_new_authors: true, ..Config::defaults() };
    assert_eq!(words(&list, push("refs/heads/main"), &config), ["send", "refs", "refs", "events", "send"]);
    assert_eq!(words(&list, push("refs/tags/ciflow/riscv64/9"), &config), ["send", "refs", "send", "events", "send"]);
}

#[test]
fn relay_11_deletions_are_skipped_unless_the_operator_relays_them() {
    let list = list("L1: [o/a, o/b: {refs: []}]");
    let relaying = Config { relay_deletions: true, ..Config::defaults() };
    let gone = PushEvent { deleted: true, ..push("refs/heads/x") };
    let zeros = PushEvent { after: sha('0'), ..push("refs/heads/x") };
    for push in [gone, zeros] {
        assert_eq!(words(&list, push.clone(), &Config::defaults()), ["deletion", "refs"]);
        assert_eq!(words(&list, push, &relaying), ["send", "refs"]);
    }
}

#[test]
fn pushes_have_as_many_targets_as_other_events() {
    let list = list("L1: [o/a, o/b, o/c]");
    let config = Config { max_targets: 1, ..Config::defaults() };
    assert_eq!(words(&list, push("refs/heads/x"), &config), ["send", "too_many", "too_many"]);
}
