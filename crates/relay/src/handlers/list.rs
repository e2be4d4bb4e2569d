//! The allowlist: read, judged, compared and written, in one lane.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;
use switchboard_engine::yaml::{Diagnostic, Severity};
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::repos::{File, KnownFile};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, RepoName, Scope};
use switchboard_store::{KeyRange, Settlement, Work};

use crate::allowlist::{Allowlist, AllowlistSource, BUDGET, Level, MAX_ENTRIES, diff, parse};
use crate::handlers::draft::Draft;
use crate::handlers::{PROJECT, Relay, TELL, job, told};
use crate::observe::AllowlistReason;
use crate::records::{AllowlistError, AllowlistRecord, Kind, LevelRecord, RowRecord, keys, views};

/// Rows of an entry that dropped out that are looked at for check runs to take back.
const FOLLOWED: usize = 50;

/// The entries as they stood.
type Listed = HashMap<RepoName, LevelRecord>;

/// What became of reading the list's source.
enum Read {
    /// Its text, and by what GitHub tells whether that is still the same.
    Text(Vec<u8>, Option<String>),
    /// Why there is none, and the same in a sentence.
    Unusable(AllowlistReason, String),
}

impl Relay {
    pub(super) async fn read_list(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let known: Option<AllowlistRecord> = context.store.get(&views::ALLOWLIST, &keys::upstream(&self.up)).await?;
        if let Some(known) = &known
            && work.payload.is_null()
            && self.was_just_read(known, context).await
        {
            return Ok(Settlement::done());
        }
        let read = match self.read_source(known.as_ref(), context).await {
            Ok(read) => read,
            // The last good list stays in force; before there is one, trying again is all that helps.
            Err(error) if known.as_ref().is_none_or(|known| known.list.is_none()) => {
                self.observer.allowlist_error(AllowlistReason::Unreachable);
                return Err(error.into());
            }
            Err(error) => {
                Read::Unusable(AllowlistReason::Unreachable, format!("the allowlist could not be read: {error}"))
            }
        };
        let mut draft = Draft::new(&self.up, context.now, switchboard_engine::subject::repository(self.up.as_str()));
        let listed: Vec<(_, LevelRecord)> =
            context.store.list(&views::LEVEL, KeyRange::prefix(&keys::entries(&self.up)), MAX_ENTRIES).await?;
        let listed = listed.into_iter().map(|(_, level)| (level.entry.repo.clone(), level)).collect();
        let record = self.judged(&mut draft, known, &listed, read);
        self.follow_drops(&mut draft, context, &listed, record.list.as_ref()).await?;
        draft.put(views::ALLOWLIST, keys::upstream(&self.up), &record);
        if !draft.is_silent() {
            draft.job(job(TELL, told::LANE, None, &json!({})));
        }
        Ok(draft.finish())
    }

    /// What the record becomes by what was read.
    fn judged(
        &self,
        draft: &mut Draft<'_>,
        known: Option<AllowlistRecord>,
        listed: &Listed,
        read: Read,
    ) -> AllowlistRecord {
        let now = draft.now;
        let mut record = known.unwrap_or(AllowlistRecord {
            list: None,
            text: String::new(),
            etag: None,
            since: None,
            checked_at: now,
            warnings: Vec::new(),
            error: None,
        });
        record.checked_at = now;
        let (bytes, etag) = match read {
            Read::Text(bytes, etag) => (bytes, etag),
            Read::Unusable(reason, message) => {
                self.refuse(draft, &mut record, reason, message, Vec::new());
                return record;
            }
        };
        let (list, diagnostics) = parse(&bytes);
        let Some(list) = list else {
            let first = diagnostics.iter().find(|diagnostic| diagnostic.severity == Severity::Error);
            let message = first.map_or_else(|| "the allowlist is invalid".to_owned(), Diagnostic::to_string);
            self.refuse(draft, &mut record, AllowlistReason::Invalid, message, diagnostics);
            return record;
        };
        if record.error.take().is_some() || record.list.as_ref() != Some(&list) {
            let old = record.list.take().unwrap_or_default();
            self.replace(draft, &old, &list, listed);
            record.since = Some(now);
        }
        // The same entries may come in another text: comments, order of keys.
        record.text = String::from_utf8_lossy(&bytes).into_owned();
        record.etag = etag;
        record.warnings = diagnostics;
        record.list = Some(list);
        record
    }

    /// Puts a new list in force: every entry that changes, and those that are gone.
    fn replace(&self, draft: &mut Draft<'_>, old: &Allowlist, new: &Allowlist, listed: &Listed) {
        let now = draft.now;
        let changes = diff(old, new);
        draft.fact("allowlist.changed", json!({ "entries": new.entries().len(), "changes": changes }));
        for change in &changes {
            if change.is_of_level() {
                draft.fact("level.changed", json!({ "repo": change.repo, "change": change.word(), "before": change.before, "after": change.after }));
            }
            let key = keys::entry(&self.up, &change.repo);
            match new.entry(&change.repo) {
                Some(entry) => {
                    let stood = listed.get(&change.repo).filter(|_| !change.is_of_level());
                    let since = stood.map_or(now, |level| level.since);
                    draft.put(views::LEVEL, key, &LevelRecord { entry: entry.clone(), since });
                }
                None => draft.delete(views::LEVEL, key),
            }
        }
    }

    /// Lets check runs of entries that dropped out of sight say so, and gates of those that are on L4 no more, on the pull requests that
    /// they were last sent.
    async fn follow_drops(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        listed: &Listed,
        list: Option<&Allowlist>,
    ) -> Result<(), Trouble> {
        let Some(list) = list else { return Ok(()) };
        let reports = |repo: &RepoName| list.entry(repo).is_some_and(|entry| entry.level.reports());
        let mut numbers = BTreeSet::new();
        let gates = |repo: &RepoName| list.entry(repo).is_some_and(|entry| entry.level == Level::L4);
        let dropped = |level: &&LevelRecord| {
            let (stood, repo) = (level.entry.level, &level.entry.repo);
            stood.checks() && !reports(repo) || stood == Level::L4 && !gates(repo)
        };
        for level in listed.values().filter(dropped) {
            let range = KeyRange::prefix(&keys::rows_of(&level.entry.repo, &self.up, Kind::PullRequest));
            let rows: Vec<(_, RowRecord)> = context.store.list(&views::ROW_REPO, range, FOLLOWED).await?;
            numbers.extend(rows.into_iter().filter_map(|(_, row)| row.number));
        }
        for number in numbers {
            draft.job(job(PROJECT, keys::pull_lane(&self.up, number), None, &json!({ "number": number })));
        }
        Ok(())
    }

    /// Whether another node has just read the list in force, so that the schedule need not ask GitHub again. A text that the store
    /// does not know is never taken from the cache.
    async fn was_just_read(&self, known: &AllowlistRecord, context: &Context) -> bool {
        let Some(cached) = self.cache.allowlist(context.now).await.filter(|_| known.error.is_none()) else {
            return false;
        };
        let fresh =
            cached.fetched_at <= context.now && context.now.since(cached.fetched_at) < self.config.allowlist_ttl;
        let same_source = cached.source == self.config.allowlist.to_string();
        fresh && same_source && known.list.is_some() && cached.yaml == known.text && cached.etag == known.etag
    }

    async fn read_source(&self, known: Option<&AllowlistRecord>, context: &Context) -> Result<Read, Error> {
        let repo = self.config.allowlist.repo(&self.up);
        let git_ref = match &self.config.allowlist {
            AllowlistSource::Upstream { .. } => None,
            AllowlistSource::Blob(blob) => {
                let web = format!("https://{}", blob.host);
                if !web.eq_ignore_ascii_case(&self.web) {
                    let message = format!("the allowlist stands on {web}, and this server talks to {}", self.web);
                    return Ok(Read::Unusable(AllowlistReason::Unreachable, message));
                }
                Some(blob.git_ref.as_str())
            }
        };
        let Some(scope) = self.reading(context, repo).await? else {
            let message = format!("the App is not installed on {repo}, where the allowlist stands");
            return Ok(Read::Unusable(AllowlistReason::Missing, message));
        };
        let path = self.config.allowlist.path();
        // What was read in an earlier life of the server is asked about, and not read again.
        let known = known
            .filter(|known| known.list.is_some())
            .and_then(|known| Some(KnownFile { bytes: known.text.clone().into(), etag: known.etag.clone()? }));
        Ok(match context.github.file_known(scope, repo, path, git_ref, known, BUDGET.bytes).await? {
            File::Found { bytes, etag, .. } => Read::Text(bytes.to_vec(), etag),
            File::TooLarge => {
                Read::Unusable(AllowlistReason::Invalid, format!("the allowlist is longer than {} bytes", BUDGET.bytes))
            }
            File::NotAFile => Read::Unusable(AllowlistReason::Missing, format!("{path} in {repo} is no file")),
            File::Missing => Read::Unusable(AllowlistReason::Missing, format!("there is no {path} in {repo}")),
        })
    }

    /// A token that reads one repository's contents.
    pub(crate) async fn reading(&self, context: &Context, repo: &RepoName) -> Result<Option<Scope>, Error> {
        let installation = self.installed.of(context, repo).await?;
        Ok(installation
            .map(|installation| Scope::new(installation, Permission::CONTENTS, Access::Read).on_named(repo.clone())))
    }

    /// Keeps the list in force, and says why once.
    fn refuse(
        &self,
        draft: &mut Draft<'_>,
        record: &mut AllowlistRecord,
        reason: AllowlistReason,
        message: String,
        diagnostics: Vec<Diagnostic>,
    ) {
        self.observer.allowlist_error(reason);
        let reason = reason.as_str();
        let told = record.error.as_ref().is_some_and(|error| error.reason == reason && error.message == message);
        let since = record.error.as_ref().filter(|_| told).map_or(draft.now, |error| error.since);
        if !told {
            let line = diagnostics.first().map(|diagnostic| diagnostic.line);
            draft.fact("allowlist.refused", json!({ "reason": reason, "message": message, "line": line }));
        }
        record.error = Some(AllowlistError { reason: reason.to_owned(), message, since, diagnostics });
    }
}
