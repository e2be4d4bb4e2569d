//! From the App's own delivery list to a server that GitHub cannot reach: `switchboard forward`.
//!
//! The list is read every few seconds, newest first, back to where the last look ended, and what is new is posted in the
//! order in which GitHub sent it, one after another, each until the server has answered it.
//!
//! * An entry may show up a little after younger ones, since GitHub lists a delivery when its attempt has ended; so each look
//!   goes back [`OVERLAP`] further, and what was forwarded is remembered for that long.
//! * The list holds the payload and not its bytes: the body is the payload as the list's answer spells it, which may differ
//!   from what GitHub signed in white space and escapes. That is why the signature is made anew.
//! * What was forwarded before a restart may be forwarded again; the server knows a delivery by its id.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use switchboard_clock::{Clock, SystemClock, Timestamp};
use switchboard_github::api::app::{HookDelivery, HookDeliveryDetail};
use switchboard_github::page::NextPage;
use switchboard_github::webhook::headers::{DELIVERY_HEADER, EVENT_HEADER};
use switchboard_github::{Class, Error, GitHub, HookDeliveryId, Reason};

use super::sender::{Answer, SendProblem, Sender};
use crate::cli::Failure;

/// How much later than a younger one a delivery may be listed: GitHub waits ten seconds for an answer.
const OVERLAP: Duration = Duration::from_secs(60);
/// Pages of a hundred that one look reads at most.
const PAGES_MAX: usize = 50;
/// Waits between attempts while something is down.
const BACKOFF: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(5), Duration::from_secs(15)];

/// How to forward.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Deliveries from this moment on.
    pub since: Timestamp,
    /// How often to look.
    pub interval: Duration,
    /// Look once and end, instead of waiting for what down or new.
    pub once: bool,
}

/// Forwards until there is nothing more to do, or for ever. Each thing that happens is told to `say` as one line.
///
/// # Errors
/// [`Failure`], when GitHub refuses for good, or with [`Options::once`] when something does not answer.
pub async fn forward(github: &GitHub, sender: &Sender, options: Options, say: impl Fn(&str)) -> Result<(), Failure> {
    let mut seen = Seen { floor: options.since, forwarded: BTreeMap::new() };
    let mut patience = Patience { once: options.once, tries: 0 };
    loop {
        match look(github, &seen).await {
            Ok(fresh) => {
                patience.recovered();
                for delivery in fresh {
                    one(github, sender, &delivery, &mut patience, &say).await?;
                    seen.note(&delivery);
                }
                seen.forget();
            }
            Err(error) => patience.github(&error, &say).await?,
        }
        if options.once {
            return Ok(());
        }
        SystemClock.sleep(options.interval).await;
    }
}

/// What was forwarded, as far back as a look goes.
struct Seen {
    floor: Timestamp,
    forwarded: BTreeMap<HookDeliveryId, Timestamp>,
}

impl Seen {
    fn is_new(&self, delivery: &HookDelivery) -> bool {
        sent_at(delivery) >= self.floor && !self.forwarded.contains_key(&delivery.id)
    }

    fn note(&mut self, delivery: &HookDelivery) {
        self.forwarded.insert(delivery.id, sent_at(delivery));
    }

    /// Moves the floor up to a little before the newest, and forgets what lies below.
    fn forget(&mut self) {
        if let Some(newest) = self.forwarded.values().max() {
            self.floor = self.floor.max(*newest - OVERLAP);
        }
        let floor = self.floor;
        self.forwarded.retain(|_, at| *at >= floor);
    }
}

/// When GitHub sent it; one that does not say so is as old as can be.
fn sent_at(delivery: &HookDelivery) -> Timestamp {
    delivery.delivered_at.as_deref().and_then(|at| Timestamp::parse(at).ok()).unwrap_or(Timestamp::EPOCH)
}

/// What is new, oldest first.
async fn look(github: &GitHub, seen: &Seen) -> Result<Vec<HookDelivery>, Error> {
    let mut fresh = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..PAGES_MAX {
        let listed = github.hook_deliveries(cursor.as_deref()).conditional().fetch().await?;
        let past = listed.value.last().is_none_or(|last| sent_at(last) < seen.floor);
        fresh.extend(listed.value.into_iter().filter(|delivery| seen.is_new(delivery)));
        cursor = listed.answer.next().and_then(NextPage::cursor);
        if past || cursor.is_none() {
            break;
        }
    }
    fresh.sort_by_key(|delivery| (sent_at(delivery), delivery.id));
    fresh.dedup_by_key(|delivery| delivery.id);
    Ok(fresh)
}

/// Forwards one, however long it takes.
async fn one(
    github: &GitHub,
    sender: &Sender,
    delivery: &HookDelivery,
    patience: &mut Patience,
    say: &impl Fn(&str),
) -> Result<(), Failure> {
    let detail = loop {
        match github.hook_delivery(delivery.id).fetch().await {
            Ok(fetched) => break fetched.value,
            Err(error) if matches!(error.reason(), Some(Reason::NotFound | Reason::Gone)) => {
                say(&line(delivery, "not forwarded: GitHub's list no longer holds it"));
                return Ok(());
            }
            Err(error) => patience.github(&error, say).await?,
        }
    };
    let Some((headers, body)) = request(&detail) else {
        say(&line(delivery, "not forwarded: GitHub's list does not hold its payload"));
        return Ok(());
    };
    loop {
        match sender.send(&headers, body.clone()).await {
            Ok(answer) if answer.may_pass() => patience.server(&answer.line(), say).await?,
            Ok(answer) => {
                patience.recovered();
                say(&line(delivery, &Answer::line(&answer)));
                return Ok(());
            }
            Err(SendProblem::Setup(error)) => return Err(failed(&error, "check this machine's certificates")),
            Err(problem) => patience.server(&problem.to_string(), say).await?,
        }
    }
}

/// The request as GitHub made it, as far as its list tells.
fn request(detail: &HookDeliveryDetail) -> Option<(Vec<(String, String)>, Bytes)> {
    let request = detail.request.as_ref()?;
    let payload = request.payload.as_ref()?;
    let listed = request.headers.iter().flatten();
    let text =
        |(name, value): (&String, &serde_json::Value)| Some((name.to_ascii_lowercase(), value.as_str()?.to_owned()));
    let mut headers: Vec<(String, String)> = listed.filter_map(text).collect();
    headers.retain(|(name, _)| name != DELIVERY_HEADER && name != EVENT_HEADER);
    headers.push((DELIVERY_HEADER.to_owned(), detail.delivery.guid.clone()));
    headers.push((EVENT_HEADER.to_owned(), detail.delivery.event.clone()?));
    Some((headers, Bytes::from(payload.get().to_owned())))
}

fn line(delivery: &HookDelivery, outcome: &str) -> String {
    let event = delivery.event.as_deref().unwrap_or("(no event)");
    let event = match delivery.action.as_deref() {
        Some(action) => format!("{event}.{action}"),
        None => event.to_owned(),
    };
    format!("{}  {event:28}  {}  {outcome}", sent_at(delivery).format("%H:%M:%S"), delivery.guid)
}

/// Waiting for what is down, said once, and that it is back.
struct Patience {
    once: bool,
    tries: usize,
}

impl Patience {
    fn recovered(&mut self) {
        self.tries = 0;
    }

    async fn server(&mut self, problem: &str, say: &impl Fn(&str)) -> Result<(), Failure> {
        if self.once {
            return Err(failed(&problem, "start the server, or name its address with --to"));
        }
        if self.tries == 0 {
            say(&format!("{problem}; trying again until it does better"));
        }
        self.wait().await;
        Ok(())
    }

    async fn github(&mut self, error: &Error, say: &impl Fn(&str)) -> Result<(), Failure> {
        let hint = error.hint().map_or_else(
            || "`switchboard doctor` checks the App and the way to GitHub".to_owned(),
            ToString::to_string,
        );
        match error.class() {
            Class::Permanent(_) => Err(failed(error, &hint)),
            _ if self.once => Err(failed(error, &hint)),
            Class::RetryAfter { at, .. } => {
                say(&format!("{error}; waiting"));
                SystemClock.sleep_until(at).await;
                Ok(())
            }
            Class::Transient | Class::Ambiguous => {
                if self.tries == 0 {
                    say(&format!("{error}; trying again until it does better"));
                }
                self.wait().await;
                Ok(())
            }
        }
    }

    async fn wait(&mut self) {
        SystemClock.sleep(BACKOFF[self.tries.min(BACKOFF.len() - 1)]).await;
        self.tries += 1;
    }
}

fn failed(error: &dyn std::fmt::Display, hint: &str) -> Failure {
    Failure::Failed { message: error.to_string(), hint: hint.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn delivery(id: u64, at: &str) -> HookDelivery {
        serde_json::from_value(json!({ "id": id, "guid": format!("g-{id}"), "delivered_at": at, "event": "push" }))
            .unwrap()
    }

    #[test]
    fn a_late_entry_is_still_found_and_nothing_is_forwarded_twice() {
        let mut seen = Seen { floor: Timestamp::parse("2026-01-01T00:00:00Z").unwrap(), forwarded: BTreeMap::new() };
        let old = delivery(1, "2025-12-31T23:59:59Z");
        let first = delivery(5, "2026-01-01T00:10:00Z");
        assert!(!seen.is_new(&old) && seen.is_new(&first));
        seen.note(&first);
        seen.forget();
        assert!(!seen.is_new(&first));
        assert!(seen.is_new(&delivery(4, "2026-01-01T00:09:30Z")), "listed after a younger one");
        assert!(!seen.is_new(&delivery(3, "2026-01-01T00:08:00Z")), "older than any delay of the list");
        seen.note(&delivery(9, "2026-01-01T01:00:00Z"));
        seen.forget();
        assert_eq!(seen.forwarded.len(), 1, "what lies below the floor is forgotten");
    }

    #[test]
    fn the_request_is_what_the_list_tells() {
        let detail = |request: Value| -> HookDeliveryDetail {
            serde_json::from_str(&json!({ "id": 1, "guid": "g-1", "event": "push", "request": request }).to_string())
                .unwrap()
        };
        let whole = detail(json!({ "headers": { "X-GitHub-Delivery": "other", "X-Odd": 7 }, "payload": { "a": "é" } }));
        let (headers, body) = request(&whole).unwrap();
        assert_eq!(body, "{\"a\":\"é\"}".as_bytes());
        assert_eq!(
            headers,
            [(DELIVERY_HEADER.to_owned(), "g-1".to_owned()), (EVENT_HEADER.to_owned(), "push".to_owned())]
        );
        assert!(request(&detail(json!({ "headers": {} }))).is_none());
    }
}
