//! What a template comes to is one line of bounded length, and is never expanded again.
#![no_main]
use std::sync::Arc;
use switchboard_dispatcher::payload;
use switchboard_dispatcher::templates::{Variables, expand};

const RUN: &str = r#"{"action":"completed","installation":{"id":1},"repository":{"id":1,"name":"a","full_name":"o/a",
"owner":{"login":"o"},"default_branch":"main"},"workflow_run":{"id":5,"run_attempt":1,"path":".github/workflows/ci.yml",
"head_branch":"{{ source.sha }}","head_sha":"0123456789012345678901234567890123456789","event":"push",
"conclusion":"success","html_url":"https://example.com/1","head_repository":{"id":1}}}"#;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Ok(run) = payload::read(RUN.as_bytes()) else { panic!("the sample payload must be readable") };
    if let Ok(value) = expand(&Arc::from(text), &Variables::of(&run))
        && text.contains("{{")
    {
        assert!(value.chars().count() <= 1024 && !value.chars().any(|c| c.is_control()));
    }
});
