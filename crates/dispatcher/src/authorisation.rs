//! The target's consent: whether its `inbound` rules let this source workflow start that workflow with those inputs.

use crate::file::{DispatchingFile, InboundTarget, Line};
use crate::names::{RepositoryName, RepositoryRef, WorkflowFile};
use crate::reasons::Reason;
use crate::templates::Inputs;

/// What the target is asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    /// The repository whose run completed.
    pub source: &'r RepositoryName,
    /// Its workflow.
    pub source_workflow: &'r WorkflowFile,
    /// Who owns the target, as GitHub says now.
    pub target_owner: &'r str,
    /// The workflow to start.
    pub target_workflow: &'r WorkflowFile,
    /// The inputs that would be sent.
    pub inputs: &'r Inputs,
}

/// Why the target does not consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// `inbound_not_authorized` or `inputs_not_accepted`.
    pub reason: Reason,
    /// What was looked for.
    pub detail: String,
}

/// The line of the first `inbound` target that consents.
///
/// # Errors
/// When no rule names the source and both workflows, or none of those that do accepts all inputs.
pub fn authorise<'f>(file: &'f DispatchingFile, request: &Request<'_>) -> Result<&'f Line, Refusal> {
    let rules = file
        .inbound
        .iter()
        .filter(|rule| rule.workflow == *request.source_workflow && means_source(&rule.repository, request));
    let mut targets =
        rules.flat_map(|rule| &rule.targets).filter(|target| target.workflow == *request.target_workflow).peekable();
    if targets.peek().is_none() {
        let Request { source, source_workflow, target_workflow, .. } = request;
        let detail = format!("no rule for {source} :: {source_workflow} → {target_workflow}");
        return Err(Refusal { reason: Reason::InboundNotAuthorized, detail });
    }
    match targets.find(|target| accepts(target, request.inputs)) {
        Some(target) => Ok(&target.line),
        None => {
            let keys: Vec<&str> = request.inputs.iter().map(|(key, _)| key.as_str()).collect();
            Err(Refusal { reason: Reason::InputsNotAccepted, detail: format!("inputs sent: {}", keys.join(", ")) })
        }
    }
}

/// A bare name means a repository of the target's own owner and of nobody else.
fn means_source(repository: &RepositoryRef, request: &Request<'_>) -> bool {
    match repository {
        RepositoryRef::Bare(name) => {
            request.source.is_owned_by(request.target_owner) && request.source.name().eq_ignore_ascii_case(name)
        }
        RepositoryRef::Full(repository) => repository == request.source,
    }
}

fn accepts(target: &InboundTarget, inputs: &Inputs) -> bool {
    inputs.iter().all(|(key, _)| target.accept_inputs.contains(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::file;

    fn ask(inbound: &str, target: &str, keys: &[&str]) -> Result<u32, Reason> {
        let target: RepositoryName = target.parse().unwrap();
        let inputs = keys.iter().map(|key| (key.parse().unwrap(), "x".into())).collect();
        let request = Request {
            source: &"Org/source".parse().unwrap(),
            source_workflow: &"ci.yml".parse().unwrap(),
            target_owner: target.owner(),
            target_workflow: &"cd.yml".parse().unwrap(),
            inputs: &inputs,
        };
        let file = file(&format!("inbound:\n{inbound}"));
        authorise(&file, &request).map(|line| line.number).map_err(|refusal| refusal.reason)
    }

    fn rule(repository: &str, workflow: &str, target: &str) -> String {
        format!("- source: {{repository: {repository}, workflow: {workflow}}}\n  targets: [{{workflow: {target}}}]\n")
    }

    #[test]
    fn consent_needs_source_repository_source_workflow_and_target_workflow() {
        let no = Err(Reason::InboundNotAuthorized);
        let table = [
            (rule("source", "ci.yml", "cd.yml"), Ok(3)),
            (rule("SOURCE", "ci.yml", "cd.yml"), Ok(3)),
            (rule("ORG/source", "ci.yml", "cd.yml"), Ok(3)),
            (rule("source", ".github/workflows/ci.yml", ".github/workflows/cd.yml"), Ok(3)),
            (rule("other", "ci.yml", "cd.yml"), no),
            (rule("stranger/source", "ci.yml", "cd.yml"), no),
            (rule("source", "CI.yml", "cd.yml"), no),
            (rule("source", "ci.yml", "CD.yml"), no),
            (rule("source", "my-ci.yml", "cd.yml"), no),
            (rule("source", "ci.yml", "other.yml"), no),
        ];
        for (inbound, expected) in table {
            assert_eq!(ask(&inbound, "org/target", &[]), expected, "{inbound}");
        }
    }

    #[test]
    fn across_owners_only_the_full_name_counts() {
        assert_eq!(ask(&rule("source", "ci.yml", "cd.yml"), "friends/target", &[]), Err(Reason::InboundNotAuthorized));
        assert_eq!(
            ask(&rule("friends/source", "ci.yml", "cd.yml"), "friends/target", &[]),
            Err(Reason::InboundNotAuthorized)
        );
        assert_eq!(ask(&rule("Org/source", "ci.yml", "cd.yml"), "friends/target", &[]), Ok(3));
    }

    #[test]
    fn all_inputs_must_be_listed_by_one_rule() {
        let accepting = |keys: &str| {
            format!(
                "- source: {{repository: source, workflow: ci.yml}}\n  targets: [{{workflow: cd.yml, accept_inputs: [{keys}]}}]\n"
            )
        };
        let split = accepting("a") + &accepting("b");
        assert_eq!(ask(&split, "org/t", &["a", "b"]), Err(Reason::InputsNotAccepted));
        assert_eq!(ask(&split, "org/t", &["b"]), Ok(5));
        assert_eq!(ask(&(split + &accepting("b, a")), "org/t", &["a", "b"]), Ok(7));
        assert_eq!(
            ask(&accepting("A"), "org/t", &["a"]),
            Err(Reason::InputsNotAccepted),
            "keys are compared letter by letter"
        );
        assert_eq!(ask(&rule("source", "ci.yml", "cd.yml"), "org/t", &["a"]), Err(Reason::InputsNotAccepted));
        assert_eq!(ask(&accepting("x"), "org/t", &[]), Ok(3), "no inputs sent: not checked");
    }

    #[test]
    fn a_file_without_inbound_rules_permits_nothing() {
        assert_eq!(ask("  []", "org/t", &[]), Err(Reason::InboundNotAuthorized));
    }
}
