//! A push upstream: it is planned, and may have changed the allowlist.

use switchboard_engine::{Context, Trouble};
use switchboard_store::{Outcome, Settlement, Work};

use crate::handlers::draft::{Draft, subject};
use crate::handlers::pull::{remember, upstream_event};
use crate::handlers::{ALLOWLIST, Relay, context, job, plan};
use crate::plan::{Event, plan};
use crate::push;
use crate::records::{DispatchRecord, HeadRecord, Kind, keys, views};

impl Relay {
    pub(super) async fn push(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let (delivery, body) = upstream_event(work, context).await?;
        let event = push::read(&body).map_err(|error| Trouble::permanent("payload_unusable", error.to_string()))?;
        let touched = self.may_change_list(&event, &body);
        let list = match self.list(context).await {
            // It may be the first one that is valid.
            Err(Trouble::Wait { until, failure, .. }) if touched && work.attempts <= 1 => {
                let outcome = Outcome::Retry { at: until, failure, counted: true, unanswered: false };
                let read = job(ALLOWLIST, keys::ALLOWLIST_LANE, work.installation, &serde_json::json!({}));
                return Ok(Settlement { outcome, jobs: vec![read], ..Settlement::done() });
            }
            list => list?,
        };
        if context::dispatch(context, &delivery.guid).await?.is_some() {
            return Ok(Settlement::done());
        }
        let mut draft = Draft::new(&self.up, context.now, subject(&self.up, None, event.after.as_str()));
        draft.pulse("event", self.last_pulse(context, "event").await?);
        draft.count_all(Kind::Push, "events");
        if touched {
            draft.job(job(ALLOWLIST, keys::ALLOWLIST_LANE, work.installation, &serde_json::json!({})));
        }
        let dispatch = DispatchRecord {
            delivery_id: delivery.guid,
            seq: delivery.seq,
            kind: Kind::Push,
            action: None,
            number: None,
            head: event.after.as_str().to_owned(),
            git_ref: Some(event.full_ref.clone()),
            base: None,
            labels: Vec::new(),
            title: event.title.clone(),
            author: event.sender.clone(),
            planned_at: context.now,
            lane: keys::push_lane(&self.up, &event.full_ref).as_str().to_owned(),
            skipped: Vec::new(),
            superseded: None,
        };
        let key = keys::head(&self.up, event.after.as_str(), &event.full_ref);
        let event = Event::Push(event);
        let verdicts = plan(&list, &event, &crate::plan::Memory::default(), &self.config);
        let (dispatch, _) = plan::plan(&mut draft, &self.config, dispatch, &verdicts, &body)?;
        let mut head: HeadRecord = context.store.get(&views::HEAD, &key).await?.unwrap_or_default();
        remember(&mut head.dispatches, dispatch.delivery_id);
        draft.put(views::HEAD, key, &head);
        Ok(draft.finish())
    }

    /// Whether the push may have changed the file that the list is read from. One too many is only a read that finds nothing new.
    fn may_change_list(&self, event: &push::PushEvent, body: &[u8]) -> bool {
        let source = &self.config.allowlist;
        let default_branch = event.default_branch.as_deref().unwrap_or_default();
        source.moves_with(&event.repository, &event.full_ref, &self.up, default_branch)
            && push::may_touch(body, source.path())
    }
}
