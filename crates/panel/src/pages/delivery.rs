//! `/deliveries/{id}`: one delivery, from its arrival to everything that followed.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_engine::installations::{APP, APP_CURRENT, Registered};
use switchboard_engine::{API, GITHUB, operations};
use switchboard_store::{
    Delivery, DeliveryId, DeliveryState, Fact, FactsOf, Store, Subject, Work, WorkFilter, WorkState,
};

use super::facts;
use super::tables::{About, AttemptList, WorkRow, WorkTable, event_name, took};
use crate::components::{
    ActionForm, Fields, Flow, GitHubLink, Html, Line, Mark, PrettyJson, Sentence, ShortId, State, Time, Timeline, bytes,
};
use crate::{Fault, Shell, links};

/// Jobs, intents and facts that one page shows.
const WORKS: usize = 100;
const FACTS: usize = 300;
/// Facts about its being missing and asked for again; there are a handful.
const REPAIRS: usize = 20;
/// Bodies up to this size are shown on the page; larger ones are a download.
const BODY_SHOWN_BYTES: u64 = 256 * 1024;
/// Jobs and intents whose attempts are shown at once; those of the others are one click away. With the frame, the
/// delivery, works, its own facts, those of gap repair and the body that makes eight reads.
const TRIED: usize = 2;

#[derive(Template)]
#[template(path = "pages/delivery.html")]
struct DeliveryPage {
    event: String,
    about: About,
    mark: Mark,
    received: Time,
    took: Option<String>,
    github: Option<GitHubLink>,
    replay: Option<ActionForm>,
    asked: bool,
    next: Sentence,
    raw: String,
    /// As its platform knows it.
    delivery_id: String,
    /// Where it stands in GitHub's own list.
    listed: Option<String>,
    timeline: Timeline,
    works: WorkTable,
    works_cut: bool,
    facts_cut: bool,
    fields: Fields,
    /// Whether it is shown to who is not signed in: without headers and body.
    visitor: bool,
    headers: Fields,
    body: Body,
}

enum Body {
    Shown(PrettyJson),
    Text(String),
    Large(String),
    Expired,
}

/// What a page is told about the request that led to it.
#[derive(Deserialize)]
pub(crate) struct After {
    asked: Option<String>,
}

/// `GET /deliveries/{id}`; a platform's own id leads to ours.
pub(crate) async fn page(shell: Shell, Path(id): Path<String>, Query(after): Query<After>) -> Result<Response, Fault> {
    let delivery =
        find(shell.store(), &id).await?.filter(|delivery| !shell.is_visitor() || is_public_delivery(delivery));
    let delivery = delivery.ok_or_else(|| unknown(&id))?;
    if delivery.id.to_string() != id {
        return Ok(Redirect::to(&links::delivery(delivery.id)).into_response());
    }
    let (store, now) = (shell.store(), shell.now());
    let mut works = store.works(WorkFilter::Delivery(delivery.id), None, WORKS + 1).await?;
    let works_cut = works.len() > WORKS;
    works.truncate(WORKS);
    works.reverse();
    let mut facts = store.facts(FactsOf::Delivery(delivery.id), None, FACTS + 1).await?;
    let facts_cut = facts.len() > FACTS;
    facts.truncate(FACTS);
    facts.extend(repaired(store, &delivery).await?);
    facts.sort_by_key(|fact| fact.id);
    facts.dedup_by_key(|fact| fact.id);
    let visitor = shell.is_visitor();
    facts.retain(|fact| !visitor || is_public(fact));
    let body = if visitor {
        Body::Expired
    } else if delivery.body_bytes > BODY_SHOWN_BYTES {
        if delivery.body_kept { Body::Large(bytes(delivery.body_bytes)) } else { Body::Expired }
    } else {
        store.body(delivery.id).await?.map_or(Body::Expired, |body| shown(&body))
    };
    let mut rows: Vec<WorkRow> = works.iter().map(|work| WorkRow::new(work, &shell)).collect();
    for at in most_telling(works.iter(), if visitor { 0 } else { TRIED }) {
        rows[at].tried = Some(AttemptList::new(store.attempts(works[at].id).await?, works[at].failure.as_ref()));
    }
    let arrival = Line {
        key: "arrival".to_owned(),
        at: delivery.accepted_at,
        flow: Flow::In,
        sentence: Sentence::new(format!(
            "Delivery `{}` accepted, {}.",
            event_name(&delivery),
            bytes(delivery.body_bytes)
        )),
        kind: String::new(),
        more: None,
    };
    // What a fact holds beyond its sentence is for who is signed in.
    let told = |line: Line| if visitor { Line { more: None, ..line } } else { line };
    let path = links::delivery(delivery.id);
    let page = DeliveryPage {
        event: event_name(&delivery),
        about: About::of(&delivery),
        mark: now_mark(&delivery, &works),
        received: Time { at: delivery.accepted_at, now },
        took: took(&delivery),
        github: delivery
            .subject
            .as_ref()
            .and_then(|subject| links::on_github(shell.github_url(), subject.as_str()))
            .map(|href| GitHubLink::new("on GitHub", href)),
        replay: (delivery.body_kept && delivery.key.platform == "github")
            .then(|| shell.action(format!("{path}/replay"), "Replay"))
            .flatten()
            .map(|form| form.title("Decide it again from its stored body; what was done already is not done twice")),
        asked: after.asked.is_some(),
        next: next(&works, now),
        raw: format!("{path}/body"),
        delivery_id: delivery.key.delivery_id.clone(),
        listed: (!visitor && delivery.key.platform == GITHUB).then(|| format!("{path}/on-github")),
        timeline: Timeline {
            lines: std::iter::once(arrival)
                .chain(facts.iter().map(|fact| facts::line(shell.core(), fact)).map(told))
                .collect(),
        },
        works: WorkTable { rows },
        works_cut,
        facts_cut,
        visitor,
        fields: fields(&delivery),
        headers: delivery
            .headers
            .iter()
            .fold(Fields::default(), |fields, (name, value)| fields.with(name.as_str(), Html::code(value))),
        body,
    };
    let title = format!("{} · {}", page.event, page.about.name);
    shell.live([format!("delivery/{}", delivery.id), "work".to_owned()]).page(&title, &page).await
}

/// `GET /deliveries/{id}/on-github`: to GitHub's own list of what it delivered, where it can be sent again. Which page that is
/// depends on who owns the App, so it is looked up when somebody goes there, and costs the delivery's page nothing.
pub(crate) async fn on_github(shell: Shell) -> Result<Response, Fault> {
    let app = shell.store().record(&APP, &APP_CURRENT).await?;
    let app = app.and_then(|app| Registered::deserialize(app).ok()).unwrap_or_default();
    match links::deliveries_on_github(shell.github_url(), &app) {
        Some(page) => Ok(Redirect::to(&page).into_response()),
        None => Err(Fault::not_found("GitHub has not said yet what the App is called.")
            .hint("It is asked at start and every ten minutes; `doctor` asks at once.")),
    }
}

/// The facts of gap repair about a delivery: that it was missing, and asked for again.
async fn repaired(store: &dyn Store, delivery: &Delivery) -> Result<Vec<Fact>, Fault> {
    let subject = Subject::from(format!("delivery/{}", delivery.key.delivery_id));
    Ok(store.facts(FactsOf::Subject(subject), None, REPAIRS).await?)
}

/// `GET /deliveries/{id}/body`: the raw body, byte for byte.
pub(crate) async fn raw(shell: Shell, Path(id): Path<String>) -> Result<Response, Fault> {
    let delivery = find(shell.store(), &id).await?.ok_or_else(|| unknown(&id))?;
    let body = shell.store().body(delivery.id).await?.ok_or_else(body_expired)?;
    let mut response = body.into_response();
    let headers = response.headers_mut();
    // Strangers wrote it: it is text to the browser, whatever it says of itself.
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    Ok(response)
}

pub(crate) fn body_expired() -> Fault {
    Fault::expired("The body of this delivery is no longer kept.")
        .hint("How long bodies are kept is a setting; the facts about it stay longer.")
}

/// Whether visitors may know of a delivery: what GitHub sent, and not what operators or the server did here.
pub(crate) fn is_public_delivery(delivery: &Delivery) -> bool {
    delivery.key.platform == GITHUB
}

/// Whether visitors may know of a fact. The engine's own tell what operators did.
pub(crate) fn is_public(fact: &Fact) -> bool {
    fact.automation != operations::NAME
}

/// Where deliveries come from: GitHub, an operator, the server's own start.
const PLATFORMS: [&str; 3] = [GITHUB, API, "server"];

/// A delivery by our id, or by the id that its platform knows it by.
pub(crate) async fn find(store: &dyn Store, id: &str) -> Result<Option<Delivery>, Fault> {
    if let Ok(ours) = id.parse::<DeliveryId>()
        && let Some(delivery) = store.delivery(ours).await?
    {
        return Ok(Some(delivery));
    }
    for platform in PLATFORMS {
        if let Some(delivery) = store.delivery_by_key(platform, id).await? {
            return Ok(Some(delivery));
        }
    }
    Ok(None)
}

pub(crate) fn unknown(id: &str) -> Fault {
    Fault::not_found(format!("There is no delivery `{}`.", id.replace('`', "'")))
        .hint("It may never have arrived, or its retention has passed. GitHub shows the deliveries of the last three days in the App's settings, under Advanced.")
}

fn shown(body: &Bytes) -> Body {
    match std::str::from_utf8(body) {
        Ok(text) if text.trim_start().starts_with(['{', '[']) => Body::Shown(PrettyJson::of(text)),
        _ => Body::Text(String::from_utf8_lossy(body).into_owned()),
    }
}

/// How it is with everything that follows from the delivery. Its own state speaks of the jobs that decide; here the
/// intents that carry the decisions out count as well.
fn now_mark(delivery: &Delivery, works: &[Work]) -> Mark {
    let any = |state| works.iter().any(|work| work.state == state);
    match delivery.state {
        DeliveryState::Settled if any(WorkState::Dead) => State::Dead.into(),
        DeliveryState::Settled if any(WorkState::Leased) => Mark::new(State::Running, "being carried out"),
        DeliveryState::Settled if any(WorkState::Waiting) => Mark::new(State::Waiting, "decided, to be carried out"),
        DeliveryState::Settled => Mark::new(State::Succeeded, "all settled"),
        state => state.into(),
    }
}

/// What happens next, and when.
pub(super) fn next(works: &[Work], now: Timestamp) -> Sentence {
    if let Some(running) = works.iter().find(|work| work.state == WorkState::Leased) {
        return Sentence::new(format!("`{}` is running.", running.kind)).state(State::Running);
    }
    let soonest = works.iter().filter(|work| work.state == WorkState::Waiting).min_by_key(|work| work.due);
    match soonest {
        Some(work) if work.due > now => {
            let when = crate::components::ago(work.due, now);
            Sentence::new(format!("`{}` runs {when}.", work.kind)).state(State::Waiting)
        }
        Some(work) => Sentence::new(format!("`{}` waits for its turn.", work.kind)).state(State::Waiting),
        None if works.iter().any(|work| work.state == WorkState::Dead) => {
            Sentence::new("Nothing, until somebody replays or discards the dead letter.")
        }
        None => Sentence::new("Nothing is scheduled."),
    }
}

/// The works whose attempts say most: dead ones, then those in trouble, then what went out last.
pub(super) fn most_telling<'a>(works: impl Iterator<Item = &'a Work>, limit: usize) -> Vec<usize> {
    let rank = |work: &Work| match work.state {
        WorkState::Dead => 0,
        _ if work.failure.is_some() => 1,
        WorkState::Done if work.class == switchboard_store::Class::Intent => 2,
        _ => 3,
    };
    let tried = works.enumerate().filter(|(_, work)| work.attempts > 0);
    let mut tried: Vec<(usize, usize)> = tried.map(|(at, work)| (rank(work), at)).collect();
    tried.sort_unstable();
    tried.truncate(limit);
    tried.into_iter().map(|(_, at)| at).collect()
}

fn fields(delivery: &Delivery) -> Fields {
    Fields::default()
        .with("Delivery", Html::trusted(ShortId::new(&*delivery.key.delivery_id).to_string()))
        .with("Our id", Html::trusted(ShortId::new(delivery.id.to_string()).to_string()))
        .with("From", Html::text(&delivery.key.platform))
        .with_some("Repository", delivery.repository.as_ref().map(|name| Html::link(&links::subject(name), name)))
        .with_some(
            "Subject",
            delivery.subject.as_ref().map(|subject| Html::link(&links::subject(subject.as_str()), subject.as_str())),
        )
        .with_some(
            "Installation",
            delivery.installation.map(|id| {
                let id = id.to_string();
                Html::link(&links::installation(&id), &id)
            }),
        )
        .with("Size", Html::text(&bytes(delivery.body_bytes)))
        .with(
            "Arrived again",
            Html::text(&match delivery.duplicates {
                0 => "never".to_owned(),
                n => crate::components::plural(n.into(), "time", "times"),
            }),
        )
}
