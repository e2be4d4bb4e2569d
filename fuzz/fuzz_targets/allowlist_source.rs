//! An address that is taken leads to one file of one repository, and nowhere else.
#![no_main]
use switchboard_relay::allowlist::AllowlistSource;
libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(source) = text.parse::<AllowlistSource>() {
        assert!(source.path().split('/').all(|segment| !matches!(segment, "" | "." | "..")));
        if let AllowlistSource::Blob(blob) = source {
            assert!(!blob.git_ref.is_empty() && !blob.host.is_empty() && !blob.host.contains(['/', '@']));
        }
    }
});
