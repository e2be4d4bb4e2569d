//! The look at one installation, because a webhook said that something about it has changed.

use switchboard_github::{InstallationId, Reason};
use switchboard_store::{Settlement, Work};

use super::{Seen, covered, forget, key, needed};
use crate::{Context, Trouble};

/// Reads what GitHub says now, whatever the webhook said: webhooks may come late, and in any order.
pub(crate) async fn look_at_one(job: &Work, context: &Context) -> Result<Settlement, Trouble> {
    let id: u64 = serde_json::from_value(job.payload.clone())
        .map_err(|error| Trouble::permanent("payload_unusable", error.to_string()))?;
    let installation = match context.github.installation(InstallationId(id)).fetch().await {
        Ok(fetched) => fetched.value,
        Err(error) if error.reason() == Some(Reason::NotFound) => {
            return Ok(Settlement { records: forget(&key(id)).into(), ..Settlement::done() });
        }
        Err(error) => return Err(error.into()),
    };
    let mut seen = Seen::of(installation, &needed(context).await?, context.now);
    let mut settlement = Settlement::done();
    if seen.is_countable() {
        match covered::ask(context.github.clone(), id, context.now).await {
            Ok(repositories) => {
                seen.repository_count = Some(repositories.count);
                settlement.records.push(repositories.put(&seen));
            }
            Err(error) if error.reason().is_some() => covered::untold(id, &error),
            Err(error) => return Err(error.into()),
        }
    }
    settlement.records.push(seen.put());
    Ok(settlement)
}
