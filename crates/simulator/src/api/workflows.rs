//! Workflows.

use super::{Answer, Exchange, Refusal};
use crate::render;

pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let all = repository.workflows.iter().map(|w| render::actions::workflow(x.state, repository, w)).collect();
    Ok(x.counted_list("workflows", all))
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, repository) = x.require_repository()?;
    let workflow = repository.workflow_named(x.param(0)).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(render::actions::workflow(x.state, repository, workflow)))
}
