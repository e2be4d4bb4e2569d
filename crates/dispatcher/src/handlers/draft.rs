//! A settlement in the making: history, rows and numbers about one run, gathered and then handed over whole.

use serde::Serialize;
use serde_json::Value;
use switchboard_clock::Timestamp;
use switchboard_store::{Key, NewFact, NewIntent, NewJob, RecordChange, Settlement, Subject, View};

use crate::facts::{About, Event, kinds};
use crate::handlers::NAME;
use crate::handlers::records::RunRecord;
use crate::handlers::tally::Tally;
use crate::keys;

/// A settlement about one source run.
pub(crate) struct Draft {
    about: About,
    subject: Subject,
    settlement: Settlement,
    /// What it counts.
    pub tally: Tally,
}

impl Draft {
    /// An empty settlement about this source.
    pub(crate) fn new(now: Timestamp, about: About, subject: Subject) -> Self {
        let tally = Tally::new(now, about.source_repo.as_ref());
        Self { about, subject, settlement: Settlement::done(), tally }
    }

    /// An empty settlement about a planned run.
    pub(crate) fn of(run: &RunRecord, now: Timestamp) -> Self {
        let source = &run.source;
        let about = About {
            delivery_id: run.delivery_id.clone(),
            source_repo: Some(source.repository.clone()),
            source_workflow: Some(source.workflow.clone()),
            source_run_id: Some(source.run_id),
            run_attempt: Some(source.run_attempt),
            installation_id: Some(source.installation_id),
            root_run_key: Some(run.lineage.root),
            depth: run.lineage.depth,
        };
        Self::new(now, about, keys::subject(&source.repository, &source.sha))
    }

    /// Appends a fact, and a log line if it ends something.
    pub(crate) fn fact(&mut self, event: &Event<'_>) {
        let fact = event.about(&self.about);
        log(&self.about, fact.kind, &fact.data);
        self.settlement.facts.push(NewFact {
            automation: NAME,
            subject: self.subject.clone(),
            kind: fact.kind.to_owned(),
            data: fact.data,
        });
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

    /// Enqueues a job.
    pub(crate) fn job(&mut self, job: NewJob) {
        self.settlement.jobs.push(job);
    }

    /// Puts an intent.
    pub(crate) fn intent(&mut self, intent: NewIntent) {
        self.settlement.intents.push(intent);
    }

    /// The settlement; the work is done.
    pub(crate) fn finish(self) -> Settlement {
        Settlement { counters: self.tally.into_adds(), ..self.settlement }
    }
}

/// One line for every skip and terminal outcome, whether issues are on or off.
fn log(about: &About, kind: &'static str, data: &Value) {
    let text = |member: &str| data.get(member).and_then(Value::as_str);
    let number = |member: &str| data.get(member).and_then(Value::as_u64);
    let source = about.source_repo.as_ref();
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                correlationId = about.delivery_id,
                deliveryId = about.delivery_id.split('#').next(),
                eventName = "workflow_run",
                sourceOwner = source.map(|name| name.owner()),
                sourceRepo = source.map(|name| name.name()),
                sourceWorkflow = about.source_workflow.as_ref().map(|file| file.as_str()),
                sourceRunId = about.source_run_id,
                targetRepo = text("targetRepo"),
                targetWorkflow = text("targetWorkflow"),
                outcome = kind,
                reason = text("reason"),
                attempts = number("attempts"),
                "{kind}"
            )
        };
    }
    match kind {
        kinds::TRIGGER_SUCCEEDED | kinds::TARGET_SIMULATED => line!(info),
        kinds::SOURCE_SKIPPED | kinds::TARGET_DENIED | kinds::TRIGGER_FAILED | kinds::PLAN_FAILED => line!(warn),
        kinds::CONFIG_INVALID => line!(warn),
        _ => {}
    }
}
