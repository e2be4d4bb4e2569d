use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn parse(value: &Value) -> Envelope {
    Envelope::parse(value.to_string().as_bytes()).unwrap()
}

#[test]
fn a_pull_request_delivery_is_understood() {
    let envelope = parse(&json!({
        "action": "opened", "number": 7,
        "pull_request": {"number": 8, "head": {"sha": SHA, "repo": {"id": 99}}, "base": {"sha": "f".repeat(40)}},
        "repository": {"id": 1, "full_name": "Org/Repo", "name": "Repo", "owner": {"login": "Org"}, "default_branch": "main"},
        "installation": {"id": 2, "node_id": "x"}, "organization": {"login": "Org"},
        "sender": {"id": 3, "login": "octo\u{1F600}", "type": "User"},
    }));
    assert_eq!(envelope.action.as_deref(), Some("opened"));
    assert_eq!(envelope.number, Some(7));
    assert_eq!(envelope.head_sha, Some(SHA.parse().unwrap()));
    assert_eq!(envelope.installation, Some(InstallationId(2)));
    assert_eq!(envelope.organization.as_deref(), Some("Org"));
    assert_eq!(envelope.sender, Some(Sender { id: Some(3), login: Some("octo😀".into()), kind: Some("User".into()) }));
    let repository = envelope.repository.unwrap();
    assert_eq!((repository.id, repository.owner.as_deref()), (Some(RepoId(1)), Some("Org")));
    assert_eq!(repository.repo_name(), Some("org/repo".parse().unwrap()));
}

#[test]
fn runs_checks_and_pushes_name_their_commit() {
    let run = parse(&json!({"workflow_run": {"id": 5, "run_attempt": 2, "head_sha": SHA}, "workflow": {"id": 9}}));
    assert_eq!(run.workflow_run, Some(WorkflowRun { id: Some(RunId(5)), attempt: Some(2) }));
    let check = parse(&json!({"check_run": {"id": 6, "app": {"id": 7}, "head_sha": SHA, "check_suite": {"id": 8}}}));
    assert_eq!(check.check_run, Some(Check { id: Some(6), app: Some(7) }));
    let suite = parse(&json!({"check_suite": {"id": 8, "app": null, "head_sha": SHA}}));
    assert_eq!(suite.check_suite, Some(Check { id: Some(8), app: None }));
    let push = parse(&json!({"ref": "refs/heads/main", "before": "1".repeat(40), "after": SHA}));
    assert_eq!(push.git_ref.as_deref(), Some("refs/heads/main"));
    for envelope in [run, check, suite, push] {
        assert_eq!(envelope.head_sha.unwrap().as_str(), SHA);
    }
    assert_eq!(parse(&json!({"after": "0".repeat(40)})).head_sha, None);
}

#[test]
fn the_number_of_an_issue_is_found() {
    assert_eq!(parse(&json!({"issue": {"number": 12}, "comment": {"id": 1}})).number, Some(12));
    assert_eq!(parse(&json!({"pull_request": {"number": 13}})).number, Some(13));
}

#[test]
fn dispatcher_8_wrong_types_and_nulls_are_absent() {
    for value in [Value::Null, json!("x"), json!(1.5), json!(-1), json!([]), json!(true)] {
        let envelope = parse(&json!({
            "number": value, "repository": value, "installation": value, "organization": value, "sender": value,
            "pull_request": value, "issue": value, "workflow_run": value, "check_run": value, "check_suite": value,
        }));
        assert_eq!(envelope, Envelope::default(), "{value}");
    }
    let inner =
        parse(&json!({"action": 1, "ref": {}, "after": 2, "repository": {"id": "1", "owner": "x", "name": null}}));
    assert_eq!(inner, Envelope { repository: Some(Repository::default()), ..Envelope::default() });
}

#[test]
fn the_last_of_a_repeated_key_counts() {
    let body = br#"{"action":"a","action":"b","repository":{"id":1,"name":"x"},"repository":{"id":2},"number":1,"number":null}"#;
    let envelope = Envelope::parse(body).unwrap();
    assert_eq!(envelope.action.as_deref(), Some("b"));
    assert_eq!(envelope.repository, Some(Repository { id: Some(RepoId(2)), ..Repository::default() }));
    assert_eq!(envelope.number, None);
}

#[test]
fn escaped_keys_are_the_same_keys() {
    let envelope = Envelope::parse(br#"{"\u0061ction":"op\u0065ned"}"#).unwrap();
    assert_eq!(envelope.action.as_deref(), Some("opened"));
}

#[test]
fn dispatcher_7_what_is_no_payload_says_why() {
    let deep = |levels: usize| format!("{{\"a\":{}1{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(Envelope::parse(deep(128).as_bytes()).is_ok());
    assert_eq!(Envelope::parse(deep(129).as_bytes()), Err(EnvelopeError::TooDeep));
    assert_eq!(Envelope::parse(deep(10_000).as_bytes()), Err(EnvelopeError::TooDeep));
    for known in ["repository", "installation", "sender", "pull_request"] {
        let body = format!("{{\"{known}\":{{\"owner\":{}", "{\"login\":".repeat(500));
        assert_eq!(Envelope::parse(body.as_bytes()), Err(EnvelopeError::TooDeep), "{known}");
    }
    assert_eq!(Envelope::parse(b"[]"), Err(EnvelopeError::NotObject));
    assert_eq!(Envelope::parse(b"null"), Err(EnvelopeError::NotObject));
    assert_eq!(Envelope::parse(b"{\"a\":\"\xff\"}"), Err(EnvelopeError::NotUtf8));
    assert_eq!(Envelope::parse(b"{\"a\":1} x"), Err(EnvelopeError::NotJson { at: 8 }));
    assert_eq!(Envelope::parse(b""), Err(EnvelopeError::NotJson { at: 0 }));
}

/// The same reading, done the plain way over a parsed document.
fn reference(value: &Value) -> Envelope {
    let object = |value: &Value| value.as_object().map(|_| value.clone());
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let check = |value: Value| Check { id: value["id"].as_u64(), app: value["app"]["id"].as_u64() };
    let sha = |value: &Value| value.as_str().and_then(|sha| sha.parse::<HeadSha>().ok());
    Envelope {
        action: text(&value["action"]),
        number: [&value["number"], &value["pull_request"]["number"], &value["issue"]["number"]]
            .into_iter()
            .find_map(Value::as_u64),
        repository: object(&value["repository"]).map(|repository| Repository {
            id: repository["id"].as_u64().map(RepoId),
            full_name: text(&repository["full_name"]),
            name: text(&repository["name"]),
            owner: text(&repository["owner"]["login"]),
            default_branch: text(&repository["default_branch"]),
        }),
        installation: value["installation"]["id"].as_u64().filter(|id| i64::try_from(*id).is_ok()).map(InstallationId),
        organization: text(&value["organization"]["login"]),
        sender: object(&value["sender"]).map(|sender| Sender {
            id: sender["id"].as_u64(),
            login: text(&sender["login"]),
            kind: text(&sender["type"]),
        }),
        git_ref: text(&value["ref"]),
        head_sha: sha(&value["pull_request"]["head"]["sha"])
            .or_else(|| sha(&value["workflow_run"]["head_sha"]))
            .or_else(|| sha(&value["check_run"]["head_sha"]))
            .or_else(|| sha(&value["check_suite"]["head_sha"]))
            .or_else(|| sha(&value["after"]).filter(|sha| sha.as_str().contains(|digit| digit != '0'))),
        workflow_run: object(&value["workflow_run"])
            .map(|run| WorkflowRun { id: run["id"].as_u64().map(RunId), attempt: run["run_attempt"].as_u64() }),
        check_run: object(&value["check_run"]).map(check),
        check_suite: object(&value["check_suite"]).map(check),
    }
}

const KEYS: [&str; 26] = [
    "action",
    "number",
    "repository",
    "installation",
    "organization",
    "sender",
    "ref",
    "after",
    "pull_request",
    "issue",
    "workflow_run",
    "check_run",
    "check_suite",
    "id",
    "full_name",
    "name",
    "owner",
    "login",
    "default_branch",
    "type",
    "head",
    "sha",
    "head_sha",
    "run_attempt",
    "app",
    "other",
];

fn payload_like() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[0-9a-fA-F]{40}".prop_map(Value::from),
        "0{40}".prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(4, 60, 12, |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => members(inner),
        ]
    });
    members(nested)
}

fn members(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::btree_map(prop::sample::select(KEYS.to_vec()), inner, 0..14)
        .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

proptest! {
    #[test]
    fn one_pass_reads_what_the_whole_document_says(value in payload_like()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(Envelope::parse(text.as_bytes()).unwrap(), reference(&value));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let readable = serde_json::from_slice::<Value>(&bytes).is_ok_and(|value| value.is_object());
        prop_assert_eq!(Envelope::parse(&bytes).is_ok(), readable);
    }

    #[test]
    fn a_damaged_body_is_judged_as_serde_json_does(value in payload_like(), at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let mut bytes = value.to_string().into_bytes();
        let position = at.index(bytes.len());
        bytes[position] = with;
        let readable = serde_json::from_slice::<Value>(&bytes).is_ok_and(|value| value.is_object());
        prop_assert_eq!(Envelope::parse(&bytes).is_ok(), readable);
    }
}
