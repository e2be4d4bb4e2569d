//! Any body is a report that keeps its rules, is stored and read back as it was, or is refused.
#![no_main]
use switchboard_github::RepoName;
use switchboard_relay::checks::name::{Named, of_result, read};
use switchboard_relay::records::keys;
use switchboard_relay::report::{NAME_CHARS_MAX, Report, RunIds, digest};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Ok(repo) = RepoName::new("acme", "backend") else { panic!("the sample name must be one") };
    for run_ids in [RunIds::Numbers, RunIds::Words] {
        let Ok(report) = Report::read(bytes, run_ids) else { continue };
        assert!((1..=64).contains(&report.delivery_id.len()) && (1..=64).contains(&report.run_id.len()));
        for name in [&report.workflow, &report.result] {
            assert!((1..=NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control));
        }
        for link in [&report.decorations.url, &report.decorations.artifact_url].into_iter().flatten() {
            assert!(link.starts_with("https://") || link.starts_with("http://"), "{link}");
        }
        let stored = serde_json::to_string(&report).ok();
        // What is kept is of the order of what was sent, however it was written.
        assert!(stored.as_ref().is_some_and(|text| text.len() <= 8 * bytes.len() + 1_024));
        let back: Option<Report> = stored.and_then(|text| serde_json::from_str(&text).ok());
        assert_eq!(back.as_ref().map(|back| digest("acme/backend", back).0), Some(digest("acme/backend", &report).0));
        assert_eq!(back.as_ref(), Some(&report));
        assert_eq!(read(&of_result(&repo, &report.workflow, &report.result)), Some(Named::Result(repo.clone())));
        let key = keys::result(&report.delivery_id, &repo, &report.workflow, &report.result, &report.run_id, 1);
        assert_eq!(key.as_str().matches('/').count(), 6, "{key}");
    }
});
