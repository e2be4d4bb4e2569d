//! Chains: A's run starts B, B's run starts C. Every run in a chain knows its root, its depth and the path to it.
//!
//! GitHub does not stop loops of dispatches, so this does. A run that the App started but that belongs to no known dispatch never
//! counts as a root: it is adopted by an open dispatch that fits, waits for one to become known, or dispatches nothing.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use switchboard_clock::Timestamp;

use crate::config::Config;
use crate::names::{RepositoryName, WorkflowFile, short_name};
use crate::payload::SourceRun;
use crate::run_key::RunKey;

/// The event of a run that was started by a dispatch.
pub const DISPATCH_EVENT: &str = "workflow_dispatch";
/// How much later than the run itself its dispatch may seem to have been sent: clocks differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(5);
/// How long to wait for an open dispatch to learn the id of its run, time after time.
const WAITS: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(20), Duration::from_secs(60)];

/// Where a run stands in its chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lineage {
    /// The run that began the chain.
    pub root: RunKey,
    /// Dispatches between the root and this run.
    pub depth: u32,
    /// The workflows from the root to this run, each as `owner/repo:file`.
    pub path: Vec<String>,
}

impl Lineage {
    /// A run that begins a chain of its own.
    #[must_use]
    pub fn root(key: RunKey, repository: &RepositoryName, workflow: &WorkflowFile) -> Self {
        Self { root: key, depth: 0, path: vec![step(repository, workflow)] }
    }

    /// What a run dispatched from this one inherits.
    #[must_use]
    pub fn child(&self, repository: &RepositoryName, workflow: &WorkflowFile) -> Self {
        let mut path = self.path.clone();
        path.push(step(repository, workflow));
        Self { root: self.root, depth: self.depth.saturating_add(1), path }
    }

    /// Whether a run here may dispatch at all.
    #[must_use]
    pub const fn may_dispatch(&self, config: &Config) -> bool {
        self.depth < config.max_chain_depth
    }

    /// The path as people read it: `a/b:ci.yml → a/c:cd.yml`.
    #[must_use]
    pub fn path_text(&self) -> String {
        self.path.join(" → ")
    }
}

fn step(repository: &RepositoryName, workflow: &WorkflowFile) -> String {
    format!("{repository}:{workflow}")
}

/// A dispatch whose run is not known yet: what `dispatcher.expected_run` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedRun {
    /// The ref that it was asked on.
    pub git_ref: String,
    /// When the request was sent; `None` while it is queued.
    pub sent_at: Option<Timestamp>,
    /// What its run will inherit.
    pub lineage: Lineage,
}

/// Where a run that has candidates comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody here started it; its lineage is [`Lineage::root`].
    Root,
    /// A dispatch is known to have started it.
    Known(Lineage),
    /// It fits the open dispatch at this index, whose lineage it takes.
    Adopt(usize),
    /// An open dispatch may yet turn out to be its own; look again after this time.
    Wait(Duration),
    /// The App started it, and nothing tells for which dispatch.
    Unverifiable,
}

/// What is known about dispatches to a run's repository and workflow.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'e> {
    /// The App's slug; its runs are started by `<slug>[bot]`.
    pub app_slug: &'e str,
    /// The lineage recorded for this run's id.
    pub recorded: Option<&'e Lineage>,
    /// All dispatches to the run's repository and workflow without a known run, oldest first.
    pub expected: &'e [ExpectedRun],
    /// How many times this run has waited already.
    pub waits: usize,
}

/// Finds out where a run comes from.
#[must_use]
pub fn origin(run: &SourceRun, evidence: &Evidence<'_>) -> Origin {
    if let Some(lineage) = evidence.recorded {
        return Origin::Known(lineage.clone());
    }
    if run.event != DISPATCH_EVENT || !is_app(run.actor.as_deref(), evidence.app_slug) {
        return Origin::Root;
    }
    if let Some(index) = evidence.expected.iter().position(|expected| fits(expected, run)) {
        return Origin::Adopt(index);
    }
    match WAITS.get(evidence.waits) {
        Some(wait) if !evidence.expected.is_empty() => Origin::Wait(*wait),
        _ => Origin::Unverifiable,
    }
}

fn is_app(actor: Option<&str>, slug: &str) -> bool {
    actor.is_some_and(|actor| actor.eq_ignore_ascii_case(&format!("{slug}[bot]")))
}

fn fits(expected: &ExpectedRun, run: &SourceRun) -> bool {
    let on_same_ref = run.head_branch.as_deref() == Some(short_name(&expected.git_ref));
    let in_time = expected.sent_at.zip(run.created_at).is_some_and(|(sent, created)| sent <= created + CLOCK_TOLERANCE);
    on_same_ref && in_time
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::run;

    fn start() -> Lineage {
        Lineage::root(RunKey::new(1, 2, 1), &"Org/a".parse().unwrap(), &"ci.yml".parse().unwrap())
    }

    fn dispatched() -> SourceRun {
        SourceRun { event: "workflow_dispatch".to_owned(), actor: Some("our-app[bot]".to_owned()), ..run() }
    }

    fn expected(git_ref: &str, offset: Option<i64>) -> ExpectedRun {
        let created = run().created_at.unwrap().millis();
        let sent_at = offset.map(|offset| Timestamp::from_millis(created + offset));
        ExpectedRun { git_ref: git_ref.to_owned(), sent_at, lineage: start() }
    }

    fn verdict(run: &SourceRun, expected: &[ExpectedRun], waits: usize) -> Origin {
        origin(run, &Evidence { app_slug: "our-app", recorded: None, expected, waits })
    }

    #[test]
    fn children_inherit_the_root_and_extend_the_path() {
        let child = start().child(&"Org/b".parse().unwrap(), &"cd.yml".parse().unwrap());
        assert_eq!((child.root, child.depth), (RunKey::new(1, 2, 1), 1));
        assert_eq!(child.path_text(), "Org/a:ci.yml → Org/b:cd.yml");
    }

    #[test]
    fn from_depth_d_dispatching_needs_d_plus_one_within_the_limit() {
        let config = Config { max_chain_depth: 3, ..Config::default() };
        let may: Vec<bool> = (0..5).map(|depth| Lineage { depth, ..start() }.may_dispatch(&config)).collect();
        assert_eq!(may, [true, true, true, false, false]);
        assert!(!Lineage { depth: u32::MAX, ..start() }.may_dispatch(&config));
    }

    #[test]
    fn a_run_that_the_app_did_not_start_is_a_root() {
        let persons = SourceRun { actor: Some("someone".to_owned()), ..dispatched() };
        let pushed = SourceRun { event: "push".to_owned(), ..dispatched() };
        for run in [run(), persons, pushed, SourceRun { actor: None, ..dispatched() }] {
            assert_eq!(verdict(&run, &[expected("main", Some(0))], 0), Origin::Root);
        }
    }

    #[test]
    fn a_recorded_run_inherits_whoever_seems_to_have_started_it() {
        let lineage = Lineage { depth: 2, ..start() };
        let evidence = Evidence { app_slug: "our-app", recorded: Some(&lineage), expected: &[], waits: 0 };
        assert_eq!(origin(&run(), &evidence), Origin::Known(lineage.clone()));
    }

    #[test]
    fn the_oldest_sent_dispatch_on_the_same_ref_adopts_an_unknown_run() {
        let open = [
            expected("main", None),
            expected("other", Some(0)),
            expected("main", Some(5_001)),
            expected("refs/heads/main", Some(5_000)),
            expected("main", Some(-60_000)),
        ];
        assert_eq!(verdict(&dispatched(), &open, 0), Origin::Adopt(3));
        assert_eq!(verdict(&SourceRun { created_at: None, ..dispatched() }, &open, 3), Origin::Unverifiable);
    }

    #[test]
    fn an_unknown_run_waits_for_open_dispatches_and_never_counts_as_a_root() {
        let open = [expected("main", None)];
        let waits: Vec<Origin> = (0..4).map(|waits| verdict(&dispatched(), &open, waits)).collect();
        let wait = |seconds| Origin::Wait(Duration::from_secs(seconds));
        assert_eq!(waits, [wait(5), wait(20), wait(60), Origin::Unverifiable]);
        assert_eq!(verdict(&dispatched(), &[], 0), Origin::Unverifiable);
    }
}
