//! Somebody clicked *Re-run* on the upstream: what the check run stands for runs again downstream.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Coalesce, KeyRange, NewIntent, NewJob, Settlement, Work, WorkFilter};

use crate::checks::name::{Named, read};
use crate::deliver::RerunOrder;
use crate::handlers::draft::{Draft, subject};
use crate::handlers::pull::upstream_event;
use crate::handlers::{NAME, OPERATE, OperatorOrder, PROJECT, REDISPATCH, RERUN, Relay, context, job};
use crate::records::{HeadRecord, RunRecord, TargetRecord, TargetState, keys, views};

/// How long repeated clicks count as one.
const ABSORBED: Duration = Duration::from_secs(600);
/// Pull requests and refs that may share a commit and are looked at.
const SHARING_MAX: usize = 20;

#[derive(Deserialize)]
struct Event {
    check_run: Option<Check>,
    check_suite: Option<Check>,
    sender: Option<Sender>,
}

#[derive(Deserialize)]
struct Sender {
    login: String,
}

#[derive(Deserialize)]
struct Check {
    head_sha: String,
    name: Option<String>,
    external_id: Option<String>,
    app: Option<App>,
}

#[derive(Deserialize)]
struct App {
    id: u64,
}

impl Relay {
    pub(super) async fn rerequest(&self, work: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let (_, body) = upstream_event(work, context).await?;
        let unusable = |error: &dyn std::fmt::Display| Trouble::permanent("payload_unusable", error.to_string());
        let event: Event = serde_json::from_slice(&body).map_err(|error| unusable(&error))?;
        let (check, single) = match (event.check_run, event.check_suite) {
            (Some(check), _) => (check, true),
            (None, Some(suite)) => (suite, false),
            (None, None) => return Err(unusable(&"neither a check run nor a check suite")),
        };
        if check.app.as_ref().map(|app| app.id) != Some(context.github.app_id().0) {
            return Ok(Settlement::done());
        }
        let about = check.external_id.as_deref().and_then(|id| id.rsplit_once(':'));
        let number = about.and_then(|(_, number)| number.parse().ok());
        let mut draft = Draft::new(&self.up, context.now, subject(&self.up, number, &check.head_sha));
        if !single {
            self.rerun_suite(&mut draft, &check.head_sha, context).await?;
            return Ok(draft.finish());
        }
        match check.name.as_deref().and_then(read) {
            None => {}
            Some(Named::Gate) => {
                if let Some(number) = number {
                    let order = json!({ "number": number, "gate": true });
                    draft.job(job(PROJECT, keys::pull_lane(&self.up, number), None, &order));
                }
            }
            Some(Named::Result(repo)) => {
                let run = about.map(|(run, _)| run.to_owned()).unwrap_or_default();
                self.rerun(&mut draft, &repo, &run, false, (&check.head_sha, number), context).await?;
            }
            Some(Named::Target(repo)) => {
                let by = event.sender.map(|sender| sender.login).unwrap_or_default();
                self.rerun_target(&mut draft, &repo, (&check.head_sha, number), by, context).await?;
            }
        }
        Ok(draft.finish())
    }

    /// Runs a run again, if the entry's level still has check runs.
    async fn rerun(
        &self,
        draft: &mut Draft<'_>,
        repo: &RepoName,
        run: &str,
        all: bool,
        (head, number): (&str, Option<u64>),
        context: &Context,
    ) -> Result<(), Trouble> {
        let unusable = run.parse::<u64>().is_err().then_some("no_run");
        if let Some(reason) = self.refusal(repo, context).await?.or(unusable) {
            draft.fact("rerun.refused", json!({ "repo": repo, "run": run, "reason": reason }));
            return Ok(());
        }
        let known: Option<RunRecord> = context.store.get(&views::RUN, &keys::run(repo, run)).await?;
        let attempt = known.map_or(1, |known| known.attempt);
        let kind = if all { "all" } else { "failed" };
        let order =
            RerunOrder { repo: repo.clone(), run: run.parse().unwrap_or_default(), all, head: head.to_owned(), number };
        let key = keys::rerun_intent(repo, run, attempt, kind);
        let asked = context.store.works(WorkFilter::IntentKey(key.clone()), None, 1).await?;
        if asked.first().is_some_and(|asked| asked.settled_at.is_none() || draft.now.since(asked.created_at) < ABSORBED)
        {
            return Ok(());
        }
        draft.intent(NewIntent {
            automation: NAME,
            kind: RERUN.to_owned(),
            key,
            lane: None,
            installation: None,
            payload: serde_json::to_value(&order).unwrap_or_default(),
            coalesce: Coalesce::Latest,
            order: None,
            due: None,
        });
        Ok(())
    }

    /// Why nothing of an entry is run again: its level has no check runs now.
    async fn refusal(&self, repo: &RepoName, context: &Context) -> Result<Option<&'static str>, Trouble> {
        Ok(match self.entry(context, repo).await? {
            None => Some("not_listed"),
            Some(level) if !level.entry.level.checks() => Some("level"),
            Some(_) => None,
        })
    }

    /// A target's check run stands for its newest run; a target that never ran is sent again.
    async fn rerun_target(
        &self,
        draft: &mut Draft<'_>,
        repo: &RepoName,
        (head, number): (&str, Option<u64>),
        by: String,
        context: &Context,
    ) -> Result<(), Trouble> {
        let Some((delivery_id, target)) = self.newest_target(head, repo, context).await? else { return Ok(()) };
        if let Some(run) = target.newest_run() {
            return self.rerun(draft, repo, &run.id, false, (head, number), context).await;
        }
        if let Some(reason) = self.refusal(repo, context).await? {
            draft.fact("rerun.refused", json!({ "repo": repo, "deliveryId": delivery_id, "reason": reason }));
            return Ok(());
        }
        let absorbed = target.sent_at.is_some_and(|sent| draft.now.since(sent) < ABSORBED);
        if absorbed || matches!(target.state, TargetState::Unsent | TargetState::Unconfirmed) {
            return Ok(());
        }
        // What becomes of a target is decided in its dispatch's lane.
        let Some(dispatch) = context::dispatch(context, &delivery_id).await? else { return Ok(()) };
        let key = format!("redispatch/{delivery_id}/{}/{}", repo.key(), target.generation);
        let order = OperatorOrder {
            repo: Some(repo.clone()),
            delivery_id: Some(delivery_id),
            lane: Some(dispatch.lane.clone()),
            actor: by,
            action: REDISPATCH.to_owned(),
        };
        draft.job(NewJob { key: Some(key), ..job(OPERATE, dispatch.lane.into(), None, &order) });
        Ok(())
    }

    /// The newest target of an entry on a commit.
    async fn newest_target(
        &self,
        head: &str,
        repo: &RepoName,
        context: &Context,
    ) -> Result<Option<(String, TargetRecord)>, Trouble> {
        let range = KeyRange::prefix(&keys::heads(&self.up, head));
        let heads: Vec<(_, HeadRecord)> = context.store.list(&views::HEAD, range, SHARING_MAX).await?;
        let mut newest: Option<(String, TargetRecord)> = None;
        for delivery_id in heads.into_iter().flat_map(|(_, head)| head.dispatches) {
            if let Some(target) = context::target(context, &delivery_id, repo).await? {
                let newer = newest.as_ref().is_none_or(|(_, known)| known.planned_at <= target.planned_at);
                if newer {
                    newest = Some((delivery_id, target));
                }
            }
        }
        Ok(newest)
    }

    /// Every run that has reported on a commit, once.
    async fn rerun_suite(&self, draft: &mut Draft<'_>, head: &str, context: &Context) -> Result<(), Trouble> {
        let range = KeyRange::prefix(&keys::heads(&self.up, head));
        let heads: Vec<(_, HeadRecord)> = context.store.list(&views::HEAD, range, SHARING_MAX).await?;
        let mut seen = BTreeSet::new();
        for (number, delivery_id) in
            heads.into_iter().flat_map(|(_, head)| head.dispatches.into_iter().map(move |id| (head.number, id)))
        {
            for target in context::targets(context, &delivery_id).await? {
                let listed = self.entry(context, &target.repo).await?;
                if !listed.is_some_and(|level| level.entry.level.checks()) {
                    continue;
                }
                for run in &target.runs {
                    if seen.insert((target.repo.clone(), run.id.clone())) {
                        self.rerun(draft, &target.repo, &run.id, true, (head, number), context).await?;
                    }
                }
            }
        }
        Ok(())
    }
}
