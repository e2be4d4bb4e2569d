//! Single commits.

use super::{Answer, Exchange, Refusal};
use crate::render;

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let reference = x.param(0);
    let missing = || Refusal::new(422, &format!("No commit found for SHA: {reference}"));
    let commit = repository.resolve(reference).ok_or_else(missing)?;
    Ok(Answer::ok(render::repository::commit(x.state, repository, commit)))
}
