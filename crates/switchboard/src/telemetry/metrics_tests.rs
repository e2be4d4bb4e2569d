use std::time::Duration;

use prometheus_client::encoding::text::encode;
use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_engine::observe::{Accepted, Attempted, Ending, Via};
use switchboard_github::observe::{CallObserver as _, Exchange, PutOff};
use switchboard_github::record::CallKind;
use switchboard_relay::observe::{AllowlistReason, Observer as _};
use switchboard_relay::refusal::Code;
use switchboard_store::{Class, Lane, NewFact, Queue, Work, WorkState};

use super::Metrics;

fn seen(metrics: &Metrics, via: Via, event: Option<&str>, outcome: &'static str) {
    let (started_at, took) = (Timestamp::from_millis(0), Duration::from_millis(3));
    metrics.accepted(&Accepted { via, event, outcome, delivery: None, started_at, took });
}

fn attempted(metrics: &Metrics, kind: &str, ending: Ending, committed: bool, facts: &[NewFact]) {
    let at = Timestamp::from_millis(0);
    let work = Work {
        id: serde_json::from_value(json!("018bcfe5-6800-7000-8000-000000000007")).unwrap(),
        class: Class::Intent,
        queue: Queue::OUTBOX,
        automation: "testing".to_owned(),
        kind: kind.to_owned(),
        lane: Lane::of("lane"),
        key: None,
        installation: None,
        delivery: None,
        payload: Value::Null,
        state: WorkState::Leased,
        attempts: 1,
        unanswered: false,
        created_at: at,
        first_leased_at: Some(at),
        due: at,
        settled_at: None,
        failure: None,
    };
    let took = Duration::from_millis(20);
    metrics.attempted(&Attempted {
        work: &work,
        ending,
        committed,
        failure: None,
        started_at: at,
        took,
        calls: &[],
        facts,
    });
}

fn fact(kind: &str) -> NewFact {
    NewFact { automation: "testing", subject: "s".into(), kind: kind.to_owned(), data: json!({}) }
}

fn text(metrics: &Metrics) -> String {
    let mut text = String::new();
    encode(&mut text, metrics.registry()).unwrap();
    text
}

/// How many lines there are of one metric.
fn lines(text: &str, name: &str) -> usize {
    text.lines().filter(|line| line.starts_with(&format!("{name}{{"))).count()
}

#[test]
fn deliveries_are_counted_by_the_way_they_came_and_what_became_of_them() {
    let metrics = Metrics::default();
    for outcome in ["accepted", "accepted", "duplicate", "conflict", "ignored"] {
        seen(&metrics, Via::Webhook, Some("push"), outcome);
    }
    seen(&metrics, Via::Webhook, None, "signature");
    seen(&metrics, Via::List, Some("push"), "accepted");
    seen(&metrics, Via::Operator, Some("engine.replay"), "accepted");
    let text = text(&metrics);
    for line in [
        "deliveries_total{via=\"webhook\",event=\"push\",outcome=\"accepted\"} 2",
        "deliveries_total{via=\"webhook\",event=\"push\",outcome=\"duplicate\"} 1",
        "deliveries_total{via=\"webhook\",event=\"push\",outcome=\"conflict\"} 1",
        "deliveries_total{via=\"webhook\",event=\"push\",outcome=\"ignored\"} 1",
        "deliveries_total{via=\"webhook\",event=\"refused\",outcome=\"signature\"} 1",
        "deliveries_total{via=\"list\",event=\"push\",outcome=\"accepted\"} 1",
        "deliveries_total{via=\"operator\",event=\"action\",outcome=\"accepted\"} 1",
        "accept_duration_seconds_bucket{le=\"0.005\"} 6",
    ] {
        assert!(text.contains(&format!("\nswitchboard_{line}\n")), "{line} in {text}");
    }
}

#[test]
fn reports_are_counted_beside_deliveries_and_all_outcomes_from_the_start() {
    let metrics = Metrics::default();
    assert_eq!(lines(&text(&metrics), "switchboard_relay_reports_total"), 0, "there is no relay");
    metrics.begin_relay();
    seen(&metrics, Via::Callback, Some("callback"), "accepted");
    seen(&metrics, Via::Callback, Some("callback"), "token_invalid");
    metrics.allowlist_error(AllowlistReason::Missing);
    metrics.cache_error();
    let text = text(&metrics);
    for line in [
        "relay_reports_total{outcome=\"accepted\"} 1",
        "relay_reports_total{outcome=\"token_invalid\"} 1",
        "relay_reports_total{outcome=\"rate_limited\"} 0",
        "deliveries_total{via=\"callback\",event=\"report\",outcome=\"token_invalid\"} 1",
        "relay_allowlist_errors_total{reason=\"missing\"} 1",
        "relay_allowlist_errors_total{reason=\"invalid\"} 0",
        "relay_cache_errors_total 1",
    ] {
        assert!(text.contains(&format!("\nswitchboard_{line}\n")), "{line} in {text}");
    }
    assert_eq!(lines(&text, "switchboard_relay_reports_total"), 3 + Code::ALL.len());
}

#[test]
fn attempts_settlements_and_facts_are_counted_by_what_they_were_of() {
    let metrics = Metrics::default();
    attempted(&metrics, "testing.send", Ending::Done, true, &[fact("testing.sent"), fact("testing.sent")]);
    attempted(&metrics, "testing.send", Ending::Retry, true, &[]);
    attempted(&metrics, "testing.send", Ending::Lost, false, &[]);
    let text = text(&metrics);
    for line in [
        "attempts_total{beat=\"deliver\",automation=\"testing\",kind=\"testing.send\",outcome=\"done\"} 1",
        "attempts_total{beat=\"deliver\",automation=\"testing\",kind=\"testing.send\",outcome=\"retry\"} 1",
        "attempts_total{beat=\"deliver\",automation=\"testing\",kind=\"testing.send\",outcome=\"lost\"} 1",
        "settlements_total{automation=\"testing\",kind=\"testing.send\",result=\"committed\"} 2",
        "settlements_total{automation=\"testing\",kind=\"testing.send\",result=\"not_committed\"} 1",
        "facts_total{automation=\"testing\",kind=\"testing.sent\"} 2",
        "attempt_duration_seconds_count{beat=\"deliver\"} 3",
    ] {
        assert!(text.contains(&format!("\nswitchboard_{line}\n")), "{line} in {text}");
    }
}

#[test]
fn requests_to_github_are_counted_by_endpoint_and_status_and_mints_by_result() {
    let metrics = Metrics::default();
    let call = |kind, status| {
        let (method, route, took) = ("GET", "/repos/{owner}/{repo}", Duration::from_millis(30));
        metrics.exchanged(&Exchange { kind, method, route, status, took });
    };
    call(CallKind::Read, Some(200));
    call(CallKind::Revalidated, Some(304));
    call(CallKind::Write, Some(403));
    call(CallKind::Mint, Some(201));
    call(CallKind::Mint, Some(404));
    call(CallKind::Mint, None);
    metrics.put_off(PutOff::Held);
    let text = text(&metrics);
    for line in [
        "github_requests_total{method=\"GET\",route=\"/repos/{owner}/{repo}\",status=\"304\"} 1",
        "github_requests_total{method=\"GET\",route=\"/repos/{owner}/{repo}\",status=\"403\"} 1",
        "github_request_duration_seconds_count{purpose=\"read\"} 2",
        "github_calls_put_off_total{reason=\"held\"} 1",
        "github_calls_put_off_total{reason=\"spent\"} 0",
        "token_mints_total{result=\"minted\"} 1",
        "token_mints_total{result=\"failed\"} 2",
    ] {
        assert!(text.contains(&format!("\nswitchboard_{line}\n")), "{line} in {text}");
    }
}

#[test]
fn nothing_that_comes_from_outside_makes_the_labels_grow_or_breaks_out_of_them() {
    let metrics = Metrics::default();
    for n in 0..10_000 {
        let hostile = format!("event-{n}\"}} 1\nevil 1");
        for via in [Via::Webhook, Via::List, Via::Operator] {
            seen(&metrics, via, Some(&hostile), "accepted");
        }
        attempted(&metrics, &hostile, Ending::Done, true, &[fact(&hostile)]);
        let status = Some(u16::try_from(n).unwrap());
        let (method, route, took) = ("GET", "/x", Duration::from_secs(n));
        metrics.exchanged(&Exchange { kind: CallKind::Read, method, route, status, took });
    }
    // A crowd of unknown events does not push out one that is known.
    seen(&metrics, Via::Webhook, Some("push"), "accepted");
    let text = text(&metrics);
    assert_eq!(lines(&text, "switchboard_deliveries_total"), 4, "other twice, action, push");
    assert!(text.contains("{via=\"webhook\",event=\"other\",outcome=\"accepted\"} 10000\n"), "{text}");
    assert!(text.contains("{via=\"webhook\",event=\"push\",outcome=\"accepted\"} 1\n"));
    assert_eq!(lines(&text, "switchboard_attempts_total"), 201);
    assert_eq!(lines(&text, "switchboard_settlements_total"), 201);
    assert_eq!(lines(&text, "switchboard_facts_total"), 301);
    assert!(lines(&text, "switchboard_github_requests_total") <= 11);
    assert!(!text.lines().any(|line| line.starts_with("evil")));
}
