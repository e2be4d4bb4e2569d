//! `/subjects/…`: one pull request, issue, commit, repository or installation, and its whole story in order: what came
//! in, what was decided and why, which calls were made, what went out, and what happens next.
//!
//! A page holds the deliveries of one stretch of time and the facts of the same stretch. It is read in at most eight
//! reads: the frame, the deliveries, the facts, the newest body for the heading, and one delivery is *opened*: its jobs
//! and intents are lines of the story with their attempts and calls. Which one is a link on every delivery.

mod heading;
mod opened;
mod story;

use std::collections::BTreeSet;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_store::{Delivery, DeliveryId, DeliveryState, Fact, FactId, FactsOf, Work, WorkState};
use uuid::Uuid;

use super::delivery::next;
use crate::components::{Empty, GitHubLink, Html, Mark, Sentence, State, count, plural};
use crate::topic::Topic;
use crate::{Fault, Shell, links};
use heading::{Heading, Name};
use opened::Opened;
use story::{Choice, Row, Story};

/// Deliveries of a page.
const DELIVERIES: usize = 20;
/// Facts of a page. A stretch with more of them goes on behind a link.
const FACTS: usize = 300;

/// How a story is asked for.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// Only what is older than this delivery.
    cursor: Option<String>,
    /// Only facts after this one, within the same stretch.
    after: Option<String>,
    /// The delivery whose jobs and calls are shown.
    open: Option<String>,
    flow: Option<String>,
    automation: Option<String>,
}

#[derive(Template)]
#[template(path = "pages/subject.html")]
struct SubjectPage {
    heading: Heading,
    github: Option<GitHubLink>,
    raw: String,
    replay: Option<String>,
    now: Option<(Mark, Sentence)>,
    /// What automations show of it.
    about: Vec<Html>,
    flows: Vec<Choice>,
    automations: Vec<Choice>,
    story: Story,
    /// How many lines the filters keep back.
    hidden: Option<String>,
    earlier: Option<String>,
    newest: Option<String>,
    rest: Option<String>,
    empty: Empty,
}

/// `GET /subjects/{owner}/{name}`
pub(crate) async fn place(
    shell: Shell,
    Path((owner, name)): Path<(String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    // Facts about a delivery that never arrived stand under its id.
    if owner == "delivery" {
        return Ok(Redirect::to(&links::delivery(name)).into_response());
    }
    let topic = Topic::of_path(&owner, &name).ok_or_else(unknown)?;
    page(shell, &topic, &asked).await
}

/// `GET /subjects/{owner}/{name}/{detail}`
pub(crate) async fn detail(
    shell: Shell,
    Path((owner, name, detail)): Path<(String, String, String)>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let topic = Topic::of_detail(&owner, &name, &detail).ok_or_else(unknown)?;
    page(shell, &topic, &asked).await
}

/// `GET /subjects/{owner}/{name}/{kind}/{detail}`: the path as GitHub has it leads to ours.
pub(crate) async fn as_on_github(
    Path((owner, name, kind, detail)): Path<(String, String, String, String)>,
) -> Result<Redirect, Fault> {
    let topic = Topic::parse(&format!("{owner}/{name}/{kind}/{detail}"), "").ok_or_else(unknown)?;
    Ok(Redirect::permanent(&links::subject(topic.subject().as_str())))
}

fn unknown() -> Fault {
    Fault::not_found("This is no name of a repository, pull request, issue, commit or installation.")
        .hint("Subjects are `/subjects/owner/name`, `/subjects/owner/name/12`, `/subjects/owner/name/@<sha>` and `/subjects/installation/7`.")
}

async fn page(shell: Shell, topic: &Topic, asked: &Asked) -> Result<Response, Fault> {
    let (store, now) = (shell.store(), shell.now());
    let subject = topic.subject();
    let before = cursor(asked.cursor.as_deref())?.map(DeliveryId);
    let mut deliveries = store.deliveries(topic.filter(), before, DELIVERIES + 1).await?;
    let more = deliveries.len() > DELIVERIES;
    deliveries.truncate(DELIVERIES);
    let oldest = deliveries.last().filter(|_| more).map(|delivery| delivery.id);
    let from = match cursor(asked.after.as_deref())? {
        Some(after) => Some(FactId(after)),
        None => oldest.map(|oldest| first_fact_at(moment(oldest.0))),
    };
    let mut facts = store.facts(FactsOf::Subject(subject.clone()), from, FACTS + 1).await?;
    let cut = facts.len() > FACTS;
    facts.truncate(FACTS);
    if let Some(before) = before {
        let until = moment(before.0);
        facts.retain(|fact| fact.at < until);
    }
    let heading = Heading::read(&shell, topic, &deliveries).await?;
    let open = cursor(asked.open.as_deref())?.map(DeliveryId);
    let mut about = Vec::new();
    let mut spent = heading.reads;
    for automation in &shell.core().automations {
        let found = automation.about(&subject).await?;
        spent += found.reads;
        about.extend(found.shown);
    }
    let opened = Opened::read(&shell, &deliveries, open, spent).await?;

    let base = links::subject(subject.as_str());
    let link = |change: &[(&str, Option<&str>)]| asked.link(&base, change);
    let mut rows: Vec<Row> = Vec::new();
    for delivery in &deliveries {
        let open = opened.id() == Some(delivery.id);
        let id = delivery.id.to_string();
        let to_open = (!open && delivery.state != DeliveryState::Ignored)
            .then(|| format!("{}#d-{id}", link(&[("open", Some(&id))])));
        rows.push(Row::delivery(delivery, topic, to_open));
    }
    rows.extend(facts.iter().map(|fact| Row::fact(shell.core(), fact, &deliveries)));
    rows.extend(opened.rows(now));
    let names: BTreeSet<String> = rows.iter().filter_map(|row| row.automation.clone()).collect();
    let all = rows.len();
    let (flow, automation) = (asked.flow.as_deref(), asked.automation.as_deref());
    rows.retain(|row| row.is(flow, automation));

    for row in &mut rows {
        row.permalink = permalink(&base, row, opened.id(), asked.after.as_deref());
    }
    let title = heading.title(subject.as_str());
    let page = SubjectPage {
        github: links::on_github(shell.github_url(), subject.as_str()).map(|href| GitHubLink::new("on GitHub", href)),
        raw: format!("/api/v1/subjects?name={}", links::encoded(subject.as_str())),
        replay: replayable(&deliveries, shell.may_act()),
        now: before.is_none().then(|| now_and_next(&deliveries, opened.works(), &facts, now)),
        about,
        flows: story::flows(flow, |flow| link(&[("flow", flow)])),
        automations: story::automations(&names, automation, |name| link(&[("automation", name)])),
        hidden: Some(all - rows.len())
            .filter(|hidden| *hidden > 0)
            .map(|hidden| plural(hidden as u64, "line does", "lines do")),
        story: Story::of(rows),
        earlier: oldest.map(|oldest| link(&[("cursor", Some(&oldest.to_string())), ("after", None), ("open", None)])),
        newest: before.map(|_| link(&[("cursor", None), ("after", None), ("open", None)])),
        rest: facts.last().filter(|_| cut).map(|last| link(&[("after", Some(&last.id.to_string()))])),
        heading,
        empty: Empty::new(
            "Nothing has arrived about this yet.",
            "What GitHub sends about it will be told here in order, with what was decided and what was done. The App must be installed on the repository, and its history goes back as far as deliveries are kept.",
        ),
    };
    let topics = [format!("facts/{subject}"), "delivery".to_owned(), "work".to_owned()];
    let shell = if before.is_none() { shell.live(topics) } else { shell };
    shell.page(&title, &page).await
}

impl Asked {
    /// The address of this page with some of its parameters changed.
    fn link(&self, base: &str, change: &[(&str, Option<&str>)]) -> String {
        let kept = [
            ("cursor", self.cursor.as_deref()),
            ("after", self.after.as_deref()),
            ("open", self.open.as_deref()),
            ("flow", self.flow.as_deref()),
            ("automation", self.automation.as_deref()),
        ];
        let pairs: Vec<String> = kept
            .into_iter()
            .map(|(name, value)| change.iter().find(|(changed, _)| *changed == name).copied().unwrap_or((name, value)))
            .filter_map(|(name, value)| value.map(|value| format!("{name}={}", links::encoded(value))))
            .collect();
        if pairs.is_empty() { base.to_owned() } else { format!("{base}?{}", pairs.join("&")) }
    }
}

/// Where a line stands, whatever arrives later: on the page that ends with it, with the delivery opened that it shows.
fn permalink(base: &str, row: &Row, opened: Option<DeliveryId>, after: Option<&str>) -> String {
    let past = first_fact_at(row.at + Duration::from_millis(1));
    let open = opened.map(|id| format!("&open={id}")).unwrap_or_default();
    let after = after.map(|after| format!("&after={}", links::encoded(after))).unwrap_or_default();
    format!("{base}?cursor={past}{after}{open}#{}", row.key)
}

fn cursor(text: Option<&str>) -> Result<Option<Uuid>, Fault> {
    text.filter(|text| !text.is_empty())
        .map(|text| text.parse().map_err(|_| Fault::parameter("The cursor is not one that a page gave.")))
        .transpose()
}

/// The moment that a UUIDv7 carries in its first 48 bits (RFC 9562).
fn moment(id: Uuid) -> Timestamp {
    Timestamp::from_millis(i64::try_from(id.as_u128() >> 80).unwrap_or(0))
}

/// An id that every fact from this moment on sorts behind.
fn first_fact_at(at: Timestamp) -> FactId {
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    FactId(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
}

/// The page of the newest delivery that can be decided again.
fn replayable(deliveries: &[Delivery], may_act: bool) -> Option<String> {
    let newest = deliveries.iter().find(|delivery| delivery.body_kept && delivery.key.platform == "github")?;
    may_act.then(|| links::delivery(newest.id))
}

/// How it is with the subject, and what happens next.
fn now_and_next(deliveries: &[Delivery], works: &[Work], facts: &[Fact], now: Timestamp) -> (Mark, Sentence) {
    let in_state = |state| deliveries.iter().filter(|delivery| delivery.state == state).count() as u64;
    let any = |state| works.iter().any(|work| work.state == state);
    let (pending, dead) = (in_state(DeliveryState::Pending), in_state(DeliveryState::Dead));
    let mark = match () {
        () if deliveries.is_empty() && facts.is_empty() => Mark::new(State::Cancelled, "nothing known"),
        () if dead > 0 || any(WorkState::Dead) => {
            let letters = works.iter().filter(|work| work.state == WorkState::Dead).count() as u64;
            Mark::new(State::Dead, plural(letters.max(dead), "dead letter", "dead letters"))
        }
        () if any(WorkState::Leased) => Mark::new(State::Running, "at work"),
        () if pending > 0 => {
            Mark::new(State::Running, format!("{} pending", plural(pending, "delivery", "deliveries")))
        }
        () if any(WorkState::Waiting) => Mark::new(State::Waiting, "decided, to be carried out"),
        () => Mark::new(State::Succeeded, "all settled"),
    };
    let sentence = if works.is_empty() && pending > 0 {
        Sentence::new(format!(
            "{} of {} wait to be decided.",
            count(pending),
            plural(deliveries.len() as u64, "delivery", "deliveries")
        ))
    } else {
        next(works, now)
    };
    (mark, sentence)
}
