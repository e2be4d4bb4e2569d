use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::push_body;

fn with(pointer: &str, value: Value) -> Value {
    let mut body = push_body("refs/heads/main");
    *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    body
}

fn read(body: &Value) -> Result<PushEvent, Unreadable> {
    super::read(body.to_string().as_bytes())
}

#[test]
fn a_push_is_read() {
    let event = read(&push_body("refs/tags/ciflow/riscv64/7")).unwrap();
    assert_eq!((event.repository.as_str(), event.full_ref.as_str()), ("Org/Up", "refs/tags/ciflow/riscv64/7"));
    assert_eq!((event.after.as_str(), event.before.as_str()), ("b".repeat(40).as_str(), "a".repeat(40).as_str()));
    assert_eq!((event.title.as_str(), event.sender.as_str()), ("Fix a kernel", "ann"));
    assert_eq!((event.default_branch.as_deref(), event.is_deletion()), (Some("main"), false));
}

#[test]
fn a_deletion_is_known_by_either_sign() {
    let mut gone = with("/after", json!("0".repeat(40)));
    gone["head_commit"] = Value::Null;
    let event = read(&gone).unwrap();
    assert!(event.is_deletion() && event.title.is_empty());
    assert!(read(&with("/deleted", json!(true))).unwrap().is_deletion());
    assert!(!read(&with("/before", json!("0".repeat(40)))).unwrap().is_deletion(), "a new branch is none");
}

#[test]
fn what_is_missing_or_of_another_type_is_named() {
    for (pointer, value, member) in [
        ("/ref", Value::Null, "ref"),
        ("/ref", json!("main"), "ref"),
        ("/repository/full_name", json!("x"), "repository.full_name"),
        ("/before", json!(5), "before"),
        ("/after", json!("z"), "after"),
        ("/deleted", json!("no"), "deleted"),
    ] {
        assert_eq!(read(&with(pointer, value)), Err(Unreadable { member }), "{pointer}");
    }
    assert_eq!(super::read(b"[1]"), Err(Unreadable { member: "(body)" }));
}

#[test]
fn a_push_touches_what_its_commits_name() {
    let touches = |body: &Value, path: &str| may_touch(body.to_string().as_bytes(), path);
    let body = push_body("refs/heads/main");
    assert!(touches(&body, "new.txt") && touches(&body, "kernel.c") && touches(&body, "old.txt"));
    assert!(!touches(&body, ".github/allowlist.yml") && !touches(&body, "kernel"));
    assert!(!touches(&with("/commits", json!([])), "kernel.c"));
}

#[test]
fn where_a_push_does_not_say_what_it_touches_it_may_touch_anything() {
    let many: Vec<_> = (0..1_000).map(|_| json!({"added": [], "modified": [], "removed": []})).collect();
    let long: Vec<_> = (0..1_000).map(|n| json!(n.to_string())).collect();
    for (pointer, value) in [
        ("/forced", json!(true)),
        ("/created", json!(true)),
        ("/deleted", json!(true)),
        ("/commits", json!(many)),
        ("/commits", Value::Null),
        ("/commits/0/added", json!(long)),
        ("/commits/0/added", Value::Null),
    ] {
        assert!(may_touch(with(pointer, value).to_string().as_bytes(), "x"), "{pointer}");
    }
    assert!(may_touch(b"{", "x") && may_touch(b"[]", "x"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = (super::read(&bytes), may_touch(&bytes, "x"));
    }
}
