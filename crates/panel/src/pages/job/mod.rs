//! `/jobs/{id}`: one job or intent, from its enqueueing to its end, and what holds it up.

pub(crate) mod lane;
mod timeline;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use switchboard_store::{FactsOf, WorkFilter, WorkId, WorkState};

use super::tables::{class, letter_actions, mark, trouble};
use crate::components::{ActionForm, Fields, Html, Mark, Notice, Sentence, ShortId, Time, Timeline};
use crate::{Fault, Shell, links};

/// Facts that one page shows.
const FACTS: usize = 300;

#[derive(Template)]
#[template(path = "pages/job.html")]
struct JobPage {
    kind: String,
    class: &'static str,
    mark: Mark,
    delivery: Option<ShortId>,
    actions: Vec<ActionForm>,
    notice: Option<Notice>,
    next: Option<Time>,
    fields: Fields,
    waits: Option<Sentence>,
    timeline: Timeline,
    payload: Option<Html>,
}

/// `GET /jobs/{id}`
pub(crate) async fn page(shell: Shell, Path(id): Path<String>) -> Result<Response, Fault> {
    let (store, now) = (shell.store(), shell.now());
    let work = match id.parse::<WorkId>() {
        Ok(id) => store.work(id).await?,
        Err(_) => None,
    };
    let work = work.ok_or_else(|| unknown(&id))?;
    let attempts = store.attempts(work.id).await?;
    let facts = store.facts(FactsOf::Work(work.id), None, FACTS).await?;
    let waiting = work.state == WorkState::Waiting;
    let (lane, holds) = if waiting {
        let lane = WorkFilter::Lane(work.class, work.automation.clone(), work.lane.clone());
        (store.works(lane, None, lane::LANE).await?, store.holds().await?)
    } else {
        (Vec::new(), Vec::new())
    };
    let time = |at| Html::trusted(Time { at, now }.to_string());
    let page = JobPage {
        kind: work.kind.clone(),
        class: class(&work),
        mark: mark(&work, now),
        delivery: work.delivery.map(|id| ShortId::new(id.to_string()).to(links::delivery(id))),
        actions: letter_actions(&work, &shell),
        notice: trouble(&work, now),
        waits: lane::waits(&work, &lane, &holds, now),
        next: waiting.then_some(Time { at: work.due, now }),
        fields: Fields::default()
            .with("Id", Html::trusted(ShortId::new(work.id.to_string()).to_string()))
            .with("Automation", Html::text(&work.automation))
            .with("Queue", Html::code(work.queue.as_str()))
            .with("Lane", Html::link(&links::lane(&work), work.lane.as_str()))
            .with_some("Key", work.key.as_deref().map(Html::code))
            .with_some(
                "Installation",
                work.installation.map(|id| {
                    let id = id.to_string();
                    Html::link(&links::installation(&id), &id)
                }),
            )
            .with("Enqueued", time(work.created_at))
            .with_some("First tried", work.first_leased_at.map(time))
            .with_some("Settled", work.settled_at.map(time)),
        timeline: timeline::timeline(shell.core(), &work, &attempts, &facts, now),
        payload: crate::components::data(&work.payload),
    };
    let title = format!("{} · {}", page.kind, page.class);
    shell.live(["work"]).page(&title, &page).await
}

pub(crate) fn unknown(id: &str) -> Fault {
    Fault::not_found(format!("There is no job or intent `{}`.", id.replace('`', "'")))
        .hint("Settled ones are deleted when their retention has passed.")
}
