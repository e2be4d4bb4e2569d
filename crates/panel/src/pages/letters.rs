//! `/jobs/letters`: all dead letters of one kind at once, replayed or discarded after a look at what that would be.
//!
//! The form carries the ids that were shown, so that what is done is what was seen, whatever died meanwhile.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Extension, Query};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use switchboard_engine::operations::LETTERS_MAX;
use switchboard_store::{Backlog, Store, Work, WorkFilter, WorkId, WorkState};

use super::actions::{self, Letter};
use super::tables::{WorkRow, WorkTable};
use crate::components::{Guarded, count, plural};
use crate::core::Core;
use crate::{Fault, OperatorForm, Shell, links};

/// Dead letters that are looked through for those of the kind. Beyond it, the rest is found once these are dealt with.
const LOOKED_THROUGH: usize = 1_000;
/// Dead letters that the preview shows of those it is about.
const SHOWN: usize = 20;

/// Dead letters of one kind, as the list of jobs tells them.
pub(super) struct Kind {
    pub(super) automation: String,
    pub(super) kind: String,
    pub(super) count: String,
    /// Where they are replayed, and where discarded; for who may act.
    pub(super) actions: Option<(String, String)>,
}

/// The kinds of which there are dead letters.
pub(super) fn kinds(backlog: &Backlog, may_act: bool) -> Vec<Kind> {
    let dead = backlog.dead.iter().filter(|(_, number)| **number > 0);
    dead.map(|((automation, kind), number)| {
        let of = format!("automation={}&kind={}", links::encoded(automation), links::encoded(kind));
        let path = |verb: &str| format!("/jobs/letters?verb={verb}&{of}");
        Kind {
            automation: automation.clone(),
            kind: kind.clone(),
            count: count(*number),
            actions: may_act.then(|| (path("replay"), path("discard"))),
        }
    })
    .collect()
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    verb: String,
    automation: String,
    kind: String,
}

#[derive(Template)]
#[template(path = "pages/letters.html")]
struct LettersPage {
    kind: String,
    automation: String,
    verb: &'static str,
    replays: bool,
    /// `12 dead letters`
    these: String,
    /// How many there are beyond those.
    more: Option<String>,
    ids: String,
    guarded: Option<Guarded>,
    table: WorkTable,
    unshown: Option<String>,
}

/// The verb of a form, and what it does.
fn letter(verb: &str) -> Result<(Letter, &'static str), Fault> {
    match verb {
        "replay" => Ok((Letter::Revive, "replay")),
        "discard" => Ok((Letter::Discard, "discard")),
        _ => Err(Fault::parameter("Dead letters can be replayed or discarded: `verb=replay` or `verb=discard`.")),
    }
}

/// `GET /jobs/letters?verb=replay|discard&automation=…&kind=…`: what would be done.
pub(crate) async fn page(shell: Shell, Query(asked): Query<Asked>) -> Result<Response, Fault> {
    let (letter, verb) = letter(&asked.verb)?;
    let (works, all) = of_kind(shell.store(), &asked.automation, &asked.kind).await?;
    let these = works.len() as u64;
    let more = all.saturating_sub(these);
    let page = LettersPage {
        verb,
        replays: matches!(letter, Letter::Revive),
        these: plural(these, "dead letter", "dead letters"),
        more: (more > 0).then(|| count(more)),
        ids: works.iter().map(|work| work.id.to_string()).collect::<Vec<_>>().join(","),
        guarded: shell.guarded().filter(|_| these > 0),
        table: WorkTable { rows: works.iter().take(SHOWN).map(|work| WorkRow::new(work, &shell)).collect() },
        unshown: works.len().checked_sub(SHOWN).filter(|rest| *rest > 0).map(|rest| count(rest as u64)),
        kind: asked.kind,
        automation: asked.automation,
    };
    shell.page(&format!("{} · {verb} all", page.kind), &page).await
}

/// The newest dead letters of a kind, as many as can be dealt with at once, and how many there are.
pub(crate) async fn of_kind(store: &dyn Store, automation: &str, kind: &str) -> Result<(Vec<Work>, u64), Fault> {
    let mut works = store.works(WorkFilter::State(WorkState::Dead), None, LOOKED_THROUGH).await?;
    works.retain(|work| work.automation == automation && work.kind == kind);
    let all = store.backlog().await?.dead.get(&(automation.to_owned(), kind.to_owned())).copied();
    works.truncate(LETTERS_MAX);
    let these = works.len() as u64;
    Ok((works, all.unwrap_or(these).max(these)))
}

#[derive(Deserialize)]
pub(crate) struct Chosen {
    id: String,
    verb: String,
    works: String,
}

/// `POST /jobs/letters`
pub(crate) async fn act(Extension(core): Extension<Arc<Core>>, form: OperatorForm<Chosen>) -> Result<Response, Fault> {
    let (letter, _) = letter(&form.fields.verb)?;
    let works: Vec<WorkId> = form
        .fields
        .works
        .split(',')
        .map(|id| id.parse().map_err(|_| Fault::parameter("A dead letter is named by its id.")))
        .collect::<Result<_, _>>()?;
    if works.len() > LETTERS_MAX {
        return Err(Fault::parameter("At most 100 dead letters are dealt with at once."));
    }
    let what = ("works", serde_json::json!(works));
    actions::ask(&core, letter.event(), &form.operator.0, form.fields.id, what, None, None).await?;
    Ok(Redirect::to("/jobs?state=dead").into_response())
}
