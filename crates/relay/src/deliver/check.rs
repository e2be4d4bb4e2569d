//! The intent `check_run`: one check run on the upstream converges to what is wanted.

use serde_json::{Value, json};
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::checks::{CheckOutput, CheckRunRequest};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, Scope};
use switchboard_store::{Failure, NewFact, RecordChange, Settlement, Work};

use crate::checks::state::{Desired, Progress, Write, Written, write};
use crate::handlers::draft::subject;
use crate::handlers::{NAME, Relay, payload};
use crate::records::{keys, views};

impl Relay {
    pub(crate) async fn carry_check(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let desired: Desired = payload(intent)?;
        let key = keys::check(&desired.head, &desired.name);
        let written: Option<Written> = context.store.get(&views::CHECK, &key).await?;
        if !intent.unanswered && write(&desired, written.as_ref()) == Write::Nothing {
            return Ok(Settlement::done());
        }
        let Some(installation) = self.installed.of(context, &self.up).await? else {
            let message = format!("the App is not installed on {}", self.up);
            return Err(Trouble::permanent("not_installed", message));
        };
        let scope = Scope::new(installation, Permission::CHECKS, Access::Write).on_named(self.up.clone());
        let lost = match intent.unanswered {
            true => self.lost(&desired, written.as_ref(), &scope, context).await?,
            false => None,
        };
        let decided = write(&desired, lost.or(written).as_ref());
        let id = match decided {
            Write::Nothing => return Ok(Settlement::done()),
            Write::Update(id) => {
                let request = request(&desired, false);
                context.github.update_check_run(scope, &self.up, id, &request).fetch().await?.value.id
            }
            Write::Create => {
                let request = request(&desired, true);
                context.github.create_check_run(scope, &self.up, &request).fetch().await?.value.id
            }
        };
        let now = Written {
            id,
            order: desired.order.clone(),
            episode: desired.episode.clone(),
            progress: desired.progress,
            summary: desired.summary.clone(),
        };
        let record = RecordChange::Put(views::CHECK, key, serde_json::to_value(&now).unwrap_or(Value::Null));
        let more = json!({ "id": id, "created": decided == Write::Create });
        Ok(Settlement {
            records: vec![record],
            facts: vec![self.told(&desired, "written", more)],
            ..Settlement::done()
        })
    }

    /// What becomes of a check run that GitHub does not take, or not for days.
    pub(crate) fn check_given_up(&self, intent: &Work, failure: &Failure) -> Settlement {
        let Ok(desired) = payload::<Desired>(intent) else { return Settlement::done() };
        let more = json!({ "code": failure.code, "message": failure.message, "hint": failure.hint });
        Settlement { facts: vec![self.told(&desired, "failed", more)], ..Settlement::done() }
    }

    fn told(&self, desired: &Desired, what: &str, more: Value) -> NewFact {
        let number = desired.external_id.as_deref().and_then(|id| id.rsplit_once(':')?.1.parse().ok());
        let mut data = desired.told();
        if let (Value::Object(members), Value::Object(more)) = (&mut data, more) {
            members.extend(more);
        }
        let subject = subject(&self.up, number, &desired.head);
        NewFact { automation: NAME, subject, kind: format!("{NAME}.check.{what}"), data }
    }

    /// The check run that an earlier request created, whose answer was lost. Whatever is wanted by now, it is what people see.
    async fn lost(
        &self,
        desired: &Desired,
        written: Option<&Written>,
        scope: &Scope,
        context: &Context,
    ) -> Result<Option<Written>, Error> {
        let app = context.github.app_id();
        let listed =
            context.github.check_runs(scope.clone(), &self.up, &desired.head, &desired.name, app).fetch().await?;
        let unknown =
            listed.value.check_runs.into_iter().filter(|check| written.is_none_or(|known| check.id > known.id));
        Ok(unknown.max_by_key(|check| check.id).map(|check| {
            let conclusion = check.conclusion.as_deref().and_then(|word| word.parse().ok());
            let ours = check.external_id == desired.external_id;
            Written {
                id: check.id,
                // Nothing is known of what it was to show, save by its run.
                order: String::new(),
                episode: if ours { desired.episode.clone() } else { String::new() },
                progress: conclusion.map_or(Progress::InProgress, Progress::Completed),
                summary: String::new(),
            }
        }))
    }
}

fn request(desired: &Desired, create: bool) -> CheckRunRequest<'_> {
    CheckRunRequest {
        head_sha: create.then_some(desired.head.as_str()),
        name: create.then_some(desired.name.as_str()),
        status: desired.progress.status(),
        conclusion: desired.progress.conclusion().map(crate::conclusion::Conclusion::as_str),
        details_url: desired.details_url.as_deref(),
        external_id: desired.external_id.as_deref(),
        output: CheckOutput { title: &desired.title, summary: &desired.summary },
    }
}
