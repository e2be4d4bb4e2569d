//! Every page that there is, found by following links: one of each shape, so that a page that is added is looked at too.

use std::collections::{BTreeSet, VecDeque};

use crate::support::client;
use crate::town::TOKEN;

/// A crawl that finds more shapes than this has mistaken data for shapes.
const SHAPES_MAX: usize = 80;

/// The paths of the pages that links from `starts` lead to, one of each shape.
pub async fn pages(url: &str, starts: &[&str]) -> Vec<String> {
    let client = client();
    let mut waiting: VecDeque<String> = starts.iter().map(|start| (*start).to_owned()).collect();
    let mut shapes: BTreeSet<String> = starts.iter().map(|start| shape(start)).collect();
    let mut pages = Vec::new();
    while let Some(path) = waiting.pop_front() {
        let answer = client.get(format!("{url}{path}")).bearer_auth(TOKEN).send().await.unwrap();
        let html = answer.headers().get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        let body = answer.text().await.unwrap();
        if !html {
            continue;
        }
        for link in body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            let link = link.split('#').next().unwrap_or_default().to_owned();
            if link.starts_with('/') && !link.starts_with("/assets/") && shapes.insert(shape(&link)) {
                waiting.push_back(link);
            }
        }
        pages.push(path);
        assert!(shapes.len() <= SHAPES_MAX, "{shapes:?}");
    }
    pages
}

/// A path without what differs from one thing to the next: ids, names of repositories, values of filters.
fn shape(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<&str> = path.split('/').collect();
    let named = |at: usize| segments[..at].iter().any(|before| ["subjects", "repos"].contains(before));
    let segment = |at: usize| match segments[at] {
        it if it.starts_with('@') => "@",
        it if named(at) && !it.chars().all(|c| c.is_ascii_digit()) => "name",
        it if it.chars().any(|c| c.is_ascii_digit()) && it != "v1" => "id",
        it => it,
    };
    let path: Vec<&str> = (0..segments.len()).map(segment).collect();
    let filters: BTreeSet<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    format!("{}?{}", path.join("/"), filters.into_iter().collect::<Vec<_>>().join("&"))
}

#[test]
fn what_differs_only_in_ids_and_names_has_one_shape() {
    assert_eq!(shape("/deliveries/0190-ab"), shape("/deliveries/0191-cd"));
    assert_eq!(shape("/subjects/acme/api"), shape("/subjects/globex/web"));
    assert_eq!(shape("/deliveries?event=push"), shape("/deliveries?event=issues"));
    assert_ne!(shape("/subjects/acme/api/12"), shape("/subjects/acme/api/@9f3c"));
    assert_ne!(shape("/deliveries?event=push"), shape("/deliveries?state=dead"));
    assert_ne!(shape("/deliveries"), shape("/jobs"));
}
