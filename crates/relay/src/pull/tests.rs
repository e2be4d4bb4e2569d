use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::pull_request_body;

fn read(body: &Value) -> Result<PullRequestEvent, Unreadable> {
    super::read(body.to_string().as_bytes())
}

fn with(pointer: &str, value: Value) -> Value {
    let mut body = pull_request_body("opened");
    *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
    body
}

#[test]
fn a_pull_request_is_read() {
    let event = read(&pull_request_body("synchronize")).unwrap();
    assert_eq!(event.action, Action::Synchronize);
    assert_eq!((event.repository.as_str(), event.sender.as_str()), ("Org/Up", "ann"));
    assert_eq!(event.head_repository, Some("ann/up".parse().unwrap()));
    let info = event.info;
    assert_eq!((info.number, info.base.as_str(), info.state), (12, "main", PrState::Open));
    assert_eq!((info.head_sha.as_str(), info.title.as_str()), ("a".repeat(40).as_str(), "Add a kernel"));
    assert_eq!((info.labels, info.author.as_str()), (vec!["ciflow/crcr/cuda".to_owned()], "ann"));
    assert_eq!(info.updated_at, Timestamp::parse("2026-01-05T12:00:00Z").unwrap());
}

#[test]
fn actions_are_told_apart_and_labels_named() {
    for (action, expected) in [
        ("opened", Action::Opened),
        ("reopened", Action::Reopened),
        ("closed", Action::Closed),
        ("labeled", Action::Labeled("x".to_owned())),
        ("unlabeled", Action::Unlabeled("x".to_owned())),
        ("edited", Action::Other("edited".to_owned())),
    ] {
        let mut body = pull_request_body(action);
        body["label"] = json!({"name": "x"});
        assert_eq!(read(&body).unwrap().action, expected);
    }
    assert_eq!(read(&pull_request_body("labeled")).unwrap_err().member, "label");
}

#[test]
fn what_is_missing_or_of_another_type_is_named() {
    for (pointer, value, member) in [
        ("/action", Value::Null, "action"),
        ("/repository", json!([]), "repository"),
        ("/repository/full_name", json!("../x"), "repository.full_name"),
        ("/pull_request", json!(5), "pull_request"),
        ("/pull_request/number", json!(-1), "pull_request.number"),
        ("/pull_request/number", json!("12"), "pull_request.number"),
        ("/pull_request/head", Value::Null, "pull_request.head"),
        ("/pull_request/head/sha", json!("abc"), "pull_request.head.sha"),
        ("/pull_request/base/ref", json!(""), "pull_request.base.ref"),
        ("/pull_request/base/ref", json!("x".repeat(2_000)), "pull_request.base.ref"),
        ("/pull_request/labels", json!("x"), "pull_request.labels"),
        ("/pull_request/state", json!("merged"), "pull_request.state"),
        ("/pull_request/title", json!({}), "pull_request.title"),
        ("/pull_request/updated_at", json!("yesterday"), "pull_request.updated_at"),
    ] {
        assert_eq!(read(&with(pointer, value)), Err(Unreadable { member }), "{pointer}");
    }
    for body in [&b""[..], b"[]", b"{", b"\xff", b"null"] {
        assert!(super::read(body).is_err());
    }
}

#[test]
fn accounts_and_forks_may_be_gone() {
    let mut body = with("/pull_request/user", Value::Null);
    body["pull_request"]["head"]["repo"] = Value::Null;
    body["pull_request"]["author_association"] = Value::Null;
    let event = read(&body).unwrap();
    assert_eq!((event.info.author.as_str(), &event.head_repository), ("", &None));
    assert!(event.is_by_new_author(), "who is not known to belong is new");
}

#[test]
fn new_authors_are_told_from_those_who_belong() {
    for (association, new) in [
        ("NONE", true),
        ("FIRST_TIMER", true),
        ("FIRST_TIME_CONTRIBUTOR", true),
        ("MANNEQUIN", true),
        ("CONTRIBUTOR", false),
        ("COLLABORATOR", false),
        ("MEMBER", false),
        ("OWNER", false),
    ] {
        let event = read(&with("/pull_request/author_association", json!(association))).unwrap();
        assert_eq!(event.is_by_new_author(), new, "{association}");
    }
}

#[test]
fn what_strangers_write_is_kept_short() {
    let mut body = with("/pull_request/title", json!(format!("{}\nmore", "é".repeat(1_000))));
    body["pull_request"]["labels"] = (0..500).map(|n| json!({"name": format!("{n}{}", "l".repeat(500))})).collect();
    let info = read(&body).unwrap().info;
    assert_eq!((info.title.chars().count(), info.labels.len()), (256, 100));
    assert!(info.labels.iter().all(|label| label.len() <= 100));
}

#[test]
fn the_newer_info_is_kept_and_of_two_equally_old_ones_the_later() {
    let told = |title: &str, at: i64| PrInfo {
        title: title.to_owned(),
        updated_at: Timestamp::from_seconds(at),
        ..read(&pull_request_body("opened")).unwrap().info
    };
    for (known, expected) in [(Some(5), "told"), (Some(7), "told"), (Some(8), "known"), (None, "told")] {
        let known = known.map(|at| told("known", at));
        assert_eq!(PrInfo::refreshed(known, told("told", 7)).title, expected);
    }
}

#[test]
fn info_is_stored_and_read_back() {
    let info = read(&pull_request_body("opened")).unwrap().info;
    assert_eq!(serde_json::from_value::<PrInfo>(serde_json::to_value(&info).unwrap()).unwrap(), info);
    assert!(info.carries("CIFLOW/crcr/CUDA") && !info.carries("cuda"));
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = super::read(&bytes);
    }

    #[test]
    fn a_mutilated_body_gives_a_verdict(at in 0..800_usize, length in 0..20_usize, graft in "[\\[\\]{}\",:0-9a-z\\\\]{0,6}") {
        let body = pull_request_body("opened").to_string().into_bytes();
        let (at, end) = (at.min(body.len()), (at + length).min(body.len()));
        let _ = super::read(&[&body[..at], graft.as_bytes(), &body[end..]].concat());
    }
}
