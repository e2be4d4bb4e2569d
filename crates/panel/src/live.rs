//! `/live`: hints about what changed, as server-sent events. A page that hears one of its topics draws itself anew; what it
//! shows never comes from here, so a missed hint costs nothing but a little time.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Extension;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream;
use http::HeaderName;
use switchboard_store::Change;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::core::Core;
use crate::{Fault, Session};

/// Browsers listening at once.
const LISTENERS_MAX: usize = 256;
/// Hints are gathered for so long, so that a burst of a thousand is one event.
const GATHER: Duration = Duration::from_millis(400);
/// Topics named in one event; more become `*`, which is every page's topic.
const TOPICS_MAX: usize = 40;
/// A comment keeps proxies from closing a quiet stream.
const HEARTBEAT: Duration = Duration::from_secs(20);
/// A stream ends by then, so that a session that has ended is not listened to for ever. Browsers come back by themselves.
const STREAM_LIFE: Duration = Duration::from_secs(15 * 60);

/// Room for listeners.
pub(crate) struct Live(Arc<Semaphore>);

impl Default for Live {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LISTENERS_MAX)))
    }
}

/// `GET /live`
pub(crate) async fn events(
    Extension(core): Extension<Arc<Core>>,
    _session: Session,
) -> Result<impl IntoResponse, Fault> {
    let permit = Arc::clone(&core.live.0).try_acquire_owned().map_err(|_| {
        let mut fault = Fault::new(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "too_many_listeners",
            "Too many pages are listening for changes already.",
        );
        fault.retry_after = Some(HEARTBEAT.as_secs());
        fault
    })?;
    let listener = Listener {
        changes: core.store.subscribe(),
        shutdown: core.shutdown.clone(),
        ends: Instant::now() + STREAM_LIFE,
        greeted: false,
        _permit: permit,
    };
    let hints = stream::unfold(listener, async |mut listener| {
        let topics = listener.next().await?;
        Some((Ok::<_, Infallible>(Event::default().event("changed").data(topics)), listener))
    });
    // Or nginx would gather events until its buffer is full.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    Ok((unbuffered, Sse::new(hints).keep_alive(KeepAlive::new().interval(HEARTBEAT))))
}

struct Listener {
    changes: Receiver<Change>,
    shutdown: CancellationToken,
    ends: Instant,
    greeted: bool,
    _permit: OwnedSemaphorePermit,
}

impl Listener {
    /// The next event: topics with a space between them. `None` ends the stream.
    async fn next(&mut self) -> Option<String> {
        if !std::mem::replace(&mut self.greeted, true) {
            // Something may have changed between drawing the page and listening.
            return Some("*".to_owned());
        }
        let mut topics = Topics::default();
        let mut until = self.ends;
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return None,
                () = tokio::time::sleep_until(until) => break,
                change = self.changes.recv() => match change {
                    Ok(change) => topics.note(&change),
                    Err(RecvError::Lagged(_)) => { topics.named.insert("*".to_owned()); }
                    Err(RecvError::Closed) => return None,
                },
            }
            until = until.min(Instant::now() + GATHER);
        }
        topics.tell()
    }
}

/// What changed, as [`crate::Shell::live`] names it.
#[derive(Default)]
struct Topics {
    named: BTreeSet<String>,
    /// The records themselves, for pages that draw only what changed on them. Left out where they are too many.
    records: BTreeSet<String>,
}

impl Topics {
    fn note(&mut self, change: &Change) {
        if self.named.len() > TOPICS_MAX {
            return;
        }
        // Topics are separated by spaces, and no subject or key that a page could name holds one.
        let plain = |name: &str| name.replace(char::is_whitespace, "_");
        match change {
            Change::Delivery(id) => {
                self.named.insert("delivery".to_owned());
                self.named.insert(format!("delivery/{id}"));
            }
            Change::Work(..) => {
                self.named.insert("work".to_owned());
            }
            Change::Facts(subject) => {
                self.named.insert(format!("facts/{}", plain(subject.as_str())));
            }
            Change::Record(view, key) => {
                self.named.insert(format!("record/{view}"));
                if self.records.len() <= TOPICS_MAX {
                    self.records.insert(format!("record/{view}/{}", plain(key.as_str())));
                }
            }
        }
    }

    /// They with a space between them; `None` for none.
    fn tell(self) -> Option<String> {
        if self.named.len() > TOPICS_MAX {
            return Some("*".to_owned());
        }
        let records = if self.records.len() > TOPICS_MAX { BTreeSet::new() } else { self.records };
        let all: Vec<String> = self.named.into_iter().chain(records).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_one_event_and_shutdown_ends_the_stream() {
        let (send, changes) = tokio::sync::broadcast::channel(1_024);
        let shutdown = CancellationToken::new();
        let mut listener = Listener {
            changes,
            shutdown: shutdown.clone(),
            ends: Instant::now() + STREAM_LIFE,
            greeted: false,
            _permit: Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap(),
        };
        assert_eq!(listener.next().await.unwrap(), "*");
        send.send(Change::Facts("acme/api#1".into())).unwrap();
        send.send(Change::Record("dispatcher.run".into(), "1/2/3".into())).unwrap();
        send.send(Change::Record("dispatcher.run".into(), "1/2/4".into())).unwrap();
        let told = "facts/acme/api#1 record/dispatcher.run record/dispatcher.run/1/2/3 record/dispatcher.run/1/2/4";
        assert_eq!(listener.next().await.unwrap(), told);
        for n in 0..100 {
            send.send(Change::Record("dispatcher.run".into(), format!("1/2/{n}").into())).unwrap();
        }
        assert_eq!(listener.next().await.unwrap(), "record/dispatcher.run", "too many to be named one by one");
        for n in 0..1_000 {
            send.send(Change::Facts(format!("acme/api#{n}").into())).unwrap();
        }
        assert_eq!(listener.next().await.unwrap(), "*");
        shutdown.cancel();
        assert_eq!(listener.next().await, None);
    }
}
