//! The lines of a story, in order, with a gutter that joins what belongs to one delivery.

use std::collections::{BTreeSet, HashMap};

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_store::{Delivery, DeliveryId, DeliveryState, Fact};

use super::super::facts;
use super::super::tables::{event_name, took};
use crate::components::{Flow, Html, Line, Mark, Sentence, bytes, clock_time, day, middle, zoned};
use crate::core::Core;
use crate::links;
use crate::topic::Topic;

/// Threads that the gutter draws beside each other; what overlaps more than that is drawn without one.
const THREADS: usize = 4;

/// One line.
pub(super) struct Row {
    /// The fragment of its permalink.
    pub(super) key: String,
    /// Its permalink: where this line stands, whatever happens later.
    pub(super) permalink: String,
    pub(super) at: Timestamp,
    pub(super) flow: Flow,
    /// What it belongs to.
    pub(super) delivery: Option<DeliveryId>,
    pub(super) sentence: Sentence,
    /// The kind of a fact, small.
    pub(super) kind: String,
    /// Whose it is; `None` for a delivery.
    pub(super) automation: Option<String>,
    /// What it opens to.
    pub(super) more: Option<Html>,
    /// Where it leads.
    pub(super) links: Vec<(String, &'static str)>,
}

impl Row {
    /// A delivery. `open` leads to the page on which its jobs and calls are shown.
    pub(super) fn delivery(delivery: &Delivery, topic: &Topic, open: Option<String>) -> Self {
        let id = delivery.id.to_string();
        let guid = &delivery.key.delivery_id;
        let event = event_name(delivery).replace('`', "'");
        let about = delivery.subject.as_ref().filter(|subject| **subject != topic.subject());
        let short = about.map(|subject| short_name(subject.as_str()));
        let told = short.as_deref().map(|name| format!(" about `{}`", name.replace('`', "'"))).unwrap_or_default();
        let what = if delivery.key.platform == "api" { "An operator asked for" } else { "Delivery" };
        let settled = match (delivery.state, took(delivery)) {
            (DeliveryState::Ignored, _) => ", which no automation wants".to_owned(),
            (_, Some(took)) => format!(", settled within {took}"),
            (..) => String::new(),
        };
        let again = match delivery.duplicates {
            0 => String::new(),
            n => format!(", arrived {} more", crate::components::plural(n.into(), "time", "times")),
        };
        let page = links::delivery(&id);
        let mut links = Vec::new();
        if delivery.body_kept {
            links.push((format!("{page}/body"), "raw"));
        }
        links.extend(open.map(|open| (open, "calls")));
        links.extend(about.map(|subject| (links::subject(subject.as_str()), "story")));
        Self {
            permalink: String::new(),
            key: format!("d-{id}"),
            at: delivery.accepted_at,
            flow: Flow::In,
            delivery: Some(delivery.id),
            sentence: Sentence::new(format!("{what} `{event}`{told}, {}{settled}{again}.", bytes(delivery.body_bytes)))
                .state(Mark::from(delivery.state).state)
                .to(page),
            kind: middle(guid),
            automation: None,
            more: None,
            links,
        }
    }

    /// A fact. It leads to its delivery, if that is not a line of its own.
    pub(super) fn fact(core: &Core, fact: &Fact, deliveries: &[Delivery]) -> Self {
        let Line { key, at, flow, sentence, kind, more } = facts::line(core, fact);
        let elsewhere = fact.delivery.filter(|id| deliveries.iter().all(|delivery| delivery.id != *id));
        let mut links: Vec<_> = elsewhere.map(|id| (links::delivery(id), "delivery")).into_iter().collect();
        // A line that opens at a click has its link beside it.
        let opens = more.is_some();
        links.extend(sentence.href().filter(|_| opens).map(|href| (href.to_owned(), "open")));
        Self {
            permalink: String::new(),
            key,
            at,
            flow,
            delivery: fact.delivery,
            sentence: if opens { sentence.unlinked() } else { sentence },
            kind,
            automation: Some(fact.automation.clone()),
            more,
            links,
        }
    }

    /// Whether the filters let it pass. Deliveries belong to every automation.
    pub(super) fn is(&self, flow: Option<&str>, automation: Option<&str>) -> bool {
        flow.is_none_or(|flow| self.flow.class() == flow)
            && automation.is_none_or(|name| self.automation.as_deref().is_none_or(|own| own == name))
    }
}

/// A subject with its commit as short as GitHub shows it: `acme/api@9f3c2d1`.
fn short_name(subject: &str) -> String {
    match subject.split_once('@') {
        Some((repository, sha)) => format!("{repository}@{}", sha.chars().take(7).collect::<String>()),
        None => subject.to_owned(),
    }
}

/// A filter to choose.
pub(super) struct Choice {
    pub(super) label: String,
    pub(super) href: String,
    pub(super) chosen: bool,
}

/// The filters by direction.
pub(super) fn flows(chosen: Option<&str>, href: impl Fn(Option<&str>) -> String) -> Vec<Choice> {
    [(None, "Everything"), (Some("in"), "Came in"), (Some("decided"), "Decided"), (Some("out"), "Went out")]
        .into_iter()
        .map(|(flow, label)| Choice { label: label.to_owned(), href: href(flow), chosen: flow == chosen })
        .collect()
}

/// The filters by automation, if there are several to choose from.
pub(super) fn automations(
    names: &BTreeSet<String>,
    chosen: Option<&str>,
    href: impl Fn(Option<&str>) -> String,
) -> Vec<Choice> {
    if names.len() < 2 && chosen.is_none() {
        return Vec::new();
    }
    let every = Choice { label: "All automations".to_owned(), href: href(None), chosen: chosen.is_none() };
    let each = names.iter().map(|name| Choice {
        label: name.clone(),
        href: href(Some(name)),
        chosen: chosen == Some(name.as_str()),
    });
    std::iter::once(every).chain(each).collect()
}

/// The lines, oldest first.
#[derive(Template)]
#[template(path = "parts/story.html")]
pub(super) struct Story {
    pub(super) days: Vec<Day>,
}

/// The lines of one day in the reader's zone.
pub(super) struct Day {
    pub(super) date: String,
    pub(super) lines: Vec<Drawn>,
}

/// A line with its part of the gutter.
pub(super) struct Drawn {
    pub(super) row: Row,
    pub(super) gutter: Vec<&'static str>,
}

impl Story {
    pub(super) fn of(mut rows: Vec<Row>) -> Self {
        // What carries no order of its own keeps the one it was added in: a delivery before what follows from it.
        rows.sort_by_key(|row| row.at);
        let threads: Vec<_> = rows.iter().map(|row| row.delivery).collect();
        let mut days: Vec<Day> = Vec::new();
        for (row, gutter) in rows.into_iter().zip(gutter(&threads)) {
            let date = day(row.at);
            match days.last_mut() {
                Some(day) if day.date == date => day.lines.push(Drawn { row, gutter }),
                _ => days.push(Day { date, lines: vec![Drawn { row, gutter }] }),
            }
        }
        Self { days }
    }
}

/// What stands in the gutter beside each line: a cell for every thread, as the stylesheet names it.
fn gutter(rows: &[Option<DeliveryId>]) -> Vec<Vec<&'static str>> {
    let mut last: HashMap<DeliveryId, usize> = HashMap::new();
    for (at, id) in rows.iter().enumerate() {
        if let Some(id) = id {
            last.insert(*id, at);
        }
    }
    let mut threads: [Option<DeliveryId>; THREADS] = [None; THREADS];
    let mut drawn = Vec::with_capacity(rows.len());
    for (at, id) in rows.iter().enumerate() {
        let known = id.and_then(|id| threads.iter().position(|thread| *thread == Some(id)));
        let begins = known.is_none();
        let here = known.or_else(|| id.and_then(|_| threads.iter().position(Option::is_none)));
        let ends = id.is_some_and(|id| last.get(&id) == Some(&at));
        let cells = (0..THREADS).map(|column| match (begins, ends) {
            _ if here != Some(column) => {
                if threads[column].is_some() {
                    "through"
                } else {
                    "none"
                }
            }
            (true, true) => "only",
            (true, false) => "first",
            (false, true) => "last",
            (false, false) => "middle",
        });
        drawn.push(cells.collect::<Vec<_>>());
        if let Some(column) = here {
            threads[column] = id.filter(|_| !ends);
        }
    }
    let width = (0..THREADS).rev().find(|column| drawn.iter().any(|cells| cells[*column] != "none"));
    for cells in &mut drawn {
        cells.truncate(width.map_or(1, |width| width + 1));
    }
    drawn
}

impl HtmlSafe for Story {}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Option<DeliveryId> {
        Some(DeliveryId(uuid::Uuid::from_u128(n)))
    }

    #[test]
    fn the_gutter_joins_what_belongs_together_and_gives_its_place_back() {
        let rows = [id(1), id(1), id(2), id(1), id(2), None, id(3)];
        assert_eq!(
            gutter(&rows),
            [
                ["first", "none"],
                ["middle", "none"],
                ["through", "first"],
                ["last", "through"],
                ["none", "last"],
                ["none", "none"],
                ["only", "none"]
            ]
        );
        assert_eq!(gutter(&[None]), [["none"]]);
    }

    #[test]
    fn the_gutter_is_bounded() {
        let rows: Vec<_> = (1..=9).chain(1..=9).map(id).collect();
        assert!(gutter(&rows).iter().all(|cells| cells.len() == THREADS));
    }
}
