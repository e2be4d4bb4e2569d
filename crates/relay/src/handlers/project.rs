//! From results to check runs: what each should show is computed whole, and asked for where it is wanted.

mod gate;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use switchboard_clock::Timestamp;
use switchboard_engine::{Context, Trouble};
use switchboard_github::RepoName;
use switchboard_store::{Settlement, Work, WorkFilter};

use crate::advance::State;
use crate::allowlist::{Allowlist, Entry, Level};
use crate::checks::name;
use crate::checks::order::visible;
use crate::checks::state::{Desired, Progress, Written};
use crate::checks::wanted::{Standing, Wanted, wanted};
use crate::conclusion::Conclusion;
use crate::handlers::draft::{Draft, subject};
use crate::handlers::{Relay, context, payload};
use crate::pull::PrState;
use crate::records::{DispatchRecord, PullRecord, ResultRecord, TargetRecord, TargetState, keys, views};
use crate::text::code;

/// The pull request whose check runs are to follow.
#[derive(Deserialize)]
struct ProjectOrder {
    number: u64,
    /// Whether the gate is to be written anew, although it may say the same.
    #[serde(default)]
    gate: bool,
}

/// A target with its dispatch and results.
pub(super) struct Seen<'s> {
    pub(super) dispatch: &'s DispatchRecord,
    pub(super) target: &'s TargetRecord,
    pub(super) results: &'s [ResultRecord],
    /// The names (workflow and result) that have changed; `None` for all.
    pub(super) changed: Option<&'s BTreeSet<(String, String)>>,
}

/// Targets as they will be once this settlement is, by delivery id. What is not among them is read.
pub(super) type Unsettled<'u> = &'u [(&'u str, &'u TargetRecord)];

impl Relay {
    pub(super) async fn project(&self, job: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let order: ProjectOrder = payload(job)?;
        let mut draft = Draft::new(&self.up, context.now, subject(&self.up, Some(order.number), ""));
        if let Some(record) = self.pull_record(context, order.number).await? {
            let list = self.list(context).await?;
            if order.gate {
                if let Some((gate, newest)) = self.gate_of(context, &list, &record, &[]).await? {
                    let again = gate::desired_gate(&record, &gate, &newest, draft.now);
                    draft.check(&Desired { episode: format!("gate/{}", draft.now.millis()), ..again }, None);
                }
            } else {
                self.project_pull(&mut draft, context, &list, &record, &[], true).await?;
            }
        }
        Ok(draft.finish())
    }

    /// Every check run on a pull request's newest head, and its gate; on older ones those of entries that nobody listens to any more.
    pub(super) async fn project_pull(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        list: &Allowlist,
        record: &PullRecord,
        unsettled: Unsettled<'_>,
        older: bool,
    ) -> Result<(), Trouble> {
        let head = record.info.head_sha.as_str();
        for relayed in record.dispatches.iter().filter(|relayed| relayed.head == head || older) {
            let Some(dispatch) = context::dispatch(context, &relayed.delivery_id).await? else { continue };
            for target in context::targets(context, &relayed.delivery_id).await? {
                let entry = list.entry(&target.repo);
                if relayed.head != head && entry.is_some_and(|entry| entry.level.reports()) {
                    // What is open there is finished by its own reports.
                    continue;
                }
                let in_sight = entry.is_some_and(|entry| entry.level != Level::L2);
                let unseen = !in_sight || !target_check_wanted(entry, self.config.target_checks);
                if target.results == 0 && unseen {
                    continue;
                }
                let results = context::results(context, &relayed.delivery_id, &target.repo).await?;
                let seen = Seen { dispatch: &dispatch, target: &target, results: &results, changed: None };
                self.project_target(draft, context, entry, record, &seen).await?;
            }
        }
        self.project_gate(draft, context, list, record, unsettled).await
    }

    /// The check runs of one target.
    pub(super) async fn project_target(
        &self,
        draft: &mut Draft<'_>,
        context: &Context,
        entry: Option<&Entry>,
        record: &PullRecord,
        seen: &Seen<'_>,
    ) -> Result<(), Trouble> {
        let suppressed = match entry {
            Some(entry) if entry.level == Level::L3 => self.is_suppressed(context, &entry.repo).await?,
            _ => false,
        };
        let pull = Standing {
            labels: &record.info.labels,
            open: record.info.state == PrState::Open,
            newest_head: record.info.head_sha.as_str() == seen.dispatch.head,
        };
        let wanted = wanted(entry, suppressed, &self.config.label_prefix, pull);
        let mut names: BTreeMap<(&str, &str), Vec<&ResultRecord>> = BTreeMap::new();
        for result in seen.results {
            names.entry((&result.workflow, &result.result)).or_default().push(result);
        }
        if let Some(changed) = seen.changed {
            names.retain(|(workflow, result), _| {
                changed.iter().any(|(of, name)| (of.as_str(), name.as_str()) == (*workflow, *result))
            });
        }
        let head = &seen.dispatch.head;
        for ((workflow, result), attempts) in names {
            let shown = match wanted {
                Wanted::Yes => visible(attempts, |result| result.order()),
                Wanted::No => None,
                Wanted::Finish | Wanted::Neutral(_) => {
                    let check = name::of_result(&seen.target.repo, workflow, result);
                    let asked = asked_for(context, head, &check).await?;
                    match wanted {
                        // What is there is followed to its end, whatever came after it.
                        Wanted::Finish => {
                            asked.and_then(|asked| attempts.into_iter().find(|result| episode(result) == asked))
                        }
                        _ => asked.and_then(|_| visible(attempts, |result| result.order())),
                    }
                }
            };
            if let Some(result) = shown {
                let check = self.of_result(seen, result);
                if let Some(entry) = entry.filter(|_| wanted == Wanted::Yes) {
                    self.tell_oncalls(draft, entry, seen, result, &check);
                }
                ask(draft, wanted, check);
            }
        }
        if self.config.target_checks
            && let Some(desired) = of_target(seen, draft.now)
        {
            // What could not be sent has no check run, unless it had one before.
            let asked = wanted == Wanted::Yes && seen.target.state != TargetState::Failed
                || asked_for(context, head, &desired.name).await?.is_some_and(|asked| asked == desired.episode);
            if asked {
                ask(draft, wanted, desired);
            }
        }
        Ok(())
    }

    fn of_result(&self, seen: &Seen<'_>, result: &ResultRecord) -> Desired {
        let (progress, by_github) = match result.state {
            State::Running => (Progress::InProgress, false),
            State::Completed { conclusion, by } => (Progress::Completed(conclusion), by == crate::advance::By::GitHub),
        };
        let repo = &seen.target.repo;
        let details = self.run_url(repo, &result.run_id).or_else(|| {
            result
                .decorations
                .url
                .clone()
                .filter(|url| url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")))
        });
        let mut lines = vec![format!("Repository: {}", code(repo.as_str()))];
        if let Some(url) = &details {
            lines.push(format!("Run: [{}]({url})", result.run_id));
        }
        lines.push(format!("Attempt: {}", result.attempt));
        if let Some(tests) = &result.decorations.tests {
            let counts = (tests.passed, tests.failed, tests.skipped, tests.total);
            lines
                .push(format!("Tests: {} passed, {} failed, {} skipped of {}", counts.0, counts.1, counts.2, counts.3));
        }
        if by_github {
            lines.push("Concluded by GitHub's own record of the run.".to_owned());
        }
        Desired {
            head: seen.dispatch.head.clone(),
            name: name::of_result(repo, &result.workflow, &result.result),
            order: result.order().to_string(),
            episode: episode(result),
            progress,
            title: progress.title().to_owned(),
            summary: lines.join("\n\n"),
            details_url: details,
            external_id: seen.dispatch.number.map(|number| format!("{}:{number}", result.run_id)),
            create: true,
            withdraws: false,
        }
    }

    /// The page of a run on GitHub, if it is one.
    pub(crate) fn run_url(&self, repo: &RepoName, run: &str) -> Option<String> {
        run.parse::<u64>().ok().map(|run| format!("{}/{repo}/actions/runs/{run}", self.web))
    }
}

/// Asks for a check run, as far as it is wanted.
fn ask(draft: &mut Draft<'_>, wanted: Wanted, mut desired: Desired) {
    desired.create = wanted == Wanted::Yes;
    match wanted {
        Wanted::No => return,
        Wanted::Yes | Wanted::Finish => {}
        Wanted::Neutral(why) => {
            desired.withdraws = true;
            desired.progress = Progress::Completed(Conclusion::Neutral);
            why.text().clone_into(&mut desired.title);
        }
    }
    draft.check(&desired, None);
}

/// What the check run of this name shows, or was last asked to show: a wish that GitHub has not taken yet must not outlive its reason.
pub(super) async fn asked_for(context: &Context, head: &str, name: &str) -> Result<Option<String>, Trouble> {
    let intents = context.store.works(WorkFilter::IntentKey(keys::check_intent(head, name)), None, 1).await?;
    if let Some(intent) = intents.first() {
        return Ok(Some(payload::<Desired>(intent)?.episode));
    }
    let written: Option<Written> = context.store.get(&views::CHECK, &keys::check(head, name)).await?;
    Ok(written.map(|written| written.episode))
}

/// What the check run of a result shows: one attempt of one run.
fn episode(result: &ResultRecord) -> String {
    format!("{}/{}", result.run_id, result.attempt)
}

fn target_check_wanted(entry: Option<&Entry>, target_checks: bool) -> bool {
    target_checks && entry.is_some_and(|entry| entry.level.checks())
}

/// The check run of a whole target, once it is more than a plan.
fn of_target(seen: &Seen<'_>, now: Timestamp) -> Option<Desired> {
    let target = seen.target;
    let progress = match target.state {
        TargetState::NeverReported => Progress::Completed(Conclusion::TimedOut),
        TargetState::Sent | TargetState::Unconfirmed if target.is_done() => Progress::Completed(target.worst_end()?),
        TargetState::Sent | TargetState::Unconfirmed if target.has_reported() => Progress::InProgress,
        TargetState::Failed => Progress::Completed(Conclusion::Failure),
        TargetState::Sent | TargetState::Unconfirmed => Progress::Queued,
        TargetState::Held | TargetState::Unsent | TargetState::Withdrawn => return None,
    };
    let run = target.newest_run().map_or("", |run| run.id.as_str());
    Some(Desired {
        head: seen.dispatch.head.clone(),
        name: name::of_target(&target.repo),
        // Several runs may report on a target, in any order and again: what is decided last is what holds.
        order: order_by_time(&seen.dispatch.seq.to_string(), now),
        episode: seen.dispatch.delivery_id.clone(),
        progress,
        title: progress.title().to_owned(),
        summary: summary(target, progress),
        details_url: None,
        external_id: seen.dispatch.number.map(|number| format!("{run}:{number}")),
        create: true,
        withdraws: false,
    })
}

/// Numbers are told at the end: each report would otherwise be a request, to say what the results' own check runs say already.
fn summary(target: &TargetRecord, progress: Progress) -> String {
    let repository = format!("Repository: {}", code(target.repo.as_str()));
    match progress {
        Progress::Completed(_) => format!("{repository}\n\n{} of {} results passed", target.passed, target.total),
        Progress::Queued | Progress::InProgress => repository,
    }
}

/// The place of what one lane decides anew each time: the dispatch's, then the moment's.
pub(super) fn order_by_time(seq: &str, now: Timestamp) -> String {
    format!("{seq}/{:020}", now.millis().max(0))
}
