//! `/audit`: who signed in, and who did what, newest first. One range of records, written as it happened.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use switchboard_engine::audit::{Entry, VIEW};
use switchboard_engine::sign_ins;
use switchboard_store::KeyRange;

use crate::components::{Empty, Html, Pager, Prose, Time, data, plural};
use crate::query::{AuditKey, place};
use crate::{Fault, Shell, links};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "pages/audit.html")]
struct AuditPage {
    rows: Vec<Row>,
    pager: Pager,
    empty: Empty,
}

struct Row {
    key: String,
    at: Time,
    actor: String,
    what: Prose,
    action: String,
    delivery: Option<String>,
    more: Option<Html>,
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    cursor: Option<String>,
}

/// `GET /audit`
pub(crate) async fn page(shell: Shell, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let cursor = place::<AuditKey>(asked.cursor.as_deref())?;
    let range = cursor.map_or_else(KeyRange::all, |cursor| KeyRange::all().past(cursor));
    let mut records = shell.store().records(&VIEW, range, ROWS + 1).await?;
    let more = records.len() > ROWS;
    records.truncate(ROWS);
    let next = records.last().filter(|_| more).map(|last| last.key.to_string());
    let rows = records.into_iter().filter_map(|record| {
        let entry = Entry::deserialize(record.value).ok()?;
        Some(Row {
            key: record.key.as_str().replace('/', "-"),
            at: Time { at: entry.at, now: shell.now() },
            what: Prose(told(&entry).into()),
            delivery: entry.delivery.map(links::delivery),
            more: data(&entry.data),
            actor: entry.actor,
            action: entry.action,
        })
    });
    let page = AuditPage {
        rows: rows.collect(),
        pager: Pager::new("/audit", None, cursor, next.as_deref()),
        empty: Empty::new(
            "Nobody has done anything yet.",
            "Every sign-in, refusal, replay and discard is noted here when it is carried out, with who did it. Each is a delivery like any other and can be followed to its effect.",
        ),
    };
    let shell = if cursor.is_none() { shell.live(["record/engine.audit"]) } else { shell };
    shell.page("Audit", &page).await
}

/// What was done, in words.
fn told(entry: &Entry) -> String {
    let text = |name: &str| entry.data.get(name).and_then(Value::as_str).map(|text| text.replace('`', "'"));
    let letters = || {
        let number = entry.data.get("works").and_then(Value::as_u64).unwrap_or(1);
        let kinds: Vec<String> = entry
            .data
            .get("kinds")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|kind| Some(format!("`{}`", kind.as_str()?.replace('`', "'"))))
            .collect();
        format!("{} {}", plural(number, "dead letter", "dead letters"), kinds.join(", "))
    };
    let from = || text("client").map_or_else(String::new, |client| format!(" from `{client}`"));
    let by = || match text("by").as_deref() {
        Some("github") => " with GitHub",
        Some("token") => " with a token",
        _ => "",
    };
    match entry.action.as_str() {
        sign_ins::SIGNED_IN => format!("Signed in{}{}.", by(), from()),
        sign_ins::REFUSED => {
            let code = text("code").unwrap_or_default();
            let more = match entry.data.get("count").and_then(Value::as_u64) {
                Some(count @ 2..) => {
                    format!(" {} since the last that was noted.", plural(count, "refusal", "refusals"))
                }
                _ => String::new(),
            };
            format!("Was refused{}{}: `{code}`.{more}", by(), from())
        }
        sign_ins::SIGNED_OUT => format!("Signed out{}.", from()),
        "engine.replay" if entry.data.get("reason").is_some() => {
            format!(
                "Asked to replay delivery `{}`, whose body is no longer kept.",
                text("delivery").unwrap_or_default()
            )
        }
        "engine.replay" => format!("Replayed delivery `{}`.", text("delivery").unwrap_or_default()),
        "engine.revive" => format!("Queued {} again.", letters()),
        "engine.discard" => format!("Discarded {}.", letters()),
        other => format!("`{}`", other.replace('`', "'")),
    }
}
