//! What the relay shows on the page of a pull request or commit: how each entry stands that its newest head was dispatched to. Everything
//! else about it is one click away.

use askama::Template;
use switchboard_panel::About;
use switchboard_panel::components::{Html, Mark, Prose};
use switchboard_store::{KeyRange, Result, Subject};

use super::{Desk, assets, links, reading, words};
use crate::records::{Cell, HeadRecord, PullRecord, TargetRecord, keys, views};

#[derive(Template)]
#[template(path = "relay/about.html")]
struct Card {
    stylesheet: String,
    href: String,
    lines: Vec<Line>,
}

struct Line {
    repo: String,
    href: String,
    level: &'static str,
    mark: Mark,
    bad: bool,
    sentence: Prose,
}

/// The card about a subject: none for what is not the upstream's. Two reads.
///
/// # Errors
/// What the store says.
pub(super) async fn card(desk: &Desk, subject: &Subject) -> Result<About> {
    let up = desk.relay.upstream();
    let Some((repo, detail)) = subject.as_str().split_at_checked(up.as_str().len()) else {
        return Ok(About::default());
    };
    if !repo.eq_ignore_ascii_case(up.as_str()) {
        return Ok(About::default());
    }
    let (newest, href) = if let Some(number) = detail.strip_prefix('#').and_then(|number| number.parse().ok()) {
        let record: Option<PullRecord> = desk.reader.get(&views::PULL, &keys::pull(up, number)).await?;
        let newest = record.and_then(|record| record.dispatches.last().map(|relayed| relayed.delivery_id.clone()));
        (newest, links::pull(number))
    } else if let Some(sha) = detail.strip_prefix('@') {
        let range = KeyRange::prefix(&keys::heads(up, sha));
        let heads: Vec<(_, HeadRecord)> = desk.reader.list(&views::HEAD, range, reading::ROWS).await?;
        let newest = heads.iter().find_map(|(_, head)| head.dispatches.last().cloned());
        let href = newest.as_deref().map(links::dispatch).unwrap_or_default();
        (newest, href)
    } else {
        return Ok(About::default());
    };
    let Some(newest) = newest else { return Ok(About { shown: None, reads: 1 }) };
    let mut lines: Vec<Line> =
        reading::targets(desk, &newest).await?.iter().map(|target| line(desk, &newest, target)).collect();
    lines.sort_by_key(|line| !line.bad);
    let card = Card { stylesheet: assets::stylesheet(), href, lines };
    Ok(About { shown: Some(Html::of(&card)), reads: About::READS })
}

fn line(desk: &Desk, delivery_id: &str, target: &TargetRecord) -> Line {
    let state = Cell::of(target).state;
    Line {
        repo: target.repo.to_string(),
        href: links::target(delivery_id, &target.repo),
        level: target.level.as_str(),
        mark: Mark::new(words::shape(state), words::state(target.level, state)),
        bad: state.is_bad(),
        sentence: Prose(words::target(target, &desk.relay.config().approve_label).into()),
    }
}
