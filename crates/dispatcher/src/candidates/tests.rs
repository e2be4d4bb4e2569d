use std::sync::Arc;

use super::*;
use crate::chains::Lineage;
use crate::config::Config;
use crate::file::PATHS;
use crate::matching::candidates;
use crate::payload::SourceRun;
use crate::testing::{file, run};

fn lineage(depth: u32) -> Lineage {
    let run = run();
    Lineage { depth, ..Lineage::root(run.key(), &run.repository, &run.workflow) }
}

fn screened(targets: &str, config: &Config, depth: u32, dispatched: u32) -> Screened {
    let (run, lineage) = (run(), lineage(depth));
    let file = file(&format!("outbound: [{{source: {{workflow: ci.yml}}, targets: [{targets}]}}]"));
    let chain = Chain::Known { lineage: &lineage, dispatched };
    screen(candidates(&file, &run).judged, &Screening { run: &run, config, chain, succeeded: &[] })
}

fn outcome(screened: &Screened) -> (Vec<String>, Vec<String>) {
    let passed = screened.survivors.iter().map(|s| s.candidate.number.to_string()).collect();
    let denied = screened.denied.iter().map(|denial| format!("{} {}", denial.number, denial.reason)).collect();
    (passed, denied)
}

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn each_early_rule_denies_its_candidate_and_no_other() {
    let config = Config {
        allowed_target_orgs: vec!["friends".to_owned()],
        target_repos: vec!["*/t*".parse().unwrap(), "org/source".parse().unwrap()],
        ..Config::default()
    };
    let targets = "
        {repository: t1, workflow: a.yml, inputs: {x: '{{ source.bogus }}'}},
        {repository: stranger/t1, workflow: a.yml},
        {repository: other, workflow: a.yml},
        {repository: t1, workflow: a.yml, inputs: {x: '{{ source.run_id }}'}},
        {repository: ORG/T1, workflow: a.yml, ref: dev},
        {repository: Friends/t1, workflow: a.yml},
        {repository: source, workflow: ci.yml},
        {repository: source, workflow: cd.yml},
        {repository: t1, workflow: A.yml}";
    let screened = screened(targets, &config, 0, 0);
    let (passed, denied) = outcome(&screened);
    assert_eq!(passed, strings(&["004", "006", "008", "009"]));
    assert_eq!(
        denied,
        strings(&[
            "001 inputs_template_error",
            "002 target_org_not_allowlisted",
            "003 target_repo_not_allowlisted",
            "005 duplicate_target",
            "007 self_dispatch_blocked",
        ])
    );
    assert_eq!(&*screened.survivors[0].inputs[0].1, "500");
    assert_eq!(screened.denied[3].detail, "same as candidate 004");
}

#[test]
fn a_denied_candidate_makes_no_duplicate_of_a_later_one() {
    let targets = "{repository: a, workflow: x.yml, inputs: {k: '{{'}}, {repository: a, workflow: x.yml}";
    assert_eq!(outcome(&screened(targets, &Config::default(), 0, 0)).0, strings(&["002"]));
}

#[test]
fn the_cap_counts_what_passed_the_rules_before_it() {
    let config = Config { max_targets: 2, ..Config::default() };
    let targets = "{repository: a, workflow: x.yml}, {repository: a, workflow: x.yml}, {repository: b, workflow: x.yml}, {repository: c, workflow: x.yml}";
    let (passed, denied) = outcome(&screened(targets, &config, 0, 0));
    assert_eq!(passed, strings(&["001", "003"]));
    assert_eq!(denied, strings(&["002 duplicate_target", "004 max_targets_exceeded"]));
}

#[test]
fn thirty_targets_under_a_cap_of_twenty_five_leave_twenty_five_in_file_order() {
    let targets: String = (1..=30).map(|n| format!("{{repository: t{n}, workflow: x.yml}}, ")).collect();
    let screened = screened(&targets, &Config::default(), 0, 0);
    assert_eq!(
        screened.survivors.iter().map(|s| s.candidate.number.0).collect::<Vec<_>>(),
        (1..=25).collect::<Vec<_>>()
    );
    assert!(screened.denied.iter().all(|denial| denial.reason == Reason::MaxTargetsExceeded));
    assert_eq!(screened.denied.len(), 5);
}

#[test]
fn a_chain_ends_at_its_depth_and_says_its_path() {
    let screened = screened("{repository: a, workflow: x.yml}", &Config::default(), 3, 0);
    assert_eq!(screened.denied[0].reason, Reason::ChainDepthExceeded);
    assert_eq!(screened.denied[0].detail, "Org/source:ci.yml → Org/a:x.yml");
}

#[test]
fn a_chain_ends_at_its_size_never_one_past_it() {
    let targets =
        "{repository: a, workflow: x.yml}, {repository: b, workflow: x.yml}, {repository: c, workflow: x.yml}";
    let (passed, denied) = outcome(&screened(targets, &Config::default(), 1, 98));
    assert_eq!((passed, denied), (strings(&["001", "002"]), strings(&["003 chain_size_exceeded"])));
    assert!(screened(targets, &Config::default(), 1, 101).survivors.is_empty());
}

#[test]
fn an_unverifiable_chain_denies_everything() {
    let run = run();
    let file = file("outbound: [{source: {workflow: ci.yml}, targets: [{repository: a, workflow: x.yml}]}]");
    let config = Config::default();
    let screening = Screening { run: &run, config: &config, chain: Chain::Unverifiable, succeeded: &[] };
    let screened = screen(candidates(&file, &run).judged, &screening);
    assert_eq!(outcome(&screened).1, strings(&["001 chain_unverifiable"]));
}

#[test]
fn a_replay_leaves_out_what_succeeded() {
    let (run, lineage, config) = (run(), lineage(0), Config::default());
    let file = file(
        "outbound: [{source: {workflow: ci.yml}, targets: [{repository: a, workflow: x.yml}, {repository: b, workflow: x.yml}]}]",
    );
    let succeeded = [("ORG/A".parse().unwrap(), "x.yml".parse().unwrap())];
    let chain = Chain::Known { lineage: &lineage, dispatched: 1 };
    let screened =
        screen(candidates(&file, &run).judged, &Screening { run: &run, config: &config, chain, succeeded: &succeeded });
    assert_eq!(outcome(&screened), (strings(&["002"]), strings(&["001 already_dispatched"])));
}

fn survivor(number: u16, repository: &str, workflow: &str) -> Survivor {
    let (number, repository, workflow) =
        (CandidateNumber(number), repository.parse().unwrap(), workflow.parse().unwrap());
    Survivor {
        candidate: Candidate {
            number,
            line: Line { number: 3, text: Arc::default() },
            repository,
            workflow,
            git_ref: None,
            inputs: Vec::new(),
        },
        inputs: Vec::new(),
    }
}

fn repository(id: u64, name: &str, archived: bool) -> Read<RepositoryVerdict> {
    let (name, default_branch) = (name.parse().unwrap(), "trunk".to_owned());
    Read::Known(RepositoryVerdict::Found(RepositoryFacts { id, name, archived, default_branch }))
}

fn consenting() -> Read<FileVerdict> {
    let file = file(
        "inbound: [{source: {repository: Org/source, workflow: ci.yml}, targets: [{workflow: cd.yml}, {workflow: ci.yml}]}]",
    );
    Read::Known(FileVerdict::Found { path: PATHS[0], file: Arc::new(file) })
}

fn reads(repository: Read<RepositoryVerdict>) -> TargetReads {
    TargetReads { repository, installation: Read::Unavailable, file: consenting() }
}

fn verdict(survivor: &Survivor, reads: &TargetReads, taken: &mut Taken) -> Result<Option<u64>, Reason> {
    let (run, config) = (run(), Config::default());
    match judge(survivor, reads, Source { run: &run, config: &config }, taken) {
        Decision::Allowed(allowed) => Ok(Some(allowed.installation_id)),
        Decision::Waiting => Ok(None),
        Decision::Denied(denial) => Err(denial.reason),
    }
}

#[test]
fn the_late_rules_come_in_their_order() {
    let own = survivor(1, "Org/t", "cd.yml");
    let with = |file| TargetReads { file, ..reads(repository(2, "org/t", false)) };
    let table = [
        (TargetReads::NONE, Ok(None)),
        (reads(Read::Known(RepositoryVerdict::NotFound)), Err(Reason::TargetNotAccessible)),
        (reads(repository(2, "new-owner/t", true)), Err(Reason::TargetMoved)),
        (reads(repository(2, "Org/t", true)), Err(Reason::TargetArchived)),
        (reads(repository(2, "Org/renamed", false)), Ok(Some(11))),
        (with(Read::Unavailable), Ok(None)),
        (with(Read::Known(FileVerdict::Missing)), Err(Reason::MissingTargetConfig)),
        (with(Read::Known(FileVerdict::Invalid)), Err(Reason::InvalidTargetConfig)),
        (
            with(Read::Known(FileVerdict::Found { path: PATHS[0], file: Arc::default() })),
            Err(Reason::InboundNotAuthorized),
        ),
        (with(consenting()), Ok(Some(11))),
    ];
    for (reads, expected) in table {
        assert_eq!(verdict(&own, &reads, &mut Taken::default()), expected, "{reads:?}");
    }
}

#[test]
fn another_owners_target_needs_its_own_installation() {
    let foreign = survivor(1, "friends/t", "cd.yml");
    let with = |installation| TargetReads { installation, ..reads(repository(2, "Friends/t", false)) };
    let verdict = |installation| verdict(&foreign, &with(installation), &mut Taken::default());
    assert_eq!(verdict(Read::Known(InstallationVerdict::Installed(77))), Ok(Some(77)));
    assert_eq!(verdict(Read::Known(InstallationVerdict::NotInstalled)), Err(Reason::TargetNotInstalled));
    assert_eq!(verdict(Read::Unavailable), Ok(None));
}

#[test]
fn a_renamed_repository_is_recognised_by_its_id() {
    let mut taken = Taken::default();
    let renamed = reads(repository(2, "Org/new", false));
    assert_eq!(verdict(&survivor(1, "Org/old", "cd.yml"), &renamed, &mut taken), Ok(Some(11)));
    assert_eq!(verdict(&survivor(1, "Org/old", "cd.yml"), &renamed, &mut taken), Ok(Some(11)), "judged again");
    assert_eq!(verdict(&survivor(2, "Org/new", "cd.yml"), &renamed, &mut taken), Err(Reason::DuplicateTarget));
    let source_itself = reads(repository(1, "Org/source", false));
    assert_eq!(
        verdict(&survivor(3, "Org/old-source", "ci.yml"), &source_itself, &mut taken),
        Err(Reason::SelfDispatchBlocked)
    );
    assert_eq!(verdict(&survivor(4, "Org/old-source", "cd.yml"), &source_itself, &mut taken), Ok(Some(11)));
}

#[test]
fn an_allowed_dispatch_carries_its_ref_and_the_consenting_line() {
    let (run, config) = (SourceRun { head_branch: Some("x".to_owned()), ..run() }, Config::default());
    let source = Source { run: &run, config: &config };
    let decision =
        judge(&survivor(1, "Org/t", "cd.yml"), &reads(repository(2, "Org/t", false)), source, &mut Taken::default());
    let Decision::Allowed(allowed) = decision else { panic!("{decision:?}") };
    assert_eq!((allowed.git_ref.as_str(), allowed.inbound.number, allowed.repository.id), ("main", 1, 2));
}
