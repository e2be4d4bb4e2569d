//! How the dispatcher's things look on the wire.

use serde_json::{Value, json};
use switchboard_clock::Timestamp;
use switchboard_store::Fact;

use crate::handlers::records::{IssueRecord, ProblemRow, RepoRecord, RunRecord, RunRow, TargetRecord};
use crate::handlers::rollup::Window;
use crate::health::Health;
use crate::pages::reading::{Edge, Recorded, Side};

pub(super) fn window(window: &Window) -> Value {
    json!({
        "minutes": window.minutes,
        "from": window.from.rfc3339(),
        "to": window.to.rfc3339(),
        "counters": window.counters,
        "successRate": window.success_rate,
        "latency": window.latency,
        "topRepos": window.top_repos,
        "truncated": window.truncated,
    })
}

pub(super) fn health(health: &Health) -> Value {
    json!({
        "status": health.status,
        "reasons": health.reasons,
        "checks": health.checks,
        "lastEventAt": health.last_event_at.map(Timestamp::rfc3339),
    })
}

pub(super) fn run_row(row: &RunRow) -> Value {
    json!({
        "runKey": row.key,
        "repository": row.repository,
        "workflow": row.workflow,
        "branch": row.branch,
        "sha": row.sha,
        "plannedAt": row.planned_at.rfc3339(),
        "counts": row.counts,
        "reason": row.reason,
        "invalid": row.invalid,
    })
}

pub(super) fn problem(row: &ProblemRow) -> Value {
    json!({
        "runKey": row.key,
        "n": row.n,
        "source": { "repository": row.source, "workflow": row.source_workflow },
        "repository": row.repository,
        "workflow": row.workflow,
        "state": row.state,
        "reason": row.reason,
        "sentence": row.reason.sentence(),
        "hint": row.reason.hint(),
        "at": row.at.rfc3339(),
    })
}

pub(super) fn repo_file(record: Option<&RepoRecord>) -> Value {
    record.map_or(Value::Null, |record| {
        json!({
            "state": record.state,
            "path": record.path,
            "diagnostics": record.diagnostics,
            "checkedAt": record.checked_at.rfc3339(),
        })
    })
}

pub(super) fn edge(edge: &Edge, side: Side) -> Value {
    let other = json!({ "repository": edge.repository, "workflow": edge.workflow });
    let name = if side == Side::Out { "target" } else { "source" };
    json!({ "workflow": edge.own, name: other, "counters": edge.counters })
}

pub(super) fn run(recorded: &Recorded) -> Value {
    let RunRecord { key, delivery_id, source, lineage, state, reason, config_path, .. } = &recorded.run;
    json!({
        "runKey": key,
        "deliveryId": delivery_id,
        "source": source,
        "state": state,
        "reason": reason,
        "configPath": config_path,
        "dryRun": recorded.run.dry_run,
        "receivedAt": recorded.run.received_at.rfc3339(),
        "plannedAt": recorded.run.planned_at.rfc3339(),
        "finishedAt": recorded.run.finished_at.map(Timestamp::rfc3339),
        "counts": recorded.run.counts,
        "rootRunKey": lineage.root,
        "depth": lineage.depth,
        "path": lineage.path,
        "targets": recorded.targets.iter().map(|target| self::target(target, recorded)).collect::<Vec<_>>(),
        "issue": recorded.issue.as_ref().map(issue),
    })
}

fn target(target: &TargetRecord, recorded: &Recorded) -> Value {
    json!({
        "n": target.n,
        "repository": target.repository,
        "workflow": target.workflow,
        "ref": target.git_ref,
        "line": target.line,
        "lineText": target.line_text,
        "inboundLine": target.inbound_line,
        "inboundText": target.inbound_text,
        "inboundPath": target.inbound_path,
        "state": target.state,
        "reason": target.reason,
        "detail": target.detail,
        "hint": target.hint,
        "attempts": target.attempts,
        "nextAttemptAt": target.next_attempt_at.map(Timestamp::rfc3339),
        "runId": target.run_id,
        "runUrl": target.run_url,
        "result": recorded.result(target.n).and_then(|result| result.conclusion.clone()),
    })
}

fn issue(issue: &IssueRecord) -> Value {
    json!({
        "number": issue.number,
        "url": issue.url,
        "failure": issue.failure,
        "suppressed": issue.suppressed,
    })
}

pub(super) fn fact(fact: &Fact) -> Value {
    json!({ "id": fact.id, "at": fact.at.rfc3339(), "kind": fact.kind, "data": fact.data })
}
