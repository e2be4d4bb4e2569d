//! From counters to what pages show at once: an entry's windows, the board of all entries, and the daily look at levels.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Follows, KeyRange, Lane, NewJob, Settlement, Work};

use crate::allowlist::Level;
use crate::criteria::{DEMOTION_DAYS, PROMOTION_DAYS, evaluate, promotion, stability};
use crate::handlers::draft::Draft;
use crate::handlers::{BOARD, ROLLUP, Relay, job, payload};
use crate::records::{
    BoardEntry, BoardRecord, DailyRecord, HealthRecord, Kind, LevelRecord, SummaryRecord, keys, views,
};
use crate::window::{Sums, WINDOWS};

/// How long after a change an entry's windows are summed up again; what changes meanwhile costs nothing more.
const AFTER: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
/// When the day's look at levels is due, after midnight UTC: what came at its end is counted by then.
const EVALUATED_FROM: Duration = Duration::from_secs(10 * 60);
/// It looks often and works once a day, so that a server that slept over midnight catches up.
pub(super) const DAILY_EVERY: Duration = Duration::from_secs(10 * 60);
/// Entries that are looked at; there are never more.
const ENTRIES_MAX: usize = 1_000;

/// Whose windows to sum up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct RollupOrder {
    /// The entry; `None` for all together.
    repo: Option<RepoName>,
}

/// The job that sums an entry's windows up a little later; one that waits stands for all.
pub(super) fn rollup_job(repo: Option<&RepoName>, now: Timestamp) -> NewJob {
    let name = repo.map_or_else(|| "*".to_owned(), RepoName::key);
    let lane = Lane::from(format!("relay:rollup:{name}"));
    let order = RollupOrder { repo: repo.cloned() };
    let job = job(ROLLUP, lane, None, &order);
    NewJob { key: Some(format!("rollup/{name}")), due: Some(now + AFTER), follows: Follows::Nothing, ..job }
}

impl Relay {
    /// An entry's windows, of each tab.
    pub(super) async fn rollup(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let RollupOrder { repo } = payload(work)?;
        let subject = switchboard_engine::subject::repository(repo.as_ref().unwrap_or(&self.up).as_str());
        let mut draft = Draft::new(&self.up, context.now, subject);
        for kind in Kind::ALL {
            for (window, sums) in self.windows(context, repo.as_ref(), kind).await? {
                let key = keys::summary(&self.up, repo.as_ref(), kind, window);
                draft.put(views::SUMMARY, key, &SummaryRecord { sums, at: context.now });
            }
        }
        let board = job(BOARD, Lane::of("relay:board"), None, &json!({}));
        let due = Some(context.now + AFTER);
        draft.job(NewJob { key: Some("board".to_owned()), due, follows: Follows::Nothing, ..board });
        Ok(draft.finish())
    }

    /// The sums of each window: at most 24 hours and 90 days are read.
    async fn windows(
        &self,
        context: &Context,
        repo: Option<&RepoName>,
        kind: Kind,
    ) -> Result<Vec<(u32, Sums)>, Trouble> {
        let now = context.now;
        let from = |age: Duration| keys::day(&self.up, repo, kind, now - age);
        let tomorrow = keys::day(&self.up, repo, kind, now + DAY);
        let longest = DAY * (WINDOWS[WINDOWS.len() - 1] - 1);
        let range = KeyRange::between(from(longest).as_str(), tomorrow.as_str());
        let days = context.store.counters(&views::COUNT_DAY, range, 100).await?;
        let hour = |at| keys::hour_of(&self.up, repo, kind, at);
        let range = KeyRange::between(hour(now - HOUR * 23).as_str(), hour(now + HOUR).as_str());
        let hours = context.store.counters(&views::COUNT_HOUR, range, 30).await?;
        let of_days = |days_back: u32| {
            let first = from(DAY * (days_back - 1));
            Sums::of(days.iter().filter(|row| row.key >= first).map(|row| &row.counters))
        };
        Ok(WINDOWS
            .map(|window| match window {
                1 => (1, Sums::of(hours.iter().map(|row| &row.counters))),
                window => (window, of_days(window)),
            })
            .to_vec())
    }

    /// All entries side by side, the worst pass rate first.
    pub(super) async fn board(&self, context: &Context) -> Result<Settlement, Trouble> {
        let mut draft = Draft::new(&self.up, context.now, switchboard_engine::subject::repository(self.up.as_str()));
        let range = KeyRange::prefix(&keys::entries(&self.up));
        let listed: Vec<(_, LevelRecord)> = context.store.list(&views::LEVEL, range, ENTRIES_MAX).await?;
        let mut boards: BTreeMap<(Kind, u32), Vec<BoardEntry>> = BTreeMap::new();
        for (_, level) in listed {
            let repo = &level.entry.repo;
            for kind in Kind::ALL {
                let range = KeyRange::prefix(&keys::days(&self.up, Some(repo), kind));
                let rows: Vec<(_, SummaryRecord)> = context.store.list(&views::SUMMARY, range, WINDOWS.len()).await?;
                for (key, summary) in rows {
                    let Some(window) = key.as_str().rsplit('/').next().and_then(|window| window.parse().ok()) else {
                        continue;
                    };
                    boards.entry((kind, window)).or_default().push(BoardEntry {
                        repo: repo.clone(),
                        level: level.entry.level,
                        device: level.entry.device.clone(),
                        sums: summary.sums,
                    });
                }
            }
        }
        for ((kind, window), mut entries) in boards {
            entries.sort_by_key(|entry| entry.sums.pass_rate().unwrap_or(u64::MAX));
            draft.put(views::BOARD, keys::board(&self.up, kind, window), &BoardRecord { entries, at: context.now });
        }
        Ok(draft.finish())
    }

    /// Once a day, after its end: what each entry's numbers say of its level.
    pub(super) async fn daily(&self, context: &Context) -> Result<Settlement, Trouble> {
        let key = keys::upstream(&self.up);
        let last: Option<DailyRecord> = context.store.get(&views::DAILY, &key).await?;
        let today = (context.now - EVALUATED_FROM).format("%Y-%m-%d");
        if last.is_some_and(|last| last.day == today) {
            return Ok(Settlement::done());
        }
        let mut draft = Draft::new(&self.up, context.now, switchboard_engine::subject::repository(self.up.as_str()));
        let range = KeyRange::prefix(&keys::entries(&self.up));
        let listed: Vec<(_, LevelRecord)> = context.store.list(&views::LEVEL, range, ENTRIES_MAX).await?;
        for (_, level) in &listed {
            self.evaluate(&mut draft, level, context).await?;
            draft.job(rollup_job(Some(&level.entry.repo), context.now));
        }
        draft.job(rollup_job(None, context.now));
        draft.put(views::DAILY, key, &DailyRecord { day: today });
        Ok(draft.finish())
    }

    async fn evaluate(&self, draft: &mut Draft<'_>, level: &LevelRecord, context: &Context) -> Result<(), Trouble> {
        let repo = &level.entry.repo;
        let key = keys::entry(&self.up, repo);
        let mut health: HealthRecord = context.store.get(&views::HEALTH, &key).await?.unwrap_or_default();
        let criteria = &self.config.criteria;
        let days = if level.entry.level == Level::L2 { PROMOTION_DAYS } else { DEMOTION_DAYS };
        // The criteria are about pull requests and pushes alike; nightlies have a schedule of their own.
        let mut sums = Sums::default();
        let mut first = None;
        for kind in [Kind::PullRequest, Kind::Push] {
            let (from, to) = (context.now - DAY * days, context.now);
            let of = |at| keys::day(&self.up, Some(repo), kind, at);
            let range = KeyRange::between(of(from).as_str(), of(to).as_str());
            for row in context.store.counters(&views::COUNT_DAY, range, 100).await? {
                sums.add(&row.counters);
            }
            let all = KeyRange::prefix(&keys::days(&self.up, Some(repo), kind));
            let oldest = context.store.counters(&views::COUNT_DAY, all, 1).await?;
            let day = oldest.first().and_then(|row| row.key.as_str().rsplit('/').next().map(str::to_owned));
            let day = day.and_then(|day| Timestamp::parse(&format!("{day}T00:00:00Z")).ok());
            first = [first, day].into_iter().flatten().min();
        }
        let whole_days =
            |since: Timestamp| u32::try_from(context.now.since(since).as_secs() / DAY.as_secs()).unwrap_or(u32::MAX);
        let numbers = sums.numbers(whole_days(level.since), first.map(whole_days), criteria.p50_minutes);
        health.evaluated_at = Some(context.now);
        let was = health.demotion;
        match level.entry.level {
            Level::L2 => health.lines = promotion(criteria, &numbers),
            Level::L3 | Level::L4 => {
                health.lines = stability(criteria, &numbers).to_vec();
                health.demotion = health.demotion.after(evaluate(criteria, &numbers));
            }
            Level::L1 => health.lines.clear(),
        }
        if was.due != health.demotion.due {
            let kind = if health.demotion.due { "demotion.due" } else { "demotion.cleared" };
            draft.fact(kind, json!({ "repo": repo, "level": level.entry.level, "lines": health.lines }));
            let suppresses =
                self.config.demotion == crate::config::Demotion::Suppress && level.entry.level == Level::L3;
            if suppresses && health.suppresses(context.now) {
                draft.fact("demotion.suppressed", json!({ "repo": repo }));
            }
        }
        draft.put(views::HEALTH, key, &health);
        Ok(())
    }
}
