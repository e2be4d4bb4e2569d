use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::testing::{payload, run};

fn read_value(value: &Value) -> Result<SourceRun, Box<UnusablePayload>> {
    read(value.to_string().as_bytes())
}

fn with(pointer: &str, value: Value) -> Value {
    let mut payload = payload();
    *payload.pointer_mut(pointer).expect("the member is there") = value;
    payload
}

fn without(pointer: &str) -> Value {
    let mut payload = payload();
    let (parent, member) = pointer.rsplit_once('/').unwrap();
    payload.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(member).expect("the member is there");
    payload
}

const NEEDED: &[&str] = &[
    "action",
    "repository",
    "repository/id",
    "repository/name",
    "repository/full_name",
    "repository/owner",
    "repository/owner/login",
    "workflow_run",
    "workflow_run/id",
    "workflow_run/head_sha",
    "workflow_run/event",
    "workflow_run/html_url",
];

const NULLABLE: &[&str] = &[
    "repository/default_branch",
    "workflow_run/run_attempt",
    "workflow_run/name",
    "workflow_run/path",
    "workflow_run/head_branch",
    "workflow_run/conclusion",
    "workflow_run/created_at",
    "workflow_run/actor",
    "workflow_run/actor/login",
    "workflow_run/head_repository",
    "workflow_run/head_repository/id",
];

#[test]
fn a_complete_payload_is_read() {
    let run = run();
    assert_eq!(run.key().to_string(), "1/500/1");
    assert_eq!((run.repository.to_string().as_str(), run.workflow.as_str()), ("Org/source", "ci.yml"));
    assert_eq!(run.created_at.unwrap().seconds(), 1_767_614_400);
    assert_eq!((run.installation_id, run.head_repository_id, run.actor.as_deref()), (11, Some(1), Some("someone")));
}

#[test]
fn a_needed_member_that_is_missing_null_or_of_another_type_is_named() {
    for member in NEEDED {
        let pointer = format!("/{member}");
        for broken in [without(&pointer), with(&pointer, Value::Null), with(&pointer, json!([{ "id": 1 }]))] {
            let fault = read_value(&broken).unwrap_err();
            assert_eq!((fault.reason, fault.detail), (Reason::PayloadUnusable, member.replace('/', ".")));
        }
    }
}

#[test]
fn a_nullable_member_may_be_null_or_missing_but_not_of_another_type() {
    for member in NULLABLE {
        let pointer = format!("/{member}");
        assert!(read_value(&with(&pointer, Value::Null)).is_ok(), "{member} null");
        assert!(read_value(&without(&pointer)).is_ok(), "{member} missing");
        let fault = read_value(&with(&pointer, json!(true))).unwrap_err();
        assert_eq!((fault.reason, fault.detail), (Reason::PayloadUnusable, member.replace('/', ".")));
    }
}

#[test]
fn numbers_as_texts_and_texts_as_numbers_are_unusable() {
    for (pointer, value) in [
        ("/workflow_run/id", json!("500")),
        ("/workflow_run/id", json!(-1)),
        ("/workflow_run/id", json!(1.5)),
        ("/workflow_run/run_attempt", json!(5_000_000_000_u64)),
        ("/workflow_run/created_at", json!("yesterday")),
        ("/repository/name", json!("../../x")),
        ("/repository/full_name", json!("Org/other")),
        ("/workflow_run/head_sha", json!(7)),
    ] {
        assert_eq!(read_value(&with(pointer, value)).unwrap_err().reason, Reason::PayloadUnusable, "{pointer}");
    }
}

#[test]
fn a_payload_without_installation_says_so_and_still_knows_its_source() {
    for payload in [without("/installation"), with("/installation", Value::Null), with("/installation/id", Value::Null)]
    {
        let fault = read_value(&payload).unwrap_err();
        assert_eq!(fault.reason, Reason::InstallationMissing);
        assert_eq!(fault.known.repository, Some("org/source".parse().unwrap()));
        assert_eq!((fault.known.run_id, fault.known.attempt), (Some(500), Some(1)));
    }
}

#[test]
fn a_null_path_falls_back_to_the_workflows() {
    let mut payload = with("/workflow_run/path", Value::Null);
    payload["workflow"]["path"] = json!(".github/workflows/other.yml");
    assert_eq!(read_value(&payload).unwrap().workflow.as_str(), "other.yml");
    payload["workflow"] = Value::Null;
    assert_eq!(read_value(&payload).unwrap_err().detail, "workflow_run.path");
}

#[test]
fn a_dynamic_workflow_is_unsupported() {
    let fault = read_value(&with("/workflow_run/path", json!("dynamic/pages/pages-build-deployment"))).unwrap_err();
    assert_eq!(fault.reason, Reason::SourceWorkflowUnsupported);
    assert_eq!(fault.detail, "dynamic/pages/pages-build-deployment");
}

#[test]
fn an_absent_attempt_is_the_first() {
    assert_eq!(read_value(&without("/workflow_run/run_attempt")).unwrap().attempt, 1);
}

#[test]
fn members_that_nobody_reads_may_be_anything() {
    let mut payload = payload();
    payload["sender"] = json!({ "id": [null, 1.5, { "x": true }] });
    payload["workflow_run"]["pull_requests"] = json!([1, "x", null]);
    assert!(read_value(&payload).is_ok());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,8}", inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_gives_a_verdict(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&body);
    }

    #[test]
    fn any_value_in_any_member_gives_a_verdict(
        member in proptest::sample::select([NEEDED, NULLABLE].concat()), value in any_json(),
    ) {
        let _ = read_value(&with(&format!("/{member}"), value));
    }
}
