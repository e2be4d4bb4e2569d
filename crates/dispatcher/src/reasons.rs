//! Every reason that a run, a candidate or a dispatch can end with: its code, a sentence for people, and what to do about it.
//!
//! The codes are the contract's, and the keys of `dispatcher.problem_reason` and `dispatcher.day_reason`; facts, logs, issues, pages
//! and the API all take their words from this one table.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($name:ident $code:literal $sentence:literal $hint:literal;)+) => {
        /// Why something was not dispatched, or not at once.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub enum Reason {
            $(#[doc = $sentence] $name,)+
        }

        impl Reason {
            /// All reasons, in the order in which the rules are checked.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code in facts, records and URLs, in snake case.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// One plain sentence, the cause first.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$name => $sentence,)+ }
            }

            /// What a person can do about it.
            #[must_use]
            pub const fn hint(self) -> &'static str {
                match self { $(Self::$name => $hint,)+ }
            }
        }
    };
}

reasons! {
    // The source's run is skipped.
    PayloadUnusable "payload_unusable"
        "The webhook's payload lacks a member that is needed, or holds it in another type."
        "Look at the stored delivery; GitHub sends complete payloads, so something between rewrote it.";
    InstallationMissing "installation_missing"
        "The webhook names no installation of the App."
        "Set the webhook up on the App itself, not on the repository or organization.";
    SourceWorkflowUnsupported "source_workflow_unsupported"
        "The run's workflow is not a file in `.github/workflows`."
        "Only workflow files can be a source; GitHub's own dynamic workflows cannot.";
    RunAlreadyPlanned "run_already_planned"
        "This attempt of the run has been planned before."
        "Use the replay button on the run's page to dispatch what did not succeed.";
    SourceNotDefaultBranch "source_not_default_branch"
        "The run was not on the repository's default branch."
        "Only runs on the default branch count, unless the operator sets `enforce_default_branch = false`.";
    SourceConclusionNotAllowed "source_conclusion_not_allowed"
        "The run's conclusion is not one that the operator allows."
        "Add the conclusion to `allowed_conclusions` if it should count.";
    SourceEventNotAllowed "source_event_not_allowed"
        "The run was started by an event that the operator does not allow."
        "Add the event to `allowed_events` if it should count.";
    SourceRepoNotAllowlisted "source_repo_not_allowlisted"
        "The operator's list of source repositories does not name this one."
        "Ask the operator to add the repository to `source_repos`.";
    SourceWorkflowNotAllowlisted "source_workflow_not_allowlisted"
        "The operator's list of source workflows does not name this one."
        "Ask the operator to add the workflow file to `source_workflows`.";
    SourceHeadRepositoryUnverifiable "source_head_repository_unverifiable"
        "The payload does not say which repository the code came from, so a fork cannot be ruled out."
        "The fork was probably deleted; run the workflow again on the repository's own branch.";
    SourceFromFork "source_from_fork"
        "The run's code came from a fork."
        "Runs of forks never dispatch; merge the change first.";
    MissingSourceConfig "missing_source_config"
        "The source repository has no `dispatching.yml` on its default branch."
        "Add `dispatching.yml` with an `outbound` rule if this repository should start workflows elsewhere.";
    NoMatchingRule "no_matching_rule"
        "No `outbound` rule of the source repository names this workflow and conclusion."
        "Compare the rule's `source.workflow` with the file name of the workflow, letter by letter.";
    InvalidSourceConfig "invalid_source_config"
        "The source repository's `dispatching.yml` is invalid."
        "Fix the lines that are named, or check the file with `switchboard lint dispatching.yml`.";
    SourceConfigUnavailable "source_config_unavailable"
        "The source repository's `dispatching.yml` could not be read from GitHub."
        "Check the App's Contents: read permission and GitHub's status, then replay the run.";

    // A candidate is denied before anything is read.
    InputsTemplateError "inputs_template_error"
        "A template in the target's inputs cannot be filled in."
        "Use only the names that the documentation lists; the result must be one line of at most 1,024 characters.";
    InputsLimitExceeded "inputs_limit_exceeded"
        "The target's inputs are too many or too large for one dispatch."
        "Send fewer keys or shorter values.";
    TargetOrgNotAllowlisted "target_org_not_allowlisted"
        "The target belongs to another owner, which the operator has not allowed."
        "Ask the operator to add the owner to `allowed_target_orgs`.";
    TargetRepoNotAllowlisted "target_repo_not_allowlisted"
        "The operator's list of target repositories does not name this one."
        "Ask the operator to add the repository to `target_repos`.";
    DuplicateTarget "duplicate_target"
        "An earlier rule already names this repository and workflow."
        "Remove one of the two; a run starts each target workflow at most once.";
    SelfDispatchBlocked "self_dispatch_blocked"
        "The target is the very workflow that just ran."
        "A workflow cannot start itself; name another workflow of the repository.";
    ChainDepthExceeded "chain_depth_exceeded"
        "The chain of dispatches would become longer than the operator allows."
        "Break the loop shown in the path, or ask the operator to raise `max_chain_depth`.";
    ChainUnverifiable "chain_unverifiable"
        "The App started this run, but which dispatch it belongs to could not be found out."
        "Run the workflow by hand to start a new chain, or replay the run that should have started it.";
    ChainSizeExceeded "chain_size_exceeded"
        "The chain has started as many workflows as the operator allows."
        "Look for a fan-out or loop in the chain, or ask the operator to raise `max_chain_dispatches`.";
    MaxTargetsExceeded "max_targets_exceeded"
        "The run names more targets than the operator allows."
        "Name fewer targets, or ask the operator to raise `max_targets`.";

    // A candidate is denied by what was read.
    TargetNotAccessible "target_not_accessible"
        "The target repository does not exist, or the App cannot see it."
        "Check the name, and install the App on the target repository.";
    TargetMoved "target_moved"
        "The target repository now belongs to another owner."
        "Write the new `owner/name` in the source's `dispatching.yml`.";
    TargetArchived "target_archived"
        "The target repository is archived."
        "Unarchive it, or remove it from the source's `dispatching.yml`.";
    TargetNotInstalled "target_not_installed"
        "The App is not installed on the target repository."
        "Ask an owner of the target to install the App on it.";
    MissingTargetConfig "missing_target_config"
        "The target repository has no `dispatching.yml` on its default branch."
        "Add one to the target with an `inbound` rule for this source.";
    InvalidTargetConfig "invalid_target_config"
        "The target repository's `dispatching.yml` is invalid."
        "Fix the lines shown on the target's page, or check the file with `switchboard lint dispatching.yml`.";
    InboundNotAuthorized "inbound_not_authorized"
        "No `inbound` rule of the target permits this source workflow to start this target workflow."
        "Add an `inbound` rule with the source's repository and workflow to the target's `dispatching.yml`.";
    InputsNotAccepted "inputs_not_accepted"
        "No single `inbound` rule of the target accepts all the inputs that are sent."
        "List every key in the rule's `accept_inputs`.";
    AlreadyDispatched "already_dispatched"
        "The run that is replayed has already dispatched this target."
        "Replay with `all` to dispatch it once more.";

    // A dispatch failed.
    TargetConfigUnavailable "target_config_unavailable"
        "The target repository or its `dispatching.yml` could not be read from GitHub."
        "Check the App's Contents: read permission on the target and GitHub's status, then replay the run.";
    AuthFailed "auth_failed"
        "GitHub refused the App's credentials."
        "Check the App's id and private key with `switchboard doctor`.";
    TargetPermissionMissing "target_permission_missing"
        "The App may not start workflows in the target repository."
        "Grant the App Actions: read and write, and let an owner of the target approve the new permission.";
    InstallationSuspended "installation_suspended"
        "The App's installation is suspended."
        "Ask an owner of the target to unsuspend the App in their settings.";
    WorkflowNotFound "workflow_not_found"
        "The target repository has no such workflow."
        "Check the file's name; it must be on the target's default branch.";
    RefNotFound "ref_not_found"
        "The target repository has no such branch or tag."
        "Fix `ref` in the source's `dispatching.yml`, or create the branch.";
    NoDispatchTrigger "no_dispatch_trigger"
        "The target workflow cannot be started from outside: it has no `workflow_dispatch` trigger."
        "Add `workflow_dispatch:` under `on:` in the workflow, on the ref that is dispatched.";
    WorkflowDisabled "workflow_disabled"
        "The target workflow is disabled."
        "Enable it under Actions in the target repository.";
    InputsRejected "inputs_rejected"
        "The target workflow does not take the inputs that were sent, or misses one that it requires."
        "Make the inputs agree with those under `workflow_dispatch` in the workflow.";
    Rejected "rejected"
        "GitHub refused the dispatch."
        "Read GitHub's answer in the error text.";
    RedirectRefused "redirect_refused"
        "GitHub's answer led to another host, where no token is sent."
        "Check `GITHUB_API_URL` and the proxies between the server and GitHub.";
    GithubUnavailable "github_unavailable"
        "GitHub could not be reached, or failed, at every attempt."
        "Look at GitHub's status; replay the run when it is well again.";
    Expired "expired"
        "The dispatch waited longer than it may."
        "Replay the run if the dispatch is still wanted; `dispatch_expiry_minutes` sets the limit.";
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A text that is no reason's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a reason code")]
pub struct UnknownReason;

impl FromStr for Reason {
    type Err = UnknownReason;

    fn from_str(code: &str) -> Result<Self, UnknownReason> {
        Self::ALL.iter().copied().find(|reason| reason.code() == code).ok_or(UnknownReason)
    }
}

impl TryFrom<String> for Reason {
    type Error = UnknownReason;

    fn try_from(code: String) -> Result<Self, UnknownReason> {
        code.parse()
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_snake_case_and_come_back() {
        let codes: HashSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        for reason in Reason::ALL {
            let code = reason.code();
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
            assert_eq!(code.parse(), Ok(*reason));
            assert_eq!(serde_json::to_string(reason).unwrap(), format!("{code:?}"));
            assert_eq!(serde_json::from_str::<Reason>(&format!("{code:?}")).unwrap(), *reason);
        }
        assert!("no_such_reason".parse::<Reason>().is_err());
    }

    #[test]
    fn every_reason_has_a_sentence_and_a_hint() {
        for reason in Reason::ALL {
            for text in [reason.sentence(), reason.hint()] {
                assert!(text.len() > 20 && text.ends_with('.') && !text.contains("  "), "{reason}: {text}");
            }
        }
    }
}
