//! The look at the whole list.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use switchboard_clock::Timestamp;
use switchboard_github::api::app::Installation;
use switchboard_store::{Key, KeyRange, Settlement, Work};

use super::{REPOSITORIES, Registered, Repositories, Seen, VIEW, app, covered, forget, words};
use crate::{Context, Trouble};

/// Pages of a hundred that a look reads: what is beyond has no record until a webhook tells of it.
const PAGES_MAX: usize = 8;
/// Records that a look compares with the list: as many as it can have written, and some more by webhooks.
const RECORDS_MAX: usize = PAGES_MAX * 100 + 100;
/// Installations whose selected repositories one look counts, those first that were counted longest ago. The others keep
/// what is known: webhooks tell when it changes.
const COUNTED_MAX: usize = 30;
/// Of these, so many at once.
const COUNTED_AT_ONCE: usize = 6;

/// Reads the list and writes it down; what is no longer on it is forgotten.
pub(crate) async fn look(_: &Work, context: &Context) -> Result<Settlement, Trouble> {
    let app = app(context).await?;
    let needed = words(&app.permissions);
    let (found, whole) = listed(context).await?;
    let known = context.store.list::<Seen>(&VIEW, KeyRange::all(), RECORDS_MAX).await?;
    let known: BTreeMap<Key, Seen> = known.into_iter().collect();
    let mut seen: BTreeMap<Key, Seen> = BTreeMap::new();
    for installation in found {
        let mut now = Seen::of(installation, &needed, context.now);
        let before = known.get(&now.key()).filter(|_| now.is_countable());
        now.repository_count = before.and_then(|before| before.repository_count);
        seen.insert(now.key(), now);
    }
    let mut settlement = Settlement { records: vec![Registered::of(&app).put()], ..Settlement::done() };
    for (id, repositories) in counted(context, &seen).await? {
        if let Some(seen) = seen.get_mut(&id) {
            seen.repository_count = Some(repositories.count);
            settlement.records.push(repositories.put(seen));
        }
    }
    settlement.records.extend(seen.values().map(Seen::put));
    if whole {
        let gone: BTreeSet<&Key> = known.keys().filter(|key| !seen.contains_key(key)).collect();
        settlement.records.extend(gone.into_iter().flat_map(forget));
    }
    Ok(settlement)
}

/// The installations, and whether these are all.
async fn listed(context: &Context) -> Result<(Vec<Installation>, bool), Trouble> {
    let mut found = Vec::new();
    let mut page = context.github.installations().fetch().await?;
    for left in (0..PAGES_MAX).rev() {
        found.append(&mut page.value);
        match page.answer.next() {
            Some(next) if left > 0 => page = context.github.installations().page(next).fetch().await?,
            Some(_) => return Ok((found, false)),
            None => break,
        }
    }
    Ok((found, true))
}

/// What some of them cover. One that does not say keeps nobody else from being counted.
async fn counted(context: &Context, seen: &BTreeMap<Key, Seen>) -> Result<Vec<(Key, Repositories)>, Trouble> {
    let known = context.store.list::<Repositories>(&REPOSITORIES, KeyRange::all(), RECORDS_MAX).await?;
    let known: BTreeMap<Key, Option<Timestamp>> = known.into_iter().map(|(key, row)| (key, row.seen_at)).collect();
    let mut countable: Vec<&Seen> = seen.values().filter(|seen| seen.is_countable()).collect();
    countable.sort_by_key(|seen| known.get(&seen.key()).copied().flatten());
    countable.truncate(COUNTED_MAX);
    let mut rows = Vec::new();
    for together in countable.chunks(COUNTED_AT_ONCE) {
        let asked = together.iter().map(|seen| covered::ask(context.github.clone(), seen.id, context.now));
        for (seen, told) in together.iter().zip(join_all(asked).await) {
            match told {
                Ok(repositories) => rows.push((seen.key(), repositories)),
                Err(error) => covered::untold(seen.id, &error),
            }
        }
    }
    Ok(rows)
}
