//! `/jobs`: jobs and intents, newest first, and dead letters among them.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;

use super::job::lane;
use super::letters;
use super::tables::{WorkRow, WorkTable};
use crate::components::{Empty, Html, Mark, Pager, Sentence, State, Time};
use crate::query::JobQuery;
use crate::{Fault, Shell, links};

/// Rows of a page.
const ROWS: usize = 50;

#[derive(Template)]
#[template(path = "pages/jobs.html")]
struct JobsPage {
    tabs: Vec<(&'static str, Html, bool)>,
    delivery: Option<String>,
    lane: Option<(String, Option<Sentence>)>,
    letters: Vec<letters::Kind>,
    holds: Vec<(String, String, Time)>,
    table: WorkTable,
    pager: Pager,
    first: bool,
    empty: Empty,
}

/// `GET /jobs`
pub(crate) async fn page(shell: Shell, Query(query): Query<JobQuery>) -> Result<Response, Fault> {
    let (filter, chosen) = query.filter()?;
    let before = query.cursor()?;
    let (store, now) = (shell.store(), shell.now());
    let is = |name: &str, value: &str| chosen.name == name && chosen.value == value;
    // A lane is told by who holds it, the oldest, so more of it is read than is shown.
    let limit = if chosen.name == "lane" { lane::LANE } else { ROWS + 1 };
    let mut works = store.works(filter, before, limit).await?;
    let lane = (chosen.name == "lane").then(|| (chosen.value.clone(), lane::sentence(&works, now)));
    let letters =
        if is("state", "dead") { letters::kinds(&store.backlog().await?, shell.may_act()) } else { Vec::new() };
    let holds = if is("state", "waiting") { store.holds().await? } else { Vec::new() };
    let next = if works.len() > ROWS {
        works.truncate(ROWS);
        works.last().filter(|_| lane.is_none()).map(|last| last.id.to_string())
    } else {
        None
    };
    let mark = |state, word: &'static str| Html::of(&Mark::new(state, word));
    let tabs = [
        ("class=job", Html::text("Jobs")),
        ("class=intent", Html::text("Intents")),
        ("state=waiting", mark(State::Waiting, "waiting")),
        ("state=leased", mark(State::Running, "running")),
        ("state=dead", mark(State::Dead, "dead letters")),
        ("state=withdrawn", mark(State::Cancelled, "withdrawn")),
    ];
    let current = format!("{}={}", chosen.name, chosen.value);
    let page = JobsPage {
        tabs: tabs.into_iter().map(|(query, label)| (query, label, query == current)).collect(),
        lane,
        letters,
        holds: holds
            .iter()
            .filter(|hold| hold.until > now)
            .map(|hold| {
                (hold.installation.to_string(), links::installation(hold.installation), Time { at: hold.until, now })
            })
            .collect(),
        delivery: (chosen.name == "delivery").then(|| chosen.value.clone()),
        table: WorkTable { rows: works.iter().map(|work| WorkRow::new(work, &shell)).collect() },
        pager: Pager::new("/jobs", Some((chosen.name, &chosen.value)), query.cursor.as_deref(), next.as_deref()),
        first: before.is_none(),
        empty: match chosen.value.as_str() {
            "dead" => Empty::new(
                "No dead letters.",
                "A job or intent that runs out of attempts, or meets something that no further attempt would change, is kept here with its reason, to be replayed or discarded.",
            ),
            _ => Empty::new(
                "None at the moment.",
                "A job decides what follows from a delivery; an intent carries a decision out. Both appear here when a delivery arrives that an automation wants.",
            ),
        },
    };
    let shell = if page.first { shell.live(["work"]) } else { shell };
    shell.page("Jobs", &page).await
}
