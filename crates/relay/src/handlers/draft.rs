//! A settlement in the making: history, rows and numbers, gathered and then handed over whole.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use switchboard_clock::Timestamp;
use switchboard_github::RepoName;
use switchboard_store::{
    Coalesce, CounterAdd, Follows, Installation, Key, NewFact, NewIntent, NewJob, RecordChange, Settlement, Subject,
    View, Withdrawal,
};

use crate::handlers::rollup::rollup_job;
use crate::handlers::{CHECK_RUN, NAME, TELL, job, told};
use crate::records::{DispatchRecord, Kind, Pulse, TargetRecord, TargetState, keys, views};

/// A settlement about one subject.
pub(crate) struct Draft<'d> {
    pub(crate) up: &'d RepoName,
    pub(crate) now: Timestamp,
    subject: Subject,
    settlement: Settlement,
    counters: BTreeMap<(View, Key), BTreeMap<String, i64>>,
    /// Entries whose numbers change.
    counted: BTreeSet<RepoName>,
}

impl<'d> Draft<'d> {
    /// An empty settlement about this subject.
    pub(crate) fn new(up: &'d RepoName, now: Timestamp, subject: Subject) -> Self {
        Self { up, now, subject, settlement: Settlement::done(), counters: BTreeMap::new(), counted: BTreeSet::new() }
    }

    /// An empty settlement about what a dispatch is about.
    pub(crate) fn of(up: &'d RepoName, now: Timestamp, dispatch: &DispatchRecord) -> Self {
        Self::new(up, now, subject(up, dispatch.number, &dispatch.head))
    }

    /// Appends a fact; `kind` without the automation's name before it.
    pub(crate) fn fact(&mut self, kind: &str, data: Value) {
        let (automation, subject) = (NAME, self.subject.clone());
        self.settlement.facts.push(NewFact { automation, subject, kind: format!("{NAME}.{kind}"), data });
    }

    /// Appends a fact about an entry.
    pub(crate) fn fact_of(&mut self, kind: &str, delivery_id: &str, entry: &RepoName, data: Value) {
        let mut members =
            Map::from_iter([("deliveryId".to_owned(), json!(delivery_id)), ("repo".to_owned(), json!(entry))]);
        if let Value::Object(data) = data {
            members.extend(data);
        }
        self.fact(kind, Value::Object(members));
    }

    /// Puts a record.
    pub(crate) fn put(&mut self, view: View, key: Key, value: &impl Serialize) {
        // The records are structs of plain members, so they always serialise.
        let value = serde_json::to_value(value).unwrap_or(Value::Null);
        self.settlement.records.push(RecordChange::Put(view, key, value));
    }

    /// Deletes a record.
    pub(crate) fn delete(&mut self, view: View, key: Key) {
        self.settlement.records.push(RecordChange::Delete(view, key));
    }

    /// Puts a target, and moves the gauges by what has changed.
    pub(crate) fn target(&mut self, delivery_id: &str, before: Option<&TargetRecord>, after: &TargetRecord) {
        let (was, is) = (before.map_or([("", 0); 3], gauges), gauges(after));
        for ((_, was), (field, is)) in was.into_iter().zip(is) {
            if was != is {
                for entry in [Some(&after.repo), None] {
                    self.add(views::GAUGE, keys::gauge(self.up, entry), field, is - was);
                }
            }
        }
        self.put(views::TARGET, keys::target(delivery_id, &after.repo), after);
    }

    /// Adds to a number of the day and hour of `at`, of the entry and of all.
    pub(crate) fn count(&mut self, kind: Kind, entry: &RepoName, at: Timestamp, field: &str, by: i64) {
        if self.counted.insert(entry.clone()) {
            self.job(rollup_job(Some(entry), self.now));
            self.job(rollup_job(None, self.now));
        }
        for entry in [Some(entry), None] {
            self.add(views::COUNT_DAY, keys::day(self.up, entry, kind, at), field, by);
            self.add(views::COUNT_HOUR, keys::hour_of(self.up, entry, kind, at), field, by);
        }
    }

    /// Adds to a number of the hour, of all entries: events and reports.
    pub(crate) fn count_all(&mut self, kind: Kind, field: &str) {
        self.add(views::COUNT_HOUR, keys::hour_of(self.up, None, kind, self.now), field, 1);
    }

    fn add(&mut self, view: View, key: Key, field: &str, by: i64) {
        *self.counters.entry((view, key)).or_default().entry(field.to_owned()).or_default() += by;
    }

    /// Notes that something of this kind happened just now.
    pub(crate) fn pulse(&mut self, what: &str, last: Option<Pulse>) {
        // Where nothing has happened for a while, the overview says so; from now on it does not.
        if last.as_ref().is_none_or(|last| self.now.since(last.at) >= told::EVERY) {
            let tell = job(TELL, told::LANE, None, &Value::Null);
            self.job(NewJob {
                key: Some("tell".to_owned()),
                due: Some(self.now + told::AFTER),
                follows: Follows::Nothing,
                ..tell
            });
        }
        if last.is_none_or(|last| self.now.since(last.at) >= Pulse::EVERY) {
            self.put(views::PULSE, keys::pulse(self.up, what), &Pulse { at: self.now });
        }
    }

    /// Enqueues a job.
    pub(crate) fn job(&mut self, job: NewJob) {
        self.settlement.jobs.push(job);
    }

    /// Takes an intent back.
    pub(crate) fn withdraw(&mut self, intent: String) {
        self.settlement.withdraw.push(Withdrawal::Intent(intent));
    }

    /// Puts an intent.
    pub(crate) fn intent(&mut self, intent: NewIntent) {
        self.settlement.intents.push(intent);
    }

    /// Asks for a check run to converge to what is wanted.
    pub(crate) fn check(&mut self, desired: &crate::checks::state::Desired, installation: Option<Installation>) {
        self.fact("check.wanted", desired.told());
        self.intent(NewIntent {
            automation: NAME,
            kind: CHECK_RUN.to_owned(),
            key: keys::check_intent(&desired.head, &desired.name),
            lane: None,
            installation,
            payload: serde_json::to_value(desired).unwrap_or(Value::Null),
            coalesce: Coalesce::Latest,
            order: Some(desired.order.clone()),
            due: None,
        });
    }

    /// Whether nothing is said of what happens.
    pub(crate) fn is_silent(&self) -> bool {
        self.settlement.facts.is_empty()
    }

    /// The settlement; the work is done.
    pub(crate) fn finish(self) -> Settlement {
        let counters = self.counters.into_iter().filter_map(|((view, key), add)| {
            let add: Vec<(String, i64)> = add.into_iter().filter(|(_, by)| *by != 0).collect();
            (!add.is_empty()).then_some(CounterAdd { view, key, add })
        });
        Settlement { counters: counters.collect(), ..self.settlement }
    }
}

/// What a dispatch's facts are about: the pull request, else the commit.
pub(crate) fn subject(up: &RepoName, number: Option<u64>, head: &str) -> Subject {
    match number {
        Some(number) => switchboard_engine::subject::number(up.as_str(), number),
        None => switchboard_engine::subject::commit(up.as_str(), head),
    }
}

/// What a target adds to the gauges.
fn gauges(target: &TargetRecord) -> [(&'static str, i64); 3] {
    let superseded = target.superseded.is_some();
    let held = target.state == TargetState::Held && !superseded;
    let sending = matches!(target.state, TargetState::Unsent | TargetState::Unconfirmed);
    // Below L2 nothing is reported, so that nothing waits for it either.
    let sent = target.state == TargetState::Sent && target.level.reports();
    let waiting = (sending || sent) && !target.has_reported() && !superseded;
    [("held", i64::from(held)), ("waiting", i64::from(waiting)), ("open", i64::from(target.open()))]
}
