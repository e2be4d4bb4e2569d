//! The health strip: in one line, whether the relay itself is well. At most ten reads.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_panel::components::{Html, Mark, State as Shape, Time, count, plural};
use switchboard_store::{Counters, KeyRange, Result};

use super::Desk;
use crate::cache::Standing;
use crate::handlers::NAME;
use crate::records::{AllowlistRecord, Kind, ProbeRecord, Pulse, keys, views};

const HOUR: Duration = Duration::from_secs(3600);
const HOURS: u32 = 24;
/// Heads of the probe that are told of.
const PROBE_HEADS: usize = 5;

/// How the relay is.
pub(crate) struct Health {
    /// When it was looked at.
    pub(crate) now: Timestamp,
    /// The last event, send and report, each with its word.
    pub(crate) pulses: [(&'static str, Option<Timestamp>); 3],
    /// Older than this is red.
    pub(crate) stale_after: Duration,
    /// Targets that wait to be sent or for an approval, and open results.
    pub(crate) gauge: Counters,
    /// Sends that failed in 24 hours.
    pub(crate) failed_sends: i64,
    /// The relay's dead letters.
    pub(crate) dead_letters: u64,
    /// The list.
    pub(crate) allowlist: Option<AllowlistRecord>,
    /// The probe's last heads: how many were as expected, of how many.
    pub(crate) probe: Option<(usize, usize)>,
    /// The shared cache's backend.
    pub(crate) cache: &'static str,
    /// Whether it answers.
    pub(crate) cache_answers: bool,
}

impl Health {
    /// Reads it: ten reads.
    ///
    /// # Errors
    /// What the store says.
    pub(crate) async fn read(desk: &Desk, allowlist: Option<AllowlistRecord>) -> Result<Self> {
        let (reader, up, now) = (&desk.reader, desk.relay.upstream(), desk.reader.now());
        let mut pulses = [("event", None), ("send", None), ("report", None)];
        for (what, at) in &mut pulses {
            let pulse: Option<Pulse> = reader.get(&views::PULSE, &keys::pulse(up, what)).await?;
            *at = pulse.map(|pulse| pulse.at);
        }
        let gauge = reader.counter(&views::GAUGE, &keys::gauge(up, None)).await?;
        let mut failed_sends = 0;
        for kind in [Kind::PullRequest, Kind::Push] {
            let from = keys::hour_of(up, None, kind, now - HOUR * (HOURS - 1));
            let to = keys::hour_of(up, None, kind, now + HOUR);
            let range = KeyRange::between(from.as_str(), to.as_str());
            let hours = reader.counters(&views::COUNT_HOUR, range, HOURS as usize + 1).await?;
            failed_sends += hours.iter().filter_map(|hour| hour.counters.get("send_failed")).sum::<i64>();
        }
        let dead = reader.backlog().await?.dead;
        let dead_letters = dead.iter().filter(|((automation, _), _)| automation == NAME).map(|(_, count)| count).sum();
        let probe = match &desk.relay.config().probe_repo {
            Some(_) => {
                let range = KeyRange::prefix(&keys::probes(up));
                let heads: Vec<(_, ProbeRecord)> = reader.list(&views::PROBE, range, PROBE_HEADS).await?;
                Some((heads.iter().filter(|(_, head)| head.as_expected).count(), heads.len()))
            }
            None => None,
        };
        let minutes = u64::from(desk.relay.config().stale_after_minutes);
        let backend = desk.relay.cache().backend();
        let (cache, cache_answers) = (backend.kind().word(), backend.standing() == Standing::Ready);
        let stale_after = Duration::from_secs(60 * minutes);
        Ok(Self { now, pulses, stale_after, gauge, failed_sends, dead_letters, allowlist, probe, cache, cache_answers })
    }

    /// Whether this moment is too long ago, or never was.
    pub(crate) fn is_stale(&self, at: Option<Timestamp>) -> bool {
        at.is_none_or(|at| self.now.since(at) > self.stale_after)
    }

    /// One number of the gauge.
    pub(crate) fn gauged(&self, field: &str) -> u64 {
        u64::try_from(self.gauge.get(field).copied().unwrap_or_default()).unwrap_or_default()
    }
}

/// The strip as it is shown.
#[derive(Template)]
#[template(path = "relay/strip.html")]
pub(crate) struct Strip {
    topics: String,
    items: Vec<Item>,
    banner: Option<Html>,
}

/// One thing on the strip.
struct Item {
    label: &'static str,
    mark: Mark,
    /// Whether its word says more than the shape does.
    worded: bool,
    time: Option<Time>,
    href: Option<&'static str>,
}

impl HtmlSafe for Strip {}

#[derive(Template)]
#[template(path = "relay/banner.html")]
struct Banner<'b> {
    message: &'b str,
    reason: &'b str,
    since: Time,
    first: Option<(u32, &'b str)>,
}

impl Strip {
    /// What the strip says of this health.
    pub(crate) fn new(health: &Health, up: &RepoName) -> Self {
        let now = health.now;
        let pulses = health.pulses.iter().map(|(what, _)| format!("record/{}/{}", views::PULSE, keys::pulse(up, what)));
        let list = format!("record/{}/{}", views::ALLOWLIST, keys::upstream(up));
        let topics = pulses.chain([list]).collect::<Vec<_>>().join(" ");
        let pulse = |(what, at): (&'static str, Option<Timestamp>)| {
            let label = match what {
                "event" => "last event",
                "send" => "last send",
                _ => "last report",
            };
            let shape = if health.is_stale(at) { Shape::Failed } else { Shape::Succeeded };
            let word = match at {
                None => "never",
                Some(_) if health.is_stale(at) => "stale",
                Some(_) => "",
            };
            let time = at.map(|at| Time { at, now });
            Item { label, worded: !word.is_empty(), mark: Mark::new(shape, word), time, href: None }
        };
        let plain = |label, shape, word: String| {
            let mark = Mark::new(shape, word);
            Item { label, mark, worded: true, time: None, href: None }
        };
        let quiet = |bad: bool, otherwise: Shape| if bad { Shape::Failed } else { otherwise };
        let mut items: Vec<Item> = health.pulses.iter().copied().map(pulse).collect();
        let (waiting, held) = (health.gauged("waiting"), health.gauged("held"));
        let held = if held > 0 { format!(", {} held", count(held)) } else { String::new() };
        items.push(plain("targets waiting", Shape::Waiting, format!("{}{held}", count(waiting))));
        let failed = u64::try_from(health.failed_sends).unwrap_or_default();
        items.push(plain("failed sends, 24 h", quiet(failed > 0, Shape::Succeeded), count(failed)));
        let dead = health.dead_letters;
        let shape = if dead > 0 { Shape::Dead } else { Shape::Succeeded };
        items.push(Item { href: Some("/jobs?state=dead"), ..plain("dead letters", shape, count(dead)) });
        items.push(Item { href: Some("/relay/allowlist"), ..allowlist(health) });
        match health.probe {
            None => {}
            Some((_, 0)) => items.push(plain("probe", Shape::Waiting, "no head yet".to_owned())),
            Some((good, of)) => {
                let shape = if good < of { Shape::Failed } else { Shape::Succeeded };
                let word = format!("{good} of {} as expected", plural(of as u64, "head", "heads"));
                items.push(plain("probe", shape, word));
            }
        }
        items.push(match health.cache_answers {
            true => plain("cache", Shape::Waiting, health.cache.to_owned()),
            // Nothing depends on it, so it is no failure of the relay's.
            false => plain("cache", Shape::Denied, format!("{}, which does not answer", health.cache)),
        });
        let error = health.allowlist.as_ref().and_then(|list| list.error.as_ref());
        let banner = error.map(|error| {
            Html::of(&Banner {
                message: &error.message,
                reason: &error.reason,
                since: Time { at: error.since, now },
                first: error.diagnostics.first().map(|first| (first.line, first.message.as_str())),
            })
        });
        Self { topics, items, banner }
    }
}

fn allowlist(health: &Health) -> Item {
    let item = |shape, word: &'static str, at: Option<Timestamp>| Item {
        label: "allowlist",
        worded: true,
        mark: Mark::new(shape, word),
        time: at.map(|at| Time { at, now: health.now }),
        href: None,
    };
    match &health.allowlist {
        None => item(Shape::Failed, "never read", None),
        Some(AllowlistRecord { error: Some(error), .. }) => item(Shape::Denied, "refused", Some(error.since)),
        Some(AllowlistRecord { list: None, .. }) => item(Shape::Failed, "never read", None),
        Some(record) => item(Shape::Succeeded, "valid", record.since),
    }
}
