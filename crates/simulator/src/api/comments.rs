//! Comments on issues and pull requests.

use switchboard_clock::Timestamp;

use super::issue_fields::checked_text;
use super::{Answer, Exchange, Refusal, issues};
use crate::ids::{CommentId, RepoId};
use crate::render;
use crate::state::issues::Comment;

/// Oldest first.
pub(super) fn list(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (_, number) = issues::named(x)?;
    let (_, repository) = x.require_repository()?;
    let invalid = |_| Refusal::invalid("IssueComment", "since", "invalid", "");
    let since = x.query.get("since").map(Timestamp::parse).transpose().map_err(invalid)?;
    let wanted =
        |c: &&Comment| c.issue == number && since.is_none_or(|since| c.updated_at.seconds() >= since.seconds());
    let found = repository.comments.values().filter(wanted);
    Ok(x.listed(found.map(|c| render::issues::comment(x.state, repository, c)).collect()))
}

pub(super) fn get(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, id) = named(x)?;
    answered(x, 200, repo, id)
}

pub(super) fn create(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, number) = issues::named(x)?;
    let text = body(x)?;
    let actor = x.actor();
    let id = x.state.add_comment(repo, number, actor, &text);
    x.state.announce_comment(repo, id, actor, "created");
    answered(x, 201, repo, id)
}

pub(super) fn update(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, id) = named(x)?;
    let (text, now, actor) = (body(x)?, x.state.now, x.actor());
    x.state.update_repository(repo, |r| {
        if let Some(comment) = r.comments.get_mut(&id) {
            (comment.body, comment.updated_at) = (text, now);
        }
    });
    x.state.announce_comment(repo, id, actor, "edited");
    answered(x, 200, repo, id)
}

pub(super) fn delete(x: &mut Exchange<'_>) -> Result<Answer, Refusal> {
    let (repo, id) = named(x)?;
    let actor = x.actor();
    x.state.announce_comment(repo, id, actor, "deleted");
    x.state.update_repository(repo, |r| r.comments.remove(&id));
    Ok(Answer::empty(204))
}

fn body(x: &Exchange<'_>) -> Result<String, Refusal> {
    let text = x.text("body").ok_or_else(|| Refusal::new(422, "Invalid request.\n\n\"body\" wasn't supplied."))?;
    if text.trim().is_empty() {
        return Err(Refusal::invalid("IssueComment", "body", "missing_field", ""));
    }
    checked_text("IssueComment", "body", text)
}

fn named(x: &Exchange<'_>) -> Result<(RepoId, CommentId), Refusal> {
    let (repo, repository) = x.require_repository()?;
    let id = CommentId(x.number(0)?);
    repository.comments.contains_key(&id).then_some((repo, id)).ok_or_else(Refusal::not_found)
}

fn answered(x: &Exchange<'_>, status: u16, repo: RepoId, id: CommentId) -> Result<Answer, Refusal> {
    let repository = x.state.repositories.get(&repo).ok_or_else(Refusal::not_found)?;
    let comment = repository.comments.get(&id).ok_or_else(Refusal::not_found)?;
    let comment = render::issues::comment(x.state, repository, comment);
    let url = comment["url"].as_str().unwrap_or_default().to_owned();
    let answer = Answer::json(status, comment);
    Ok(if status == 201 { answer.header("location", url) } else { answer })
}
