//! Whether a completed run may dispatch anything at all, judged by its payload and the operator's settings alone.

use crate::config::Config;
use crate::payload::SourceRun;
use crate::reasons::Reason;

/// Why a run is skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The first rule that failed.
    pub reason: Reason,
    /// What the rule looked at, as it was found.
    pub detail: String,
}

/// Applies the source rules in order. `planned` says whether a planned run record exists for this run key.
///
/// # Errors
/// The first rule that the run fails.
pub fn check(run: &SourceRun, config: &Config, planned: bool) -> Result<(), Skip> {
    let fail = |reason, detail: &str| Err(Skip { reason, detail: detail.to_owned() });
    if planned {
        return fail(Reason::RunAlreadyPlanned, &run.key().to_string());
    }
    if config.enforce_default_branch && !is_on_default_branch(run) {
        return fail(Reason::SourceNotDefaultBranch, run.head_branch.as_deref().unwrap_or("(none)"));
    }
    let conclusion = run.conclusion.as_deref();
    if !is_listed(&config.allowed_conclusions, conclusion) {
        return fail(Reason::SourceConclusionNotAllowed, conclusion.unwrap_or("(none)"));
    }
    if !is_listed(&config.allowed_events, Some(&run.event)) {
        return fail(Reason::SourceEventNotAllowed, &run.event);
    }
    if !config.source_repos.is_empty() && !config.source_repos.iter().any(|pattern| pattern.matches(&run.repository)) {
        return fail(Reason::SourceRepoNotAllowlisted, &run.repository.to_string());
    }
    if !config.source_workflows.is_empty() && !config.source_workflows.iter().any(|p| p.matches(&run.workflow)) {
        return fail(Reason::SourceWorkflowNotAllowlisted, run.workflow.as_str());
    }
    match run.head_repository_id {
        None => fail(Reason::SourceHeadRepositoryUnverifiable, "(none)"),
        Some(head) if head != run.repository_id => fail(Reason::SourceFromFork, &head.to_string()),
        Some(_) => Ok(()),
    }
}

/// Branches are compared as GitHub does: every byte. A branch that is not named matches nothing.
fn is_on_default_branch(run: &SourceRun) -> bool {
    run.head_branch.is_some() && run.head_branch == run.default_branch
}

fn is_listed(list: &[String], value: Option<&str>) -> bool {
    list.is_empty() || value.is_some_and(|value| list.iter().any(|listed| listed == value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;

    fn verdict(run: &SourceRun, config: &Config) -> Option<Reason> {
        check(run, config, false).err().map(|skip| skip.reason)
    }

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_plain_successful_run_on_the_default_branch_passes() {
        assert_eq!(verdict(&run(), &Config::default()), None);
    }

    #[test]
    fn a_planned_run_is_not_planned_again() {
        assert_eq!(check(&run(), &Config::default(), true).unwrap_err().reason, Reason::RunAlreadyPlanned);
    }

    #[test]
    fn the_branch_must_be_the_default_one_and_known() {
        let enforced = Config::default();
        let free = Config { enforce_default_branch: false, ..Config::default() };
        let branch = |head: Option<&str>, default: Option<&str>| SourceRun {
            head_branch: head.map(str::to_owned),
            default_branch: default.map(str::to_owned),
            ..run()
        };
        for (head, default) in [
            (Some("feature"), Some("main")),
            (None, Some("main")),
            (Some("main"), None),
            (None, None),
            (Some("Main"), Some("main")),
        ] {
            let run = branch(head, default);
            assert_eq!(verdict(&run, &enforced), Some(Reason::SourceNotDefaultBranch), "{head:?} {default:?}");
            assert_eq!(verdict(&run, &free), None, "{head:?} {default:?}");
        }
    }

    #[test]
    fn conclusions_are_taken_from_the_list_and_an_unknown_one_is_never_success() {
        let table: &[(&[&str], Option<&str>, bool)] = &[
            (&["success"], Some("success"), true),
            (&["success"], Some("failure"), false),
            (&["success"], Some("brilliant"), false),
            (&["success"], Some("Success"), false),
            (&["success"], None, false),
            (&["success", "skipped"], Some("skipped"), true),
            (&[], Some("failure"), true),
            (&[], Some("brilliant"), true),
            (&[], None, true),
        ];
        for (list, conclusion, passes) in table {
            let config = Config { allowed_conclusions: texts(list), ..Config::default() };
            let run = SourceRun { conclusion: conclusion.map(str::to_owned), ..run() };
            let expected = (!passes).then_some(Reason::SourceConclusionNotAllowed);
            assert_eq!(verdict(&run, &config), expected, "{list:?} {conclusion:?}");
        }
    }

    #[test]
    fn events_repositories_and_workflows_are_narrowed_by_the_operator() {
        let with = |change: fn(&mut Config)| {
            let mut config = Config::default();
            change(&mut config);
            verdict(&run(), &config)
        };
        assert_eq!(with(|c| c.allowed_events = texts(&["push"])), None);
        assert_eq!(with(|c| c.allowed_events = texts(&["schedule"])), Some(Reason::SourceEventNotAllowed));
        assert_eq!(with(|c| c.source_repos = vec!["org/*".parse().unwrap()]), None);
        assert_eq!(with(|c| c.source_repos = vec!["other/*".parse().unwrap()]), Some(Reason::SourceRepoNotAllowlisted));
        assert_eq!(with(|c| c.source_workflows = vec!["ci*".parse().unwrap()]), None);
        assert_eq!(
            with(|c| c.source_workflows = vec!["CI*".parse().unwrap()]),
            Some(Reason::SourceWorkflowNotAllowlisted)
        );
    }

    #[test]
    fn forks_are_told_by_repository_id_and_doubt_fails_closed() {
        let from = |id| SourceRun { head_repository_id: id, ..run() };
        assert_eq!(verdict(&from(Some(2)), &Config::default()), Some(Reason::SourceFromFork));
        assert_eq!(verdict(&from(None), &Config::default()), Some(Reason::SourceHeadRepositoryUnverifiable));
    }

    #[test]
    fn the_first_failing_rule_gives_the_reason() {
        let run = SourceRun { head_branch: None, conclusion: None, head_repository_id: None, ..run() };
        assert_eq!(verdict(&run, &Config::default()), Some(Reason::SourceNotDefaultBranch));
    }
}
