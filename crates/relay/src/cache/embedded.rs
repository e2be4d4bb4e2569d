//! The cache in this process: bounded maps, the oldest goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use switchboard_clock::Timestamp;

use super::backend::{Backend, Entry, Standing};
use super::keys::{CacheKey, Kind};
use crate::config::CacheBackend;

/// The allowlists of as many upstreams as one process could relay.
const ALLOWLISTS: usize = 16;
/// Pull requests, results, and dispatches at a repository that are kept.
const INFOS: usize = 10_000;
/// Runs and tokens whose bindings are kept, together.
const BOUND: usize = 100_000;

/// The cache in this process.
#[derive(Debug, Default)]
pub struct Embedded {
    allowlists: Mutex<Shelf>,
    pulls: Mutex<Shelf>,
    dispatches: Mutex<Shelf>,
    actions: Mutex<Shelf>,
    rates: Mutex<Shelf>,
    bound: Mutex<Shelf>,
}

/// Values of one kind.
#[derive(Debug, Default)]
struct Shelf {
    by_key: HashMap<String, Kept>,
    /// By when they were last put, oldest first.
    by_age: BTreeMap<u64, String>,
    puts: u64,
    /// Values of all keys, each field one.
    values: usize,
}

#[derive(Debug)]
struct Kept {
    put: u64,
    until: Timestamp,
    /// The one value stands under the empty name.
    fields: BTreeMap<String, Vec<u8>>,
}

impl Embedded {
    fn shelf(&self, kind: Kind) -> (MutexGuard<'_, Shelf>, usize) {
        let (shelf, most) = match kind {
            Kind::Allowlist => (&self.allowlists, ALLOWLISTS),
            Kind::Pull => (&self.pulls, INFOS),
            Kind::Dispatch => (&self.dispatches, INFOS),
            Kind::Action => (&self.actions, INFOS),
            Kind::Rate => (&self.rates, INFOS),
            Kind::Bound => (&self.bound, BOUND),
        };
        (shelf.lock().unwrap_or_else(PoisonError::into_inner), most)
    }

    /// Values of a kind that are kept now.
    #[must_use]
    pub fn kept(&self, kind: Kind) -> usize {
        self.shelf(kind).0.values
    }
}

impl Shelf {
    fn fields(&self, key: &str, now: Timestamp) -> Option<&BTreeMap<String, Vec<u8>>> {
        self.by_key.get(key).filter(|kept| now < kept.until).map(|kept| &kept.fields)
    }

    fn put(&mut self, entry: Entry, most: usize, now: Timestamp) {
        let Entry { key: CacheKey { text, .. }, field, value, ttl } = entry;
        self.puts += 1;
        let mut kept = self.take(&text).filter(|kept| now < kept.until);
        let fields = kept.as_mut().map(|kept| std::mem::take(&mut kept.fields)).unwrap_or_default();
        let mut kept = Kept { put: self.puts, until: now + ttl, fields };
        let name = field.unwrap_or_default();
        if kept.fields.contains_key(&name) || kept.fields.len() < most {
            kept.fields.insert(name, value);
        }
        self.values += kept.fields.len();
        self.by_age.insert(self.puts, text.clone());
        self.by_key.insert(text, kept);
        // The newest is never among what goes: a key alone holds no more than there is room for.
        while self.values > most {
            let Some((_, oldest)) = self.by_age.first_key_value() else { break };
            let oldest = oldest.clone();
            self.take(&oldest);
        }
    }

    fn take(&mut self, key: &str) -> Option<Kept> {
        let kept = self.by_key.remove(key)?;
        self.by_age.remove(&kept.put);
        self.values -= kept.fields.len();
        Some(kept)
    }
}

#[async_trait]
impl Backend for Embedded {
    fn kind(&self) -> CacheBackend {
        CacheBackend::Embedded
    }

    fn standing(&self) -> Standing {
        Standing::Ready
    }

    fn errors(&self) -> u64 {
        0
    }

    async fn get(&self, keys: &[CacheKey], now: Timestamp) -> Vec<Option<Vec<u8>>> {
        let one = |key: &CacheKey| self.shelf(key.kind).0.fields(&key.text, now)?.get("").cloned();
        keys.iter().map(one).collect()
    }

    async fn fields(&self, key: &CacheKey, now: Timestamp) -> Vec<(String, Vec<u8>)> {
        let (shelf, _) = self.shelf(key.kind);
        let fields = shelf.fields(&key.text, now).into_iter().flatten();
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    async fn put(&self, entries: Vec<Entry>, now: Timestamp) {
        for entry in entries {
            let (mut shelf, most) = self.shelf(entry.key.kind);
            shelf.put(entry, most, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(1_000_000 + seconds)
    }

    fn entry(kind: Kind, text: impl ToString, value: &str) -> Entry {
        Entry { key: key(kind, text), field: None, value: value.as_bytes().to_vec(), ttl: MINUTE }
    }

    #[expect(clippy::needless_pass_by_value, reason = "numbers and names alike")]
    fn key(kind: Kind, text: impl ToString) -> CacheKey {
        CacheKey { kind, text: text.to_string() }
    }

    async fn get(cache: &Embedded, key: CacheKey, now: Timestamp) -> Option<String> {
        let found = cache.get(&[key], now).await.remove(0);
        found.map(|value| String::from_utf8(value).unwrap())
    }

    #[tokio::test]
    async fn a_value_is_there_until_its_time_is_over() {
        let cache = Embedded::default();
        cache.put(vec![entry(Kind::Pull, "a", "old"), entry(Kind::Pull, "a", "new")], at(0)).await;
        assert_eq!(get(&cache, key(Kind::Pull, "a"), at(59)).await.as_deref(), Some("new"));
        assert_eq!(get(&cache, key(Kind::Pull, "a"), at(60)).await, None);
        assert_eq!(get(&cache, key(Kind::Dispatch, "a"), at(0)).await, None, "kinds do not mix");
    }

    #[tokio::test]
    async fn each_kind_keeps_as_much_as_it_may_and_forgets_the_oldest_first() {
        for (kind, most) in [(Kind::Pull, 10_000), (Kind::Dispatch, 10_000), (Kind::Bound, 100_000)] {
            let cache = Embedded::default();
            let all: Vec<Entry> = (0..most + 5).map(|n| entry(kind, n, "x")).collect();
            cache.put(all, at(0)).await;
            assert_eq!(cache.kept(kind), most);
            assert_eq!(get(&cache, key(kind, 4), at(1)).await, None);
            assert!(get(&cache, key(kind, 5), at(1)).await.is_some());
            assert!(get(&cache, key(kind, most + 4), at(1)).await.is_some());
        }
    }

    #[tokio::test]
    async fn fields_are_kept_beside_each_other_and_count_each() {
        let cache = Embedded::default();
        let field = |key: u32, name: u32| Entry { field: Some(name.to_string()), ..entry(Kind::Action, key, "x") };
        cache.put(vec![field(1, 1), field(1, 2), field(1, 1)], at(0)).await;
        let names: Vec<String> =
            cache.fields(&key(Kind::Action, 1), at(0)).await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["1", "2"]);
        // One key alone can fill the room, and no more than that.
        cache.put((0..10_050).map(|n| field(2, n)).collect(), at(0)).await;
        assert_eq!(cache.kept(Kind::Action), 10_000);
        assert!(cache.fields(&key(Kind::Action, 1), at(0)).await.is_empty());
        cache.put(vec![field(3, 0)], at(0)).await;
        assert_eq!(cache.kept(Kind::Action), 1);
    }
}
