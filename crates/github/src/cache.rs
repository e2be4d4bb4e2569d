//! Bodies kept with their ETag, so that reading them again costs nothing when GitHub answers 304.
//!
//! An entry never decides anything by itself: GitHub is asked every time. The memory is bounded in bytes; what was used
//! least recently goes first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::HeaderValue;

use crate::auth::Auth;
use crate::limits::MAX_CACHED_BODY;

/// What makes two reads the same read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ReadKey {
    pub url: String,
    pub accept: &'static str,
    /// Whose eyes read: another scope may see something else.
    pub auth: Auth,
}

/// A body with what GitHub needs to tell whether it is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cached {
    pub etag: HeaderValue,
    pub content_type: Option<HeaderValue>,
    pub link: Option<HeaderValue>,
    pub body: Bytes,
}

#[derive(Debug, Default)]
struct Entries {
    by_key: HashMap<ReadKey, (u64, Cached)>,
    by_use: BTreeMap<u64, ReadKey>,
    uses: u64,
    bytes: usize,
}

/// The bounded memory.
#[derive(Debug)]
pub(crate) struct EtagCache {
    capacity: usize,
    entries: Mutex<Entries>,
}

/// What an entry weighs beside its body: the key twice, and the maps' own memory.
const OVERHEAD_BYTES: usize = 512;

fn weight(key: &ReadKey, cached: &Cached) -> usize {
    cached.body.len() + 2 * key.url.len() + OVERHEAD_BYTES
}

impl EtagCache {
    /// Keeps at most `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, entries: Mutex::default() }
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, key: &ReadKey) -> Option<Cached> {
        let mut entries = self.entries();
        let entries = &mut *entries;
        let (used, cached) = entries.by_key.get_mut(key)?;
        entries.by_use.remove(used);
        entries.uses += 1;
        *used = entries.uses;
        entries.by_use.insert(*used, key.clone());
        Some(cached.clone())
    }

    /// Keeps an entry in place of an older one; a body too large is not kept.
    pub(crate) fn put(&self, key: ReadKey, cached: Cached) {
        let mut entries = self.entries();
        entries.remove(&key);
        let weight = weight(&key, &cached);
        if cached.body.len() > MAX_CACHED_BODY || weight > self.capacity {
            return;
        }
        while entries.bytes + weight > self.capacity {
            let Some((_, oldest)) = entries.by_use.first_key_value() else { break };
            let oldest = oldest.clone();
            entries.remove(&oldest);
        }
        entries.bytes += weight;
        entries.uses += 1;
        let used = entries.uses;
        entries.by_use.insert(used, key.clone());
        entries.by_key.insert(key, (used, cached));
    }

    /// Forgets an entry, because GitHub answered something else.
    pub(crate) fn remove(&self, key: &ReadKey) {
        self.entries().remove(key);
    }
}

impl Entries {
    fn remove(&mut self, key: &ReadKey) {
        if let Some((used, cached)) = self.by_key.remove(key) {
            self.by_use.remove(&used);
            self.bytes -= weight(key, &cached);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(n: usize) -> ReadKey {
        ReadKey { url: format!("https://api.github.com/{n}"), accept: "x", auth: Auth::App }
    }

    fn cached(size: usize) -> Cached {
        let etag = HeaderValue::from_static("\"e\"");
        Cached { etag, content_type: None, link: None, body: Bytes::from(vec![b'x'; size]) }
    }

    #[test]
    fn what_was_used_least_recently_goes_first() {
        let cache = EtagCache::new(2 * weight(&key(1), &cached(1_000)));
        cache.put(key(1), cached(1_000));
        cache.put(key(2), cached(1_000));
        assert!(cache.get(&key(1)).is_some());
        cache.put(key(3), cached(1_000));
        assert!(cache.get(&key(2)).is_none());
        assert!(cache.get(&key(1)).is_some() && cache.get(&key(3)).is_some());
    }

    #[test]
    fn large_bodies_are_not_kept_and_replace_what_was() {
        let cache = EtagCache::new(10 * MAX_CACHED_BODY);
        cache.put(key(1), cached(MAX_CACHED_BODY));
        assert!(cache.get(&key(1)).is_some());
        cache.put(key(1), cached(MAX_CACHED_BODY + 1));
        assert!(cache.get(&key(1)).is_none());
        assert_eq!(cache.entries().bytes, 0);
    }

    proptest! {
        #[test]
        fn it_never_outgrows_its_capacity(steps in prop::collection::vec((0..20usize, 0..5_000usize, 0..3u8), 0..200)) {
            let cache = EtagCache::new(20_000);
            for (n, size, action) in steps {
                match action {
                    0 => drop(cache.get(&key(n))),
                    1 => cache.remove(&key(n)),
                    _ => cache.put(key(n), cached(size)),
                }
                let entries = cache.entries();
                let sum: usize = entries.by_key.iter().map(|(key, (_, cached))| weight(key, cached)).sum();
                prop_assert_eq!(sum, entries.bytes);
                prop_assert!(sum <= 20_000 && entries.by_key.len() == entries.by_use.len());
            }
        }
    }
}
