//! `/search`: one box for any id. Leads straight to the page when there is one.

use askama::Template;
use axum::extract::Query;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde::Deserialize;
use switchboard_store::{DeliveryId, WorkId};

use crate::components::Empty;
use crate::{Fault, Shell, links};

/// Longer texts are no id of anything.
const QUERY_MAX_CHARS: usize = 500;

#[derive(Deserialize)]
pub(crate) struct Search {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "pages/search.html")]
struct SearchPage {
    query: String,
    empty: Empty,
}

/// `GET /search?q=…`
pub(crate) async fn page(shell: Shell, Query(Search { q }): Query<Search>) -> Result<Response, Fault> {
    let query = q.trim();
    if query.is_empty() {
        return Ok(Redirect::to("/").into_response());
    }
    if query.chars().count() <= QUERY_MAX_CHARS
        && let Some(path) = find(&shell, query).await?
    {
        return Ok(Redirect::to(&path).into_response());
    }
    let page = SearchPage {
        query: query.chars().take(QUERY_MAX_CHARS).collect(),
        empty: Empty::new(
            "Nothing here goes by that name.",
            "A search takes a delivery's GUID, a job's id, `owner/name`, `owner/name#12`, the address of a pull request, issue or commit on GitHub, or an id that an automation knows, such as a workflow run's.",
        ),
    };
    let mut response = shell.page("Search", &page).await?;
    *response.status_mut() = StatusCode::NOT_FOUND;
    Ok(response)
}

async fn find(shell: &Shell, query: &str) -> Result<Option<String>, Fault> {
    let store = shell.store();
    if let Ok(id) = query.parse::<DeliveryId>() {
        if store.delivery(id).await?.is_some() {
            return Ok(Some(links::delivery(id)));
        }
        if let Some(delivery) = store.delivery_by_key("github", query).await? {
            return Ok(Some(links::delivery(delivery.id)));
        }
        if store.work(WorkId(id.0)).await?.is_some() {
            return Ok(Some(links::job(id)));
        }
        return Ok(None);
    }
    for automation in &shell.core().automations {
        if let Some(path) = automation.find(store, query).await? {
            return Ok(Some(path));
        }
    }
    Ok(subject(query, shell.github_url()).map(|subject| {
        let filter = if subject.contains(['#', '@']) { "subject" } else { "repository" };
        links::deliveries(filter, &subject)
    }))
}

/// What a name or an address of GitHub is about: `owner/name`, `owner/name#12`, `owner/name@<sha>`.
fn subject(query: &str, github_url: &str) -> Option<String> {
    let path = query.strip_prefix(github_url).unwrap_or(query).trim_matches('/');
    let path = path.split(['?']).next().unwrap_or_default();
    // `owner/name#12` and `owner/name@sha` as such; behind an address, `#…` is a place on the page.
    let is_address = query.starts_with(github_url);
    let path = if is_address { path.split('#').next().unwrap_or_default() } else { path };
    let plain =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.#@".contains(&b));
    match path.split('/').collect::<Vec<_>>().as_slice() {
        [owner, name] if plain(owner) && plain(name) => Some(format!("{owner}/{name}")),
        [owner, name, "pull" | "issues", number, ..]
            if plain(owner) && plain(name) && number.parse::<u64>().is_ok() =>
        {
            Some(format!("{owner}/{name}#{number}"))
        }
        [owner, name, "commit", sha, ..] if plain(owner) && plain(name) && plain(sha) => {
            Some(format!("{owner}/{name}@{sha}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_understood() {
        let subject = |query| subject(query, "https://github.com");
        for (query, expected) in [
            ("acme/api", Some("acme/api")),
            ("acme/api#412", Some("acme/api#412")),
            ("https://github.com/acme/api/pull/412#discussion_r1", Some("acme/api#412")),
            ("https://github.com/acme/api/issues/9?x=1", Some("acme/api#9")),
            ("https://github.com/acme/api/commit/9f3c2d1", Some("acme/api@9f3c2d1")),
            ("https://github.com/acme/api/", Some("acme/api")),
            ("412", None),
            ("https://evil.example/acme/api", None),
            ("a/<script>", None),
        ] {
            assert_eq!(subject(query).as_deref(), expected, "{query}");
        }
    }
}
