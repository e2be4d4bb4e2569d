use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn body(changes: Value) -> Value {
    let mut body = json!({
        "event_type": "pull_request",
        "delivery_id": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
        "payload": {"pull_request": {"number": 7, "head": {"sha": "abc"}, "labels": [{"name": "a"}, {"name": "b"}]}},
        "workflow": {
            "status": "completed", "conclusion": "success", "name": "CI", "job_name": "build", "run_id": 5, "run_attempt": "2",
        },
    });
    merge(&mut body, changes);
    body
}

fn merge(into: &mut Value, changes: Value) {
    let (Value::Object(members), Value::Object(changes)) = (&mut *into, changes) else { return };
    for (name, change) in changes {
        match members.get_mut(&name) {
            Some(member) if member.is_object() && change.is_object() => merge(member, change),
            _ => drop(members.insert(name, change)),
        }
    }
}

fn read(changes: Value) -> Result<Report, Refusal> {
    Report::read(body(changes).to_string().as_bytes(), RunIds::Numbers)
}

fn workflow(member: &str, value: impl Into<Value>) -> Result<Report, Refusal> {
    read(json!({ "workflow": { member: value.into() } }))
}

#[test]
fn a_report_is_read_whole() {
    let report = read(json!({})).unwrap();
    assert_eq!((report.kind, report.status), (Kind::PullRequest, Status::Completed(Conclusion::Success)));
    assert_eq!((report.workflow.as_str(), report.result.as_str(), report.run_id.as_str()), ("CI", "build", "5"));
    assert_eq!((report.run_attempt, report.attempt(Some(3))), (Some(2), 2));
    let echo = Echo { number: Some(7), head: Some("abc".into()), labels: Some(vec!["a".into(), "b".into()]) };
    assert_eq!(report.echo, echo);
    let stored = serde_json::to_value(&report).unwrap();
    assert_eq!(serde_json::from_value::<Report>(stored).unwrap(), report);
}

#[test]
fn relay_19_each_field_is_refused_by_its_own_name() {
    let table = [
        (json!({"event_type": "release"}), "event_type"),
        (json!({"event_type": null}), "event_type"),
        (json!({"delivery_id": "a b"}), "delivery_id"),
        (json!({"delivery_id": ""}), "delivery_id"),
        (json!({"delivery_id": "x".repeat(65)}), "delivery_id"),
        (json!({"payload": []}), "payload"),
        (json!({"workflow": ["completed"]}), "workflow"),
        (json!({"workflow": {"status": "queued"}}), "workflow.status"),
        (json!({"workflow": {"conclusion": null}}), "workflow.conclusion"),
        (json!({"workflow": {"conclusion": "maybe"}}), "workflow.conclusion"),
        (json!({"workflow": {"conclusion": 1}}), "workflow.conclusion"),
        (json!({"workflow": {"name": ""}}), "workflow.name"),
        (json!({"workflow": {"name": "x".repeat(256)}}), "workflow.name"),
        (json!({"workflow": {"name": "a\u{85}b"}}), "workflow.name"),
        (json!({"workflow": {"job_name": "a\nb"}}), "workflow.job_name"),
        (json!({"workflow": {"job_name": {}}}), "workflow.job_name"),
        (json!({"workflow": {"run_id": "abc"}}), "workflow.run_id"),
        (json!({"workflow": {"run_id": "9223372036854775808"}}), "workflow.run_id"),
        (json!({"workflow": {"run_id": -5}}), "workflow.run_id"),
        (json!({"workflow": {"run_id": 1.5}}), "workflow.run_id"),
        (json!({"workflow": {"run_attempt": 0}}), "workflow.run_attempt"),
        (json!({"workflow": {"run_attempt": 1001}}), "workflow.run_attempt"),
        (json!({"workflow": {"check_run_id": "x".repeat(65)}}), "workflow.check_run_id"),
        (json!({"workflow": {"schema_version": []}}), "workflow.schema_version"),
    ];
    for (changes, field) in table {
        let refusal = read(changes.clone()).expect_err(field);
        assert_eq!(refusal.code, Code::Field, "{changes}");
        assert!(refusal.detail.starts_with(&format!("`{field}` ")), "{changes}: {}", refusal.detail);
    }
}

#[test]
fn relay_19_what_is_no_object_is_no_report() {
    let deep = format!("{{\"payload\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let digits = format!("{{\"payload\": {}}}", "9".repeat(400));
    let surrogate = body(json!({})).to_string().replace("\"CI\"", "\"\\ud800\"");
    for text in ["", "[]", "null", "{", "\"a\"", "{\"a\": NaN}", "{\"a\": Infinity}", &deep] {
        let refusal = Report::read(text.as_bytes(), RunIds::Numbers).expect_err(text);
        assert_eq!(refusal.code, Code::Json, "{text:.40}");
    }
    assert_eq!(Report::read(digits.as_bytes(), RunIds::Numbers).unwrap_err().code, Code::Field);
    assert!(Report::read(surrogate.as_bytes(), RunIds::Numbers).is_err());
    assert_eq!(Report::read(b"{\"a\":\xff}", RunIds::Numbers).unwrap_err().code, Code::Json);
}

#[test]
fn a_run_has_one_name_however_it_is_written() {
    assert_eq!(workflow("run_id", json!("0042")).unwrap().run_id, "42");
    assert_eq!(workflow("run_id", json!(42)).unwrap().run_id, "42");
    let uuid = "0195f4a0-4c1e-7d00-8000-0242ac120002";
    let body = body(json!({"workflow": {"run_id": uuid}})).to_string();
    assert_eq!(Report::read(body.as_bytes(), RunIds::Words).unwrap().run_id, uuid);
}

#[test]
fn a_conclusion_counts_only_at_the_end() {
    let report = read(json!({"workflow": {"status": "in_progress", "conclusion": "maybe"}})).unwrap();
    assert_eq!(report.status, Status::InProgress);
}

#[test]
fn decorations_never_refuse_and_are_dropped_whole() {
    let wrong = json!({
        "url": "javascript:alert(1)", "artifact_url": format!("https://x/{}", "a".repeat(2048)), "started_at": "yesterday",
        "test_results": {"passed": -1}, "failed_tests": {"name": "a"}, "environment": "x".repeat(2049),
        "triage_verdict": {"schema_version": 2, "category": "infra", "confidence": "low"}, "unknown": [1, 2],
    });
    let report = read(json!({ "workflow": wrong })).unwrap();
    let dropped =
        ["url", "artifact_url", "started_at", "test_results", "failed_tests", "environment", "triage_verdict"];
    assert_eq!(report.decorations.dropped, dropped);
    assert_eq!(Decorations { dropped: Vec::new(), ..report.decorations }, Decorations::default());
}

#[test]
fn decorations_are_kept_and_cut() {
    let test = json!({"name": "n".repeat(600), "message": "é".repeat(600), "stacktrace": "s".repeat(5000)});
    let right = json!({
        "url": "https://ci.example/1", "completed_at": "2026-01-05T12:00:00Z", "started_at": null,
        "test_results": {"passed": 5, "failed": 1}, "failed_tests_detail": vec![test; 150],
        "environment": {"os": "linux"}, "triage_verdict": {
            "schema_version": 1, "category": "upstream", "confidence": "high", "summary": "s", "evidence": ["a"],
        },
    });
    let kept = read(json!({ "workflow": right })).unwrap().decorations;
    assert_eq!(kept.dropped, Vec::<String>::new());
    assert_eq!(kept.tests, Some(Tests { passed: 5, failed: 1, skipped: 0, total: 6 }));
    assert_eq!((kept.failed_tests.len(), kept.failed_tests[0].name.len()), (100, 512));
    assert_eq!((kept.failed_tests[0].message.len(), kept.failed_tests[0].stacktrace.len()), (1024, 4096));
    assert_eq!(kept.environment.as_deref(), Some("{\"os\":\"linux\"}"));
    let verdict = kept.verdict.unwrap();
    assert_eq!((verdict.category, verdict.evidence.as_deref()), (Category::Upstream, Some("[\"a\"]")));
}

#[test]
fn relay_18_a_retry_is_recognised_by_what_it_says() {
    let of = |changes| digest("Org/Repo", &read(changes).unwrap());
    let first = of(json!({}));
    assert_eq!(first, of(json!({"workflow": {"started_at": "2026-01-05T12:00:00Z", "completed_at": null}})));
    assert_eq!(first, of(json!({"payload": {}})));
    assert_eq!(first, of(json!({"workflow": {"run_id": "5", "run_attempt": 2}})));
    assert_eq!(first, digest("org/repo", &read(json!({})).unwrap()));
    for other in [
        json!({"workflow": {"conclusion": "failure"}}),
        json!({"workflow": {"job_name": "test"}}),
        json!({"workflow": {"url": "https://ci.example/1"}}),
        json!({"delivery_id": "x"}),
    ] {
        assert_ne!(first, of(other));
    }
    assert_ne!(first, digest("org/other", &read(json!({})).unwrap()));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Report::read(&bytes, RunIds::Numbers));
        drop(Report::read(&bytes, RunIds::Words));
    }

    #[test]
    fn no_member_of_any_type_panics(
        member in prop::sample::select(vec![
            "status", "conclusion", "name", "job_name", "run_id", "run_attempt", "schema_version", "url", "started_at",
            "test_results", "failed_tests", "environment", "triage_verdict",
        ]),
        value in prop::sample::select(vec!["null", "[]", "{}", "[[1]]", "1e999", "-0", "\"\"", "[{\"name\":1}]", "true"]),
    ) {
        let text = body(json!({"workflow": {member: "MEMBER"}})).to_string().replace("\"MEMBER\"", value);
        drop(Report::read(text.as_bytes(), RunIds::Numbers));
    }
}
