//! `dispatch.issue`: one issue converges to what is known. What is known is read while it is carried out, so a run whose
//! outcomes keep coming is told in as few edits as the outbox has room for.

use std::fmt::Write as _;

use switchboard_engine::{Context, Trouble};
use switchboard_github::api::issues::{Issue as WrittenIssue, IssueFilter, IssueUpdate, NewIssue};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Class, InstallationId, Reason as Refusal, RepoId, RepoName, Scope, endpoint};
use switchboard_store::{Digest, Failure, Key, Settlement, View, Work};

use crate::facts::{Event, IssueStep};
use crate::handlers::draft::Draft;
use crate::handlers::reads::repo_name;
use crate::handlers::records::{IssueRecord, RunRecord};
use crate::handlers::report::{ConfigReport, ReportOrder, rows, targets, wanted_since};
use crate::handlers::tally::Count;
use crate::handlers::{Dispatcher, payload};
use crate::keys::{self, views};
use crate::report::{Issue, ReportedRun, config_marker, run_issue, run_marker};

/// The issue that is wanted, and where its record stands.
struct Wish {
    run: RunRecord,
    view: View,
    key: Key,
    marker: String,
    /// `None` wants it closed.
    issue: Option<Issue>,
}

impl Dispatcher {
    pub(super) async fn issue(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let Some(wish) = wish(intent, context).await? else { return Ok(Settlement::done()) };
        let known: IssueRecord = context.store.get(&wish.view, &wish.key).await?.unwrap_or_default();
        let source = &wish.run.source;
        let Some(name) = repo_name(&source.repository) else { return Ok(Settlement::done()) };
        let scope = Scope::new(InstallationId(source.installation_id), Permission::ISSUES, Access::Write)
            .on(RepoId(source.repository_id));
        let hash = wish.issue.as_ref().map(hash);
        if known.number.is_some() && known.body_hash == hash && known.closed == hash.is_none() {
            return Ok(Settlement::done());
        }
        let found = match known.number {
            None if intent.unanswered => self.find(&wish, &name, &scope, context).await?,
            _ => None,
        };
        let number = known.number.or(found.as_ref().map(|found| found.number));
        let written = match (&wish.issue, number) {
            (None, None) => return Ok(Settlement::done()),
            (None, Some(number)) => {
                let update = IssueUpdate { state: Some("closed"), ..IssueUpdate::default() };
                let call = context.github.update_issue(scope, &name, number, &update);
                call.fetch().await.map(|fetched| (fetched.value, IssueStep::Closed))
            }
            (Some(issue), Some(number)) => {
                // One that is found was created by us, though only now we know.
                let step = if found.is_some() { IssueStep::Created } else { IssueStep::Updated };
                match found.filter(|found| says(found, issue)) {
                    Some(found) => Ok((found, step)),
                    None => {
                        let update = IssueUpdate {
                            title: Some(&issue.title),
                            body: Some(&issue.body),
                            ..IssueUpdate::default()
                        };
                        let call = context.github.update_issue(scope, &name, number, &update);
                        call.fetch().await.map(|fetched| (fetched.value, step))
                    }
                }
            }
            (Some(issue), None) => {
                let new = NewIssue { title: &issue.title, body: &issue.body };
                let call = context.github.create_issue(scope, &name, &new);
                call.fetch().await.map(|fetched| (fetched.value, IssueStep::Created))
            }
        };
        let mut draft = Draft::of(&wish.run, context.now);
        let record = match written {
            Ok((issue, step)) => {
                draft.fact(&Event::Issue { step, issue: Some(issue.number), reason: None });
                if step == IssueStep::Created {
                    draft.tally.one(Count::IssuesCreated);
                }
                IssueRecord {
                    number: Some(issue.number),
                    url: issue.html_url.or(known.url),
                    closed: hash.is_none(),
                    body_hash: hash,
                    failure: None,
                    suppressed: false,
                }
            }
            Err(error) => match error.class() {
                // The outcomes stand, whether or not anybody can be told about them here.
                Class::Permanent(refusal) => {
                    let reason = reason(refusal, error.route());
                    draft.fact(&Event::Issue { step: IssueStep::Failed, issue: number, reason: Some(reason) });
                    IssueRecord { failure: Some(reason.to_owned()), ..known }
                }
                _ => return Err(error.into()),
            },
        };
        draft.put(wish.view, wish.key, &record);
        Ok(draft.finish())
    }

    /// Looks for an issue whose creation had no clear answer.
    async fn find(
        &self,
        wish: &Wish,
        name: &RepoName,
        scope: &Scope,
        context: &Context,
    ) -> Result<Option<WrittenIssue>, Trouble> {
        let since = wanted_since(&wish.run).rfc3339_seconds();
        let bot = self.bot(context).await?;
        let filter = IssueFilter { state: Some("all"), creator: Some(&bot), since: Some(&since) };
        let issues = context.github.issues(scope.clone(), name, &filter).fetch().await?.value;
        let is_ours = |issue: &WrittenIssue| issue.body.as_deref().is_some_and(|body| body.contains(&wish.marker));
        Ok(issues.into_iter().find(is_ours))
    }

    /// The engine has given the issue up: GitHub was out of reach for too long.
    pub(super) async fn issue_given_up(
        &self,
        intent: &Work,
        failure: &Failure,
        context: &Context,
    ) -> Result<Settlement, Trouble> {
        let Some(wish) = wish(intent, context).await? else { return Ok(Settlement::done()) };
        let mut draft = Draft::of(&wish.run, context.now);
        draft.fact(&Event::Issue { step: IssueStep::Failed, issue: None, reason: Some(&failure.code) });
        Ok(draft.finish())
    }
}

/// What is wanted now.
async fn wish(intent: &Work, context: &Context) -> Result<Option<Wish>, Trouble> {
    let order: ReportOrder = payload(intent)?;
    let Some(run) = context.store.get::<RunRecord>(&views::RUN, &keys::run(order.run)).await? else {
        return Ok(None);
    };
    let id = run.source.repository_id;
    Ok(Some(match order.config {
        Some(config) => Wish {
            view: views::CONFIG_ISSUE,
            key: keys::repository_id(id),
            marker: config_marker(id),
            issue: match config {
                ConfigReport::Open(issue) => Some(issue),
                ConfigReport::Close => None,
            },
            run,
        },
        None => {
            let targets = targets(run.key, context).await?;
            let reported = ReportedRun {
                key: run.key,
                workflow: run.source.workflow.clone(),
                url: run.source.url.clone(),
                delivery_id: run.delivery_id.clone(),
            };
            Wish {
                view: views::ISSUE,
                key: keys::run(run.key),
                marker: run_marker(run.key),
                issue: Some(run_issue(&reported, &rows(&targets), run.counts.surplus)),
                run,
            }
        }
    }))
}

/// Whether an issue already says what is wanted.
fn says(written: &WrittenIssue, wanted: &Issue) -> bool {
    (written.title.as_deref(), written.body.as_deref()) == (Some(&wanted.title), Some(&wanted.body))
}

/// A digest of what the issue says, in hex.
fn hash(issue: &Issue) -> String {
    let digest = Digest::of(format!("{}\n{}", issue.title, issue.body).as_bytes());
    digest.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn reason(refusal: Refusal, route: &str) -> &'static str {
    match refusal {
        Refusal::Gone => "issues_disabled",
        Refusal::NotInstalled | Refusal::PermissionNotGranted if route == endpoint::ACCESS_TOKENS.route => {
            "permission_missing"
        }
        other => other.as_str(),
    }
}
