//! What a target and its results count as; each counts once, however often it is told.

use serde_json::json;
use switchboard_clock::Timestamp;

use super::{Ledger, millis};
use crate::advance::State;
use crate::count::{Class, class, e2e_field, moves};
use crate::records::{Counted, ProbeRecord, TargetState, keys, views};

impl Ledger<'_> {
    pub(super) fn average(&mut self, what: &str, at: Timestamp, value: u64) {
        if self.target.silent {
            return;
        }
        let kind = self.dispatch.kind;
        self.draft.count(kind, &self.target.repo, at, &format!("{what}_ms"), i64::try_from(value).unwrap_or(i64::MAX));
        self.draft.count(kind, &self.target.repo, at, &format!("{what}_n"), 1);
    }

    /// Moves the numbers from what was counted to what counts now, in the day of each row's first report.
    pub(super) fn settle_counts(&mut self) {
        if self.target.silent {
            return;
        }
        let probe = self.relay.config.probe_repo.as_ref() == Some(&self.target.repo);
        let counting = self.newest(|result| !result.is_open());
        for place in 0..self.results.len() {
            let result = &self.results[place];
            let name = (result.workflow.clone(), result.result.clone());
            let now = match result.state {
                State::Completed { conclusion, .. } if counting.get(&name) == Some(&place) => {
                    Some(class(&result.result, conclusion, result.decorations.verdict.as_ref(), probe))
                }
                _ => None,
            };
            let before = result.counted.as_ref().map(|counted| counted.class);
            let (kind, bucket) = (self.dispatch.kind, self.first_of(&name));
            let counted = now.map(|class| Counted { class, bucket, kind });
            for (field, by) in moves(before, now) {
                self.draft.count(kind, &self.target.repo, bucket, field, by);
            }
            self.results[place].counted = counted;
        }
        if !self.target.head_counted && !counting.is_empty() {
            self.target.head_counted = true;
            self.draft.count(self.dispatch.kind, &self.target.repo, self.draft.now, "heads", 1);
        }
        let never_reported = self.target.state == TargetState::NeverReported;
        // What was overtaken says nothing of the relay.
        if probe && (self.target.is_done() || never_reported) && self.target.superseded.is_none() {
            let passed = |place: &usize| {
                self.results[*place].counted.as_ref().is_some_and(|counted| counted.class == Class::Pass)
            };
            let record = ProbeRecord {
                head: self.dispatch.head.clone(),
                delivery_id: self.dispatch.delivery_id.clone(),
                as_expected: !counting.is_empty() && counting.values().all(passed),
            };
            self.draft.put(views::PROBE, keys::probe(&self.relay.up, self.dispatch.seq), &record);
        }
        self.settle_end_to_end();
    }

    /// When a name was first reported: all its attempts count in that day.
    fn first_of(&self, (workflow, result): &(String, String)) -> Timestamp {
        let attempts = self.results.iter().filter(|known| known.workflow == *workflow && known.result == *result);
        attempts.map(|known| known.first_at).min().unwrap_or(self.draft.now)
    }

    /// A run's end-to-end time moves as its last completion moves.
    fn settle_end_to_end(&mut self) {
        let Some(sent) = self.target.sent_at else { return };
        for run in &mut self.target.runs {
            let of_run = self.results.iter().filter(|result| result.run_id == run.id && result.attempt == 1);
            let last = of_run.filter_map(|result| result.completed_at).max();
            let field = last.map(|last| e2e_field(millis(last.since(sent))).to_owned());
            if field == run.e2e {
                continue;
            }
            let kind = self.dispatch.kind;
            let mut count = |field: &str, by| self.draft.count(kind, &self.target.repo, run.first_at, field, by);
            match &run.e2e {
                Some(field) => count(field, -1),
                None => count("runs", 1),
            }
            if let Some(field) = &field {
                count(field, 1);
            }
            run.e2e = field;
        }
    }

    /// A report or GitHub proves that the target was sent, whatever was believed.
    pub(in crate::handlers) fn proven(&mut self) {
        let believed = self.target.state;
        match believed {
            TargetState::Held | TargetState::Sent => return,
            TargetState::Unsent | TargetState::Unconfirmed => {
                let repo = &self.target.repo;
                let intent = keys::dispatch_intent(&self.dispatch.delivery_id, repo, self.target.generation);
                self.draft.withdraw(intent);
            }
            TargetState::NeverReported | TargetState::Failed | TargetState::Withdrawn => {}
        }
        if believed != TargetState::NeverReported {
            self.taken(self.draft.now, json!({ "attempts": self.target.attempts, "proven": true }));
        }
        self.believed_sent();
    }

    /// It was sent, whatever was believed before.
    pub(in crate::handlers) fn believed_sent(&mut self) {
        match self.target.state {
            TargetState::NeverReported => self.recount("never_reported", -1),
            TargetState::Failed => {
                self.recount("send_failed", -1);
                let key = keys::failed(&self.target.repo, self.dispatch.seq);
                self.draft.delete(views::FAILED, key);
            }
            _ => {}
        }
        self.target.state = TargetState::Sent;
        self.target.error = None;
    }

    /// GitHub has taken the dispatch: it counts as sent, once.
    pub(in crate::handlers) fn taken(&mut self, at: Timestamp, data: serde_json::Value) {
        let (id, repo) = (self.dispatch.delivery_id.clone(), self.target.repo.clone());
        self.draft.fact_of("target.sent", &id, &repo, data);
        if !self.target.silent {
            self.draft.count(self.dispatch.kind, &repo, at, "sent", 1);
        }
    }

    fn recount(&mut self, field: &str, by: i64) {
        if !self.target.silent {
            let now = self.draft.now;
            self.draft.count(self.dispatch.kind, &self.target.repo, now, field, by);
        }
    }
}
