//! Each target in full: what was decided, why, what to do about it, and what came of it.

use switchboard_clock::Timestamp;
use switchboard_panel::components::{GitHubLink, Mark, Notice, State as Shape, Time, plural};

use super::{Journey, consent, picture, words};
use crate::handlers::records::{TargetRecord, TargetState};
use crate::names::{RepositoryName, WorkflowFile};
use crate::pages::links;
use crate::reasons::Reason;

/// One target.
pub(super) struct Card {
    pub(super) n: u16,
    pub(super) mark: Mark,
    pub(super) repository: String,
    pub(super) repository_href: String,
    pub(super) workflow: GitHubLink,
    pub(super) git_ref: Option<String>,
    pub(super) outbound: (u32, Option<String>),
    pub(super) inbound: Option<(u32, String)>,
    pub(super) inputs: Vec<(String, String)>,
    pub(super) attempts: Option<String>,
    pub(super) next: Option<Time>,
    pub(super) settled: Option<Time>,
    pub(super) run: Option<GitHubLink>,
    pub(super) result: Option<Mark>,
    pub(super) journey: Option<String>,
    pub(super) notice: Option<Notice>,
}

impl Card {
    pub(super) fn new(target: &TargetRecord, journey: &Journey, github: &str, now: Timestamp) -> Self {
        let run = journey.run();
        let result = journey.recorded.result(target.n);
        Self {
            n: target.n,
            mark: words::mark(target.state),
            repository: target.repository.to_string(),
            repository_href: links::repo(&target.repository),
            workflow: GitHubLink::new(
                target.workflow.to_string(),
                links::workflow(github, &target.repository, &target.workflow),
            ),
            git_ref: target.git_ref.clone(),
            outbound: (
                target.line,
                run.config_path.as_deref().map(|path| links::line(github, &run.source.repository, path, target.line)),
            ),
            inbound: target.inbound_line.map(|line| {
                let href = consent::inbound_line(target, github);
                (line, href.unwrap_or_else(|| links::repo(&target.repository)))
            }),
            inputs: target.inputs.clone(),
            attempts: (target.attempts > 0).then(|| plural(target.attempts.into(), "attempt", "attempts")),
            next: target.next_attempt_at.filter(|_| !target.state.is_terminal()).map(|at| Time { at, now }),
            settled: target.settled_at.map(|at| Time { at, now }),
            run: target.run_id.map(|id| {
                GitHubLink::new(
                    format!("run {id}"),
                    target.run_url.as_deref().and_then(picture::web).unwrap_or_default(),
                )
            }),
            result: match (result, target.state) {
                (Some(result), _) => Some(words::conclusion(result.conclusion.as_deref())),
                (None, TargetState::Succeeded) if target.run_id.is_some() => {
                    Some(Mark::new(Shape::Running, "not completed yet"))
                }
                (None, _) => None,
            },
            journey: journey.onward(target.n).filter(|(_, onward)| !onward.is_empty()).map(|(key, _)| links::run(key)),
            notice: target.reason.map(|reason| notice(reason, target, journey)),
        }
    }
}

/// The cause, the hint, and what to paste where that is known.
fn notice(reason: Reason, target: &TargetRecord, journey: &Journey) -> Notice {
    let run = journey.run();
    let cause = match words::detail(target) {
        // The names make the sentence exact where the rule's own detail would only repeat them.
        _ if reason == Reason::InboundNotAuthorized => format!(
            "`{}` has no `inbound` rule that lets `{}` `{}` start `{}`.",
            target.repository, run.source.repository, run.source.workflow, target.workflow
        ),
        Some(detail) => format!("{} {}", reason.sentence(), ended(&detail.replace('`', "'"))),
        None => reason.sentence().to_owned(),
    };
    let notice = Notice::new(words::mark(target.state), cause).code(reason.code());
    let hint = target.hint.clone().unwrap_or_else(|| reason.hint().to_owned());
    match reason {
        Reason::InboundNotAuthorized | Reason::MissingTargetConfig => notice
            .hint(format!("Add this to `dispatching.yml` in `{}`, on its default branch:", target.repository))
            .snippet(consent(&run.source.repository, &run.source.workflow, &target.workflow)),
        _ => notice.hint(ended(&hint)),
    }
}

/// With a full stop, unless it has its own end.
fn ended(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', ')']) { text.to_owned() } else { format!("{text}.") }
}

/// The rule that would permit it.
fn consent(source: &RepositoryName, workflow: &WorkflowFile, target: &WorkflowFile) -> String {
    let (workflow, target) = (quoted(workflow.as_str()), quoted(target.as_str()));
    format!(
        "inbound:\n  - source: {{ repository: {source}, workflow: {workflow} }}\n    targets: [{{ workflow: {target} }}]"
    )
}

/// A text as YAML takes it within braces.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if text.chars().all(plain) && text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        text.to_owned()
    } else {
        format!("{text:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_to_paste_is_one_that_permits() {
        for file in ["ci.yml", "@odd name (1).yml", "-x.yml", "größe.yaml"] {
            let workflow: WorkflowFile = file.parse().unwrap();
            let text = consent(&"acme/api".parse().unwrap(), &workflow, &workflow);
            let (read, _) = crate::file::read(text.as_bytes()).unwrap();
            assert_eq!(
                (&read.inbound[0].workflow, &read.inbound[0].targets[0].workflow),
                (&workflow, &workflow),
                "{text}"
            );
        }
    }
}
