//! The intent `check_run`: one check run on the upstream converges to what is wanted.

use serde_json::{Value, json};
use switchboard_engine::{Context, Trouble};
use switchboard_github::api::checks::{CheckOutput, CheckRunRequest};
use switchboard_github::permission::{Access, Permission};
use switchboard_github::{Error, Scope};
use switchboard_store::{NewFact, RecordChange, Settlement, Work};

use crate::checks::state::{Desired, Write, Written, write};
use crate::handlers::draft::subject;
use crate::handlers::{NAME, Relay, payload};
use crate::records::{keys, views};

impl Relay {
    pub(crate) async fn carry_check(&self, intent: &Work, context: &Context) -> Result<Settlement, Trouble> {
        let desired: Desired = payload(intent)?;
        let key = keys::check(&desired.head, &desired.name);
        let written: Option<Written> = context.store.get(&views::CHECK, &key).await?;
        let decided = write(&desired, written.as_ref());
        if decided == Write::Nothing {
            return Ok(Settlement::done());
        }
        let Some(installation) = self.installed.of(context, &self.up).await? else {
            let message = format!("the App is not installed on {}", self.up);
            return Err(Trouble::permanent("not_installed", message));
        };
        let scope = Scope::new(installation, Permission::CHECKS, Access::Write).on_named(self.up.clone());
        let id = match decided {
            Write::Nothing => return Ok(Settlement::done()),
            Write::Update(id) => self.update(&desired, id, scope, context).await?,
            Write::Create => match self.lost(intent, &desired, written.as_ref(), &scope, context).await? {
                Some(id) => self.update(&desired, id, scope, context).await?,
                None => {
                    let request = request(&desired, true);
                    context.github.create_check_run(scope, &self.up, &request).fetch().await?.value.id
                }
            },
        };
        let now = Written {
            id,
            order: desired.order.clone(),
            episode: desired.episode.clone(),
            progress: desired.progress,
            summary: desired.summary.clone(),
        };
        let record = RecordChange::Put(views::CHECK, key, serde_json::to_value(&now).unwrap_or(Value::Null));
        let number = desired.external_id.as_deref().and_then(|id| id.rsplit_once(':')?.1.parse().ok());
        let fact = NewFact {
            automation: NAME,
            subject: subject(&self.up, number, &desired.head),
            kind: format!("{NAME}.check.written"),
            data: json!({
                "name": desired.name, "head": desired.head, "id": id, "status": desired.progress.status(),
                "conclusion": desired.progress.conclusion(), "created": decided == Write::Create,
            }),
        };
        Ok(Settlement { records: vec![record], facts: vec![fact], ..Settlement::done() })
    }

    async fn update(&self, desired: &Desired, id: u64, scope: Scope, context: &Context) -> Result<u64, Error> {
        let request = request(desired, false);
        Ok(context.github.update_check_run(scope, &self.up, id, &request).fetch().await?.value.id)
    }

    /// The check run that an earlier request created, whose answer was lost.
    async fn lost(
        &self,
        intent: &Work,
        desired: &Desired,
        written: Option<&Written>,
        scope: &Scope,
        context: &Context,
    ) -> Result<Option<u64>, Error> {
        if !intent.unanswered {
            return Ok(None);
        }
        let app = context.github.app_id();
        let listed =
            context.github.check_runs(scope.clone(), &self.up, &desired.head, &desired.name, app).fetch().await?;
        let ours = listed.value.check_runs.into_iter().filter(|check| check.external_id == desired.external_id);
        Ok(ours.map(|check| check.id).filter(|id| written.is_none_or(|known| *id > known.id)).max())
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
