//! `/search`: one box for any id. One possibility leads straight to its page; several are listed.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use switchboard_store::{Delivery, DeliveryFilter, DeliveryId, Store, WorkId};

use crate::components::Empty;
use crate::core::Core;
use crate::topic::{Topic, is_sha, is_short_sha};
use crate::{Fault, Shell, links};

/// Longer texts are no id of anything.
const QUERY_MAX_CHARS: usize = 500;
/// How many of the newest deliveries are looked through for what is only part of a name: a SHA without its repository,
/// a number alone.
const RECENT: usize = 500;
/// Possibilities that a page lists.
const HITS_MAX: usize = 50;

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

/// A page that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// Its name.
    pub(crate) what: String,
    /// What it is.
    pub(crate) kind: String,
    /// The path of its page.
    pub(crate) href: String,
}

impl Hit {
    fn of(topic: &Topic) -> Self {
        let subject = topic.subject();
        let kind = match topic {
            Topic::Number { .. } => "pull request or issue",
            Topic::Commit { .. } => "commit",
            Topic::Repository(_) => "repository",
            Topic::Installation(_) => "installation",
        };
        let href = match topic {
            Topic::Installation(id) => links::installation(id),
            _ => links::subject(subject.as_str()),
        };
        Self { what: subject.to_string(), kind: kind.to_owned(), href }
    }
}

#[derive(Template)]
#[template(path = "pages/search.html")]
struct SearchPage {
    query: String,
    hits: Vec<Hit>,
    empty: Empty,
}

/// `GET /search?q=…`
pub(crate) async fn page(shell: Shell, Query(Search { q }): Query<Search>) -> Result<Response, Fault> {
    let query = q.trim();
    if query.is_empty() {
        return Ok(Redirect::to("/").into_response());
    }
    let hits = hits(shell.core(), query).await?;
    if let [one] = hits.as_slice() {
        return Ok(Redirect::to(&one.href).into_response());
    }
    let status = if hits.is_empty() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let page = SearchPage {
        query: query.chars().take(QUERY_MAX_CHARS).collect(),
        hits,
        empty: Empty::new(
            "Nothing here goes by that name.",
            "A search takes a delivery's GUID, a job's id, `owner/name`, `owner/name#12`, `owner/name@9f3c2d1`, `installation/7`, the address of a pull request, issue, commit or workflow run on GitHub, a run's id, and a number or SHA alone if it was in one of the newest 500 deliveries.",
        ),
    };
    let mut response = shell.page("Search", &page).await?;
    *response.status_mut() = status;
    Ok(response)
}

/// What the query may mean, as much of it as is worth showing.
pub(crate) async fn hits(core: &Core, query: &str) -> Result<Vec<Hit>, Fault> {
    if query.is_empty() || query.chars().count() > QUERY_MAX_CHARS {
        return Ok(Vec::new());
    }
    let mut hits = find(core, query).await?;
    hits.truncate(HITS_MAX);
    Ok(hits)
}

/// What the query may mean. Each way of reading it costs at most three reads of the store, and those of the automations.
async fn find(core: &Core, query: &str) -> Result<Vec<Hit>, Fault> {
    let store = core.store.as_ref();
    if let Ok(id) = query.parse::<DeliveryId>() {
        return Ok(by_id(store, query, id).await?.into_iter().collect());
    }
    let mut hits = Vec::new();
    for automation in &core.automations {
        if let Some(href) = automation.find(store, query).await? {
            let kind = automation.nav().label.to_lowercase();
            hits.push(Hit { what: query.to_owned(), kind, href });
        }
    }
    if let Some(topic) = Topic::parse(query, &core.github_url) {
        match topic {
            Topic::Commit { repository, sha } if is_short_sha(&sha) => {
                let filter = DeliveryFilter::Repository(repository.clone());
                let whole = commits(&store.deliveries(filter, None, RECENT).await?, &sha);
                let whole = whole.into_iter().filter(|topic| match topic {
                    Topic::Commit { repository: found, .. } => found.eq_ignore_ascii_case(&repository),
                    _ => false,
                });
                hits.extend(whole.map(|topic| Hit::of(&topic)));
                if hits.is_empty() {
                    hits.push(Hit::of(&Topic::Commit { repository, sha }));
                }
            }
            topic => hits.push(Hit::of(&topic)),
        }
    } else {
        let number = query.trim_start_matches('#').parse::<u64>().ok();
        if number.is_some() || is_sha(query) {
            let recent = store.deliveries(DeliveryFilter::All, None, RECENT).await?;
            hits.extend(number.into_iter().flat_map(|number| numbers(&recent, number)));
            hits.extend(
                is_sha(query).then(|| commits(&recent, query)).into_iter().flatten().map(|topic| Hit::of(&topic)),
            );
        }
    }
    hits.dedup();
    Ok(hits)
}

/// A UUID: a delivery by our id or GitHub's, or a job or intent.
async fn by_id(store: &dyn Store, query: &str, id: DeliveryId) -> Result<Option<Hit>, Fault> {
    let delivery = match store.delivery(id).await? {
        Some(delivery) => Some(delivery),
        None => github_delivery(store, query).await?,
    };
    if let Some(delivery) = delivery {
        let href = links::delivery(delivery.id);
        return Ok(Some(Hit { what: delivery.key.delivery_id, kind: "delivery".to_owned(), href }));
    }
    let work = store.work(WorkId(id.0)).await?;
    Ok(work.map(|work| Hit { what: work.id.to_string(), kind: work.kind, href: links::job(work.id) }))
}

/// A delivery by GitHub's id of it, which GitHub writes in lower case and people may not.
async fn github_delivery(store: &dyn Store, query: &str) -> Result<Option<Delivery>, Fault> {
    let found = store.delivery_by_key("github", query).await?;
    let lower = query.to_ascii_lowercase();
    if found.is_some() || lower == query {
        return Ok(found);
    }
    Ok(store.delivery_by_key("github", &lower).await?)
}

/// The commits among these deliveries whose SHA begins so.
fn commits(deliveries: &[Delivery], sha: &str) -> BTreeSet<Topic> {
    let sha = sha.to_lowercase();
    topics(deliveries, |topic| matches!(topic, Topic::Commit { sha: whole, .. } if whole.starts_with(&sha)))
}

/// The pull requests, issues and installations among these deliveries with this number.
fn numbers(deliveries: &[Delivery], number: u64) -> Vec<Hit> {
    let mut hits: Vec<Hit> =
        topics(deliveries, |topic| matches!(topic, Topic::Number { number: own, .. } if *own == number))
            .iter()
            .map(Hit::of)
            .collect();
    let installation = deliveries.iter().filter_map(|delivery| delivery.installation).find(|id| id.0 == number);
    hits.extend(installation.map(|id| Hit::of(&Topic::Installation(id))));
    hits
}

fn topics(deliveries: &[Delivery], wanted: impl Fn(&Topic) -> bool) -> BTreeSet<Topic> {
    let subjects = deliveries.iter().filter_map(|delivery| delivery.subject.as_ref());
    subjects.filter_map(|subject| Topic::parse(subject.as_str(), "")).filter(wanted).collect()
}
