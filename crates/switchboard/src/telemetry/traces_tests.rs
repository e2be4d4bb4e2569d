use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::trace::SpanId;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::{Value, json};
use switchboard_clock::{SeededEntropy, Timestamp};
use switchboard_engine::observe::{Accepted, Attempted, Ending, Via};
use switchboard_github::record::{CallKind, CallRecord};
use switchboard_store::{Class, DeliveryId, Lane, Queue, Work, WorkState};

use super::{Named, Traces};

/// Keeps what it is given.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<SpanData>>>);

impl SpanExporter for Kept {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(batch);
        Ok(())
    }
}

/// The spans that `tell` leads to.
fn spans(tell: impl Fn(&Traces)) -> Vec<SpanData> {
    let kept = Kept::default();
    let named = Named { service: None, version: "1" };
    let traces = Traces::over(kept.clone(), named, Arc::new(SeededEntropy::new(7)));
    tell(&traces);
    traces.finish();
    kept.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn delivery() -> DeliveryId {
    serde_json::from_value(json!("018bcfe5-6800-7000-8000-000000000001")).unwrap()
}

fn accept(traces: &Traces, via: Via, outcome: &'static str) {
    let (started_at, took) = (Timestamp::from_millis(1_000), Duration::from_millis(3));
    traces.accepted(&Accepted { via, event: Some("push"), outcome, delivery: Some(delivery()), started_at, took });
}

/// An attempt that fails at once, with two calls; all of them at the same millisecond.
fn attempt(traces: &Traces) {
    let at = Timestamp::from_millis(2_000);
    let work = Work {
        id: serde_json::from_value(json!("018bcfe5-6800-7000-8000-000000000002")).unwrap(),
        class: Class::Intent,
        queue: Queue::OUTBOX,
        automation: "testing".to_owned(),
        kind: "testing.call".to_owned(),
        lane: Lane::of("lane"),
        key: None,
        installation: None,
        delivery: Some(delivery()),
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
    let call = CallRecord {
        at,
        kind: CallKind::Read,
        method: "GET".to_owned(),
        route: "/app".to_owned(),
        path: "/app".to_owned(),
        status: Some(503),
        failure: None,
        duration_ms: 1,
        request_id: None,
        remaining: None,
        installation: None,
        scope: String::new(),
    };
    traces.attempted(&Attempted {
        work: &work,
        ending: Ending::Wait,
        committed: true,
        failure: None,
        started_at: at,
        took: Duration::ZERO,
        calls: &[call.clone(), call],
        facts: &[],
    });
}

#[test]
fn attempts_and_duplicates_of_one_millisecond_are_spans_of_their_own() {
    let spans = spans(|traces| {
        accept(traces, Via::Webhook, "accepted");
        for _ in 0..50 {
            accept(traces, Via::Webhook, "duplicate");
            attempt(traces);
        }
    });
    assert_eq!(spans.len(), 1 + 50 + 3 * 50);
    let numbers: BTreeSet<[u8; 8]> = spans.iter().map(|span| span.span_context.span_id().to_bytes()).collect();
    assert_eq!(numbers.len(), spans.len());
}

#[test]
fn a_delivery_has_one_root_however_it_came_and_however_often() {
    for via in [Via::Webhook, Via::List, Via::Operator] {
        for outcome in ["accepted", "ignored"] {
            let spans = spans(|traces| {
                accept(traces, via, outcome);
                accept(traces, Via::Webhook, "requeued");
                accept(traces, Via::List, "duplicate");
                attempt(traces);
            });
            let roots: Vec<_> = spans.iter().filter(|span| span.parent_span_id == SpanId::INVALID).collect();
            let [root] = roots.as_slice() else { panic!("{roots:?}") };
            let said = |name: &str| {
                let found = root.attributes.iter().find(|pair| pair.key.as_str() == name);
                found.map(|pair| pair.value.as_str().into_owned())
            };
            assert_eq!(
                (said("switchboard.via"), said("switchboard.outcome")),
                (Some(via.as_str().to_owned()), Some(outcome.to_owned()))
            );
            let number = root.span_context.span_id();
            let children = spans.iter().filter(|span| span.parent_span_id == number);
            assert_eq!(children.map(|span| &*span.name).collect::<Vec<_>>(), ["accept", "accept", "deliver"]);
            let trace: String = delivery().to_string().split('-').collect();
            assert!(spans.iter().all(|span| span.span_context.trace_id().to_string() == trace));
        }
    }
}
