//! The shared cache: what the relay keeps at hand beside the store. It speeds things up and never decides.
//!
//! # What it is for
//! - **The accept path.** [`dispatch`](Cache::dispatch) tells of an event that was certainly sent to a repository, so that reports on
//!   it save two reads. What it does not tell, or what contradicts it, is looked up in the store.
//! - **Several nodes.** [`rate`](Cache::rate) tells what other nodes have taken of a repository in the last minute;
//!   [`allowlist`](Cache::allowlist) that another node has just asked GitHub, who need not be asked again.
//! - **Whoever looks.** Pull requests and results are there for boards beside this server's, which reads its own store: that lies
//!   in the same process, and costs less than a way over the network.
//!
//! # What it promises
//! Everything in it is put there from what the store has [committed](after), or from what the store has just confirmed. Each value says
//! [which form](values::VERSION) it has; what does not read as expected is not there. A cache that is empty, stale, slow or
//! unreachable changes no outcome: a command has [100 ms](redis::COMMAND_TIMEOUT), and one that [keeps failing](breaker) is left alone
//! for a while.
//!
//! # What it does not hold
//! No secret. Installation tokens above all stay in the process that minted them: each is good for one repository and permission, a
//! minted one costs a request that GitHub does not count, and in a shared cache everyone who may read it could write to repositories.
//! GitHub's budget stays there, too, since GitHub itself tells every client what is left of it.
//!
//! # Known races
//! Two settlements about one pull request may reach the cache in the other order, so that its value is the older one until the next
//! event. Nothing is decided by it.

pub(crate) mod after;
pub mod backend;
mod breaker;
mod embedded;
pub mod keys;
pub mod redis;
pub mod values;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;

pub use backend::{Backend, Entry, Standing};
pub use embedded::Embedded;

use crate::records::keys as lanes;
use keys::CacheKey;
use values::{ActionInfo, AllowlistText, Bound, RateOfNode, SentDispatch};

/// How long what belongs to a pull request is kept.
pub const KEPT_FOR: Duration = Duration::from_secs(3 * 24 * 3600);
/// How long a node's share of a repository's rate is kept: twice the window.
pub const RATE_KEPT_FOR: Duration = Duration::from_secs(120);

/// The cache, as the relay of one upstream uses it.
#[derive(Clone)]
pub struct Cache {
    backend: Arc<dyn Backend>,
    prefix: Arc<str>,
    up: RepoName,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("backend", &self.backend.kind()).field("prefix", &self.prefix).finish()
    }
}

/// What a report is about, as far as the cache is concerned.
#[derive(Debug, Clone, Copy)]
pub struct Reported<'r> {
    /// The dispatch.
    pub delivery_id: &'r str,
    /// The repository that reports.
    pub repo: &'r RepoName,
    /// Its run, which speaks for the dispatch.
    pub run: &'r str,
    /// Its token, if that has an id, and the result that it speaks for.
    pub token: Option<(&'r str, &'r str)>,
}

impl Cache {
    /// The cache of the relay of `up`, kept there, under keys that begin with `prefix`.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, prefix: &str, up: RepoName) -> Self {
        Self { backend, prefix: prefix.into(), up }
    }

    /// Where it is kept.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// The allowlist's text as it was last read.
    pub async fn allowlist(&self, now: Timestamp) -> Option<AllowlistText> {
        let text: AllowlistText = self.one(&CacheKey::allowlist(&self.prefix, &self.up), now).await?;
        crate::allowlist::parse(text.yaml.as_bytes()).0.is_some().then_some(text)
    }

    /// What is known of an event that was sent to a repository, for a report on it. Where its run or its
    /// token is known to have spoken for something else, nothing is believed, and the store is looked at.
    pub async fn dispatch(&self, report: &Reported<'_>, now: Timestamp) -> Option<SentDispatch> {
        let Reported { delivery_id, repo, run, token } = *report;
        let mut keys =
            vec![CacheKey::dispatch(&self.prefix, delivery_id, repo), CacheKey::run(&self.prefix, repo, run)];
        keys.extend(token.map(|(token, _)| CacheKey::token(&self.prefix, token)));
        let found = self.backend.get(&keys, now).await;
        let value = |place: usize| found.get(place).and_then(Option::as_deref);
        let contradicts =
            |place: usize, to: &str| value(place).and_then(values::read::<Bound>).is_some_and(|bound| bound.to != to);
        if contradicts(1, delivery_id) || token.is_some_and(|(_, result)| contradicts(2, result)) {
            return None;
        }
        value(0).and_then(values::read).filter(|known| self.is_plausible(known))
    }

    /// A pull request.
    pub async fn pull(&self, number: u64, now: Timestamp) -> Option<crate::pull::PrInfo> {
        self.one(&CacheKey::pull(&self.prefix, &self.up, number), now).await
    }

    /// The results of a repository on a commit.
    pub async fn actions(&self, head: &str, repo: &RepoName, now: Timestamp) -> Vec<ActionInfo> {
        let fields = self.backend.fields(&CacheKey::action(&self.prefix, head, repo), now).await;
        fields.iter().filter_map(|(_, value)| values::read(value)).collect()
    }

    /// What other nodes have lately taken of a repository's reports.
    pub async fn rate(&self, repo: &RepoName, now: Timestamp) -> Vec<RateOfNode> {
        let Some(node) = self.backend.node() else { return Vec::new() };
        let fields = self.backend.fields(&CacheKey::rate(&self.prefix, repo), now).await;
        fields.iter().filter(|(of, _)| of != node).filter_map(|(_, value)| values::read(value)).collect()
    }

    /// Puts values there.
    pub(crate) async fn put(&self, entries: Vec<Entry>, now: Timestamp) {
        if !entries.is_empty() {
            self.backend.put(entries, now).await;
        }
    }

    /// That an event was sent, as the store has just said; kept no longer than the store keeps it.
    pub(crate) fn sent(
        &self,
        of: &Reported<'_>,
        known: &SentDispatch,
        retention: Duration,
        now: Timestamp,
    ) -> Option<Entry> {
        let left = (known.planned_at + retention).since(now).min(KEPT_FOR);
        let key = CacheKey::dispatch(&self.prefix, of.delivery_id, of.repo);
        (!left.is_zero()).then(|| self.entry(key, known, left))
    }

    /// For what a report's run and token have spoken; the token is good until then.
    pub(crate) fn spoken(&self, of: &Reported<'_>, until: Timestamp, now: Timestamp) -> Vec<Entry> {
        let run = CacheKey::run(&self.prefix, of.repo, of.run);
        let run = self.entry(run, &Bound { to: of.delivery_id.to_owned() }, KEPT_FOR);
        let life = until.since(now);
        let token = of.token.filter(|_| !life.is_zero()).map(|(token, result)| {
            self.entry(CacheKey::token(&self.prefix, token), &Bound { to: result.to_owned() }, life)
        });
        std::iter::once(run).chain(token).collect()
    }

    /// What this node has lately taken of a repository's reports, where other nodes see it.
    pub(crate) fn taken(&self, repo: &RepoName, taken: &RateOfNode) -> Option<Entry> {
        let node = self.backend.node()?.to_owned();
        let key = CacheKey::rate(&self.prefix, repo);
        Some(Entry { field: Some(node), ..self.entry(key, taken, RATE_KEPT_FOR) })
    }

    pub(crate) fn entry(&self, key: CacheKey, value: &impl Serialize, ttl: Duration) -> Entry {
        Entry { key, field: None, value: values::write(value), ttl }
    }

    async fn one<T: DeserializeOwned>(&self, key: &CacheKey, now: Timestamp) -> Option<T> {
        let found = self.backend.get(std::slice::from_ref(key), now).await;
        found.into_iter().next().flatten().as_deref().and_then(values::read)
    }

    /// Whether it could have been written by us: what is believed without the store must at least stand in its own lane.
    fn is_plausible(&self, known: &SentDispatch) -> bool {
        let lane = match known.number {
            Some(number) => lanes::pull_lane(&self.up, number).as_str() == known.lane,
            None => known.lane.starts_with(lanes::push_lane(&self.up, "refs/").as_str()),
        };
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        lane && matches!(known.head_sha.len(), 40 | 64) && known.head_sha.bytes().all(hex)
    }
}

#[cfg(test)]
mod tests;
