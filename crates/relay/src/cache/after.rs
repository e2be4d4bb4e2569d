//! What a committed settlement changes in the cache: nothing is put there of what was only intended.

use serde::de::DeserializeOwned;
use serde_json::Value;
use switchboard_github::RepoName;
use switchboard_store::{Key, RecordChange, Settlement, View};

use super::keys::CacheKey;
use super::values::{ActionInfo, AllowlistText};
use super::{Cache, Entry, KEPT_FOR};
use crate::advance::State;
use crate::config::Config;
use crate::keys::name_of;
use crate::records::{AllowlistRecord, PullRecord, ResultRecord, views};

impl Cache {
    /// What follows from a settlement.
    pub(crate) fn following(&self, settlement: &Settlement, config: &Config) -> Vec<Entry> {
        let mut entries = Vec::new();
        for (_, record) in puts::<AllowlistRecord>(settlement, views::ALLOWLIST) {
            // What was refused is asked for again; a text in force was read just now.
            if record.error.is_none() && record.list.is_some() {
                let key = CacheKey::allowlist(&self.prefix, &self.up);
                let source = config.allowlist.to_string();
                let (etag, fetched_at, yaml) = (record.etag, record.checked_at, record.text);
                let text = AllowlistText { source, etag, fetched_at, yaml };
                entries.push(self.entry(key, &text, config.allowlist_ttl));
            }
        }
        for (_, record) in puts::<PullRecord>(settlement, views::PULL) {
            let key = CacheKey::pull(&self.prefix, &self.up, record.info.number);
            entries.push(self.entry(key, &record.info, KEPT_FOR));
        }
        for (key, record) in puts::<ResultRecord>(settlement, views::RESULT) {
            let Some(repo) = of_result(key).filter(|_| !record.head.is_empty()) else { continue };
            let entry = self.entry(CacheKey::action(&self.prefix, &record.head, &repo), &info(&record), KEPT_FOR);
            entries.push(Entry { field: Some(key.as_str().to_owned()), ..entry });
        }
        entries
    }
}

/// The records of a view that a settlement puts.
fn puts<T: DeserializeOwned>(settlement: &Settlement, of: View) -> impl Iterator<Item = (&Key, T)> {
    settlement.records.iter().filter_map(move |change| match change {
        RecordChange::Put(view, key, value) if *view == of => Some((key, decoded(value)?)),
        _ => None,
    })
}

fn decoded<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// The repository that a result belongs to, by its key.
fn of_result(key: &Key) -> Option<RepoName> {
    name_of(key.as_str().split('/').nth(1)?)?.parse().ok()
}

fn info(record: &ResultRecord) -> ActionInfo {
    let (status, conclusion) = match record.state {
        State::Running => ("in_progress", None),
        State::Completed { conclusion, .. } => ("completed", Some(conclusion.as_str().to_owned())),
    };
    ActionInfo {
        workflow: record.workflow.clone(),
        result: record.result.clone(),
        status: status.to_owned(),
        conclusion,
        run_id: record.run_id.clone(),
        attempt: record.attempt,
        url: record.decorations.url.clone(),
    }
}
