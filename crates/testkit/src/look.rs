//! What a story looks at on the server's side.

use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use serde::de::DeserializeOwned;
use switchboard_store::{
    Attempt, Counters, Delivery, DeliveryFilter, Fact, FactsOf, Key, KeyRange, Record, Store, Subject, View, Work,
    WorkFilter, WorkId, WorkState,
};

use crate::world::World;

/// More rows than any story makes of anything.
const ALL: usize = 100_000;
/// Keys that stand for the runs of a schedule.
const SCHEDULED: &str = "schedule/";

impl World {
    /// The store, to read what the other methods do not.
    ///
    /// # Panics
    /// If the server is down; so do all methods that look into the store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.server().store
    }

    /// A handle on the store, for what lives beside the server. To be let go before the server restarts.
    #[must_use]
    pub fn store_handle(&self) -> Arc<dyn Store> {
        Arc::clone(&self.server().store)
    }

    /// The same as the server has it: what is read through it is counted, and [fails](World::fail_read) as it was told to.
    #[must_use]
    pub fn watched_handle(&self) -> Arc<dyn Store> {
        Arc::clone(&self.server().watched)
    }

    /// The statements that readers of the store have run since this was last asked, each with the lines of its plan.
    ///
    /// # Panics
    /// If SQLite does not explain a statement that it ran.
    #[must_use]
    pub fn statements(&self) -> Vec<(String, Vec<String>)> {
        let server = self.server();
        let seen = std::mem::take(&mut *server.statements.lock().unwrap_or_else(PoisonError::into_inner));
        let explained = |sql: String| {
            let plan = read(server.sqlite.explain(&sql));
            (sql, plan)
        };
        seen.into_iter().map(explained).collect()
    }

    /// The history of a subject, oldest first.
    pub async fn facts(&self, subject: impl Into<Subject>) -> Vec<Fact> {
        read(self.store().facts(FactsOf::Subject(subject.into()), None, ALL).await)
    }

    /// The kinds of the facts about a subject, oldest first.
    pub async fn fact_kinds(&self, subject: impl Into<Subject>) -> Vec<String> {
        self.facts(subject).await.into_iter().map(|fact| fact.kind).collect()
    }

    /// What followed from a webhook, oldest first; none if it never arrived.
    pub async fn facts_following(&self, guid: &str) -> Vec<Fact> {
        match self.delivery(guid).await {
            Some(delivery) => read(self.store().facts(FactsOf::Delivery(delivery.id), None, ALL).await),
            None => Vec::new(),
        }
    }

    /// All records of a view, in order of their keys.
    pub async fn records(&self, view: &View) -> Vec<Record> {
        read(self.store().records(view, KeyRange::all(), ALL).await)
    }

    /// A record, read as the type it was written from.
    ///
    /// # Panics
    /// If it is of another type.
    pub async fn record<T: DeserializeOwned>(&self, view: &View, key: impl Into<Key>) -> Option<T> {
        let value = read(self.store().record(view, &key.into()).await);
        value.map(|value| serde_json::from_value(value).expect("the record is of the type asked for"))
    }

    /// The counters under a key.
    pub async fn counter(&self, view: &View, key: impl Into<Key>) -> Counters {
        read(self.store().counter(view, &key.into()).await)
    }

    /// All deliveries, oldest first: webhooks, callbacks, operators' actions, starts of the server with schedules.
    pub async fn deliveries(&self) -> Vec<Delivery> {
        let mut deliveries = read(self.store().deliveries(DeliveryFilter::All, None, ALL).await);
        deliveries.reverse();
        deliveries
    }

    /// The webhook with this `X-GitHub-Delivery`, if it was taken in.
    pub async fn delivery(&self, guid: &str) -> Option<Delivery> {
        read(self.store().delivery_by_key(switchboard_engine::GITHUB, guid).await)
    }

    /// The raw body of that webhook.
    pub async fn body(&self, guid: &str) -> Option<Bytes> {
        match self.delivery(guid).await {
            Some(delivery) => read(self.store().body(delivery.id).await),
            None => None,
        }
    }

    /// The jobs and intents that follow from that webhook, oldest first.
    pub async fn works_of(&self, guid: &str) -> Vec<Work> {
        let Some(delivery) = self.delivery(guid).await else { return Vec::new() };
        let mut works = read(self.store().works(WorkFilter::Delivery(delivery.id), None, ALL).await);
        works.reverse();
        works
    }

    /// The jobs and intents of one kind in any state, oldest first.
    pub async fn works(&self, kind: &str) -> Vec<Work> {
        let mut works = Vec::new();
        for class in [switchboard_store::Class::Job, switchboard_store::Class::Intent] {
            works.extend(read(self.store().works(WorkFilter::Class(class), None, ALL).await));
        }
        works.retain(|work| work.kind == kind);
        works.sort_by_key(|work| work.id);
        works
    }

    /// The finished attempts of a job or intent, oldest first.
    pub async fn attempts(&self, work: WorkId) -> Vec<Attempt> {
        read(self.store().attempts(work).await)
    }

    /// The jobs and intents that are left to do, oldest first. What schedules will do is not among them.
    pub async fn unsettled(&self) -> Vec<Work> {
        if self.server.is_none() {
            return Vec::new();
        }
        let mut works = self.in_state(WorkState::Waiting).await;
        works.extend(self.in_state(WorkState::Leased).await);
        works.retain(|work| !work.key.as_deref().is_some_and(|key| key.starts_with(SCHEDULED)));
        works
    }

    /// The jobs and intents that were given up, oldest first.
    pub async fn dead_letters(&self) -> Vec<Work> {
        self.in_state(WorkState::Dead).await
    }

    pub(crate) async fn leased(&self) -> bool {
        !self.in_state(WorkState::Leased).await.is_empty()
    }

    async fn in_state(&self, state: WorkState) -> Vec<Work> {
        let mut works = read(self.store().works(WorkFilter::State(state), None, ALL).await);
        works.reverse();
        works
    }

    /// How many times the server has read from the store so far.
    #[must_use]
    pub fn store_reads(&self) -> u64 {
        self.plan.gauge.reads()
    }

    /// How many times the server has written to the store so far, claims included.
    #[must_use]
    pub fn store_writes(&self) -> u64 {
        self.plan.gauge.writes()
    }

    /// What was logged since the story began, at every level, stories beside it in the same process included.
    #[must_use]
    pub fn logs(&self) -> String {
        self.logs.text()
    }
}

fn read<T>(result: switchboard_store::Result<T>) -> T {
    result.expect("the store can be read")
}

/// One line for each.
pub(crate) fn listed(works: &[Work]) -> String {
    let line = |work: &Work| {
        let failure = work.failure.as_ref().map(|failure| format!(": {} ({})", failure.code, failure.message));
        format!(
            "  {} {} in queue {}, lane {}, {:?} since {}, due {}, {} attempts{}",
            work.automation,
            work.kind,
            work.queue,
            work.lane,
            work.state,
            work.created_at,
            work.due,
            work.attempts,
            failure.unwrap_or_default(),
        )
    };
    works.iter().map(line).collect::<Vec<_>>().join("\n")
}
